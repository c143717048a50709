//! Writing a blob, hashed on the way.

use std::sync::Arc;

use bytes::Bytes;
use md5::{Digest, Md5};

use crate::config::Tier;
use crate::digests::{Digests, Expected, Sealed};
use crate::error::BlobError;
use crate::format::encode_tail;
use crate::id::BlobId;
use crate::lane::{Lane, blocking};
use crate::local::{Local, Temporary, seal};
use crate::s3::Upload;

/// The largest blob, in bytes: 64 GiB, more than ten times the largest part a client sends.
pub(crate) const LARGEST: u64 = 64 << 30;
/// Bytes hashed and written at a time. Smaller blobs take one hop to a blocking thread in all.
const BATCH: usize = 1 << 20;
/// Pieces handed on at a time, so that many tiny ones do not take more memory than their bytes.
const PIECES: usize = 1024;

/// A blob being written. Dropped before `finish`, it leaves nothing behind.
///
/// It holds at most 3 MiB (an object store: 32 MiB), and no thread while it waits for bytes. MD5 is the slowest of the digests, so it has a lane of
/// its own; the other digests and the disk share a second one.
#[derive(Debug)]
pub struct Writer {
    id: BlobId,
    size: u64,
    /// Bytes on their way to the lanes, as they came: nothing is copied.
    batch: Vec<Bytes>,
    batch_len: usize,
    md5: Lane<Md5>,
    content: Lane<Content>,
    /// Where the bytes go; on local disk the content lane writes them.
    target: Target,
    /// Whether bytes have gone to the lanes.
    started: bool,
    /// Set while bytes are handed to the lanes: a caller that gives up in between has lost some.
    broken: bool,
}

#[derive(Debug)]
enum Target {
    Disk(Arc<Local>),
    Object(Upload),
}

/// The lane beside MD5.
#[derive(Debug)]
struct Content {
    digests: Digests,
    /// The file, once bytes have come; only on local disk.
    file: Option<Temporary>,
}

impl Writer {
    pub(crate) fn to_disk(local: Arc<Local>, id: BlobId) -> Self {
        Self::new(id, Target::Disk(local))
    }

    pub(crate) fn to_object(upload: Upload, id: BlobId) -> Self {
        Self::new(id, Target::Object(upload))
    }

    fn new(id: BlobId, target: Target) -> Self {
        Self {
            id,
            size: 0,
            batch: Vec::new(),
            batch_len: 0,
            md5: Lane::new(Md5::new()),
            content: Lane::new(Content { digests: Digests::new(), file: None }),
            target,
            started: false,
            broken: false,
        }
    }

    /// Number of bytes taken so far, for callers with a limit.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Takes the next bytes, in order, waiting when the disk or the digests are behind.
    ///
    /// # Errors
    /// Disk errors, possibly of earlier bytes; `TooLarge`. After an error, or when this call was dropped before its end,
    /// the writer only fails.
    pub async fn write(&mut self, mut bytes: Bytes) -> Result<(), BlobError> {
        self.size += bytes.len() as u64;
        if self.size > LARGEST {
            self.broken = true;
            return Err(BlobError::TooLarge { limit: LARGEST });
        }
        while !bytes.is_empty() {
            let part = bytes.split_to(bytes.len().min(BATCH - self.batch_len));
            self.batch_len += part.len();
            self.batch.push(part);
            if self.batch_len == BATCH || self.batch.len() == PIECES {
                let full = std::mem::take(&mut self.batch);
                self.batch_len = 0;
                self.hand_on(full).await?;
            }
        }
        Ok(())
    }

    /// Checks what was announced, makes the blob durable and gives it its name. Once this has returned `Ok`, the blob
    /// survives a power loss. If the call is dropped before its end, the blob is absent or whole.
    ///
    /// # Errors
    /// `Mismatch`, `Exists`, disk errors, or those of an earlier `write`; then nothing is stored. Only when an object
    /// store's last answer is lost may the blob be there, whole: remove it, or let the collection of garbage find it.
    pub async fn finish(mut self, expected: Expected) -> Result<Sealed, BlobError> {
        let rest = std::mem::take(&mut self.batch);
        if self.broken {
            return Err(BlobError::WriterFailed);
        }
        if self.started || matches!(self.target, Target::Object(_)) {
            self.hand_on(rest).await?;
            self.finish_streamed(expected).await
        } else {
            self.finish_small(expected, rest).await
        }
    }

    /// All in one hop to a blocking thread.
    async fn finish_small(mut self, expected: Expected, pieces: Vec<Bytes>) -> Result<Sealed, BlobError> {
        let (id, mut md5, mut content) = (self.id, self.md5.settle().await?, self.content.settle().await?);
        let Target::Disk(local) = self.target else { return Err(BlobError::WriterFailed) };
        blocking(move || {
            for piece in &pieces {
                md5.update(piece);
                content.digests.update(piece);
            }
            let (sealed, list) = content.digests.finish(md5);
            expected.check(&sealed)?;
            let mut file = local.temporary(id, Tier::Live)?;
            for piece in &pieces {
                file.append(piece)?;
            }
            seal(file, &sealed, &encode_tail(id, &sealed, &list))?;
            Ok(sealed)
        })
        .await
    }

    async fn finish_streamed(mut self, expected: Expected) -> Result<Sealed, BlobError> {
        // The bulk of the bytes reaches the disk while MD5 is still busy.
        self.content.start(|content| content.file.as_mut().map_or(Ok(()), Temporary::sync)).await?;
        let (id, md5, content) = (self.id, self.md5.settle().await?, self.content.settle().await?);
        let (sealed, tail, file) = blocking(move || {
            let (sealed, list) = content.digests.finish(md5);
            expected.check(&sealed)?;
            Ok((sealed, encode_tail(id, &sealed, &list), content.file))
        })
        .await?;
        match (self.target, file) {
            (Target::Disk(_), Some(file)) => blocking(move || seal(file, &sealed, &tail)).await?,
            (Target::Disk(_), None) => return Err(BlobError::WriterFailed),
            (Target::Object(upload), _) => upload.complete(tail.into()).await?,
        }
        Ok(sealed)
    }

    async fn hand_on(&mut self, pieces: Vec<Bytes>) -> Result<(), BlobError> {
        if self.broken {
            return Err(BlobError::WriterFailed);
        }
        self.broken = true;
        self.started = true;
        let copy = pieces.clone();
        let hash = move |md5: &mut Md5| {
            copy.iter().for_each(|piece| md5.update(piece));
            Ok(())
        };
        self.md5.start(hash).await?;
        match &mut self.target {
            Target::Disk(local) => {
                let (local, id) = (Arc::clone(local), self.id);
                self.content.start(move |content| content.write(&local, id, &pieces)).await?;
            }
            Target::Object(upload) => {
                let copy = pieces.clone();
                let hash = move |content: &mut Content| {
                    copy.iter().for_each(|piece| content.digests.update(piece));
                    Ok(())
                };
                self.content.start(hash).await?;
                for piece in pieces {
                    upload.push(piece).await?;
                }
            }
        }
        self.broken = false;
        Ok(())
    }
}

impl Content {
    fn write(&mut self, local: &Arc<Local>, id: BlobId, pieces: &[Bytes]) -> Result<(), BlobError> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(local.temporary(id, Tier::Live)?),
        };
        for piece in pieces {
            file.append(piece)?;
            self.digests.update(piece);
        }
        Ok(())
    }
}
