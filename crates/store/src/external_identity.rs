//! Which account somebody has who is known by a sign-in provider: by issuer and subject, never by an e-mail address.

use crate::db::{DbError, Tx, params};
use crate::keys::AccountKey;

/// A link between a person at a provider and an account.
#[derive(Debug, Clone)]
pub struct Link {
    /// The provider.
    pub issuer: String,
    /// The person's id there, compared byte for byte.
    pub subject: String,
    /// When it was made, in ms.
    pub linked: i64,
}

/// The account of a person at a provider.
pub fn account_of(tx: &Tx, issuer: &str, subject: &str) -> Result<Option<AccountKey>, DbError> {
    tx.query_opt(
        "select account from external_identity where issuer = $1 and subject = $2",
        params![issuer, subject],
    )?
    .map(|row| row.get(0))
    .transpose()
}

/// Links a person at a provider with an account. Fails with `Unique` when that person is linked already.
pub fn insert(tx: &Tx, account: AccountKey, issuer: &str, subject: &str, now: i64) -> Result<(), DbError> {
    tx.execute(
        "insert into external_identity (issuer, subject, account, linked) values ($1, $2, $3, $4)",
        params![issuer, subject, account, now],
    )?;
    Ok(())
}

/// The links of an account, oldest first, at most `limit` of them.
pub fn of_account(tx: &Tx, account: AccountKey, limit: u32) -> Result<Vec<Link>, DbError> {
    tx.query(
        "select issuer, subject, linked from external_identity where account = $1 order by linked, issuer, subject limit $2",
        params![account, limit],
    )?
    .iter()
    .map(|row| Ok(Link { issuer: row.get(0)?, subject: row.get(1)?, linked: row.get(2)? }))
    .collect()
}

/// Removes a link of an account. False when it has no such link.
pub fn remove(tx: &Tx, account: AccountKey, issuer: &str, subject: &str) -> Result<bool, DbError> {
    let removed = tx.execute(
        "delete from external_identity where account = $1 and issuer = $2 and subject = $3",
        params![account, issuer, subject],
    )?;
    Ok(removed == 1)
}
