//! Bytes that no row names: what a crash between storing a part and noting it has left.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use blobs::{BlobId, Tier};
use futures::TryStreamExt;

use crate::context::App;
use crate::error::{Error, Result};

/// Bytes younger than this may still get their row: one day.
const YOUNG: Duration = Duration::from_secs(24 * 60 * 60);
/// Blobs looked up at a time.
const STEP: usize = 200;

impl App {
    /// Removes what unfinished uploads left behind, and stored bytes that are not in the database. A periodic job.
    ///
    /// # Errors
    /// The store's and those of the disk; what was removed until then stays removed.
    pub async fn remove_orphans(self: Arc<Self>) -> Result<()> {
        let now = Duration::from_millis(u64::try_from(self.clock.now()).unwrap_or(0));
        let before = UNIX_EPOCH + now.saturating_sub(YOUNG);
        self.blobs.sweep_temporary(before).await?;
        for tier in [Tier::Live, Tier::Archive] {
            let old = self.blobs.list(tier).try_filter(|blob| std::future::ready(blob.modified < before));
            let mut batches = old.map_ok(|blob| blob.id.to_string()).try_chunks(STEP);
            loop {
                let batch = match batches.try_next().await {
                    Ok(Some(batch)) => batch,
                    Ok(None) => break,
                    Err(error) => return Err(error.1.into()),
                };
                let unknown =
                    self.db.read(move |tx| Ok::<_, Error>(store::blob::unknown(tx, batch.clone())?)).await?;
                for id in unknown {
                    let id: BlobId = id.parse().map_err(Error::internal)?;
                    tracing::info!(blob = %id, "bytes that no file uses are removed");
                    self.blobs.remove(id, tier).await?;
                }
            }
        }
        Ok(())
    }
}
