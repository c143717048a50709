//! `operon backup` and `operon restore`: everything a server keeps, in one directory that can be carried away.
//!
//! ```text
//! DIR/operon-backup              "operon backup 1\n"
//! DIR/files/, DIR/archive/       the bytes of files, shared by all snapshots, in the format of the crate `blobs`
//! DIR/snapshots/<UTC time>/      metadata (an SQLite database, whatever the server runs on), keys and settings of one
//!                                moment; manifest.json holds the digest of each
//! DIR/snapshots/<…>.unfinished/  one that was never finished
//! ```
//!
//! A snapshot gets its name when everything that it needs is there and durable. The server goes on meanwhile.

mod directory;
mod manifest;
mod restore;

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use app::Clock;
use app::backup::{Copied, Copying, Present};
use blobs::BlobStore;
use store::db::{Db, DbConfig};

pub use directory::Directory;
pub use restore::{Restore, Restored, restore};

use crate::boot::{SystemClock, audit_log};
use crate::config::{Config, DATA_DIR_FILE};
use crate::data_dir::{AUDIT_KEY, DATABASE, SERVER_KEY};
use manifest::Manifest;

/// What to back up, and where to.
#[derive(Debug, Clone)]
pub struct Backup {
    /// The directory of the backup; made where absent.
    pub to: PathBuf,
    /// Whether the server's keys go in.
    pub keys: bool,
    /// How many snapshots are kept, the newest first; all when absent.
    pub keep: Option<usize>,
}

/// What a backup did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackedUp {
    /// The name of the snapshot.
    pub snapshot: String,
    /// What became of the bytes.
    pub bytes: Copied,
    /// Snapshots that were removed.
    pub removed: Vec<String>,
    /// Whether it holds the server's keys.
    pub keys: bool,
}

/// Backs up a server, whether it runs or not.
///
/// # Errors
/// A sentence that says what is in the way. Then no snapshot was added; those of before stay good.
pub async fn backup(config: &Config, what: &Backup) -> anyhow::Result<BackedUp> {
    let clock = SystemClock;
    let database = config.database(None);
    crate::boot::must_be_there(config)?;
    let directory = Directory::create(&what.to, &config.data_dir)?;
    let _lock = directory.lock()?;
    directory.remove_unfinished()?;
    let db = Db::open(database).await.context("cannot open the database")?;
    let outcome = async {
        app::backup::begin(&db, &clock).await.context("cannot ask the server to keep its bytes")?;
        tokio::select! {
            done = take(config, what, &directory, &db, &clock) => done,
            ended = app::backup::hold(&db, &clock) => match ended {
                Ok(never) => match never {},
                Err(error) => Err(error).context("the server's bytes could not be held"),
            },
        }
    }
    .await;
    db.close().await;
    outcome
}

async fn take(
    config: &Config,
    what: &Backup,
    directory: &Directory,
    db: &Db,
    clock: &SystemClock,
) -> anyhow::Result<BackedUp> {
    let source = BlobStore::open(config.blobs(None)).await.context("cannot open the store of file bytes")?;
    let target = directory.bytes().await?;
    let server = audit_log(config)?.key.public().to_string();
    directory.refuse_other_server(&server)?;
    let (name, folder) = directory.begin_snapshot(clock.now())?;
    let copy = folder.join(DATABASE);
    db.backup_to(&copy, store::schema::MIGRATIONS)
        .await
        .with_context(|| format!("cannot copy the database to {}", copy.display()))?;
    let listed = Db::open(DbConfig::Sqlite { path: copy, vfs: None }).await?;
    let bytes = Copying { from: &source, to: &target, present: Present::Keep }.run(&listed).await;
    listed.close().await;
    let bytes = bytes.with_context(|| format!("cannot copy the bytes of files to {}", what.to.display()))?;
    if config.data_dir.join(DATA_DIR_FILE).exists() {
        put(&config.data_dir, &folder, DATA_DIR_FILE)?;
    }
    if what.keys {
        put(&config.data_dir, &folder, SERVER_KEY)?;
        put(&config.data_dir, &folder, AUDIT_KEY)?;
    }
    Manifest::of(&folder, clock.now(), &server, what.keys, &bytes)?.write(&folder)?;
    directory.publish(&name)?;
    let removed = match what.keep {
        None => Vec::new(),
        Some(keep) => directory.forget_but(keep.max(1), &target).await?,
    };
    Ok(BackedUp { snapshot: name, bytes, removed, keys: what.keys })
}

/// Copies a file durably, for its owner alone: keys are among what is copied.
fn put(from: &Path, to: &Path, name: &str) -> anyhow::Result<()> {
    let target = to.join(name);
    std::fs::copy(from.join(name), &target)
        .with_context(|| format!("cannot copy {name} from {} to {}", from.display(), to.display()))?;
    std::fs::set_permissions(&target, Permissions::from_mode(0o600))?;
    Ok(File::open(&target)?.sync_all()?)
}
