//! What happens too often to be an event each time: counted in rows, which are added up and become one event.

use audit::Outcome;

use crate::batch::in_batches;
use crate::db::{DbError, Sql, Tx, params};
use crate::keys::CountedKey;
use crate::text::{self, Word};

/// So many occurrences of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Who did it; none for strangers.
    pub actor: Option<String>,
    /// The action that an event of its own would have.
    pub action: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The project that it happened in.
    pub project: Option<String>,
    /// How often.
    pub count: i64,
    /// When it happened first, in ms.
    pub since: i64,
    /// When it happened last, in ms.
    pub until: i64,
}

/// Counts occurrences.
pub fn count(tx: &Tx, counted: &Counted) -> Result<(), DbError> {
    tx.execute(
        "insert into audit_counted (actor, action, outcome, project, count, since, until)
         values ($1, $2, $3, $4, $5, $6, $7)",
        params![
            counted.actor.as_deref(),
            counted.action.as_str(),
            counted.outcome.word(),
            counted.project.as_deref(),
            counted.count,
            counted.since,
            counted.until
        ],
    )?;
    Ok(())
}

/// Whether anything is counted that is no event yet.
pub fn any_counted(tx: &Tx) -> Result<bool, DbError> {
    Ok(tx.query_opt("select key from audit_counted limit 1", params![])?.is_some())
}

/// Up to `limit` rows behind a key, those of longest ago first.
pub fn counted(
    tx: &Tx,
    after: Option<CountedKey>,
    limit: usize,
) -> Result<Vec<(CountedKey, Counted)>, DbError> {
    tx.query(
        "select key, actor, action, outcome, project, count, since, until from audit_counted
         where key > $1 order by key limit $2",
        params![after.map_or(0, CountedKey::number), i64::try_from(limit).unwrap_or(i64::MAX)],
    )?
    .iter()
    .map(|row| {
        let counted = Counted {
            actor: row.get(1)?,
            action: row.get(2)?,
            outcome: text::word(row, 3)?,
            project: row.get(4)?,
            count: row.get(5)?,
            since: row.get(6)?,
            until: row.get(7)?,
        };
        Ok((row.get(0)?, counted))
    })
    .collect()
}

/// Removes rows that stand elsewhere by now.
pub fn forget_counted(tx: &Tx, keys: &[CountedKey]) -> Result<(), DbError> {
    in_batches(keys, |batch| {
        let mut sql = Sql::new("delete from audit_counted where key in (");
        sql.bind_list(batch.iter().copied()).push(")");
        tx.execute_sql(&sql).map(|_| ())
    })
}
