//! A copy of a database that is in use.

use std::fs::{self, File};
use std::path::Path;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::connection::{Place, SqliteConnection, plain};
use crate::db::DbError;

/// Writes a checked, durable copy to `target`, which must not exist. Writers go on meanwhile.
pub(super) fn write(place: &Place, target: &Path) -> Result<(), DbError> {
    if target.exists() {
        return Err(DbError::Other(format!(
            "there is already a file {}; choose another name for the copy",
            target.display()
        )));
    }
    let mut part = target.as_os_str().to_owned();
    part.push(".part");
    let part = Path::new(&part);
    let result =
        copy(place, part).and_then(|()| publish(part, target).map_err(|error| file_error(target, &error)));
    if result.is_err() {
        // What is left of a failed copy helps nobody; the first error is the one to report.
        let _ = fs::remove_file(part);
    }
    result
}

fn copy(place: &Place, part: &Path) -> Result<(), DbError> {
    match fs::remove_file(part) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(file_error(part, &error)),
        _ => {}
    }
    let source = SqliteConnection::open_reader(place)?;
    let mut copy = Connection::open(part).map_err(plain)?;
    // All pages in one step: one snapshot, which in WAL mode holds up no writer.
    let step = Backup::new(&source.raw, &mut copy).and_then(|backup| backup.step(-1)).map_err(plain)?;
    if step != StepResult::Done {
        return Err(DbError::Busy);
    }
    let verdict: String = copy.query_row("pragma quick_check(1)", [], |row| row.get(0)).map_err(plain)?;
    if verdict != "ok" {
        return Err(DbError::Corrupt(format!("the copy failed its check: {verdict}")));
    }
    copy.close().map_err(|(_, error)| plain(error))
}

fn publish(part: &Path, target: &Path) -> std::io::Result<()> {
    File::open(part)?.sync_all()?;
    fs::rename(part, target)?;
    match target.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => File::open(directory)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

fn file_error(path: &Path, error: &std::io::Error) -> DbError {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => DbError::DiskFull,
        std::io::ErrorKind::ReadOnlyFilesystem | std::io::ErrorKind::PermissionDenied => DbError::ReadOnly,
        _ => DbError::Unavailable(format!("{}: {error}", path.display())),
    }
}
