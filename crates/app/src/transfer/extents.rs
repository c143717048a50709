//! The bytes of one extent, verified, and what happens when they are not what was stored.

use std::ops::Range;
use std::sync::Arc;

use blobs::{BlobError, ByteStream};
use store::blob::{Blob, Extent};
use wire::id::FileId;
use wire::{ApiError, ErrorType};

use super::{bytes, scrub};
use crate::context::App;
use crate::error::{Error, Result};

/// The part of a range that lies in an extent, counted in the blob.
pub(super) fn part_of(extent: &Extent, range: &Range<u64>) -> Range<u64> {
    let start = bytes(extent.start);
    let end = start + bytes(extent.blob.size);
    range.start.clamp(start, end) - start..range.end.clamp(start, end) - start
}

/// Opens a blob and reads a range of it.
///
/// # Errors
/// As the blob store's.
pub(super) async fn open(app: &App, blob: &Blob, range: Range<u64>) -> Result<ByteStream, Trouble> {
    if blob.damaged.is_some() {
        return Err(Trouble::Known);
    }
    let id = blob.id.parse().map_err(|_| Trouble::Known)?;
    let reader = app.blobs.read(id, scrub::tier_of(blob)).await.map_err(Trouble::Blob)?;
    if hex::encode(reader.sealed().sha256) != blob.sha256 {
        return Err(Trouble::Replaced);
    }
    reader.stream(range).map_err(Trouble::Blob)
}

/// Why bytes cannot be served.
#[derive(Debug)]
pub(super) enum Trouble {
    /// They were found damaged before.
    Known,
    /// They are intact, but others than were uploaded.
    Replaced,
    /// The store of bytes says why.
    Blob(BlobError),
}

impl Trouble {
    /// Whether the blob is not there: it may have been merged with an equal one.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Blob(BlobError::Missing(_)))
    }

    /// Reports damage and turns it into a sentence for the reader.
    pub(super) async fn report(self, app: &Arc<App>, file: &FileId, blob: &Blob) -> Error {
        let damage = match self {
            Self::Known => None,
            Self::Replaced => Some(scrub::REPLACED.to_owned()),
            Self::Blob(error @ (BlobError::Corrupt { .. } | BlobError::Missing(_))) => {
                Some(error.to_string())
            }
            Self::Blob(error) => return error.into(),
        };
        if let Some(damage) = damage
            && let Err(error) = scrub::report(app, blob, &damage).await
        {
            tracing::error!(%error, blob = blob.id, damage, "damaged bytes were met and could not be noted");
        }
        ApiError::new(
            ErrorType::InternalError,
            format!(
                "The stored bytes of {file} are damaged, so they were not sent. An operator has to restore them from a backup."
            ),
        )
        .into()
    }
}
