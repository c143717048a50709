//! The hash-chained log over the events.
//!
//! Writers only add events; folding gives them their place. A fold reads the head and the events without a position in
//! one transaction, and positions are unique, so that of two servers that fold at once one runs again.

use audit::{Chain, Entry, Hash, Head};

use crate::db::{DbError, Row, Tx, params};
use crate::keys::EventKey;

/// The head of the log: where the next entry goes on.
pub fn head(tx: &Tx, origin: &str) -> Result<Head, DbError> {
    match tx.query_opt("select position, hash from audit_log order by position desc limit 1", params![])? {
        None => Ok(Head::empty(origin)),
        Some(row) => Ok(Head { size: position(&row, 0)?, hash: hash(&row, 1)? }),
    }
}

/// Folds up to `limit` events that have no position yet into the log, oldest first; answers how many.
pub fn fold(tx: &Tx, origin: &str, limit: i64) -> Result<usize, DbError> {
    let waiting = tx.query(
        "select key, body from audit_event where position is null order by key limit $1",
        params![limit],
    )?;
    if waiting.is_empty() {
        return Ok(0);
    }
    let mut chain = Chain::resume(origin, head(tx, origin)?);
    for row in &waiting {
        let event: EventKey = row.get(0)?;
        let entry = chain.append(row.get(1)?);
        let place =
            i64::try_from(entry.position).map_err(|_| DbError::Corrupt("the audit log is full".into()))?;
        tx.execute(
            "insert into audit_log (position, event, hash) values ($1, $2, $3)",
            params![place, event, entry.hash.to_string()],
        )?;
        tx.execute("update audit_event set position = $2 where key = $1", params![event, place])?;
    }
    Ok(waiting.len())
}

/// Up to `limit` entries after a position, in order, as they are stored.
pub fn entries(tx: &Tx, origin: &str, after: u64, limit: i64) -> Result<Vec<Entry>, DbError> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let mut prev = match tx.query_opt("select hash from audit_log where position = $1", params![after])? {
        Some(row) => hash(&row, 0)?,
        None => Head::empty(origin).hash,
    };
    tx.query(
        "select l.position, l.hash, e.body from audit_log l join audit_event e on e.key = l.event
         where l.position > $1 order by l.position limit $2",
        params![after, limit],
    )?
    .iter()
    .map(|row| {
        let entry = Entry { position: position(row, 0)?, prev, hash: hash(row, 1)?, event: row.get(2)? };
        prev = entry.hash;
        Ok(entry)
    })
    .collect()
}

/// Adds a signed checkpoint of the log at `size` entries.
pub fn put_checkpoint(tx: &Tx, size: u64, note: &str, now: i64) -> Result<(), DbError> {
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    tx.execute(
        "insert into audit_checkpoint (size, note, at) values ($1, $2, $3) on conflict (size) do nothing",
        params![size, note, now],
    )?;
    Ok(())
}

/// The newest checkpoint: its size, its note and when it was made.
pub fn last_checkpoint(tx: &Tx) -> Result<Option<(u64, String, i64)>, DbError> {
    tx.query_opt("select size, note, at from audit_checkpoint order by size desc limit 1", params![])?
        .map(|row| Ok((position(&row, 0)?, row.get(1)?, row.get(2)?)))
        .transpose()
}

/// The notes of up to `limit` checkpoints of more than `after` entries, in order, with their sizes.
pub fn checkpoints(tx: &Tx, after: u64, limit: i64) -> Result<Vec<(u64, String)>, DbError> {
    tx.query(
        "select size, note from audit_checkpoint where size > $1 order by size limit $2",
        params![i64::try_from(after).unwrap_or(i64::MAX), limit],
    )?
    .iter()
    .map(|row| Ok((position(row, 0)?, row.get(1)?)))
    .collect()
}

fn position(row: &Row, column: usize) -> Result<u64, DbError> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| DbError::Corrupt("the audit log has a negative position".into()))
}

fn hash(row: &Row, column: usize) -> Result<Hash, DbError> {
    let text: String = row.get(column)?;
    Hash::parse(&text).ok_or_else(|| DbError::Corrupt("the audit log has an entry without a hash".into()))
}
