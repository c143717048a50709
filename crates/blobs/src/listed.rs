//! Stored blobs, as listing shows them.

use std::time::SystemTime;

use futures::stream::BoxStream;

use crate::error::BlobError;
use crate::id::BlobId;

/// One stored blob, as listing shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: BlobId,
    /// Bytes it takes in the store: its own and those of its digests.
    pub stored: u64,
    /// When it was written or moved here, by the store's clock.
    pub modified: SystemTime,
}

/// Stored blobs, in no order.
pub type ListStream = BoxStream<'static, Result<Listed, BlobError>>;
