//! The hold on stored bytes: while it lasts none are removed, so that a backup finds all that its metadata names.
//!
//! It is a time rather than a switch: a backup that was killed holds nothing for long.

use crate::db::{DbError, Tx};
use crate::server_option;

/// The option's name.
const NAME: &str = "bytes.held_until";

/// Until when, in ms, bytes are held; the past when they are not.
pub fn until(tx: &Tx) -> Result<i64, DbError> {
    match server_option::get(tx, NAME)? {
        None => Ok(0),
        Some(text) => text
            .parse()
            .map_err(|_| DbError::Corrupt("the time until which bytes are held is no number".to_owned())),
    }
}

/// Holds bytes until a time, in ms, or for longer where they are held already.
pub fn extend(tx: &Tx, to: i64, now: i64) -> Result<(), DbError> {
    let to = to.max(until(tx)?);
    server_option::put(tx, NAME, &to.to_string(), now)
}

/// Ends the hold.
pub fn end(tx: &Tx, now: i64) -> Result<(), DbError> {
    server_option::put(tx, NAME, "0", now)
}
