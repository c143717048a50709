//! One-time codes, as mailed links carry them: only their hashes are kept, and a used one is gone.

use crate::db::{DbError, Tx, params};
use crate::keys::AccountKey;
use crate::text::Word;

/// What a code is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Making the first account of a server.
    FirstUser,
    /// Setting the first password of an account.
    Activation,
    /// Setting another password.
    PasswordReset,
    /// Confirming another address; the detail is the address.
    EmailChange,
    /// Signing in once, in place of a password.
    SignIn,
}

impl Word for Purpose {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::FirstUser, "first-user"),
        (Self::Activation, "activation"),
        (Self::PasswordReset, "password-reset"),
        (Self::EmailChange, "email-change"),
        (Self::SignIn, "sign-in"),
    ];
}

/// A code that is good.
#[derive(Debug, Clone)]
pub struct Code {
    /// Whose it is; none for the first user's.
    pub account: Option<AccountKey>,
    /// What the purpose needs to know.
    pub detail: String,
}

/// Keeps the hash of a code until `expires` (ms).
pub fn insert(
    tx: &Tx,
    hash: &str,
    purpose: Purpose,
    account: Option<AccountKey>,
    detail: &str,
    now: i64,
    expires: i64,
) -> Result<(), DbError> {
    tx.execute(
        "insert into one_time_code (hash, purpose, account, detail, created, expires) values ($1, $2, $3, $4, $5, $6)",
        params![hash, purpose.word(), account, detail, now, expires],
    )?;
    Ok(())
}

/// The code of a hash, if it is good at this time.
pub fn find(tx: &Tx, hash: &str, purpose: Purpose, now: i64) -> Result<Option<Code>, DbError> {
    tx.query_opt(
        "select account, detail from one_time_code where hash = $1 and purpose = $2 and expires > $3",
        params![hash, purpose.word(), now],
    )?
    .map(|row| Ok(Code { account: row.get(0)?, detail: row.get(1)? }))
    .transpose()
}

/// Ends a code, and every other that the same account has for the same purpose. False when it was used already.
pub fn take(tx: &Tx, hash: &str, purpose: Purpose, account: Option<AccountKey>) -> Result<bool, DbError> {
    let taken = tx.execute("delete from one_time_code where hash = $1", params![hash])? == 1;
    if let Some(account) = account {
        remove_of(tx, account, purpose)?;
    }
    Ok(taken)
}

/// Ends every code that an account has for a purpose.
pub fn remove_of(tx: &Tx, account: AccountKey, purpose: Purpose) -> Result<(), DbError> {
    tx.execute(
        "delete from one_time_code where account = $1 and purpose = $2",
        params![account, purpose.word()],
    )?;
    Ok(())
}

/// Ends every code of an account.
pub fn remove_all_of(tx: &Tx, account: AccountKey) -> Result<(), DbError> {
    tx.execute("delete from one_time_code where account = $1", params![account])?;
    Ok(())
}

/// Ends every code that belongs to no account.
pub fn remove_of_nobody(tx: &Tx, purpose: Purpose) -> Result<(), DbError> {
    tx.execute("delete from one_time_code where account is null and purpose = $1", params![purpose.word()])?;
    Ok(())
}

/// Removes what expired before `now` (ms), at most `limit` codes, and says how many.
pub fn forget(tx: &Tx, now: i64, limit: u32) -> Result<u64, DbError> {
    tx.execute(
        "delete from one_time_code where hash in (select hash from one_time_code where expires <= $1 limit $2)",
        params![now, limit],
    )
}
