//! What follows the data in a stored blob: the list of chunk digests and the seal. The layout is in the crate's
//! documentation.

use std::ops::Range;

use bytes::Bytes;

use crate::digests::Sealed;
use crate::error::{BlobError, Damage};
use crate::id::BlobId;
use crate::tree::{CHUNK, Node, chunk_count, chunk_digest, root};

/// Content of the file `format` in each root.
pub(crate) const FORMAT: &str = "operon blobs 1\n";
/// Bytes of a seal.
pub(crate) const SEAL: u64 = 160;
const MAGIC: &[u8; 8] = b"OPBLOB\x00\x01";
/// Bytes read from the end of a stored blob when it is opened: the seal, most lists, and the whole of a small blob.
pub(crate) const TAIL: u64 = 64 * 1024;
/// Length of the seal without its check.
const CHECKED: usize = 128;

/// List and seal, as they follow the data.
pub(crate) fn encode_tail(id: BlobId, sealed: &Sealed, list: &[Node]) -> Vec<u8> {
    let mut seal = Vec::with_capacity(CHECKED);
    seal.extend_from_slice(MAGIC);
    seal.extend_from_slice(&id.to_bytes());
    seal.extend_from_slice(&sealed.size.to_le_bytes());
    seal.extend_from_slice(&CHUNK.to_le_bytes());
    seal.extend_from_slice(&sealed.md5);
    seal.extend_from_slice(&sealed.sha256);
    seal.extend_from_slice(&sealed.blake3);
    seal.extend_from_slice(&[0; 8]);
    let check = blake3::hash(&seal);
    let mut tail = list.concat();
    tail.extend_from_slice(&seal);
    tail.extend_from_slice(check.as_bytes());
    tail
}

/// Reads the seal of a blob that is stored in `stored` bytes.
///
/// # Errors
/// `Corrupt` when the check, the id, the version or the length do not fit.
fn decode_seal(id: BlobId, seal: &[u8], stored: u64) -> Result<Sealed, BlobError> {
    let corrupt = |damage| BlobError::Corrupt { id, damage };
    let fields = SealFields::split(seal).ok_or_else(|| corrupt(Damage::Length))?;
    let genuine = blake3::hash(&seal[..CHECKED]) == *fields.check
        && fields.magic == MAGIC
        && *fields.id == id.to_bytes()
        && u64::from_le_bytes(*fields.chunk) == CHUNK;
    if !genuine {
        return Err(corrupt(Damage::Seal));
    }
    let size = u64::from_le_bytes(*fields.size);
    let fits = size.checked_add(list_len(size)).and_then(|sum| sum.checked_add(SEAL)) == Some(stored);
    if !fits {
        return Err(corrupt(Damage::Length));
    }
    Ok(Sealed { size, md5: *fields.md5, sha256: *fields.sha256, blake3: *fields.blake3 })
}

/// Bytes of the list of a blob of `size` bytes.
pub(crate) fn list_len(size: u64) -> u64 {
    match chunk_count(size) {
        1 => 0,
        chunks => chunks * 32,
    }
}

struct SealFields<'a> {
    magic: &'a [u8; 8],
    id: &'a [u8; 16],
    size: &'a [u8; 8],
    chunk: &'a [u8; 8],
    md5: &'a [u8; 16],
    sha256: &'a [u8; 32],
    blake3: &'a [u8; 32],
    check: &'a [u8; 32],
}

impl<'a> SealFields<'a> {
    fn split(seal: &'a [u8]) -> Option<Self> {
        let (magic, rest) = seal.split_first_chunk()?;
        let (id, rest) = rest.split_first_chunk()?;
        let (size, rest) = rest.split_first_chunk()?;
        let (chunk, rest) = rest.split_first_chunk()?;
        let (md5, rest) = rest.split_first_chunk()?;
        let (sha256, rest) = rest.split_first_chunk()?;
        let (blake3, rest) = rest.split_first_chunk()?;
        let (_zeros, rest) = rest.split_first_chunk::<8>()?;
        let check = rest.try_into().ok()?;
        Some(Self { magic, id, size, chunk, md5, sha256, blake3, check })
    }
}

/// What the end of a stored blob tells.
pub(crate) enum Tail {
    /// All of the blob's data, verified.
    Whole(Index, Bytes),
    /// The list was in it, the data was not.
    Listed(Index),
    /// The list has to be read from here.
    Unlisted(Sealed, Range<u64>),
}

impl Tail {
    /// Reads the last bytes of a blob that is stored in `stored` bytes.
    ///
    /// # Errors
    /// `Corrupt` when anything in it does not verify.
    pub(crate) fn read(id: BlobId, tail: &Bytes, stored: u64) -> Result<Self, BlobError> {
        let Some(seal_start) = tail.len().checked_sub(usize_of(SEAL)) else {
            return Err(BlobError::Corrupt { id, damage: Damage::Length });
        };
        let sealed = decode_seal(id, &tail[seal_start..], stored)?;
        let tail_start = stored - tail.len() as u64;
        let Some(list_start) = sealed.size.checked_sub(tail_start) else {
            return Ok(Self::Unlisted(sealed, sealed.size..stored - SEAL));
        };
        let index = Index::new(id, sealed, &tail[usize_of(list_start)..seal_start])?;
        if tail_start > 0 {
            return Ok(Self::Listed(index));
        }
        let data = tail.slice(..usize_of(sealed.size));
        index.verify(0, &data)?;
        Ok(Self::Whole(index, data))
    }
}

/// All that is needed to verify any range of one blob.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) id: BlobId,
    pub(crate) sealed: Sealed,
    list: Vec<Node>,
}

impl Index {
    /// Takes the list as it was stored, once it merges to the digest in the seal.
    pub(crate) fn new(id: BlobId, sealed: Sealed, list: &[u8]) -> Result<Self, BlobError> {
        let (list, rest) = list.as_chunks::<32>();
        let genuine = rest.is_empty() && (list.is_empty() || root(list, sealed.size) == sealed.blake3);
        if genuine {
            Ok(Self { id, sealed, list: list.to_vec() })
        } else {
            Err(BlobError::Corrupt { id, damage: Damage::List })
        }
    }

    /// List and seal as they were stored.
    pub(crate) fn tail(&self) -> Vec<u8> {
        encode_tail(self.id, &self.sealed, &self.list)
    }

    /// Verifies bytes that begin with the chunk at `offset` and are whole chunks (the blob's last may be short).
    pub(crate) fn verify(&self, offset: u64, bytes: &[u8]) -> Result<(), BlobError> {
        let only = self.list.is_empty();
        // An empty blob is one empty chunk, which `chunks` does not yield; it has no bytes to be wrong.
        for (at, chunk) in bytes.chunks(usize_of(CHUNK)).enumerate() {
            let start = offset + at as u64 * CHUNK;
            let stored =
                if only { Some(&self.sealed.blake3) } else { self.list.get(usize_of(start / CHUNK)) };
            if stored != Some(&chunk_digest(chunk, start, only)) {
                let end = start + chunk.len() as u64;
                return Err(BlobError::Corrupt { id: self.id, damage: Damage::Chunk { start, end } });
            }
        }
        Ok(())
    }
}

/// A length that is known to fit into memory.
pub(crate) fn usize_of(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}
