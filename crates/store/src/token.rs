//! Tokens and web sessions: hashes of secrets, with a scope and an end.

use policy::PlatformKind;
use wire::user::TokenScope;

use crate::account::{Account, AccountState};
use crate::db::{DbError, Row, Tx, params};
use crate::keys::{AccountKey, TokenKey};
use crate::text::{self, Word};

/// What a token was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Made by signing in from a client.
    Login,
    /// Made by its owner for a program.
    Api,
    /// A signed-in browser. Never accepted by API routes.
    Session,
}

impl Word for Purpose {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Login, "login"), (Self::Api, "api"), (Self::Session, "session")];
}

/// A token as it is kept.
#[derive(Debug, Clone)]
pub struct Token {
    /// Its key.
    pub key: TokenKey,
    /// Lower-case hex SHA-256 of the secret.
    pub signature: String,
    /// Whose it is.
    pub account: AccountKey,
    /// What it was made for.
    pub purpose: Purpose,
    /// A name for lists.
    pub label: String,
    /// What it may do at most.
    pub scope: TokenScope,
    /// When it was made, in ms.
    pub created: i64,
    /// When it ends, in ms; none for never.
    pub expires: Option<i64>,
    /// When it was last used, in ms, to about a minute.
    pub last_used: Option<i64>,
    /// When it was revoked, in ms.
    pub revoked: Option<i64>,
}

/// What a new token starts with.
#[derive(Debug, Clone)]
pub struct NewToken<'a> {
    /// Lower-case hex SHA-256 of the secret.
    pub signature: &'a str,
    /// Whose it is.
    pub account: AccountKey,
    /// What it is for.
    pub purpose: Purpose,
    /// A name for lists.
    pub label: &'a str,
    /// What it may do at most.
    pub scope: &'a TokenScope,
    /// When it ends, in ms.
    pub expires: Option<i64>,
    /// The token it was made with; it ends when that one is revoked with its children.
    pub parent: Option<TokenKey>,
}

/// The columns that [`token`] reads, in its order.
macro_rules! select_token {
    ($rest:literal) => {
        concat!(
            "select key, signature, account, purpose, label, scope, created, expires, last_used, revoked from token ",
            $rest
        )
    };
}

/// Adds a token.
pub fn insert(tx: &Tx, new: &NewToken<'_>, now: i64) -> Result<TokenKey, DbError> {
    let scope = serde_json::to_string(new.scope).map_err(|error| DbError::Other(error.to_string()))?;
    tx.query_one(
        "insert into token (signature, account, purpose, label, scope, created, expires, parent)
         values ($1, $2, $3, $4, $5, $6, $7, $8) returning key",
        params![
            new.signature,
            new.account,
            new.purpose.word(),
            new.label,
            scope,
            now,
            new.expires,
            new.parent
        ],
    )?
    .get(0)
}

/// The token of a signature, with its owner, if it may be used now: not revoked, not expired, owner active.
pub fn usable(tx: &Tx, signature: &str, now: i64) -> Result<Option<(Token, Account)>, DbError> {
    let Some(row) = tx.query_opt(
        select_token!("where signature = $1 and revoked is null and (expires is null or expires > $2)"),
        params![signature, now],
    )?
    else {
        return Ok(None);
    };
    let token = token(&row)?;
    let account = crate::account::by_key(tx, token.account)?;
    Ok((account.state == AccountState::Active).then_some((token, account)))
}

/// What became of a token that was good when a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Same,
    /// It was ended, or its owner's account was.
    Ended,
    /// Its owner's account is of another kind now.
    OtherKind,
}

/// Whether a token that was good when a request came is still what it was. Its expiry was looked at when the request came.
pub fn standing(tx: &Tx, key: TokenKey, kind: PlatformKind) -> Result<Standing, DbError> {
    let found = tx.query_opt(
        "select a.kind from token t join account a on a.key = t.account
         where t.key = $1 and t.revoked is null and a.state = $2",
        params![key, AccountState::Active.word()],
    )?;
    let Some(row) = found else { return Ok(Standing::Ended) };
    let same = row.get::<String>(0)? == kind.word();
    Ok(if same { Standing::Same } else { Standing::OtherKind })
}

/// Notes that a token was used.
pub fn used(tx: &Tx, key: TokenKey, now: i64) -> Result<(), DbError> {
    tx.execute("update token set last_used = $2 where key = $1", params![key, now])?;
    Ok(())
}

/// Ends the token of a signature, if it is this account's and was not ended before. False otherwise.
pub fn revoke_by_signature(tx: &Tx, account: AccountKey, signature: &str, now: i64) -> Result<bool, DbError> {
    let ended = tx.execute(
        "update token set revoked = $3 where account = $1 and signature = $2 and revoked is null",
        params![account, signature, now],
    )?;
    Ok(ended == 1)
}

/// Ends every token that an account has for a purpose, and says how many.
pub fn revoke_purpose(tx: &Tx, account: AccountKey, purpose: Purpose, now: i64) -> Result<u64, DbError> {
    let ended = tx.execute(
        "update token set revoked = $3 where account = $1 and purpose = $2 and revoked is null",
        params![account, purpose.word(), now],
    )?;
    crate::account::touch(tx, account)?;
    Ok(ended)
}

/// The token of a signature, if it is this account's and was not ended. It may have expired: the links that were made with
/// it last until their own end.
pub fn of_account_by_signature(
    tx: &Tx,
    account: AccountKey,
    signature: &str,
) -> Result<Option<Token>, DbError> {
    tx.query_opt(
        select_token!("where account = $1 and signature = $2 and revoked is null"),
        params![account, signature],
    )?
    .map(|row| token(&row))
    .transpose()
}

/// The tokens of an account that work, oldest first, from behind `after`.
pub fn of_account(
    tx: &Tx,
    account: AccountKey,
    after: Option<TokenKey>,
    limit: usize,
    now: i64,
) -> Result<Vec<Token>, DbError> {
    tx.query(
        select_token!(
            "where account = $1 and key > $2 and revoked is null and (expires is null or expires > $3)
             order by key limit $4"
        ),
        params![account, after.map_or(0, TokenKey::number), now, i64::try_from(limit).unwrap_or(i64::MAX)],
    )?
    .iter()
    .map(token)
    .collect()
}

/// Ends the tokens that were made with a token, those made with them, and so on.
pub fn revoke_below(tx: &Tx, token: TokenKey, now: i64) -> Result<(), DbError> {
    tx.execute(
        "with recursive below (key) as (
           select key from token where parent = $1
           union select made.key from token made join below on made.parent = below.key)
         update token set revoked = $2 where revoked is null and key in (select key from below)",
        params![token, now],
    )?;
    Ok(())
}

/// Ends every token and session of an account, but the one that is to stay.
pub fn revoke_all(tx: &Tx, account: AccountKey, but: Option<TokenKey>, now: i64) -> Result<(), DbError> {
    tx.execute(
        "update token set revoked = $3 where account = $1 and revoked is null and key <> $2",
        params![account, but.map_or(0, TokenKey::number), now],
    )?;
    crate::account::touch(tx, account)
}

/// Writes down when tokens were last used, in ms.
pub fn set_last_used(tx: &Tx, uses: &[(TokenKey, i64)]) -> Result<(), DbError> {
    for (key, at) in uses {
        tx.execute(
            "update token set last_used = $2 where key = $1 and (last_used is null or last_used < $2)",
            params![*key, *at],
        )?;
    }
    Ok(())
}

/// Removes tokens that expired before `before` (ms), at most `limit`, and says how many.
pub fn forget(tx: &Tx, before: i64, limit: u32) -> Result<u64, DbError> {
    tx.execute(
        "delete from token where key in (select key from token where expires < $1 limit $2)",
        params![before, limit],
    )
}

fn token(row: &Row) -> Result<Token, DbError> {
    let scope: String = row.get(5)?;
    Ok(Token {
        key: row.get(0)?,
        signature: row.get(1)?,
        account: row.get(2)?,
        purpose: text::word(row, 3)?,
        label: row.get(4)?,
        scope: serde_json::from_str(&scope)
            .map_err(|_| DbError::Corrupt("the scope of a token cannot be read".into()))?,
        created: row.get(6)?,
        expires: row.get(7)?,
        last_used: row.get(8)?,
        revoked: row.get(9)?,
    })
}
