//! Files on their way out (contract: data 8.2, invariants 29, 30, 43).

mod address;

use std::ops::Range;
use std::sync::Arc;

use store::keys::AccountKey;
use wire::id::FileId;
use wire::transfer::{Download, LinkSeconds, TransferUrl};

pub use address::{Address, file_name};

use super::grant::{Asked, ReadGrant, choose};
use super::link;
use super::stream::{Cut, Reading};
use crate::context::{App, Ctx, RequestInfo};
use crate::error::{Error, Result};
use crate::turns::Turn;

/// `/file-xxxx/download`: where to fetch the bytes. Two equal calls by one token get equal addresses, unless they are
/// preauthenticated. A preauthenticated one is of one copy, which is chosen now unless the caller named it: so whoever has
/// the link does not make the server look through what its maker reaches, and reads what its maker let out.
///
/// # Errors
/// `ResourceNotFound`, also for a project that does not hold the file; `PermissionDenied`; `InvalidState` when the file is not
/// closed or not live.
pub async fn download(ctx: Ctx, id: FileId, input: Download) -> Result<TransferUrl> {
    let app = Arc::clone(&ctx.app);
    let now = ctx.now();
    let expires = input.preauthenticated.then(|| now + input.duration.unwrap_or(LinkSeconds::DAY).millis());
    let asked = Asked { file: id, project: input.project, preauthenticated: input.preauthenticated };
    let named = input.filename.map(|name| name.as_str().to_owned());
    let (name, by, asked) = ctx
        .look(move |work| {
            let (copy, _) = choose(work, &asked, None)?;
            let mut asked = asked.clone();
            if asked.preauthenticated {
                asked.project = Some(copy.project.id);
            }
            let name = named.clone().unwrap_or(copy.placement.name);
            Ok((name, work.caller()?.signature.clone(), asked))
        })
        .await?;
    Ok(address::make(&app, &asked, &file_name(&name), &by, expires))
}

/// A file that the holder of an address may read. Nothing has been read yet.
pub struct Opened {
    grant: ReadGrant,
    /// Who reads.
    account: AccountKey,
    /// Whether the address needs no token.
    preauthenticated: bool,
    at_door: Turn,
    /// Bytes in the file.
    pub size: u64,
    /// Its SHA-256, hexadecimal: equal for equal content.
    pub sha256: String,
    /// Its media type, as its maker gave it.
    pub media: Option<String>,
}

/// Decides for the person behind an address.
///
/// # Errors
/// `InvalidAuthentication` for an address that is not good; what `/file-xxxx/download` answers, decided anew;
/// `ServiceUnavailable` when too many requests of the person are at this door.
pub async fn open(app: &Arc<App>, request: RequestInfo, address: &Address) -> Result<Opened> {
    let (asked, by) = address.read(app, request.now).ok_or_else(link::ended)?;
    let preauthenticated = asked.preauthenticated;
    let mut grant = ReadGrant::new(Arc::clone(app), request, asked, by);
    let holder = grant.holder().await?;
    let account = holder.account;
    let at_door = app.memory.transfers.downloads(preauthenticated).enter(account).await?;
    let object = grant.object(holder).await?;
    let (Some(size), Some(sha256)) = (object.size, object.sha256) else {
        return Err(Error::internal(format!("{} is closed without a size or digest", object.id)));
    };
    Ok(Opened {
        grant,
        account,
        preauthenticated,
        at_door,
        size: super::bytes(size),
        sha256,
        media: object.media,
    })
}

impl Opened {
    /// The request's turn at the door, to be held until the answer has left.
    #[must_use]
    pub fn at_door(&self) -> Turn {
        self.at_door.clone()
    }

    /// Starts reading a range inside the file, once the audit event is committed. `cut` is called when the reader may no
    /// longer read on; it has to end the answer.
    ///
    /// # Errors
    /// What was revoked since; `InternalError` for damaged bytes, before any byte left; `ServiceUnavailable` when too many
    /// downloads run at once.
    pub async fn read(self, range: Range<u64>, cut: Cut) -> Result<Reading> {
        let mut grant = self.grant;
        let door = grant.app().memory.transfers.downloads(self.preauthenticated);
        let turn = door.turn(self.account).await?;
        let extents = grant.record(range.clone()).await?;
        Reading::start(grant, extents, range, cut, turn).await
    }
}
