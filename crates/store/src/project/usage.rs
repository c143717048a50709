//! What lies in a project, in figures.

use crate::db::{DbError, Tx, params};
use crate::keys::ProjectKey;

/// How much lies in a project.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of all closed files.
    pub bytes: i64,
    /// Those of them that lie in the archive.
    pub archived: i64,
}

/// Adds up the closed files of a project. A project holds an object once, so that each counts once.
pub fn usage(tx: &Tx, project: ProjectKey) -> Result<Usage, DbError> {
    let row = tx.query_one(
        "select cast(coalesce(sum(o.size), 0) as bigint),
                cast(coalesce(sum(case when p.archival = 'archived' then o.size else 0 end), 0) as bigint)
         from placement p join object o on o.key = p.object
         where p.project = $1 and p.class = 'file' and p.state = 'closed'",
        params![project],
    )?;
    Ok(Usage { bytes: row.get(0)?, archived: row.get(1)? })
}

/// How many copies lie in a project.
pub fn count_objects(tx: &Tx, project: ProjectKey) -> Result<i64, DbError> {
    tx.query_one("select count(*) from placement where project = $1", params![project])?.get(0)
}
