//! Reading a blob, verified.

use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures::future::ready;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};

use crate::digests::Sealed;
use crate::error::BlobError;
use crate::files::ReadFile;
use crate::format::{Index, usize_of};
use crate::lane::blocking;
use crate::piece::{PIECE, piece_of};
use crate::s3::object::S3Object;

/// Verified bytes in order, at most 1 MiB an item. It ends after the first error. Dropping it stops the reading.
pub type ByteStream = BoxStream<'static, Result<Bytes, BlobError>>;

/// Pieces in work at a time: one is read and verified while the one before is sent.
const READAHEAD: usize = 2;

/// An opened blob whose list and seal are verified.
pub(crate) struct Opened {
    pub(crate) index: Index,
    pub(crate) data: Data,
}

/// The data of an opened blob.
pub(crate) enum Data {
    /// All of it, verified.
    Memory(Bytes),
    /// To be read and verified in pieces.
    File(Arc<dyn ReadFile>),
    /// To be fetched and verified in pieces.
    Object(S3Object),
}

/// An opened blob. Removing or moving the blob does not disturb a reader on local disk.
pub struct Reader {
    index: Arc<Index>,
    data: Data,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("id", &self.index.id).field("sealed", &self.index.sealed).finish()
    }
}

impl Reader {
    pub(crate) fn new(opened: Opened) -> Self {
        Self { index: Arc::new(opened.index), data: opened.data }
    }

    /// Size and digests as they were when the blob was written. Compare them with the metadata to know that the bytes
    /// are those of then and not others that are merely intact.
    #[must_use]
    pub fn sealed(&self) -> Sealed {
        self.index.sealed
    }

    /// The bytes of a range, offset of the first to offset after the last.
    ///
    /// # Errors
    /// `RangeOutside`; in the stream `Corrupt` and disk errors, before any wrong byte.
    pub fn stream(&self, range: Range<u64>) -> Result<ByteStream, BlobError> {
        let size = self.index.sealed.size;
        if range.start > range.end || range.end > size {
            return Err(BlobError::RangeOutside { start: range.start, end: range.end, size });
        }
        if range.is_empty() {
            return Ok(stream::empty().boxed());
        }
        match &self.data {
            Data::Memory(bytes) => {
                let bytes = bytes.slice(usize_of(range.start)..usize_of(range.end));
                Ok(stream::once(ready(Ok(bytes))).boxed())
            }
            Data::File(file) => {
                let (file, index) = (Arc::clone(file), Arc::clone(&self.index));
                let pieces = stream::iter(index.pieces(range, PIECE))
                    .map(move |piece| {
                        let (file, index) = (Arc::clone(&file), Arc::clone(&index));
                        blocking(move || piece_of(&*file, &index, &piece))
                    })
                    .buffered(READAHEAD);
                Ok(until_error(pieces))
            }
            Data::Object(object) => Ok(until_error(object.stream(Arc::clone(&self.index), range))),
        }
    }

    /// A short range as one value: meant for headers and indexes of files, as all of it is in memory at once.
    ///
    /// # Errors
    /// Those of [`Reader::stream`].
    pub async fn read(&self, range: Range<u64>) -> Result<Bytes, BlobError> {
        let mut items = self.stream(range)?;
        let first = items.try_next().await?.unwrap_or_default();
        let Some(second) = items.try_next().await? else { return Ok(first) };
        let mut whole = BytesMut::from(first);
        whole.extend_from_slice(&second);
        while let Some(next) = items.try_next().await? {
            whole.extend_from_slice(&next);
        }
        Ok(whole.freeze())
    }
}

/// Ends a stream after its first error.
fn until_error(items: impl futures::Stream<Item = Result<Bytes, BlobError>> + Send + 'static) -> ByteStream {
    items
        .scan(false, |failed, item| {
            let over = *failed;
            *failed = item.is_err();
            ready((!over).then_some(item))
        })
        .boxed()
}
