//! Changes of what every copy of an object shares. All of it freezes when the object is closed.

use serde_json::Value as Json;

use crate::access::Permit;
use crate::batch::in_batches;
use crate::db::{DbError, Sql, Tx, params};
use crate::keys::ObjectKey;
use crate::object::{BATCH, ObjectState};
use crate::project;
use crate::text::{self, Word};

/// The details of an object that was given none, as they are written.
const NO_DETAILS: &str = "{}";

/// Replaces the types of the permit's object.
pub fn set_types(tx: &Tx, permit: &Permit<'_>, types: &[String], now: i64) -> Result<(), DbError> {
    let key = permit.object()?;
    tx.execute(
        "update object set types = $2, touched = $3 where key = $1",
        params![key, text::list(types), now],
    )?;
    tx.execute("delete from object_type where object = $1", params![key])?;
    add_types(tx, key, types)?;
    touch_copies(tx, key, now)
}

/// Replaces the details of the permit's object, with the distinct ids they link to, first seen first.
pub fn set_details(
    tx: &Tx,
    permit: &Permit<'_>,
    details: &Json,
    links: &[String],
    now: i64,
) -> Result<(), DbError> {
    let key = permit.object()?;
    let details = details.to_string();
    tx.execute(
        "update object set details_bytes = $2, link_count = $3, touched = $4 where key = $1",
        params![key, length(details.len()), length(links.len()), now],
    )?;
    tx.execute("delete from object_details where object = $1", params![key])?;
    tx.execute("delete from object_link where object = $1", params![key])?;
    add_details(tx, key, &details, links)?;
    touch_copies(tx, key, now)
}

/// Hides the permit's object from ordinary lists, or shows it again.
pub fn set_hidden(tx: &Tx, permit: &Permit<'_>, hidden: bool, now: i64) -> Result<(), DbError> {
    let key = permit.object()?;
    tx.execute("update object set hidden = $2, touched = $3 where key = $1", params![key, hidden, now])?;
    tx.execute("update placement set hidden = $2 where object = $1", params![key, hidden])?;
    touch_copies(tx, key, now)
}

/// Moves objects forward in their life, in every copy.
pub(crate) fn set_state(tx: &Tx, keys: &[ObjectKey], state: ObjectState, now: i64) -> Result<(), DbError> {
    in_batches(keys, |batch| {
        let mut sql = Sql::new("update object set state = ");
        sql.bind(state.word()).push(", touched = ").bind(now);
        sql.push(" where key in (").bind_list(batch.iter().copied()).push(")");
        tx.execute_sql(&sql)?;
        let mut sql = Sql::new("update placement set state = ");
        sql.bind(state.word()).push(", modified = case when modified < ").bind(now).push(" then ").bind(now);
        sql.push(" else modified end where object in (").bind_list(batch.iter().copied()).push(")");
        let mut those = Sql::new("p.object in (");
        those.bind_list(batch.iter().copied()).push(")");
        project::in_step(tx, &those, || tx.execute_sql(&sql).map(drop))
    })
}

/// A change of the object is a change of each of its copies. Clocks may step back; `modified` does not.
pub(crate) fn touch_copies(tx: &Tx, key: ObjectKey, now: i64) -> Result<(), DbError> {
    tx.execute("update placement set modified = $2 where object = $1 and modified < $2", params![key, now])?;
    Ok(())
}

/// Adds the rows that searches by type use.
pub(super) fn add_types(tx: &Tx, key: ObjectKey, types: &[String]) -> Result<(), DbError> {
    for batch in types.chunks(BATCH) {
        let mut sql = Sql::new("insert into object_type (type, object) values ");
        for (place, name) in batch.iter().enumerate() {
            sql.push(if place == 0 { "(" } else { ", (" }).bind(name).push(", ").bind(key).push(")");
        }
        tx.execute_sql(&sql)?;
    }
    Ok(())
}

/// Adds details that are not the default, links, and the rows that searches by link use.
pub(super) fn add_details(tx: &Tx, key: ObjectKey, details: &str, links: &[String]) -> Result<(), DbError> {
    if details != NO_DETAILS || !links.is_empty() {
        tx.execute(
            "insert into object_details (object, links, details) values ($1, $2, $3)",
            params![key, text::list(links), details],
        )?;
    }
    for batch in links.chunks(BATCH) {
        let mut sql = Sql::new("insert into object_link (target, object) values ");
        for (place, target) in batch.iter().enumerate() {
            sql.push(if place == 0 { "(" } else { ", (" }).bind(target).push(", ").bind(key).push(")");
        }
        tx.execute_sql(&sql)?;
    }
    Ok(())
}

/// A length as the database counts.
pub(crate) fn length(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
