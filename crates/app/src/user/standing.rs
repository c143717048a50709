//! What platform administrators do to accounts (contract: identity-and-sharing B7, B11.33).

use policy::SystemAction;
use serde_json::json;
use store::access::SystemPermit;
use store::account::{self, Account, AccountState, PlatformKind};
use store::text::Word as _;
use wire::account::{Kind, SetKind};
use wire::answer::{Made, NoKeys};
use wire::id::UserId;
use wire::{ApiError, ErrorType};

use crate::account::{end_links, take_leftovers};
use crate::context::{App, Ctx};
use crate::error::{Error, Result};
use crate::event::{Event, EventName};
use crate::work::Work;

/// `/user-xxxx/setKind` (F001, F003, F007).
///
/// # Errors
/// `PermissionDenied` unless a platform administrator asks; `InvalidState` for the last of these, and for a read-only
/// user whom an organisation or a project needs.
pub async fn set_kind(ctx: Ctx, id: UserId, input: SetKind) -> Result<Made> {
    let kind = platform_kind(input.kind);
    ctx.change(move |work| {
        let (account, permit) = administered(work, &id)?;
        if kind == account.kind {
            return Ok(Made::new(account.id));
        }
        if account.kind == PlatformKind::Admin {
            refuse_the_last_administrator(work, &account)?;
        }
        if kind == PlatformKind::ReadOnly {
            refuse_while_needed(work, &account)?;
        }
        account::set_kind(work.tx, &permit, account.key, kind)?;
        work.record(
            Event::done(EventName::UserKindSet)
                .subject(&account.id)
                .before(json!({ "kind": account.kind.word() }))
                .after(json!({ "kind": kind.word() })),
        )?;
        Ok(Made::new(account.id))
    })
    .await
}

/// `/user-xxxx/disable`: the account stops at once, until it is enabled again. Its tokens, its sessions and the links that
/// were mailed to it end for good, so that whoever had got hold of one gets nothing back.
///
/// # Errors
/// `PermissionDenied` unless a platform administrator asks; `InvalidState` for the last of these, for a user whom an
/// organisation or a project needs, and for an account that is not in use.
pub async fn disable(ctx: Ctx, id: UserId, _: NoKeys) -> Result<Made> {
    ctx.change(move |work| {
        let (account, permit) = administered(work, &id)?;
        expect(&account, AccountState::Active)?;
        refuse_the_last_administrator(work, &account)?;
        refuse_while_needed(work, &account)?;
        account::set_state(work.tx, &permit, account.key, AccountState::Disabled)?;
        end_links(work, account.key)?;
        store::token::revoke_all(work.tx, account.key, None, work.now())?;
        work.record(Event::done(EventName::UserDisabled).subject(&account.id))?;
        Ok(Made::new(account.id))
    })
    .await
}

/// `/user-xxxx/enable`: the owner can sign in again.
///
/// # Errors
/// `PermissionDenied` unless a platform administrator asks; `InvalidState` for an account that is not disabled.
pub async fn enable(ctx: Ctx, id: UserId, _: NoKeys) -> Result<Made> {
    ctx.change(move |work| {
        let (account, permit) = administered(work, &id)?;
        expect(&account, AccountState::Disabled)?;
        account::set_state(work.tx, &permit, account.key, AccountState::Active)?;
        work.record(Event::done(EventName::UserEnabled).subject(&account.id))?;
        Ok(Made::new(account.id))
    })
    .await
}

/// `/user-xxxx/remove`: closes an account for good. Tokens, sessions, grants and memberships end, and what the account says
/// of a person is erased; the handle stays taken (F009).
///
/// # Errors
/// `PermissionDenied` unless a platform administrator asks; `InvalidState` for the last of these, and for a user whom
/// an organisation or a project needs.
pub async fn remove(ctx: Ctx, id: UserId, _: NoKeys) -> Result<Made> {
    let made = ctx
        .change(move |work| {
            let (account, permit) = administered(work, &id)?;
            if account.state == AccountState::Removed {
                return Ok(Made::new(account.id));
            }
            refuse_the_last_administrator(work, &account)?;
            refuse_while_needed(work, &account)?;
            account::close(work.tx, &permit, account.key, work.now())?;
            work.record(
                Event::done(EventName::UserRemoved)
                    .subject(&account.id)
                    .before(json!({ "kind": account.kind.word() })),
            )?;
            Ok(Made::new(account.id))
        })
        .await?;
    ctx.app.clear_removed_users().await?;
    Ok(made)
}

/// A kind as the decision knows it.
pub(super) fn platform_kind(kind: Kind) -> PlatformKind {
    match kind {
        Kind::Admin => PlatformKind::Admin,
        Kind::Standard => PlatformKind::Standard,
        Kind::ReadOnly => PlatformKind::ReadOnly,
    }
}

/// The account that the route names, with leave to change it as a platform administrator.
fn administered<'tx>(work: &Work<'tx>, id: &UserId) -> Result<(Account, SystemPermit<'tx>)> {
    let account = work.account(id)?;
    let permit = work.account_permit(&account, SystemAction::Administer)?;
    Ok((account, permit))
}

fn expect(account: &Account, state: AccountState) -> Result<()> {
    if account.state == state {
        return Ok(());
    }
    Err(invalid_state(format!(
        "The account {} is {}, so this cannot be done.",
        account.id,
        account.state.word()
    )))
}

fn refuse_the_last_administrator(work: &Work<'_>, account: &Account) -> Result<()> {
    let is_one = account.kind == PlatformKind::Admin && account.state == AccountState::Active;
    if !is_one || account::has_other_administrator(work.tx, account.key)? {
        return Ok(());
    }
    Err(invalid_state(format!(
        "{} is the last administrator of this server. Make somebody else administrator first.",
        account.id
    )))
}

/// Nobody else could run the organisation, or nobody would pay for the project.
fn refuse_while_needed(work: &Work<'_>, account: &Account) -> Result<()> {
    if let Some(org) = store::org::left_without_admin(work.tx, account.key)? {
        return Err(invalid_state(format!(
            "{} is the last administrator of {org}. Make somebody else its administrator first.",
            account.id
        )));
    }
    if let Some(project) = store::project::billed_to(work.tx, &account.id)? {
        return Err(invalid_state(format!(
            "{} pays for {project}. Let somebody else pay for every project of this user first.",
            account.id
        )));
    }
    Ok(())
}

fn invalid_state(why: String) -> Error {
    ApiError::new(ErrorType::InvalidState, why).into()
}

impl App {
    /// Takes away, in small steps, what closed accounts still hold in projects and organisations. Closing an account
    /// does this itself; as a periodic job it finishes what a stop of the server cut off.
    ///
    /// # Errors
    /// The store's.
    pub async fn clear_removed_users(&self) -> Result<()> {
        while self.db.read(|tx| Ok::<_, Error>(account::removed_with_leftovers(tx)?.is_some())).await? {
            let now = self.clock.now();
            self.db
                .write(move |tx| {
                    let Some((key, user)) = account::removed_with_leftovers(tx)? else {
                        return Ok::<_, Error>(());
                    };
                    take_leftovers(tx, key, &user, "UserRemove", now).map(|_| ())
                })
                .await?;
        }
        Ok(())
    }
}
