//! A blob that is being written to a local directory.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::Local;
use crate::claim::Claim;
use crate::config::Tier;
use crate::error::BlobError;
use crate::files::WriteFile;
use crate::id::BlobId;

/// A file in `tmp`, which removes itself unless it is published.
#[derive(Debug)]
pub(crate) struct Temporary {
    local: Arc<Local>,
    id: BlobId,
    tier: Tier,
    path: PathBuf,
    /// None once published.
    file: Option<Box<dyn WriteFile>>,
    // Last, so that the claim ends after the file is gone.
    _claim: Claim,
}

impl Temporary {
    pub(super) fn create(local: &Arc<Local>, id: BlobId, tier: Tier) -> Result<Self, BlobError> {
        let claim = local.claims.take(id)?;
        let path = local.area(tier).temporary(id);
        let failed = |error| BlobError::disk("creating a file", error);
        let file = match local.files.create(&path) {
            // Nobody has the claim, so it was left by a crash.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                local.files.remove(&path).map_err(failed)?;
                local.files.create(&path)
            }
            created => created,
        };
        Ok(Self {
            local: Arc::clone(local),
            id,
            tier,
            path,
            file: Some(file.map_err(failed)?),
            _claim: claim,
        })
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        match &mut self.file {
            Some(file) => file.append(bytes).map_err(|error| BlobError::disk("writing", error)),
            None => Err(BlobError::WriterFailed),
        }
    }

    pub(crate) fn sync(&mut self) -> Result<(), BlobError> {
        match &mut self.file {
            Some(file) => file.sync().map_err(|error| BlobError::disk("writing", error)),
            None => Err(BlobError::WriterFailed),
        }
    }

    /// Syncs the file and gives it its name, durably.
    ///
    /// # Errors
    /// `Exists` when either tier has such a blob. After any error the blob is absent.
    pub(super) fn publish_new(self) -> Result<(), BlobError> {
        let other = self.tier.other();
        if self.local.exists(self.id, self.tier)? || self.local.exists(self.id, other)? {
            return Err(BlobError::Exists(self.id));
        }
        self.publish()
    }

    /// The same for a copy of a blob that the other tier has.
    pub(super) fn publish_copy(self) -> Result<(), BlobError> {
        self.publish()
    }

    fn publish(mut self) -> Result<(), BlobError> {
        self.sync()?;
        let local = Arc::clone(&self.local);
        let area = local.area(self.tier);
        let name = area.blob(self.id);
        local.files.rename(&self.path, &name).map_err(|error| BlobError::disk("naming a file", error))?;
        self.file = None;
        local.files.sync_dir(&area.folder(self.id)).map_err(|error| {
            if let Err(error) = local.files.remove(&name) {
                tracing::warn!(id = %self.id, %error, "stored bytes whose name could not be made durable stay behind");
            }
            BlobError::disk("naming a file", error)
        })
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if self.file.take().is_some()
            && let Err(error) = self.local.files.remove(&self.path)
        {
            tracing::warn!(id = %self.id, %error, "an unfinished upload could not be removed; the sweeper will try again");
        }
    }
}
