//! The directory of a backup: its snapshots and the bytes they share.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use blobs::{BlobStore, Tier};
use futures::TryStreamExt;
use store::db::{Db, DbConfig};

use super::manifest::Manifest;
use crate::data_dir::DATABASE;
use crate::folder;

/// The file that says what the directory is.
const FORMAT_FILE: &str = "operon-backup";
/// The same before it is whole.
const FORMAT_DRAFT: &str = "operon-backup.new";
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
    /// Makes the directory where there is none; only its owner can look into it. One whose making was cut off is finished.
    pub(super) fn create(root: &Path, data_dir: &Path) -> anyhow::Result<Self> {
        folder::make(root).with_context(|| format!("cannot make {}", root.display()))?;
        if root.canonicalize()?.starts_with(data_dir.canonicalize()?) {
            bail!(
                "a backup inside the data directory would be lost with it; name another place, on another disk"
            );
        }
        if !root.join(FORMAT_FILE).exists() {
            let mut others = fs::read_dir(root)?.flatten().filter(|entry| entry.file_name() != FORMAT_DRAFT);
            if others.next().is_some() {
                bail!("{} is not empty and is no backup; name an empty directory", root.display());
            }
            write_format(root).with_context(|| format!("cannot write into {}", root.display()))?;
        }
        let directory = Self::open(root)?;
        folder::make(&root.join(SNAPSHOTS)).context("cannot make the folder of snapshots")?;
        Ok(directory)
    }

    /// An existing backup.
    ///
    /// # Errors
    /// When there is none, or it is of another version.
    pub fn open(root: &Path) -> anyhow::Result<Self> {
        match fs::read_to_string(root.join(FORMAT_FILE)) {
            Ok(text) if text == FORMAT => Ok(Self { root: root.to_owned() }),
            Ok(_) => bail!("the backup in {} was made by another version of this program", root.display()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                bail!("there is no backup in {}", root.display())
            }
            Err(error) => Err(error).with_context(|| format!("cannot read the backup in {}", root.display())),
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
        let entries = match fs::read_dir(self.root.join(SNAPSHOTS)) {
            // The first backup into it was cut off.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
            entries => entries.context("cannot read the backup")?,
        };
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    /// The folder of a snapshot.
    pub(super) fn snapshot(&self, name: &str) -> PathBuf {
        self.root.join(SNAPSHOTS).join(name)
    }

    /// One directory is for one server: snapshots of two would push each other out.
    pub(super) fn refuse_other_server(&self, server: &str) -> anyhow::Result<()> {
        let snapshots = self.snapshots()?;
        // One whose list is damaged says nothing, and stands in no way.
        let newest = snapshots.iter().rev().find_map(|name| Manifest::read(&self.snapshot(name)).ok());
        if newest.is_some_and(|newest| newest.server != server) {
            bail!("{} holds the backup of another server; name another directory", self.root.display());
        }
        Ok(())
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
        let unfinished = self.snapshot(&format!("{name}{UNFINISHED}"));
        folder::make(&unfinished).context("cannot begin a snapshot")?;
        Ok((name, unfinished))
    }

    /// Removes a snapshot. It loses its name before its files, so that what is left of a removal that was cut off does not
    /// look finished.
    fn forget(&self, name: &str) -> std::io::Result<()> {
        let nameless = self.snapshot(&format!("{name}{UNFINISHED}"));
        fs::rename(self.snapshot(name), &nameless)?;
        folder::sync(&self.root.join(SNAPSHOTS))?;
        fs::remove_dir_all(nameless)
    }

    /// Gives a snapshot its name, durably.
    pub(super) fn publish(&self, name: &str) -> anyhow::Result<()> {
        fs::rename(self.snapshot(&format!("{name}{UNFINISHED}")), self.snapshot(name))
            .context("cannot finish the snapshot")?;
        Ok(folder::sync(&self.root.join(SNAPSHOTS))?)
    }

    /// Removes all snapshots but the newest, and the bytes that none of those needs, also such as an earlier run left behind.
    pub(super) async fn forget_but(&self, keep: usize, bytes: &BlobStore) -> anyhow::Result<Vec<String>> {
        let mut old = self.snapshots()?;
        let kept = old.split_off(old.len().saturating_sub(keep));
        for name in &old {
            self.forget(name).with_context(|| format!("cannot remove the old snapshot {name}"))?;
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

/// Says in the directory what it is, at once.
fn write_format(root: &Path) -> std::io::Result<()> {
    let draft = root.join(FORMAT_DRAFT);
    let mut file = File::create(&draft)?;
    file.write_all(FORMAT.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, root.join(FORMAT_FILE))?;
    folder::sync(root)
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
