//! Size and digests of bytes, and what a caller expects of them.

use md5::Md5;
use sha2::{Digest, Sha256};

use crate::error::{BlobError, Mismatch};
use crate::tree::ChunkTree;

/// Size and digests of a blob, or of several one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// Number of bytes.
    pub size: u64,
    /// MD5, which clients of the wire compare.
    pub md5: [u8; 16],
    /// SHA-256, which catalogues publish.
    pub sha256: [u8; 32],
    /// BLAKE3, by which the bytes are verified on every read.
    pub blake3: [u8; 32],
}

/// What the sender announced. What it did not announce is not checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expected {
    /// Number of bytes.
    pub size: Option<u64>,
    /// MD5 of the bytes.
    pub md5: Option<[u8; 16]>,
}

impl Expected {
    /// Checks the bytes that arrived; the size first, as it explains a wrong digest.
    pub(crate) fn check(self, sealed: &Sealed) -> Result<(), BlobError> {
        if let Some(expected) = self.size.filter(|size| *size != sealed.size) {
            return Err(BlobError::Mismatch(Mismatch::Size { expected, got: sealed.size }));
        }
        if let Some(expected) = self.md5.filter(|md5| *md5 != sealed.md5) {
            return Err(BlobError::Mismatch(Mismatch::Md5 { expected, got: sealed.md5 }));
        }
        Ok(())
    }
}

/// The running digests beside MD5: together they cost about as much time as MD5 alone, so MD5 runs on one core and
/// these on another.
#[derive(Debug)]
pub(crate) struct Digests {
    sha256: Sha256,
    tree: ChunkTree,
}

impl Digests {
    pub(crate) fn new() -> Self {
        Self { sha256: Sha256::new(), tree: ChunkTree::new() }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.tree.update(bytes);
        self.sha256.update(bytes);
    }

    /// Ends both lines of hashing. The second value is the list of chaining values, 32 bytes for each chunk.
    pub(crate) fn finish(self, md5: Md5) -> (Sealed, Vec<[u8; 32]>) {
        let (size, blake3, list) = self.tree.finish();
        let sealed =
            Sealed { size, md5: md5.finalize().into(), sha256: self.sha256.finalize().into(), blake3 };
        (sealed, list)
    }
}
