//! The hold on stored bytes: while it lasts none are removed, so that a backup finds all that its metadata names.
//!
//! It is a time rather than a switch: a backup that was killed holds nothing for long.

use crate::db::{DbError, Tx, params};

/// The option's name.
const NAME: &str = "bytes.held_until";

/// Until when, in ms, bytes are held; the past when they are not.
pub fn until(tx: &Tx) -> Result<i64, DbError> {
    let row = tx.query_opt("select value from server_option where name = $1", params![NAME])?;
    let text: Option<String> = row.map(|row| row.get(0)).transpose()?;
    match text {
        None => Ok(0),
        Some(text) => text
            .parse()
            .map_err(|_| DbError::Corrupt("the time until which bytes are held is no number".to_owned())),
    }
}

/// Holds bytes until a time, in ms, or for longer where they are held already.
pub fn extend(tx: &Tx, to: i64, now: i64) -> Result<(), DbError> {
    let to = to.max(until(tx)?);
    put(tx, to, now)
}

/// Ends the hold.
pub fn end(tx: &Tx, now: i64) -> Result<(), DbError> {
    put(tx, 0, now)
}

fn put(tx: &Tx, to: i64, now: i64) -> Result<(), DbError> {
    tx.execute(
        "insert into server_option (name, value, changed) values ($1, $2, $3)
         on conflict (name) do update set value = excluded.value, changed = excluded.changed",
        params![NAME, to.to_string(), now],
    )?;
    Ok(())
}
