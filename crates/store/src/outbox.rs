//! Things to send: rows written in the transaction that causes them, and sent later by a periodic job.
//!
//! Sending happens at least once: an item whose sender was cut off is claimed again when its time is over.

use serde_json::Value as Json;

use crate::db::{DbError, Row, Tx, params};
use crate::keys::{AccountKey, OutboxKey};
use crate::text::{self, Word};

/// What an item is, and so which job sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A letter to a person.
    Mail,
}

impl Word for Kind {
    const WORDS: &'static [(Self, &'static str)] = &[(Self::Mail, "mail")];
}

/// Something to send.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its key.
    pub key: OutboxKey,
    /// Whom it is for, if that is somebody with an account.
    pub account: Option<AccountKey>,
    /// What to send, in the words of the job that sends it.
    pub payload: Json,
    /// When it was written, in ms.
    pub created: i64,
    /// How often it was tried, this time included.
    pub attempts: i64,
}

/// Something that was given up.
#[derive(Debug, Clone)]
pub struct Undelivered {
    /// Its key.
    pub key: OutboxKey,
    /// Whom it was for, if that is somebody with an account.
    pub account: Option<AccountKey>,
    /// What was to be sent.
    pub payload: Json,
    /// When it was written, in ms.
    pub created: i64,
    /// When it was given up, in ms.
    pub given_up: i64,
    /// How often it was tried.
    pub attempts: i64,
    /// Why the last attempt failed.
    pub failure: String,
}

/// Adds something to send as soon as this transaction is committed.
pub fn add(
    tx: &Tx,
    kind: Kind,
    account: Option<AccountKey>,
    payload: &Json,
    now: i64,
) -> Result<OutboxKey, DbError> {
    tx.query_one(
        "insert into outbox (kind, account, payload, created, due) values ($1, $2, $3, $4, $4) returning key",
        params![kind.word(), account, payload.to_string(), now],
    )?
    .get(0)
}

/// Whether anything is due.
pub fn any_due(tx: &Tx, now: i64) -> Result<bool, DbError> {
    let due =
        tx.query_opt("select key from outbox where done is null and due <= $1 limit 1", params![now])?;
    Ok(due.is_some())
}

/// Takes up to `limit` due items, oldest first. Until `until` (ms) nobody else takes them.
pub fn claim(tx: &Tx, kind: Kind, now: i64, until: i64, limit: u32) -> Result<Vec<Item>, DbError> {
    let mut items: Vec<Item> = tx
        .query(
            "update outbox set attempts = attempts + 1, due = $3
             where done is null and due <= $2 and key in
               (select key from outbox where done is null and due <= $2 and kind = $1 order by due, key limit $4)
             returning key, account, payload, created, attempts",
            params![kind.word(), now, until, limit],
        )?
        .iter()
        .map(|row| {
            Ok(Item {
                key: row.get(0)?,
                account: row.get(1)?,
                payload: text::json(row, 2)?,
                created: row.get(3)?,
                attempts: row.get(4)?,
            })
        })
        .collect::<Result<_, DbError>>()?;
    items.sort_by_key(|item| item.key);
    Ok(items)
}

/// Marks an item as sent.
pub fn sent(tx: &Tx, key: OutboxKey, now: i64) -> Result<(), DbError> {
    tx.execute("update outbox set done = $2, failure = null where key = $1", params![key, now])?;
    Ok(())
}

/// Puts an item off until `due` (ms).
pub fn postpone(tx: &Tx, key: OutboxKey, due: i64, failure: &str) -> Result<(), DbError> {
    tx.execute("update outbox set due = $2, failure = $3 where key = $1", params![key, due, failure])?;
    Ok(())
}

/// Gives an item up; it stays visible in [`undelivered`].
pub fn give_up(tx: &Tx, key: OutboxKey, now: i64, failure: &str) -> Result<(), DbError> {
    tx.execute("update outbox set done = $2, failure = $3 where key = $1", params![key, now, failure])?;
    Ok(())
}

/// What waits to be sent to somebody, oldest first, at most `limit` items: key and payload.
pub fn waiting(tx: &Tx, account: AccountKey, limit: u32) -> Result<Vec<(OutboxKey, Json)>, DbError> {
    tx.query(
        "select key, payload from outbox where account = $1 and done is null order by key limit $2",
        params![account, limit],
    )?
    .iter()
    .map(|row| Ok((row.get(0)?, text::json(row, 1)?)))
    .collect()
}

/// Whether an item still waits: it was neither sent, nor given up, nor withdrawn.
pub fn is_waiting(tx: &Tx, key: OutboxKey) -> Result<bool, DbError> {
    Ok(tx.query_opt("select key from outbox where key = $1 and done is null", params![key])?.is_some())
}

/// Takes an item out before it is sent.
pub fn withdraw(tx: &Tx, key: OutboxKey) -> Result<(), DbError> {
    tx.execute("delete from outbox where key = $1 and done is null", params![key])?;
    Ok(())
}

/// What was given up, oldest first, from behind `after`.
pub fn undelivered(tx: &Tx, after: Option<OutboxKey>, limit: usize) -> Result<Vec<Undelivered>, DbError> {
    tx.query(
        "select key, account, payload, created, done, attempts, failure from outbox
         where done is not null and failure is not null and key > $1 order by key limit $2",
        params![after.map_or(0, OutboxKey::number), i64::try_from(limit).unwrap_or(i64::MAX)],
    )?
    .iter()
    .map(given_up)
    .collect()
}

/// Removes what was sent or given up before `before` (ms), at most `limit` items, and says how many.
pub fn forget(tx: &Tx, before: i64, limit: u32) -> Result<u64, DbError> {
    tx.execute(
        "delete from outbox where key in (select key from outbox where done < $1 limit $2)",
        params![before, limit],
    )
}

fn given_up(row: &Row) -> Result<Undelivered, DbError> {
    Ok(Undelivered {
        key: row.get(0)?,
        account: row.get(1)?,
        payload: text::json(row, 2)?,
        created: row.get(3)?,
        given_up: row.get(4)?,
        attempts: row.get(5)?,
        failure: row.get(6)?,
    })
}
