//! What can go wrong with a blob, in sentences for the person who meets it.

use std::fmt;
use std::io;

use crate::BlobId;

/// Why a blob could not be written, read, moved or removed.
///
/// The texts name no path, host or other inside of the installation; `source()` does, for the log.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// No blob has this id in the tier that was asked.
    #[error("there are no stored bytes with the id {0}")]
    Missing(BlobId),
    /// The stored bytes are not the ones that were written. None of the damaged bytes have been handed out.
    #[error(
        "the stored bytes {id} are damaged ({damage}), so they were not served. An operator has to restore them from a backup."
    )]
    Corrupt {
        /// The damaged blob.
        id: BlobId,
        /// What is damaged.
        damage: Damage,
    },
    /// The bytes that arrived are not the ones that were announced. Nothing was stored.
    #[error("{0}. Nothing was stored; send the part again.")]
    Mismatch(Mismatch),
    /// A blob with this id is stored already. Ids are random, so this is a fault of the caller.
    #[error("there are stored bytes with the id {0} already")]
    Exists(BlobId),
    /// Somebody is writing or moving this blob at this moment.
    #[error("the bytes {0} are being written or moved right now; try again later")]
    Busy(BlobId),
    /// The range is not inside the blob.
    #[error("the range {start}..{end} is not inside the {size} stored bytes")]
    RangeOutside {
        /// First byte asked for.
        start: u64,
        /// Byte after the last one asked for.
        end: u64,
        /// Bytes in the blob.
        size: u64,
    },
    /// The blob is larger than the store can take.
    #[error("a part can have at most {limit} bytes")]
    TooLarge {
        /// The largest size, in bytes.
        limit: u64,
    },
    /// The disk, or the quota on it, is used up.
    #[error(
        "the disk of the data directory is full, so nothing can be stored. An operator has to free space or enlarge it; then try again."
    )]
    DiskFull(#[source] io::Error),
    /// The disk takes no writes at all.
    #[error(
        "the disk of the data directory is read-only, so nothing can be stored. An operator has to make it writable; then try again."
    )]
    DiskReadOnly(#[source] io::Error),
    /// The disk failed in some other way.
    #[error(
        "the disk of the data directory failed while {doing}. Try again; if it happens again, an operator has to look at the server's log."
    )]
    Disk {
        /// What was being done, such as "reading".
        doing: &'static str,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The object store failed.
    #[error(
        "the object store that keeps the bytes failed while {doing}. Try again; if it happens again, an operator has to look at the server's log."
    )]
    ObjectStore {
        /// What was being done, such as "reading".
        doing: &'static str,
        /// What the object store said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// This writer has failed before and its bytes are gone.
    #[error("this upload has failed already; start it again")]
    WriterFailed,
    /// The work was stopped before its end because the server is shutting down.
    #[error("the server is shutting down; try again later")]
    Stopped,
    /// The store cannot be used as it is configured or laid out.
    #[error("{0}")]
    Unusable(String),
}

/// What is damaged in a stored blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// The stored file is shorter or longer than its seal says, or has no room for one.
    Length,
    /// The seal (size and digests) fails its own check or belongs to another blob.
    Seal,
    /// The list of chunk digests does not merge to the digest in the seal.
    List,
    /// A chunk of the data differs from what was written.
    Chunk {
        /// Offset of its first byte.
        start: u64,
        /// Offset after its last byte.
        end: u64,
    },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length => f.write_str("their length is wrong"),
            Self::Seal => f.write_str("their seal does not verify"),
            Self::List => f.write_str("their list of digests does not verify"),
            Self::Chunk { start, end } => write!(f, "bytes {start} to {end} differ from what was written"),
        }
    }
}

/// How the bytes that arrived differ from the ones announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// Another number of bytes.
    Size {
        /// Bytes announced.
        expected: u64,
        /// Bytes that arrived.
        got: u64,
    },
    /// Another MD5.
    Md5 {
        /// MD5 announced.
        expected: [u8; 16],
        /// MD5 of the bytes that arrived.
        got: [u8; 16],
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size { expected, got } => {
                write!(f, "{expected} bytes were announced but {got} bytes arrived")
            }
            Self::Md5 { expected, got } => {
                let (expected, got) = (hex::encode(expected), hex::encode(got));
                write!(f, "the MD5 {expected} was announced but the bytes that arrived have the MD5 {got}")
            }
        }
    }
}

impl BlobError {
    /// Names an error of the operating system: a full and a read-only disk are told apart from the rest.
    pub(crate) fn disk(doing: &'static str, source: io::Error) -> Self {
        match source.kind() {
            // The last is a limit on the size of one file, set for the process: a quota of another kind.
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::DiskFull(source)
            }
            io::ErrorKind::ReadOnlyFilesystem => Self::DiskReadOnly(source),
            _ => Self::Disk { doing, source },
        }
    }

    /// The same for an operation on one blob, where "not found" means that the blob is missing.
    pub(crate) fn disk_of(id: BlobId, doing: &'static str, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::NotFound => Self::Missing(id),
            _ => Self::disk(doing, source),
        }
    }

    /// Names an error of the object store.
    pub(crate) fn object(doing: &'static str, source: object_store::Error) -> Self {
        Self::ObjectStore { doing, source: Box::new(source) }
    }

    /// The same for an operation on one blob, where "not found" means that the blob is missing.
    pub(crate) fn object_of(id: BlobId, doing: &'static str, source: object_store::Error) -> Self {
        match source {
            object_store::Error::NotFound { .. } => Self::Missing(id),
            source => Self::object(doing, source),
        }
    }
}
