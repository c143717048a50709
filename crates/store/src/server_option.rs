//! What the server notes about itself: texts by name.

use crate::db::{DbError, Tx, params};

/// What is noted under a name.
pub(crate) fn get(tx: &Tx, name: &'static str) -> Result<Option<String>, DbError> {
    let row = tx.query_opt("select value from server_option where name = $1", params![name])?;
    row.map(|row| row.get(0)).transpose()
}

/// Notes something under a name.
pub(crate) fn put(tx: &Tx, name: &'static str, value: &str, now: i64) -> Result<(), DbError> {
    tx.execute(
        "insert into server_option (name, value, changed) values ($1, $2, $3)
         on conflict (name) do update set value = excluded.value, changed = excluded.changed",
        params![name, value, now],
    )?;
    Ok(())
}
