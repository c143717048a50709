//! Ranges cut into pieces that are read and verified one by one.

use std::io;
use std::ops::Range;

use bytes::Bytes;

use crate::error::{BlobError, Damage};
use crate::files::ReadFile;
use crate::format::{Index, usize_of};
use crate::id::BlobId;
use crate::tree::CHUNK;

/// Bytes read and verified at a time: large enough that the hop to a blocking thread does not count.
pub(crate) const PIECE: u64 = 4 * CHUNK;

/// A piece of a range: whole chunks to read and verify, and the part of them that was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    /// Where the chunks are in the blob.
    pub(crate) chunks: Range<u64>,
    /// The part asked for, in the blob.
    wanted: Range<u64>,
}

impl Piece {
    /// Verifies the chunks and cuts out the part asked for.
    pub(crate) fn verified(&self, index: &Index, bytes: &Bytes) -> Result<Bytes, BlobError> {
        index.verify(self.chunks.start, bytes)?;
        let skip = usize_of(self.wanted.start - self.chunks.start);
        Ok(bytes.slice(skip..skip + usize_of(self.wanted.end - self.wanted.start)))
    }
}

impl Index {
    /// Cuts a non-empty range inside the blob into pieces of `step` bytes, a multiple of the chunk.
    pub(crate) fn pieces(&self, range: Range<u64>, step: u64) -> impl Iterator<Item = Piece> + Send + use<> {
        let size = self.sealed.size;
        let mut start = range.start;
        std::iter::from_fn(move || {
            if start >= range.end {
                return None;
            }
            let first = start - start % CHUNK;
            // Later pieces begin at multiples of the piece, whatever the first byte was.
            let end = (start - start % step + step).min(size);
            let last = range.end.next_multiple_of(CHUNK).min(end);
            let piece = Piece { chunks: first..last, wanted: start..last.min(range.end) };
            start = last;
            Some(piece)
        })
    }
}

/// Reads and verifies one piece.
pub(crate) fn piece_of(file: &dyn ReadFile, index: &Index, piece: &Piece) -> Result<Bytes, BlobError> {
    let bytes = read_range(file, index.id, piece.chunks.start, piece.chunks.end)?;
    piece.verified(index, &Bytes::from(bytes))
}

/// Reads a span of a file.
pub(crate) fn read_range(
    file: &dyn ReadFile,
    id: BlobId,
    start: u64,
    end: u64,
) -> Result<Vec<u8>, BlobError> {
    let mut buffer = vec![0; usize_of(end - start)];
    match file.read_exact_at(&mut buffer, start) {
        Ok(()) => Ok(buffer),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(BlobError::Corrupt { id, damage: Damage::Length })
        }
        Err(error) => Err(BlobError::disk_of(id, "reading", error)),
    }
}
