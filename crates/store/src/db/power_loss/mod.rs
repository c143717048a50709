//! Test support: a disk for SQLite that forgets what was not synced when the process dies.
//!
//! An ordinary process kill loses nothing, because the kernel keeps what was written; only a power failure shows a missing
//! `fsync`. Under this VFS the process works on live files in a directory `NAME.volatile` beside the database, and the
//! files at their real place receive data only when SQLite syncs. The first open in a process, and the first after a
//! [`Trouble::PowerCut`], throws the live files away and starts from the real ones. So `kill -9` acts like pulling the
//! plug, at any moment, also in the middle of a sync.
//!
//! Not modelled: file names (creating and deleting a file is durable at once) and writes that reach the disk although
//! nobody synced them. One process at a time may use a database through this VFS.
//!
//! Call [`register`], then open with `vfs: Some(power_loss::NAME.to_owned())`.

mod disk;
mod vfs;

use std::path::Path;

use super::DbError;
use disk::Disk;

/// The name to give in [`DbConfig::Sqlite`](super::DbConfig::Sqlite).
pub const NAME: &str = "power-loss";

/// What happens to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The power fails: nothing can be changed until all connections are closed and the database is opened again.
    PowerCut,
    /// There is no more space.
    Full,
    /// The disk takes no changes any more, as after the operating system mounted it read-only.
    ReadOnly,
    /// The disk reports an error when it is told to sync, and keeps nothing of that.
    SyncFails,
}

/// Makes the VFS known to SQLite; more than once does no harm.
pub fn register() -> Result<(), DbError> {
    vfs::register()
}

/// After this many more steps (a write, truncation, deletion, sync, or block copied in a sync) the trouble begins, for the
/// database at this absolute path (without symbolic links). Before the first open, steps count from that.
pub fn plan(database: &Path, steps: u64, trouble: Trouble) {
    vfs::with_disk(database, |disk| disk.plan(steps, trouble));
}

/// Ends every trouble but a power cut.
pub fn repair(database: &Path) {
    vfs::with_disk(database, Disk::repair);
}

/// How many steps the database has taken so far.
pub fn steps(database: &Path) -> u64 {
    vfs::with_disk(database, |disk| disk.steps())
}
