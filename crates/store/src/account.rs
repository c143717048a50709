//! Accounts: the people of this server.

mod change;
mod find;

use serde_json::Value as Json;
use wire::id::UserId;

use crate::db::{DbError, Row, Tx, params};
use crate::keys::AccountKey;
use crate::text::{self, Word};

pub use change::{
    Profile, activate, activate_without_password, close, erase_unused, has_other_administrator,
    removed_with_leftovers, set_email, set_kind, set_profile, set_state, take_leftover_grants,
    take_leftover_memberships, unused,
};
pub use find::{AccountFilter, Circle, find};

/// What a person may be on the platform as a whole (contract: identity-and-sharing B7, F001).
pub use policy::PlatformKind;

/// Where an account is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountState {
    /// Made, but its owner has not set a password yet (F018).
    Pending,
    /// In use.
    Active,
    /// Stopped by an administrator; can be enabled again.
    Disabled,
    /// Closed for good: what it says of a person is erased, and the handle stays taken.
    Removed,
}

impl Word for AccountState {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Pending, "pending"),
        (Self::Active, "active"),
        (Self::Disabled, "disabled"),
        (Self::Removed, "removed"),
    ];
}

/// An account as it is kept, without its secrets.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its key.
    pub key: AccountKey,
    /// Its id.
    pub id: UserId,
    /// The handle as its owner wrote it.
    pub handle: String,
    /// Lower case; none once erased.
    pub email: Option<String>,
    /// Given name.
    pub first: String,
    /// Middle name.
    pub middle: String,
    /// Family name.
    pub last: String,
    /// Admin, standard or read-only.
    pub kind: PlatformKind,
    /// Pending, active, disabled or removed.
    pub state: AccountState,
    /// The id of the user or organisation that pays by default.
    pub bill_to: String,
    /// For access to jobs.
    pub ssh_public_key: Option<String>,
    /// Settings by name.
    pub policies: Json,
    /// Settings of the pages.
    pub preferences: Json,
    /// Grows whenever what its owner showed at a sign-in becomes worthless: another password or second factor, another
    /// kind or state, every token ended. A sign-in that began before does not end after.
    pub epoch: i64,
    /// When it was made, in ms.
    pub created: i64,
    /// The id of whoever made it; none for the first one and for those that people made for themselves.
    pub created_by: Option<String>,
    /// The organisation on whose behalf it was made.
    pub provisioning_org: Option<String>,
    /// What the person does.
    pub occupation: Option<String>,
}

/// What a new account starts with.
#[derive(Debug, Clone)]
pub struct NewAccount<'a> {
    /// Its id; made from the handle.
    pub id: &'a UserId,
    /// The handle as written.
    pub handle: &'a str,
    /// Lower case.
    pub email: Option<&'a str>,
    /// Given name.
    pub first: &'a str,
    /// Middle name.
    pub middle: &'a str,
    /// Family name.
    pub last: &'a str,
    /// What the person does.
    pub occupation: Option<&'a str>,
    /// Admin, standard or read-only.
    pub kind: PlatformKind,
    /// Pending until a password is set.
    pub state: AccountState,
    /// Who pays by default.
    pub bill_to: &'a str,
    /// Who made it; none for the first account.
    pub created_by: Option<&'a str>,
    /// The organisation on whose behalf it is made.
    pub provisioning_org: Option<&'a str>,
    /// Settings by name.
    pub policies: &'a Json,
}

/// The columns that [`account`] reads, in its order.
macro_rules! account_columns {
    () => {
        "key, id, handle, email, first, middle, last, kind, state, bill_to, ssh_public_key, policies, preferences, epoch, \
         created, created_by, provisioning_org, occupation"
    };
}
use account_columns;

macro_rules! select_account {
    ($rest:literal) => {
        concat!("select ", account_columns!(), " from account ", $rest)
    };
}

/// Adds an account. Fails with `Unique` on `account.id` or `account.email` when either is taken (F011, F012).
pub fn insert(tx: &Tx, new: &NewAccount<'_>, now: i64) -> Result<AccountKey, DbError> {
    tx.query_one(
        "insert into account (id, handle, email, first, middle, last, occupation, kind, state, bill_to, created,
           created_by, provisioning_org, policies)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) returning key",
        params![
            new.id.as_str(),
            new.handle,
            new.email,
            new.first,
            new.middle,
            new.last,
            new.occupation,
            new.kind.word(),
            new.state.word(),
            new.bill_to,
            now,
            new.created_by,
            new.provisioning_org,
            new.policies.to_string()
        ],
    )?
    .get(0)
}

/// Whether anybody has an account on this server.
pub fn any(tx: &Tx) -> Result<bool, DbError> {
    Ok(tx.query_opt("select key from account limit 1", params![])?.is_some())
}

/// The account of an id.
pub fn by_id(tx: &Tx, id: &UserId) -> Result<Option<Account>, DbError> {
    tx.query_opt(select_account!("where id = $1"), params![id.as_str()])?.map(|row| account(&row)).transpose()
}

/// At most `limit` active administrators of the platform: those after a key, those of longest ago first.
pub fn administrators(tx: &Tx, after: Option<AccountKey>, limit: u32) -> Result<Vec<AccountKey>, DbError> {
    tx.query(
        "select key from account where kind = $1 and state = $2 and key > $3 order by key limit $4",
        params![
            PlatformKind::Admin.word(),
            AccountState::Active.word(),
            after.map_or(0, AccountKey::number),
            limit
        ],
    )?
    .iter()
    .map(|row| row.get(0))
    .collect()
}

/// The account of a key.
pub fn by_key(tx: &Tx, key: AccountKey) -> Result<Account, DbError> {
    let row = tx.query_one(select_account!("where key = $1"), params![key])?;
    account(&row)
}

/// The account with an e-mail address; letter case does not matter.
pub fn by_email(tx: &Tx, email: &str) -> Result<Option<Account>, DbError> {
    tx.query_opt(select_account!("where email = $1"), params![email.to_lowercase()])?
        .map(|row| account(&row))
        .transpose()
}

/// Lets a person pay for themselves by default, if this account did so far; false when another one does.
pub fn stop_billing_to(tx: &Tx, key: AccountKey, bill_to: &str) -> Result<bool, DbError> {
    let changed =
        tx.execute("update account set bill_to = id where key = $1 and bill_to = $2", params![key, bill_to])?;
    Ok(changed > 0)
}

/// The stored password hash, if a password was ever set.
pub fn password_hash(tx: &Tx, key: AccountKey) -> Result<Option<String>, DbError> {
    tx.query_one("select password_hash from account where key = $1", params![key])?.get(0)
}

/// Marks that a sign-in of somebody that is under way is worth nothing any more.
pub fn touch(tx: &Tx, key: AccountKey) -> Result<(), DbError> {
    tx.execute("update account set epoch = epoch + 1 where key = $1", params![key])?;
    Ok(())
}

/// Stores a password hash. Whoever sets another password ends the tokens, too, which raises [`Account::epoch`].
pub fn set_password_hash(tx: &Tx, key: AccountKey, hash: &str) -> Result<(), DbError> {
    tx.execute("update account set password_hash = $2 where key = $1", params![key, hash])?;
    Ok(())
}

fn account(row: &Row) -> Result<Account, DbError> {
    Ok(Account {
        key: row.get(0)?,
        id: text::id(row, 1, UserId::parse)?,
        handle: row.get(2)?,
        email: row.get(3)?,
        first: row.get(4)?,
        middle: row.get(5)?,
        last: row.get(6)?,
        kind: text::word(row, 7)?,
        state: text::word(row, 8)?,
        bill_to: row.get(9)?,
        ssh_public_key: row.get(10)?,
        policies: text::json(row, 11)?,
        preferences: text::json(row, 12)?,
        epoch: row.get(13)?,
        created: row.get(14)?,
        created_by: row.get(15)?,
        provisioning_org: row.get(16)?,
        occupation: row.get(17)?,
    })
}
