//! The data directory: the names of what lies in it (docs/operating.md says what each of them is for), and the lock that keeps
//! it to one process.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, bail};

use crate::folder;

/// The file of the embedded database.
pub(crate) const DATABASE: &str = "operon.sqlite";
/// The file of the keys that seal and sign.
pub(crate) const SERVER_KEY: &str = "server.key";
/// The file of the key that signs the audit log.
pub(crate) const AUDIT_KEY: &str = "audit.key";
/// The file in a data directory whose restore is not finished. No server starts on it.
pub const UNFINISHED_RESTORE: &str = "restore-unfinished";
/// The file that is locked by whoever works in the directory. It is empty, and stays.
const LOCK: &str = "operon.lock";

/// A data directory that no other process works in: of two servers, each would take the other's unfinished uploads and changes
/// for its own. Freed when dropped, and by the system when the process ends, however it ends.
#[derive(Debug)]
pub struct Held {
    _lock: File,
}

/// Makes the data directory where there is none, and holds it.
///
/// # Errors
/// When another process holds it, or nothing can be written there.
pub fn hold(data_dir: &Path) -> anyhow::Result<Held> {
    folder::make(data_dir)
        .with_context(|| format!("cannot make the data directory {}", data_dir.display()))?;
    let mut options = OpenOptions::new();
    let lock = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(data_dir.join(LOCK))
        .with_context(|| format!("cannot write into the data directory {}", data_dir.display()))?;
    match lock.try_lock() {
        Ok(()) => Ok(Held { _lock: lock }),
        Err(TryLockError::WouldBlock) => bail!(
            "another operon runs on the data directory {}. Stop that one first, or name another directory with --data-dir",
            data_dir.display()
        ),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| {
            format!(
                "cannot lock {LOCK} in the data directory {}; its disk must know locks",
                data_dir.display()
            )
        }),
    }
}

/// Holds a data directory that must be absent or empty; `what` is what goes into it.
///
/// # Errors
/// As [`hold`], and when something lies in it.
pub fn hold_empty(data_dir: &Path, what: &str) -> anyhow::Result<Held> {
    // Before the lock is made, which has no place among the files of others.
    refuse_unless_empty(data_dir, what)?;
    let held = hold(data_dir)?;
    refuse_unless_empty(data_dir, what)?;
    Ok(held)
}

fn refuse_unless_empty(data_dir: &Path, what: &str) -> anyhow::Result<()> {
    let entries = match fs::read_dir(data_dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(|| format!("cannot look into {}", data_dir.display()))?,
    };
    for entry in entries {
        if entry?.file_name() != LOCK {
            let unfinished = data_dir.join(UNFINISHED_RESTORE).exists();
            let why = if unfinished { "holds a restore that was not finished" } else { "is not empty" };
            bail!("{} {why}, and {what} goes only into an empty directory", data_dir.display());
        }
    }
    Ok(())
}
