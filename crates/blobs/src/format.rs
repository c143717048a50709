//! What follows the data in a stored blob: the list of chunk digests and the seal. The layout is in the crate's
//! documentation.

use crate::digests::Sealed;
use crate::error::{BlobError, Damage};
use crate::id::BlobId;
use crate::tree::{CHUNK, Node, chunk_count, chunk_digest, root};

/// Content of the file `format` in each root.
pub(crate) const FORMAT: &str = "operon blobs 1\n";
/// Bytes of a seal.
pub(crate) const SEAL: u64 = 160;
const MAGIC: &[u8; 8] = b"OPBLOB\x00\x01";
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
pub(crate) fn decode_seal(id: BlobId, seal: &[u8], stored: u64) -> Result<Sealed, BlobError> {
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

    /// The list of chaining values.
    pub(crate) fn list(&self) -> &[Node] {
        &self.list
    }

    /// Verifies bytes that begin with the chunk at `offset` and are whole chunks (the blob's last may be short).
    pub(crate) fn verify(&self, offset: u64, bytes: &[u8]) -> Result<(), BlobError> {
        let only = self.list.is_empty();
        let step = usize::try_from(CHUNK).unwrap_or(usize::MAX);
        // An empty blob is one empty chunk, which `chunks` does not yield; it has no bytes to be wrong.
        for (at, chunk) in bytes.chunks(step).enumerate() {
            let start = offset + at as u64 * CHUNK;
            let stored = if only {
                Some(&self.sealed.blake3)
            } else {
                usize::try_from(start / CHUNK).ok().and_then(|index| self.list.get(index))
            };
            if stored != Some(&chunk_digest(chunk, start, only)) {
                let end = start + chunk.len() as u64;
                return Err(BlobError::Corrupt { id: self.id, damage: Damage::Chunk { start, end } });
            }
        }
        Ok(())
    }
}
