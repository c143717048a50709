//! What a backup asks of a server that goes on working, and copying the bytes that its metadata names.
//!
//! Metadata is copied as one snapshot, and bytes after it. Bytes never change, so the one thing that could take them away
//! is their removal; it is held from before the snapshot until the last byte is copied.

use std::time::Duration;

use blobs::{BlobError, BlobId, BlobStore, Expected, Tier};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use store::blob::{Blob, BlobState};
use store::db::Db;
use store::keys::BlobKey;

use crate::context::Clock;
use crate::error::{Error, Result};
use crate::event::{Event, EventName};
use crate::transfer::scrub::{REPLACED, tier_of};

/// How long bytes are held without being asked again, in ms.
const HOLD_MS: i64 = 10 * 60_000;
/// How often a backup asks again.
const RENEW: Duration = Duration::from_secs(60);
/// Blobs looked up at a time.
const PAGE: u32 = 500;
/// Blobs copied at a time. Each holds at most 8 MiB of memory.
const AT_ONCE: usize = 4;

/// Holds all stored bytes, and notes in the audit log that everything is about to be read. From then on a snapshot of the
/// database names only bytes that stay, as long as [`hold`] runs.
///
/// # Errors
/// The store's.
pub async fn begin(db: &Db, clock: &dyn Clock) -> Result<()> {
    let now = clock.now();
    db.write(move |tx| {
        store::hold::extend(tx, now + HOLD_MS, now)?;
        Event::done(EventName::ServerBackedUp).write_own(tx, "Backup", now)
    })
    .await
}

/// Keeps the hold up; ends only when that fails.
///
/// # Errors
/// The store's, and when the hold had run out, so that bytes may be gone.
pub async fn hold(db: &Db, clock: &dyn Clock) -> Result<std::convert::Infallible> {
    loop {
        tokio::time::sleep(RENEW).await;
        let now = clock.now();
        let held = db
            .write(move |tx| {
                let held = store::hold::until(tx)? > now;
                store::hold::extend(tx, now + HOLD_MS, now)?;
                Ok::<_, Error>(held)
            })
            .await?;
        if !held {
            return Err(Error::internal(
                "the backup was stopped for so long that the server may have removed bytes meanwhile; start it again",
            ));
        }
    }
}

/// What became of the bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copied {
    /// Blobs that were copied.
    pub copied: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Blobs that were there already.
    pub present: u64,
    /// Blobs whose bytes are damaged or missing at the source, and what is wrong with each.
    pub damaged: Vec<(String, String)>,
}

/// What to do about bytes that the target has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Present {
    /// Believe that they are whole, wherever they lie: for a second backup into the same place.
    Keep,
    /// Read them, and move them to where the metadata says: for a restore.
    Verify,
}

/// Bytes to copy from one store into another.
#[derive(Debug, Clone, Copy)]
pub struct Copying<'a> {
    /// Where they are.
    pub from: &'a BlobStore,
    /// Where they go.
    pub to: &'a BlobStore,
    /// What to do about those that are there.
    pub present: Present,
}

impl Copying<'_> {
    /// Copies all bytes that a database names and anything uses, verified against their digests on the way.
    ///
    /// # Errors
    /// The store's and those of the disks. Bytes that are damaged are no error; they are reported, and the rest is copied.
    pub async fn run(self, list: &Db) -> Result<Copied> {
        let mut all = Copied::default();
        let mut after: Option<BlobKey> = None;
        loop {
            let page = list.read(move |tx| Ok::<_, Error>(store::blob::after(tx, after, PAGE)?)).await?;
            let Some(last) = page.last() else { return Ok(all) };
            after = Some(last.key);
            let used = page.into_iter().filter(|blob| blob.state != BlobState::Doomed);
            let mut work = stream::iter(used)
                .map(|blob| async move { self.one(&blob).await.map(|fate| (blob, fate)) })
                .buffer_unordered(AT_ONCE);
            while let Some((blob, fate)) = work.try_next().await? {
                match fate {
                    Fate::Copied => {
                        all.copied += 1;
                        all.bytes += u64::try_from(blob.size).unwrap_or(0);
                    }
                    Fate::Present => all.present += 1,
                    Fate::Damaged(why) => all.damaged.push((blob.id, why)),
                }
            }
        }
    }

    async fn one(self, blob: &Blob) -> Result<Fate> {
        let id: BlobId = blob.id.parse().map_err(Error::internal)?;
        if self.is_present(blob, id).await? {
            return Ok(Fate::Present);
        }
        match self.copy(blob, id).await {
            Err(Error::Blob(
                error @ (BlobError::Missing(_) | BlobError::Corrupt { .. } | BlobError::Mismatch(_)),
            )) => Ok(Fate::Damaged(error.to_string())),
            other => other,
        }
    }

    async fn is_present(self, blob: &Blob, id: BlobId) -> Result<bool> {
        let (to, tier) = (self.to, tier_of(blob));
        for there in [tier, tier.other()] {
            if !to.exists(id, there).await? {
                continue;
            }
            if self.present == Present::Keep {
                return Ok(true);
            }
            match to.verify(id, there).await {
                Ok(sealed) if hex::encode(sealed.sha256) == blob.sha256 => {
                    to.move_to(id, tier).await?;
                    return Ok(true);
                }
                Ok(_) | Err(BlobError::Corrupt { .. }) => to.remove(id, there).await?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(false)
    }

    async fn copy(self, blob: &Blob, id: BlobId) -> Result<Fate> {
        let reader = open(blob, id, self.from).await?;
        let sealed = reader.sealed();
        if hex::encode(sealed.sha256) != blob.sha256 {
            return Ok(Fate::Damaged(REPLACED.to_owned()));
        }
        let mut writer = self.to.begin(id);
        let mut bytes = reader.stream(0..sealed.size)?;
        while let Some(piece) = bytes.try_next().await? {
            writer.write(piece).await?;
        }
        writer.finish(Expected { size: Some(sealed.size), md5: Some(sealed.md5) }).await?;
        if tier_of(blob) == Tier::Archive {
            self.to.move_to(id, Tier::Archive).await?;
        }
        Ok(Fate::Copied)
    }
}

/// What became of one blob.
enum Fate {
    Copied,
    Present,
    Damaged(String),
}

/// Opens bytes that may be moved between the tiers at this moment; they are in one of them all the time.
async fn open(blob: &Blob, id: BlobId, from: &BlobStore) -> Result<blobs::Reader> {
    let tier = tier_of(blob);
    for there in [tier, tier.other()] {
        match from.read(id, there).await {
            Err(BlobError::Missing(_)) => {}
            opened => return Ok(opened?),
        }
    }
    Ok(from.read(id, tier).await?)
}

/// Makes a restored database the database of an installation of its own: nothing is held or claimed any more, what is damaged is
/// known, and the audit log says what happened.
///
/// # Errors
/// The store's.
pub async fn restored(
    db: &Db,
    backup: String,
    installation: String,
    damaged: Vec<(String, String)>,
    clock: &dyn Clock,
) -> Result<()> {
    let now = clock.now();
    db.write(move |tx| {
        store::hold::end(tx, now)?;
        store::installation::put(tx, &installation, now)?;
        store::task::free_all(tx, now)?;
        for (id, why) in &damaged {
            if let Some(blob) = store::blob::by_id(tx, id)? {
                store::blob::mark_damaged(tx, blob.key, why, now)?;
            }
        }
        let after = json!({ "backup": backup, "damaged": damaged.len() });
        Event::done(EventName::ServerRestored).after(after).write_own(tx, "Restore", now)
    })
    .await
}
