//! Sealing files of several parts: reading them once for the digests of the whole, in the background.
//!
//! What remains to be done is what the database says is `closing`, so a restart forgets nothing. Two servers that seal the
//! same file do the work twice and write it once.

use std::sync::Arc;
use std::time::Duration;

use blobs::{BlobError, BlobId, Tier};
use serde_json::json;
use store::blob::Blob;
use store::seal::{Waiting, WholeFile};

use super::scrub;
use crate::context::{App, Ctx};
use crate::error::{Error, Result};
use crate::event::{Event, EventName};
use crate::jobs::Ended;

/// Files looked at in one round.
const ROUND: u32 = 20;
/// How long the sealer sleeps when nobody wakes it.
const SLEEP: Duration = Duration::from_secs(5);
/// How long a file rests after it could not be read, in ms.
const REST_MS: i64 = 30_000;

impl App {
    /// Seals every file that is closing, stores equal content once, and waits a while for the next close. A periodic job.
    ///
    /// # Errors
    /// The store's. A file that cannot be read is logged and rests before it is tried again; the turn says so.
    pub async fn seal_files(self: Arc<Self>) -> Result<Ended> {
        let now = self.clock.now();
        let resting = self.memory.transfers.resting.held(now);
        let limit = ROUND.saturating_add(u32::try_from(resting.len()).unwrap_or(u32::MAX));
        let waiting = self.db.read(move |tx| Ok::<_, Error>(store::seal::waiting(tx, limit)?)).await?;
        let (mut sealed, mut failures) = (0, false);
        for file in waiting.iter().filter(|file| !resting.contains(&file.key)) {
            match seal(&self, file).await {
                Ok(()) => sealed += 1,
                Err(error) => {
                    tracing::error!(file = %file.id, %error, "a closing file could not be sealed");
                    self.memory.transfers.resting.add(file.key, self.clock.now() + REST_MS);
                    failures = true;
                }
            }
        }
        super::dedup::round(&self).await?;
        if sealed == 0 {
            let _ = tokio::time::timeout(SLEEP, self.memory.transfers.closing.notified()).await;
        }
        Ok(Ended::with(failures))
    }
}

/// Reads a file, verified, and closes it with its size and digests.
async fn seal(app: &Arc<App>, file: &Waiting) -> Result<()> {
    let key = file.key;
    let blobs = app.db.read(move |tx| Ok::<_, Error>(store::blob::of_file(tx, key)?)).await?;
    let ids = blobs
        .iter()
        .map(|blob| blob.id.parse())
        .collect::<Result<Vec<BlobId>, _>>()
        .map_err(Error::internal)?;
    let sealed = match app.blobs.combined(&ids, Tier::Live).await {
        Ok(sealed) => sealed,
        Err(error) => {
            report(app, &blobs, &error).await?;
            return Err(error.into());
        }
    };
    let whole = WholeFile {
        size: i64::try_from(sealed.size).map_err(Error::internal)?,
        md5: hex::encode(sealed.md5),
        sha256: hex::encode(sealed.sha256),
        blake3: hex::encode(sealed.blake3),
    };
    let id = file.id.clone();
    Ctx::own(app, "FileSealer")
        .change(move |work| {
            if store::seal::seal(work.tx, key, &whole, work.now())? {
                work.record(
                    Event::done(EventName::FileSealed)
                        .subject(&id)
                        .after(json!({ "size": whole.size, "sha256": whole.sha256 })),
                )?;
                crate::object::settle(work, &[key])?;
            }
            Ok(())
        })
        .await
}

/// Notes which of the blobs is damaged, if that is what went wrong.
async fn report(app: &Arc<App>, blobs: &[Blob], error: &BlobError) -> Result<()> {
    let (BlobError::Corrupt { id, .. } | BlobError::Missing(id)) = error else { return Ok(()) };
    let id = id.to_string();
    match blobs.iter().find(|blob| blob.id == id) {
        Some(blob) => scrub::report(app, blob, &error.to_string()).await,
        None => Ok(()),
    }
}
