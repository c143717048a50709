//! What lies in a project, in figures.
//!
//! The bytes are a running sum, since adding them up would take longer with every file. Whatever changes which closed
//! files lie in which project, or in the archive, does so [`in_step`] with the sums.

use std::collections::BTreeMap;

use crate::db::{DbError, Sql, Tx, params};
use crate::keys::ProjectKey;

/// How much lies in a project.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of all closed files. A project holds an object once, so that each counts once.
    pub bytes: i64,
    /// Those of them that lie in the archive.
    pub archived: i64,
}

/// How much lies in a project now.
pub fn usage(tx: &Tx, project: ProjectKey) -> Result<Usage, DbError> {
    let row =
        tx.query_opt("select bytes, archived from project_usage where project = $1", params![project])?;
    row.map_or(Ok(Usage::default()), |row| Ok(Usage { bytes: row.get(0)?, archived: row.get(1)? }))
}

/// How many copies lie in a project.
pub fn count_objects(tx: &Tx, project: ProjectKey) -> Result<i64, DbError> {
    tx.query_one("select count(*) from placement where project = $1", params![project])?.get(0)
}

/// Changes copies, and the running sums with them. `those` says which copies `p` may change, such as
/// `p.object in (…)`; the sums are moved by what these came to before and after.
pub(crate) fn in_step<T>(
    tx: &Tx,
    those: &Sql,
    change: impl FnOnce() -> Result<T, DbError>,
) -> Result<T, DbError> {
    let mut moved = BTreeMap::new();
    add_up(tx, those, -1, &mut moved)?;
    let changed = change()?;
    add_up(tx, those, 1, &mut moved)?;
    for (project, by) in moved.into_iter().filter(|(_, by)| *by != Usage::default()) {
        tx.execute(
            "insert into project_usage (project, bytes, archived) values ($1, $2, $3)
             on conflict (project) do update set bytes = project_usage.bytes + $2,
               archived = project_usage.archived + $3",
            params![project, by.bytes, by.archived],
        )?;
    }
    Ok(changed)
}

/// Adds what some copies come to, project by project, `times` over.
fn add_up(tx: &Tx, those: &Sql, times: i64, into: &mut BTreeMap<ProjectKey, Usage>) -> Result<(), DbError> {
    let mut sql = Sql::new(
        "select p.project, cast(sum(o.size) as bigint),
           cast(sum(case when p.archival = 'archived' then o.size else 0 end) as bigint)
         from placement p join object o on o.key = p.object
         where p.class = 'file' and p.state = 'closed' and ",
    );
    sql.push_sql(those.clone()).push(" group by p.project");
    for row in tx.query_sql(&sql)? {
        let sum: &mut Usage = into.entry(row.get(0)?).or_default();
        sum.bytes += times * row.get::<i64>(1)?;
        sum.archived += times * row.get::<i64>(2)?;
    }
    Ok(())
}
