//! The directory of a backup: its snapshots and the bytes they share.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use blobs::{BlobStore, Tier};
use futures::TryStreamExt;
use store::db::{Db, DbConfig};

use crate::boot::DATABASE;

/// The file that says what the directory is.
const FORMAT_FILE: &str = "operon-backup";
const FORMAT: &str = "operon backup 1\n";
const SNAPSHOTS: &str = "snapshots";
/// The end of the name of a snapshot that is not finished.
const UNFINISHED: &str = ".unfinished";
/// Blobs looked up at a time.
const STEP: usize = 500;

/// The directory of a backup.
#[derive(Debug, Clone)]
pub struct Directory {
    root: PathBuf,
}

impl Directory {
    /// Makes the directory where there is none; only its owner can look into it.
    pub(super) fn create(root: &Path, data_dir: &Path) -> anyhow::Result<Self> {
        let folder = |path: &Path| DirBuilder::new().recursive(true).mode(0o700).create(path);
        folder(root).with_context(|| format!("cannot make {}", root.display()))?;
        if root.canonicalize()?.starts_with(data_dir.canonicalize()?) {
            bail!(
                "a backup inside the data directory would be lost with it; name another place, on another disk"
            );
        }
        let format = root.join(FORMAT_FILE);
        if !format.exists() {
            if fs::read_dir(root)?.next().is_some() {
                bail!("{} is not empty and is no backup; name an empty directory", root.display());
            }
            folder(&root.join(SNAPSHOTS))?;
            let mut file = File::create_new(&format)?;
            file.write_all(FORMAT.as_bytes())?;
            file.sync_all()?;
            File::open(root)?.sync_all()?;
        }
        Self::open(root)
    }

    /// An existing backup.
    ///
    /// # Errors
    /// When there is none, or it is of another version.
    pub fn open(root: &Path) -> anyhow::Result<Self> {
        match fs::read_to_string(root.join(FORMAT_FILE)) {
            Ok(text) if text == FORMAT => Ok(Self { root: root.to_owned() }),
            Ok(_) => bail!("the backup in {} was made by another version of this program", root.display()),
            Err(_) => bail!("there is no backup in {}", root.display()),
        }
    }

    /// Keeps others from writing at the same time, until the file is dropped.
    pub(super) fn lock(&self) -> anyhow::Result<File> {
        let file = File::open(self.root.join(FORMAT_FILE))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => {
                bail!("another backup into {} is under way", self.root.display())
            }
            Err(TryLockError::Error(error)) => Err(error).context("cannot lock the backup"),
        }
    }

    /// The bytes of files.
    pub(super) async fn bytes(&self) -> anyhow::Result<BlobStore> {
        let local = blobs::LocalConfig::new(self.root.join("files"), self.root.join("archive"));
        BlobStore::open(blobs::Config::Local(local)).await.context("cannot open the bytes of the backup")
    }

    /// The names of finished snapshots, oldest first.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn snapshots(&self) -> anyhow::Result<Vec<String>> {
        Ok(self.names()?.into_iter().filter(|name| !name.ends_with(UNFINISHED)).collect())
    }

    /// The names of snapshots that were never finished.
    pub(super) fn unfinished(&self) -> anyhow::Result<Vec<String>> {
        Ok(self.names()?.into_iter().filter(|name| name.ends_with(UNFINISHED)).collect())
    }

    fn names(&self) -> anyhow::Result<BTreeSet<String>> {
        let entries = fs::read_dir(self.root.join(SNAPSHOTS)).context("cannot read the backup")?;
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    /// The folder of a snapshot.
    pub(super) fn snapshot(&self, name: &str) -> PathBuf {
        self.root.join(SNAPSHOTS).join(name)
    }

    pub(super) fn remove_unfinished(&self) -> anyhow::Result<()> {
        for name in self.unfinished()? {
            fs::remove_dir_all(self.snapshot(&name)).context("cannot remove an unfinished snapshot")?;
        }
        Ok(())
    }

    /// The name of a new snapshot, and the folder to fill.
    pub(super) fn begin_snapshot(&self, now: i64) -> anyhow::Result<(String, PathBuf)> {
        let name = jiff::Timestamp::from_millisecond(now)?.strftime("%Y-%m-%dT%H-%M-%S.%3fZ").to_string();
        if self.snapshot(&name).exists() {
            bail!("there is a snapshot {name} already; try again in a moment");
        }
        let folder = self.snapshot(&format!("{name}{UNFINISHED}"));
        DirBuilder::new().mode(0o700).create(&folder).context("cannot begin a snapshot")?;
        Ok((name, folder))
    }

    /// Gives a snapshot its name, durably.
    pub(super) fn publish(&self, name: &str) -> anyhow::Result<()> {
        fs::rename(self.snapshot(&format!("{name}{UNFINISHED}")), self.snapshot(name))
            .context("cannot finish the snapshot")?;
        Ok(File::open(self.root.join(SNAPSHOTS))?.sync_all()?)
    }

    /// Removes all snapshots but the newest, and the bytes that none of those needs.
    pub(super) async fn forget_but(&self, keep: usize, bytes: &BlobStore) -> anyhow::Result<Vec<String>> {
        let mut old = self.snapshots()?;
        let kept = old.split_off(old.len().saturating_sub(keep));
        for name in &old {
            fs::remove_dir_all(self.snapshot(name)).context("cannot remove an old snapshot")?;
        }
        if old.is_empty() {
            return Ok(old);
        }
        let mut open = Vec::new();
        for name in &kept {
            let path = self.snapshot(name).join(DATABASE);
            open.push(Db::open(DbConfig::Sqlite { path, vfs: None }).await?);
        }
        let outcome = remove_unneeded(&open, bytes).await;
        for db in open {
            db.close().await;
        }
        outcome.map(|()| old)
    }
}

async fn remove_unneeded(kept: &[Db], bytes: &BlobStore) -> anyhow::Result<()> {
    for tier in [Tier::Live, Tier::Archive] {
        let mut batches = bytes.list(tier).map_ok(|blob| blob.id.to_string()).try_chunks(STEP);
        while let Some(mut batch) = batches.try_next().await.map_err(|error| error.1)? {
            for db in kept {
                batch = db.read(move |tx| store::blob::unneeded(tx, batch.clone())).await?;
            }
            for id in batch {
                bytes.remove(id.parse()?, tier).await?;
            }
        }
    }
    Ok(())
}
