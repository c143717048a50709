//! Failed sign-ins and requests for letters, counted per account and per origin, so that guessing and flooding slow down and
//! a restart forgets nothing.

use crate::db::{DbError, Row, Tx, params};

/// What is counted of one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Failures that are not forgiven.
    pub failures: i64,
    /// When the last one happened, in ms.
    pub last: i64,
    /// Until when attempts are turned away, in ms.
    pub blocked_until: i64,
}

/// The count of a subject.
pub fn of(tx: &Tx, subject: &str) -> Result<Option<Count>, DbError> {
    tx.query_opt(
        "select failures, last, blocked_until from sign_in_failure where subject = $1",
        params![subject],
    )?
    .map(|row| count(&row))
    .transpose()
}

/// Keeps a count, in place of what was kept.
pub fn put(tx: &Tx, subject: &str, count: Count) -> Result<(), DbError> {
    tx.execute(
        "insert into sign_in_failure (subject, failures, last, blocked_until) values ($1, $2, $3, $4)
         on conflict (subject) do update set failures = $2, last = $3, blocked_until = $4",
        params![subject, count.failures, count.last, count.blocked_until],
    )?;
    Ok(())
}

/// Forgets what happened before `before` (ms), at most `limit` subjects, and says how many.
pub fn forget(tx: &Tx, before: i64, limit: u32) -> Result<u64, DbError> {
    tx.execute(
        "delete from sign_in_failure where subject in (select subject from sign_in_failure where last < $1 limit $2)",
        params![before, limit],
    )
}

fn count(row: &Row) -> Result<Count, DbError> {
    Ok(Count { failures: row.get(0)?, last: row.get(1)?, blocked_until: row.get(2)? })
}
