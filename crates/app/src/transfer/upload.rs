//! Parts on their way in (contract: data 8.1, invariants 7, 9).

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use blobs::{BlobId, Expected, Sealed, Writer};
use bytes::Bytes;
use policy::Action;
use serde_json::json;
use store::access::Permit;
use store::blob::NewBlob;
use store::object::ObjectState;
use wire::id::FileId;
use wire::transfer::{Md5Hex, PartArrived, PartIndex, PartSize, TransferUrl, UPLOAD_PARAMETERS, Upload};
use wire::{ApiError, ErrorType};

use super::link::{self, Life};
use crate::context::{App, Ctx, Door, RequestInfo};
use crate::copies::Copy;
use crate::error::{Error, Result};
use crate::event::{Event, EventName};
use crate::turns::Turn;
use crate::work::Work;

/// How long an address for a part is good, in ms: one hour. Clients ask for a new one for every try.
const LINK_LIFE_MS: i64 = 60 * 60 * 1000;

/// `/file-xxxx/upload`: where to send one part.
///
/// # Errors
/// `ResourceNotFound`, `PermissionDenied`; `InvalidState` when the file is not open.
pub async fn upload(ctx: Ctx, id: FileId, input: Upload) -> Result<TransferUrl> {
    let (index, size) = (input.index, input.size);
    let (answered, file) = (ctx.clone(), id.clone());
    let by = ctx
        .change(move |work| {
            let copy = work.any_copy(&id.clone().into(), None)?;
            let permit = upload_permit(work, &copy)?;
            store::part::announce(
                work.tx,
                &permit,
                index.number(),
                size.map_or(0, PartSize::bytes),
                work.now(),
            )?;
            work.record(
                Event::done(EventName::FilePartAnnounced)
                    .project(&copy.project.id)
                    .subject(&id)
                    .rule(permit.rule().code())
                    .after(json!({ "part": index.number(), "size": size.map(PartSize::bytes) })),
            )?;
            Ok(work.caller()?.signature.clone())
        })
        .await?;
    let link = PartLink {
        file: file.to_string(),
        index: index.number().to_string(),
        size: size.map(|size| size.bytes().to_string()),
        md5: input.md5.as_ref().map(|md5| md5.as_str().to_owned()),
        by,
        expires: (answered.now() + LINK_LIFE_MS).to_string(),
        signature: String::new(),
    };
    let mut headers = BTreeMap::from([("content-type".to_owned(), "application/octet-stream".to_owned())]);
    if let Some(size) = &link.size {
        headers.insert("content-length".to_owned(), size.clone());
    }
    if let Some(md5) = input.md5.as_ref().and_then(|md5| hex::decode(md5.as_str()).ok()) {
        headers.insert("content-md5".to_owned(), STANDARD.encode(md5));
    }
    Ok(TransferUrl { url: link.url(&answered.app), headers, expires: Some(answered.now() + LINK_LIFE_MS) })
}

/// Leave to bring bytes into an open file. The order is permission, state, billing (contract: data 2.1).
fn upload_permit<'tx>(work: &Work<'tx>, copy: &Copy) -> Result<Permit<'tx>> {
    let permit = work.permit(&copy.access, Action::UploadBytes);
    match permit {
        Err(error) if !error.is_about_billing() => Err(error),
        permit if copy.object.state == ObjectState::Open => permit,
        _ => Err(ApiError::new(
            ErrorType::InvalidState,
            format!(
                "{} is not in the open state, so it takes no more bytes. Make a new file for other content.",
                copy.object.id
            ),
        )
        .into()),
    }
}

/// An address for a part, as it was sent. Nothing in it is believed before its signature is checked.
#[derive(Debug, Clone, Default)]
pub struct PartLink {
    /// The file's id.
    pub file: String,
    /// The number of the part.
    pub index: String,
    /// The bytes of the part.
    pub size: Option<String>,
    /// Their MD5, hexadecimal.
    pub md5: Option<String>,
    /// The signature of the token that asked.
    pub by: String,
    /// The end, in ms.
    pub expires: String,
    /// The server's own signature over the others.
    pub signature: String,
}

impl PartLink {
    fn fields(&self) -> [&str; 6] {
        let (size, md5) = (self.size.as_deref().unwrap_or(""), self.md5.as_deref().unwrap_or(""));
        [&self.file, &self.index, size, md5, &self.by, &self.expires]
    }

    fn url(&self, app: &App) -> String {
        let signature = app.memory.transfers.links.upload.sign(&self.fields());
        let mut url = format!(
            "{}/upload/{}/{}?by={}&expires={}",
            app.options.public_url, self.file, self.index, self.by, self.expires
        );
        for (name, value) in [("size", &self.size), ("md5", &self.md5), ("signature", &Some(signature))] {
            if let Some(value) = value {
                url.push_str(&format!("&{name}={value}"));
            }
        }
        url
    }

    /// What the link says, if this server signed it and its time is not over.
    fn read(&self, app: &App, now: i64) -> Option<Part> {
        if !app.memory.transfers.links.upload.verify(&self.fields(), &self.signature) {
            return None;
        }
        if self.expires.parse::<i64>().ok()? <= now {
            return None;
        }
        let mut md5 = None;
        if let Some(text) = &self.md5 {
            let mut digest = [0; 16];
            hex::decode_to_slice(Md5Hex::parse(text)?.as_str(), &mut digest).ok()?;
            md5 = Some(digest);
        }
        let size = match &self.size {
            Some(text) => Some(text.parse().ok()?),
            None => None,
        };
        Some(Part {
            file: FileId::parse(&self.file)?,
            index: PartIndex::new(self.index.parse().ok()?)?,
            expected: Expected { size, md5 },
        })
    }
}

/// A part as its link names it.
#[derive(Debug, Clone)]
struct Part {
    file: FileId,
    index: PartIndex,
    expected: Expected,
}

/// A part whose bytes are arriving. Dropped before its end, it leaves nothing behind.
pub struct Incoming {
    ctx: Ctx,
    part: Part,
    blob: BlobId,
    writer: Writer,
    limit: u64,
    at_door: Turn,
    turn: Turn,
}

/// Begins to take a part. `length` is what the sender says of the body.
///
/// # Errors
/// `InvalidAuthentication` for a link that is not good; what `/file-xxxx/upload` answers, decided anew; `InvalidInput` when
/// the body cannot be the part; `ServiceUnavailable` when too many parts arrive at once, or wait for that.
pub async fn accept(
    app: &Arc<App>,
    request: RequestInfo,
    link: &PartLink,
    length: Option<u64>,
) -> Result<Incoming> {
    let part = link.read(app, request.now).ok_or_else(link::ended)?;
    let (by, now) = (link.by.clone(), request.now);
    let caller = app.db.read_inline(move |tx| link::holder(tx, &by, Life::OfToken, now)).await?;
    let account = caller.account;
    let at_door = app.memory.transfers.uploads.enter(account).await?;
    let ctx = Ctx::new(Arc::clone(app), Some(caller), request, Door::Other("PartIn"));
    let file = part.file.clone();
    ctx.look(move |work| {
        let copy = work.any_copy(&file.clone().into(), None)?;
        upload_permit(work, &copy).map(|_| ())
    })
    .await?;
    let limit = part.expected.size.unwrap_or(UPLOAD_PARAMETERS.maximum_part_size);
    if let Some(length) = length {
        let fits = part.expected.size.map_or(length <= limit, |size| size == length);
        if !fits {
            return Err(wrong_length(&part, length));
        }
    }
    let turn = app.memory.transfers.uploads.turn(account).await?;
    let blob = BlobId::from_bytes(app.random_bytes());
    Ok(Incoming { ctx, part, blob, writer: app.blobs.begin(blob), limit, at_door, turn })
}

fn wrong_length(part: &Part, length: u64) -> Error {
    let announced = match part.expected.size {
        Some(size) => format!("{size} bytes were announced for part {}", part.index.number()),
        None => format!("a part can have at most {} bytes", UPLOAD_PARAMETERS.maximum_part_size),
    };
    ApiError::invalid_input(format!(
        "The body has {length} bytes or more, but {announced}. Nothing was stored; ask for a new address with the right size."
    ))
    .into()
}

impl Incoming {
    /// The request's turn at the door, to be held until the answer has left.
    #[must_use]
    pub fn at_door(&self) -> Turn {
        self.at_door.clone()
    }

    /// Takes the next bytes, in order.
    ///
    /// # Errors
    /// `InvalidInput` for more bytes than announced; those of the disk.
    pub async fn write(&mut self, bytes: Bytes) -> Result<()> {
        let length = self.writer.size() + bytes.len() as u64;
        if length > self.limit {
            return Err(wrong_length(&self.part, length));
        }
        Ok(self.writer.write(bytes).await?)
    }

    /// Checks size and MD5, makes the bytes durable, and makes them the part if the file still takes any.
    ///
    /// # Errors
    /// `InvalidInput` when the bytes are not those announced; `InvalidState` when the file was closed meanwhile; what was
    /// revoked meanwhile. The part is then what it was before.
    pub async fn finish(self) -> Result<PartArrived> {
        // On a task of its own, so that a sender who goes away now leaves no half of it behind.
        tokio::spawn(self.settle()).await.map_err(Error::internal)?
    }

    async fn settle(self) -> Result<PartArrived> {
        let Self { mut ctx, part, blob, writer, turn, .. } = self;
        let sealed = writer.finish(part.expected).await?;
        // The bytes are here; others need not wait until the database has noted them.
        drop(turn);
        ctx.request.now = ctx.app.clock.now();
        let stored = store(&ctx, part, blob, sealed).await;
        // A decision that said no has certainly stored nothing. After a fault of the database the bytes may be the part, so
        // they stay; the collection of garbage knows which it is.
        if let Err(Error::Refused(_) | Error::Said(_)) = &stored
            && let Err(error) = ctx.app.blobs.remove(blob, blobs::Tier::Live).await
        {
            tracing::warn!(%error, "bytes that nobody wants could not be removed; they will be collected");
        }
        stored
    }
}

/// Makes bytes that have arrived the part.
async fn store(ctx: &Ctx, part: Part, blob: BlobId, sealed: Sealed) -> Result<PartArrived> {
    ctx.change_at_once(move |work| {
        // The token may have been revoked while the bytes came.
        link::holder(work.tx, &work.caller()?.signature, Life::OfToken, work.now())?;
        let copy = work.any_copy(&part.file.clone().into(), None)?;
        let permit = upload_permit(work, &copy)?;
        let arrived = PartArrived {
            id: part.file.clone(),
            index: part.index,
            size: sealed.size,
            md5: hex::encode(sealed.md5),
        };
        let key = store::blob::insert(
            work.tx,
            &NewBlob {
                id: &blob.to_string(),
                account: &copy.project.bill_to,
                size: sealed.size,
                md5: &arrived.md5,
                sha256: &hex::encode(sealed.sha256),
                blake3: &hex::encode(sealed.blake3),
            },
            work.now(),
        )?;
        let number = part.index.number();
        let before = store::part::complete(
            work.tx,
            &permit,
            number,
            sealed.size,
            &arrived.md5,
            key,
            work.now(),
        )?;
        if let Some(before) = before {
            store::collect::doom_unused(work.tx, &[before])?;
        }
        work.record(
            Event::done(EventName::FilePartStored)
                .project(&copy.project.id)
                .subject(&part.file)
                .rule(permit.rule().code())
                .after(json!({ "part": number, "size": sealed.size, "md5": work.mark(&copy.project.id, &arrived.md5.as_str().into()), "replaced": before.is_some() })),
        )?;
        Ok(arrived)
    })
    .await
}
