//! From a backup to a data directory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use app::backup::{Copied, Copying, Present};
use audit::TrustedKey;
use blobs::BlobStore;
use store::db::{Db, DbConfig};

use super::directory::Directory;
use super::manifest::Manifest;
use super::put;
use crate::boot::{SystemClock, SystemRandom, audit_log, new_installation, open_database, taken};
use crate::config::Config;
use crate::data_dir::{AUDIT_KEY, DATABASE, Held, SERVER_KEY, UNFINISHED_RESTORE, hold_empty};
use crate::folder;

/// What to restore, and where to.
#[derive(Debug, Clone)]
pub struct Restore {
    /// The directory of the backup.
    pub from: PathBuf,
    /// The snapshot; the newest when absent.
    pub snapshot: Option<String>,
    /// The new data directory; empty or absent.
    pub data_dir: PathBuf,
    /// The directory with the server's keys, for a backup without them.
    pub keys: Option<PathBuf>,
    /// Whether to take over a bucket of another server: the new one goes on with those bytes that the backup names, and
    /// removes the others after a day.
    pub reuse_bytes: bool,
}

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The snapshot.
    pub snapshot: String,
    /// Later snapshots that were begun and never finished.
    pub unfinished: Vec<String>,
    /// What became of the bytes.
    pub bytes: Copied,
    /// Entries of the audit log, all of them verified.
    pub audit_entries: u64,
}

/// Restores a server. `settings` reads its configuration once the settings of the data directory are back.
///
/// Bytes that the backup lacks, because they were damaged already, do not stop it: the files that use them answer that they
/// are damaged, and the report names them.
///
/// # Errors
/// A sentence that says what is in the way: no finished snapshot, a damaged one, a directory or database that is not empty,
/// a bucket of another server, no keys. A restore that stopped half-way leaves a directory that no server starts on.
pub async fn restore(
    what: &Restore,
    settings: impl FnOnce() -> anyhow::Result<Config>,
) -> anyhow::Result<Restored> {
    let directory = Directory::open(&what.from)?;
    let _lock = directory.lock()?;
    let (snapshot, unfinished) = choose(&directory, what.snapshot.as_deref())?;
    let folder = directory.snapshot(&snapshot);
    let manifest = Manifest::check(&folder)?;
    let keys = match (&what.keys, manifest.keys) {
        (Some(keys), _) => keys.clone(),
        (None, true) => folder.clone(),
        (None, false) => bail!(
            "this backup was made without the server's keys. Name the directory that holds {SERVER_KEY} and {AUDIT_KEY}: --keys DIR"
        ),
    };
    let _held = begin(&what.data_dir)?;
    for name in manifest.files().filter(|name| ![SERVER_KEY, AUDIT_KEY].contains(name)) {
        put(&folder, &what.data_dir, name)?;
    }
    for key in [SERVER_KEY, AUDIT_KEY] {
        put(&keys, &what.data_dir, key)?;
    }
    let config = settings()?;
    if config.data_dir != what.data_dir {
        bail!("the settings name another data directory, {}", config.data_dir.display());
    }
    let target = BlobStore::open(config.blobs(None)).await.context("cannot open the store of file bytes")?;
    let installation = new_installation(&SystemRandom);
    if !what.reuse_bytes && !reserve(&target, &installation, false).await? {
        bail!(
            "{}; or, if that server is gone for good, take its bytes over with --reuse-bytes",
            taken(&config)
        );
    }
    if config.database.is_some() {
        fill_database(&config).await?;
    }
    // Not before everything that could refuse: a bucket that was taken over is lost to the server that had it.
    if what.reuse_bytes {
        reserve(&target, &installation, true).await?;
    }
    let (bytes, audit_entries) = fill(&config, &directory, &snapshot, &target, installation).await?;
    fs::remove_file(what.data_dir.join(UNFINISHED_RESTORE))?;
    folder::sync(&what.data_dir)?;
    Ok(Restored { snapshot, unfinished, bytes, audit_entries })
}

/// The snapshot to restore, and the later ones that were never finished.
fn choose(directory: &Directory, named: Option<&str>) -> anyhow::Result<(String, Vec<String>)> {
    let (finished, unfinished) = (directory.snapshots()?, directory.unfinished()?);
    let chosen = match named {
        Some(named) => finished.iter().find(|name| *name == named),
        None => finished.last(),
    };
    let Some(chosen) = chosen else {
        let sorry = match named {
            Some(named) => format!("there is no finished snapshot {named} in the backup"),
            None => "the backup has no finished snapshot".to_owned(),
        };
        let others = if finished.is_empty() { unfinished } else { finished };
        let begun = if others.is_empty() { "nothing".to_owned() } else { others.join(", ") };
        bail!("{sorry}. It holds: {begun}");
    };
    let later = unfinished.into_iter().filter(|name| name > chosen).collect();
    Ok((chosen.clone(), later))
}

/// Makes the data directory, holds it, and marks it as unfinished.
fn begin(data_dir: &Path) -> anyhow::Result<Held> {
    let held = hold_empty(data_dir, "a backup")?;
    let marker = data_dir.join(UNFINISHED_RESTORE);
    fs::write(&marker, "A restore into this directory was begun and is not finished.\n")?;
    File::open(&marker)?.sync_all()?;
    folder::sync(data_dir)?;
    Ok(held)
}

async fn reserve(store: &BlobStore, installation: &str, take_over: bool) -> anyhow::Result<bool> {
    store.reserve(installation, take_over).await.context("cannot reserve the store of file bytes")
}

/// Moves the metadata from the data directory into the empty database that the settings name.
async fn fill_database(config: &Config) -> anyhow::Result<()> {
    let path = config.data_dir.join(DATABASE);
    let copy = Db::open(DbConfig::Sqlite { path: path.clone(), vfs: None }).await?;
    // The copy may be of an earlier version of this program.
    copy.migrate(store::schema::MIGRATIONS).await.context("cannot bring the copied database up to date")?;
    let db = open_database(config).await?;
    let outcome = async {
        if db.read(store::account::any).await? {
            bail!(
                "the database that the settings name is not empty, and a backup goes only into an empty one"
            );
        }
        db.fill_from(&copy).await.context("cannot fill the database")
    }
    .await;
    db.close().await;
    copy.close().await;
    outcome?;
    Ok(fs::remove_file(path)?)
}

/// Brings the bytes back, and makes database and audit log those of a server of its own.
async fn fill(
    config: &Config,
    directory: &Directory,
    snapshot: &str,
    target: &BlobStore,
    installation: String,
) -> anyhow::Result<(Copied, u64)> {
    let source = directory.bytes().await?;
    let db = open_database(config).await?;
    let outcome = async {
        let copying = Copying { from: &source, to: target, present: Present::Verify };
        let bytes = copying.run(&db).await.context("cannot bring the bytes of files back")?;
        let damaged = bytes.damaged.clone();
        app::backup::restored(&db, snapshot.to_owned(), installation, damaged, &SystemClock).await?;
        let log = audit_log(config)?;
        app::audit_log::check_name(&db, &log.origin).await?;
        // What happened just before the snapshot is in it, but may not have been folded yet.
        app::audit_log::fold(&db, &log.origin).await?;
        let keys = vec![TrustedKey::always(log.key.public().clone())];
        let report = app::audit_log::verify(&db, &log.origin, keys, Vec::new()).await?;
        if !report.is_intact() {
            bail!("the audit log of the backup is not intact: {report}");
        }
        Ok((bytes, report.head.size - report.start))
    }
    .await;
    db.close().await;
    outcome
}
