//! Folders: rows of a project, addressed by their normalised path.
//!
//! Paths are compared by their bytes on both databases, so that all paths below a folder are one range of the index.

use wire::folder::FolderPath;
use wire::text::TextError;

use crate::access::Permit;
use crate::db::{DbError, Tx, params};
use crate::keys::{FolderKey, ProjectKey};

/// A folder inside another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// Its whole path.
    pub path: String,
    /// Whether it has folders itself.
    pub has_folders: bool,
}

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

/// The folders directly inside a folder, in the order of their bytes; at most `limit`.
pub fn children(tx: &Tx, folder: FolderKey, limit: usize) -> Result<Vec<Child>, DbError> {
    tx.query(
        "select path, exists (select 1 from folder inner_one where inner_one.parent = folder.key) from folder
         where parent = $1 order by path limit $2",
        params![folder, limit_of(limit)],
    )?
    .iter()
    .map(|row| Ok(Child { path: row.get(0)?, has_folders: row.get(1)? }))
    .collect()
}

/// How long the paths directly below a folder are together, in bytes.
pub fn bytes_of_children(tx: &Tx, folder: FolderKey) -> Result<u64, DbError> {
    tx.query_one(
        "select cast(coalesce(sum(octet_length(path)), 0) as bigint) from folder where parent = $1",
        params![folder],
    )?
    .get(0)
}

/// How long all paths of a project are together, in bytes.
pub fn bytes_of_paths(tx: &Tx, project: ProjectKey) -> Result<u64, DbError> {
    tx.query_one(
        "select cast(coalesce(sum(octet_length(path)), 0) as bigint) from folder where project = $1",
        params![project],
    )?
    .get(0)
}

/// Every folder of a project, the root first, in the order of their bytes; at most `limit`.
pub fn all_paths(tx: &Tx, project: ProjectKey, limit: usize) -> Result<Vec<String>, DbError> {
    tx.query(
        "select path from folder where project = $1 order by path limit $2",
        params![project, limit_of(limit)],
    )?
    .iter()
    .map(|row| row.get(0))
    .collect()
}

/// How many folders there are at and below a path, counted up to `limit`.
pub fn count_subtree(
    tx: &Tx,
    project: ProjectKey,
    path: &FolderPath,
    limit: usize,
) -> Result<usize, DbError> {
    let (start, end) = below(path);
    let found: u64 = tx
        .query_one(
            "select count(*) from (select 1 from folder where project = $1 and path >= $2 and path < $3 limit $4) counted",
            params![project, start, end, limit_of(limit)],
        )?
        .get(0)?;
    // The range of the root includes the root itself.
    let own = u64::from(!path.is_root());
    Ok(usize::try_from(found + own).unwrap_or(usize::MAX))
}

/// Why a folder cannot be called `to` because of what lies below it: a path there would become too long or too deep.
pub fn misfit_below(
    tx: &Tx,
    project: ProjectKey,
    from: &FolderPath,
    to: &FolderPath,
) -> Result<Option<TextError>, DbError> {
    let (start, end) = below(from);
    let grown = |count: fn(&str) -> usize| -> i64 {
        i64::try_from(count(to.as_str())).unwrap_or(i64::MAX)
            - i64::try_from(count(from.as_str())).unwrap_or(0)
    };
    // An escaped slash is counted as a level here, so that these rows are only those that might not fit.
    let suspects = tx.query(
        "select path from folder where project = $1 and path >= $2 and path < $3
         and (length(path) + $4 >= $5 or length(path) - length(replace(path, '/', '')) + $6 > $7)",
        params![
            project,
            start,
            end,
            grown(|path| path.chars().count()),
            limit_of(wire::folder::PATH_CHARS_END),
            grown(|path| path.matches('/').count()),
            limit_of(wire::folder::MAX_LEVELS)
        ],
    )?;
    for row in suspects {
        let path = FolderPath::parse(&row.get::<String>(0)?).map_err(|_| not_a_path())?;
        if let Some(Err(why)) = path.moved(from, to) {
            return Ok(Some(why));
        }
    }
    Ok(None)
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

/// The folder at a path, made together with the missing ones above it, and whether it was missing.
pub fn find_or_insert(tx: &Tx, permit: &Permit<'_>, path: &FolderPath) -> Result<(FolderKey, bool), DbError> {
    if let Some(found) = find(tx, permit.project(), path)? {
        return Ok((found, false));
    }
    match path.parent() {
        Some(above) => {
            let (parent, _) = find_or_insert(tx, permit, &above)?;
            Ok((insert(tx, permit, parent, path)?, true))
        }
        None => Err(DbError::Corrupt("a project has no root folder".into())),
    }
}

/// Gives a folder another path under `parent`, and with it everything below. The new path must be free, lie outside of
/// the folder, and fit ([`misfit_below`]).
pub fn rename(
    tx: &Tx,
    permit: &Permit<'_>,
    folder: FolderKey,
    from: &FolderPath,
    to: &FolderPath,
    parent: FolderKey,
) -> Result<(), DbError> {
    let (start, end) = below(from);
    tx.execute(
        "update folder set path = $2, parent = $3 where key = $1 and project = $4",
        params![folder, to.as_str(), parent, permit.project()],
    )?;
    let kept_from = limit_of(from.as_str().chars().count() + 1);
    tx.execute(
        "update folder set path = $2 || substr(path, cast($3 as integer)) where project = $1 and path >= $4 and path < $5",
        params![permit.project(), to.as_str(), kept_from, start, end],
    )?;
    Ok(())
}

/// The range of the paths below a folder: from the first (included) to the second (not included). For the root, which
/// is its own prefix, the root itself lies in the range.
pub(crate) fn below(path: &FolderPath) -> (String, String) {
    let start = path.prefix_below().into_owned();
    // '0' is the character after '/'.
    let end = format!("{}0", start.strip_suffix('/').unwrap_or(&start));
    (start, end)
}

fn limit_of(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn not_a_path() -> DbError {
    DbError::Corrupt("a folder has a path that is none".into())
}
