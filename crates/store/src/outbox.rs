//! Things to send, written in the transaction that causes them, so that they are sent if and only if it is kept.

use serde_json::Value as Json;

use crate::db::{DbError, Tx, params};
use crate::keys::AccountKey;

/// Adds something to send, due at once.
///
/// `kind` says what it is, such as `mail.projectInvite`; `account` is the person it is for, whose address is looked up
/// when it is sent; the payload holds ids, so that what may be shown is decided when it is sent.
pub fn put(
    tx: &Tx,
    kind: &'static str,
    account: Option<AccountKey>,
    payload: &Json,
    now: i64,
) -> Result<(), DbError> {
    tx.execute(
        "insert into outbox (kind, account, payload, created, due) values ($1, $2, $3, $4, $4)",
        params![kind, account, payload.to_string(), now],
    )?;
    Ok(())
}
