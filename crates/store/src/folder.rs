//! Folders: rows of a project, addressed by their normalised path.

use wire::folder::FolderPath;

use crate::access::Permit;
use crate::db::{DbError, Tx, params};
use crate::keys::{FolderKey, ProjectKey};

/// The folder at a path.
pub fn find(tx: &Tx, project: ProjectKey, path: &FolderPath) -> Result<Option<FolderKey>, DbError> {
    tx.query_opt("select key from folder where project = $1 and path = $2", params![project, path.as_str()])?
        .map(|row| row.get(0))
        .transpose()
}

/// The path of a folder.
pub fn path_of(tx: &Tx, folder: FolderKey) -> Result<String, DbError> {
    tx.query_one("select path from folder where key = $1", params![folder])?.get(0)
}

/// Adds one folder under an existing parent. Fails with `Unique` on `folder.project, folder.path` when it is there.
pub fn insert(
    tx: &Tx,
    permit: &Permit<'_>,
    parent: FolderKey,
    path: &FolderPath,
) -> Result<FolderKey, DbError> {
    tx.query_one(
        "insert into folder (project, path, parent) values ($1, $2, $3) returning key",
        params![permit.project(), path.as_str(), parent],
    )?
    .get(0)
}

/// The folder at a path, made together with the missing ones above it.
pub fn find_or_insert(tx: &Tx, permit: &Permit<'_>, path: &FolderPath) -> Result<FolderKey, DbError> {
    if let Some(found) = find(tx, permit.project(), path)? {
        return Ok(found);
    }
    match path.parent() {
        Some(above) => {
            let parent = find_or_insert(tx, permit, &above)?;
            insert(tx, permit, parent, path)
        }
        None => Err(DbError::Corrupt("a project has no root folder".into())),
    }
}
