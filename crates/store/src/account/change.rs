//! Changes of an account.

use serde_json::Value as Json;

use super::{AccountState, PlatformKind};
use crate::access::SystemPermit;
use crate::db::{DbError, Tx, params};
use crate::keys::AccountKey;
use crate::text::Word;
use crate::{one_time_code, second_factor};

/// What an account's owner may set. The whole of it is written at once.
#[derive(Debug, Clone)]
pub struct Profile<'a> {
    /// Given name.
    pub first: &'a str,
    /// Middle name.
    pub middle: &'a str,
    /// Family name.
    pub last: &'a str,
    /// The id of the user or organisation that pays by default.
    pub bill_to: &'a str,
    /// For access to jobs.
    pub ssh_public_key: Option<&'a str>,
    /// Settings by name.
    pub policies: &'a Json,
    /// Settings of the pages.
    pub preferences: &'a Json,
}

/// Writes what the owner may set.
pub fn set_profile(
    tx: &Tx,
    _permit: &SystemPermit<'_>,
    key: AccountKey,
    profile: &Profile<'_>,
) -> Result<(), DbError> {
    tx.execute(
        "update account set first = $2, middle = $3, last = $4, bill_to = $5, ssh_public_key = $6, policies = $7,
           preferences = $8 where key = $1",
        params![
            key,
            profile.first,
            profile.middle,
            profile.last,
            profile.bill_to,
            profile.ssh_public_key,
            profile.policies.to_string(),
            profile.preferences.to_string()
        ],
    )?;
    Ok(())
}

/// Makes an account administrator, standard or read-only.
pub fn set_kind(
    tx: &Tx,
    _permit: &SystemPermit<'_>,
    key: AccountKey,
    kind: PlatformKind,
) -> Result<(), DbError> {
    tx.execute("update account set kind = $2, epoch = epoch + 1 where key = $1", params![key, kind.word()])?;
    Ok(())
}

/// Stops an account or lets it work again. A stopped owner owns no project (contract B11.32).
pub fn set_state(
    tx: &Tx,
    _permit: &SystemPermit<'_>,
    key: AccountKey,
    state: AccountState,
) -> Result<(), DbError> {
    tx.execute(
        "update account set state = $2, epoch = epoch + 1 where key = $1",
        params![key, state.word()],
    )?;
    if state != AccountState::Active {
        tx.execute("update project set owner = null where owner = $1", params![key])?;
    }
    Ok(())
}

/// Closes an account: it can never be used again, and its address is free for another. What it says of a person is erased:
/// names, address, occupation, keys, settings, the labels of its tokens, and the letters and notifications to its owner. Its
/// id stays, and with it the handle, which is the same in lower case: nobody else may come to stand in the audit log under it.
/// What it holds in projects and organisations is taken away step by step.
pub fn close(tx: &Tx, permit: &SystemPermit<'_>, key: AccountKey, now: i64) -> Result<(), DbError> {
    set_state(tx, permit, key, AccountState::Removed)?;
    for statement in [
        "update account set handle = substr(id, 6), email = null, first = '', middle = '', last = '', occupation = null,
           password_hash = null, ssh_public_key = null, policies = '{}', preferences = '{}' where key = $1",
        "update project set pending_transfer = null where pending_transfer = $1",
        "update token set label = '' where account = $1",
        "delete from external_identity where account = $1",
        "delete from outbox where account = $1",
        "delete from notification where account = $1",
    ] {
        tx.execute(statement, params![key])?;
    }
    one_time_code::remove_all_of(tx, key)?;
    second_factor::remove(tx, key)?;
    crate::token::revoke_all(tx, key, None, now)
}

/// Puts an account to use once its owner has proved the address and set a password.
pub fn activate(tx: &Tx, key: AccountKey, password_hash: &str) -> Result<(), DbError> {
    tx.execute(
        "update account set password_hash = $2, state = $3, epoch = epoch + 1 where key = $1",
        params![key, password_hash, AccountState::Active.word()],
    )?;
    Ok(())
}

/// Puts an account to use whose owner signs in with a provider.
pub fn activate_without_password(tx: &Tx, key: AccountKey) -> Result<(), DbError> {
    tx.execute(
        "update account set state = $2, epoch = epoch + 1 where key = $1",
        params![key, AccountState::Active.word()],
    )?;
    Ok(())
}

/// Uses another address. Fails with `Unique` on `account.email` when it is taken (F012).
pub fn set_email(tx: &Tx, key: AccountKey, email: &str) -> Result<(), DbError> {
    tx.execute("update account set email = $2 where key = $1", params![key, email])?;
    Ok(())
}

/// Whether another active account is a platform administrator.
pub fn has_other_administrator(tx: &Tx, key: AccountKey) -> Result<bool, DbError> {
    let other = tx.query_opt(
        "select key from account where kind = $2 and state = $3 and key <> $1 limit 1",
        params![key, PlatformKind::Admin.word(), AccountState::Active.word()],
    )?;
    Ok(other.is_some())
}

/// An account that its owner-to-be asked for before a time (ms), and that was never in use: its key, and its id.
pub fn unused(tx: &Tx, before: i64) -> Result<Option<(AccountKey, String)>, DbError> {
    tx.query_opt(
        "select key, id from account where state = $1 and created_by is null and provisioning_org is null and created < $2
         order by key limit 1",
        params![AccountState::Pending.word(), before],
    )?
    .map(|row| Ok((row.get(0)?, row.get(1)?)))
    .transpose()
}

/// Removes an account that was never in use and holds nothing in projects and organisations.
pub fn erase_unused(tx: &Tx, key: AccountKey) -> Result<(), DbError> {
    for statement in [
        "update project set owner = null where owner = $1",
        "update project set pending_transfer = null where pending_transfer = $1",
        "delete from one_time_code where account = $1",
        "delete from outbox where account = $1",
        "delete from notification where account = $1",
        "delete from account where key = $1",
    ] {
        tx.execute(statement, params![key])?;
    }
    Ok(())
}

/// A removed account that still holds something: its key, and its id.
pub fn removed_with_leftovers(tx: &Tx) -> Result<Option<(AccountKey, String)>, DbError> {
    tx.query_opt(
        "select a.key, a.id from account a where a.state = $1 and
           (exists (select 1 from project_grant g where g.account = a.key)
            or exists (select 1 from org_member m where m.account = a.key))
         order by a.key limit 1",
        params![AccountState::Removed.word()],
    )?
    .map(|row| Ok((row.get(0)?, row.get(1)?)))
    .transpose()
}

/// Takes up to `limit` project grants of a removed account away; answers the ids of the projects and what was held.
pub fn take_leftover_grants(tx: &Tx, key: AccountKey, limit: u32) -> Result<Vec<(String, String)>, DbError> {
    let taken = tx.query(
        "select p.key, p.id, g.role from project_grant g join project p on p.key = g.project
         where g.account = $1 order by p.key limit $2",
        params![key, limit],
    )?;
    taken
        .iter()
        .map(|row| {
            let project: crate::keys::ProjectKey = row.get(0)?;
            tx.execute(
                "delete from project_grant where project = $1 and account = $2",
                params![project, key],
            )?;
            Ok((row.get(1)?, row.get(2)?))
        })
        .collect()
}

/// Takes up to `limit` memberships of a removed account away; answers the ids of the organisations and the levels.
pub fn take_leftover_memberships(
    tx: &Tx,
    key: AccountKey,
    limit: u32,
) -> Result<Vec<(String, String)>, DbError> {
    let taken = tx.query(
        "select o.key, o.id, m.level from org_member m join org o on o.key = m.org
         where m.account = $1 order by o.key limit $2",
        params![key, limit],
    )?;
    taken
        .iter()
        .map(|row| {
            let org: crate::keys::OrgKey = row.get(0)?;
            tx.execute("delete from org_member where org = $1 and account = $2", params![org, key])?;
            Ok((row.get(1)?, row.get(2)?))
        })
        .collect()
}
