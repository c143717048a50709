//! The scrubber: reads stored bytes again, those of longest ago first, so that damage is found before somebody needs
//! them (design promise 9).

use std::sync::Arc;
use std::time::Duration;

use blobs::{BlobError, BlobId, Tier};
use serde_json::json;
use store::blob::{Blob, BlobTier};
use store::notification::NewNotification;

use super::bytes;
use crate::context::{App, Ctx};
use crate::error::{Error, Result};
use crate::event::{Event, EventName};

/// Blobs are read again after this long, in ms: 30 days.
const AGAIN_AFTER_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// Bytes read in a second at most, so that people's transfers do not suffer: 16 MiB.
const RATE: u64 = 16 << 20;
/// Blobs looked up at a time.
const STEP: u32 = 16;
/// Platform administrators told about a damaged blob.
const TOLD: u32 = 20;
/// Files named in the event about a damaged blob.
const NAMED: u32 = 20;

impl App {
    /// Verifies every blob that was not read for 30 days. A periodic job.
    ///
    /// # Errors
    /// The store's, and those of a disk that cannot be read at all.
    pub async fn scrub(self: Arc<Self>) -> Result<()> {
        let before = self.clock.now() - AGAIN_AFTER_MS;
        while round(&self, before, Some(RATE)).await? > 0 {}
        Ok(())
    }
}

/// Verifies some blobs that were last verified before a time, at most `rate` bytes a second; says how many. None are left
/// when it says 0.
///
/// # Errors
/// The store's, and those of a disk that cannot be read at all. Damage is no error: it is reported.
pub async fn round(app: &Arc<App>, before: i64, rate: Option<u64>) -> Result<usize> {
    let due = app.db.read(move |tx| Ok::<_, Error>(store::blob::unverified_since(tx, before, STEP)?)).await?;
    for blob in &due {
        let id: BlobId = blob.id.parse().map_err(Error::internal)?;
        let tier = tier_of(blob);
        let mut found = app.blobs.verify(id, tier).await;
        if matches!(found, Err(BlobError::Missing(_))) {
            // It may have been moved into the archive, or back, since it was looked up.
            found = app.blobs.verify(id, tier.other()).await;
        }
        match found {
            Ok(sealed) if hex::encode(sealed.sha256) == blob.sha256 => {
                let (key, now) = (blob.key, app.clock.now());
                app.db.write(move |tx| Ok::<_, Error>(store::blob::verified(tx, key, now)?)).await?;
            }
            Ok(_) => report(app, blob, REPLACED).await?,
            Err(error @ (BlobError::Corrupt { .. } | BlobError::Missing(_))) => {
                report(app, blob, &error.to_string()).await?;
            }
            Err(error) => return Err(error.into()),
        }
        if let Some(rate) = rate {
            tokio::time::sleep(Duration::from_millis(bytes(blob.size).saturating_mul(1000) / rate)).await;
        }
    }
    Ok(due.len())
}

/// What is wrong with bytes that are intact but not those that were uploaded.
pub(crate) const REPLACED: &str = "the stored bytes are intact, but are not the ones that were uploaded";

/// Notes that a blob is damaged, for the log of the operator and the audit log.
///
/// # Errors
/// The store's.
pub(super) async fn report(app: &Arc<App>, blob: &Blob, damage: &str) -> Result<()> {
    let (blob, damage) = (blob.clone(), damage.to_owned());
    Ctx::own(app, "FileScrubber")
        .change(move |work| {
            // Bytes that nobody needs any more may be gone.
            if store::blob::is_doomed(work.tx, blob.key)? {
                return Ok(());
            }
            if !store::blob::mark_damaged(work.tx, blob.key, &damage, work.now())? {
                return Ok(());
            }
            let files = store::blob::files_of(work.tx, blob.key, NAMED)?;
            tracing::error!(blob = blob.id, ?files, damage, "stored bytes are damaged; restore them from a backup");
            let text = format!(
                "Stored bytes are damaged and are not served any more: {damage}. Restore {} from a backup. Files that use them: {}.",
                blob.id,
                files.join(", ")
            );
            for account in store::account::administrators(work.tx, TOLD)? {
                let entities: Vec<&str> = files.iter().map(String::as_str).collect();
                store::notification::insert(
                    work.tx,
                    &NewNotification { account, kind: "file.damaged", text: &text, project: None, entities: &entities },
                    work.now(),
                )?;
            }
            let mut event = Event::done(EventName::FileDamaged).after(json!({ "blob": blob.id, "damage": damage }));
            for file in &files {
                event = event.subject(file);
            }
            work.record(event)
        })
        .await
}

/// The tier as the store of bytes knows it.
pub(crate) fn tier_of(blob: &Blob) -> Tier {
    match blob.tier {
        BlobTier::Live => Tier::Live,
        BlobTier::Archive => Tier::Archive,
    }
}
