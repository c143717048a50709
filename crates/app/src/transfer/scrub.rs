//! The scrubber: reads stored bytes again, those of longest ago first, so that damage is found before somebody needs
//! them (design promise 9).

use std::sync::Arc;
use std::time::Duration;

use blobs::{BlobError, BlobId, Tier};
use serde_json::json;
use store::blob::{Blob, BlobTier};
use store::keys::{AccountKey, ObjectKey};
use store::notification::NewNotification;

use super::bytes;
use crate::context::{App, Ctx};
use crate::error::{Error, Result};
use crate::event::{Event, EventName};
use crate::work::Work;

/// Blobs are read again after this long, in ms: 30 days.
const AGAIN_AFTER_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// Bytes read in a second at most, so that people's transfers do not suffer: 16 MiB.
const RATE: u64 = 16 << 20;
/// Blobs looked up at a time.
const STEP: u32 = 16;
/// Files that are named, and administrators who are told, in one transaction.
const AT_ONCE: u32 = 900;
/// Files that what administrators are told names.
const SHOWN: usize = 20;

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

/// Notes that a blob is damaged, for the log of the operator and the audit log, and tells every administrator of the
/// platform. Every file that uses it is named in an event: in one, unless they are very many.
///
/// The blob counts as damaged once all is told. When a server stops before that, it is told again.
///
/// # Errors
/// The store's.
pub(super) async fn report(app: &Arc<App>, blob: &Blob, damage: &str) -> Result<()> {
    let ctx = Ctx::own(app, "FileScrubber");
    let mut telling = Some(Telling::default());
    while let Some(told) = telling {
        let (blob, damage) = (blob.clone(), damage.to_owned());
        telling = ctx.change(move |work| told.clone().go_on(work, &blob, &damage)).await?;
    }
    Ok(())
}

/// How far the news of a damaged blob has got.
#[derive(Debug, Clone, Default)]
struct Telling {
    /// Files that were named in events.
    files: usize,
    /// The first of them.
    first: Vec<String>,
    /// The last of them.
    last_file: Option<ObjectKey>,
    /// Whether these are all.
    all_named: bool,
    /// The administrator who was told last.
    last_told: Option<AccountKey>,
}

impl Telling {
    /// Goes on for one transaction; none at the end.
    fn go_on(mut self, work: &Work<'_>, blob: &Blob, damage: &str) -> Result<Option<Self>> {
        // Bytes that nobody needs any more may be gone, and somebody else may have met the same damage.
        if store::blob::is_doomed(work.tx, blob.key)? || store::blob::is_damaged(work.tx, blob.key)? {
            return Ok(None);
        }
        if !self.all_named {
            self.name_files(work, blob, damage)?;
        }
        if !self.all_named {
            return Ok(Some(self));
        }
        let told = store::account::administrators(work.tx, self.last_told, AT_ONCE)?;
        self.tell(work, &told, blob, damage)?;
        if is_full(told.len()) {
            self.last_told = told.last().copied();
            return Ok(Some(self));
        }
        let (files, first) = (self.files, &self.first);
        tracing::error!(
            blob = blob.id,
            files,
            ?first,
            damage,
            "stored bytes are damaged; restore them from a backup"
        );
        store::blob::mark_damaged(work.tx, blob.key, damage, work.now())?;
        Ok(None)
    }

    fn name_files(&mut self, work: &Work<'_>, blob: &Blob, damage: &str) -> Result<()> {
        let files = store::blob::files_of(work.tx, blob.key, self.last_file, AT_ONCE)?;
        self.all_named = !is_full(files.len());
        if files.is_empty() && self.files > 0 {
            return Ok(());
        }
        let ids: Vec<&String> = files.iter().map(|(_, id)| id).collect();
        let event = Event::done(EventName::FileDamaged).after(json!({ "blob": blob.id, "damage": damage }));
        work.record_each(&event, ids.iter().copied())?;
        self.first.extend(ids.into_iter().take(SHOWN.saturating_sub(self.files)).cloned());
        self.files += files.len();
        self.last_file = files.last().map(|(key, _)| *key);
        Ok(())
    }

    fn tell(&self, work: &Work<'_>, told: &[AccountKey], blob: &Blob, damage: &str) -> Result<()> {
        let entities: Vec<&str> = self.first.iter().map(String::as_str).collect();
        let text = format!(
            "Stored bytes are damaged and are not served any more: {damage}. Restore {} from a backup. {}",
            blob.id,
            self.users_of_it(&entities)
        );
        for account in told {
            let new = NewNotification {
                account: *account,
                kind: "file.damaged",
                text: &text,
                project: None,
                entities: &entities,
            };
            store::notification::insert(work.tx, &new, work.now())?;
        }
        Ok(())
    }

    /// The files that use the bytes, in words.
    fn users_of_it(&self, first: &[&str]) -> String {
        match self.files.checked_sub(first.len()) {
            _ if first.is_empty() => "No file uses them.".to_owned(),
            None | Some(0) => format!("Files that use them: {}.", first.join(", ")),
            Some(more) => format!(
                "Files that use them: {} and {more} more; /system/findAuditEvents with the kind \"{}\" names all {}.",
                first.join(", "),
                EventName::FileDamaged.as_str(),
                self.files
            ),
        }
    }
}

/// Whether there may be more than so many, which were looked up at once.
fn is_full(found: usize) -> bool {
    u32::try_from(found).is_ok_and(|found| found >= AT_ONCE)
}

/// The tier as the store of bytes knows it.
pub(crate) fn tier_of(blob: &Blob) -> Tier {
    match blob.tier {
        BlobTier::Live => Tier::Live,
        BlobTier::Archive => Tier::Archive,
    }
}
