//! Answers kept so that a repeated creation is answered again instead of done again (contract: data 2.3).

use crate::db::{DbError, Tx, params};
use crate::keys::AccountKey;

/// Whose call it was, and which.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    /// Who called.
    pub account: AccountKey,
    /// The route, with the entity in it.
    pub route: &'a str,
    /// The caller's word for this call.
    pub nonce: &'a str,
}

/// A call that was answered.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The digest of its input.
    pub input: String,
    /// The answer, as JSON.
    pub answer: String,
}

/// The earlier call of this key, unless it was made before `since` (ms).
pub fn find(tx: &Tx, key: &Key<'_>, since: i64) -> Result<Option<Kept>, DbError> {
    tx.query_opt(
        "select input, answer from nonce where account = $1 and route = $2 and nonce = $3 and at >= $4",
        params![key.account, key.route, key.nonce, since],
    )?
    .map(|row| Ok(Kept { input: row.get(0)?, answer: row.get(1)? }))
    .transpose()
}

/// Keeps an answer, in place of one that was kept before `since` (ms). A call of the same key that was answered in
/// the meantime makes this transaction run again, and then [`find`] finds that answer.
pub fn keep(tx: &Tx, key: &Key<'_>, kept: &Kept, since: i64, now: i64) -> Result<(), DbError> {
    let written = tx.execute(
        "insert into nonce (account, route, nonce, input, answer, at) values ($1, $2, $3, $4, $5, $6)
         on conflict (account, route, nonce) do update set input = $4, answer = $5, at = $6 where nonce.at < $7",
        params![key.account, key.route, key.nonce, &kept.input, &kept.answer, now, since],
    )?;
    // Serializable transactions end in a conflict before they get here; were it otherwise, nothing must be done twice.
    if written == 1 { Ok(()) } else { Err(DbError::Busy) }
}

/// Removes answers that were kept before `at` (ms), the oldest `limit` of them, and says how many.
pub fn remove_before(tx: &Tx, at: i64, limit: u32) -> Result<u64, DbError> {
    tx.execute(
        "delete from nonce where (account, route, nonce) in
           (select account, route, nonce from nonce where at < $1 order by at limit $2)",
        params![at, limit],
    )
}
