//! Which blobs this process is writing or moving.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::BlobError;
use crate::id::BlobId;

/// The blobs being written or moved, so that no two do it at once and the sweeper leaves them alone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Claims(Arc<Mutex<HashSet<BlobId>>>);

/// The right to write or move one blob; ends when dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    claims: Claims,
    id: BlobId,
}

impl Claims {
    pub(crate) fn take(&self, id: BlobId) -> Result<Claim, BlobError> {
        if self.lock().insert(id) { Ok(Claim { claims: self.clone(), id }) } else { Err(BlobError::Busy(id)) }
    }

    /// While the guard lives, no claim begins or ends.
    pub(crate) fn lock(&self) -> MutexGuard<'_, HashSet<BlobId>> {
        // A set of ids is sound wherever a panic left it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.claims.lock().remove(&self.id);
    }
}
