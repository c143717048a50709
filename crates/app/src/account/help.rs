//! Helping users back in. Who may: platform administrators, whoever made the account, and ADMINs of the organisation on
//! whose behalf it was made, while the user belongs to it and the operator lets it make accounts. Having invited somebody
//! into an organisation does not suffice, since anybody can make one and invite anybody.

use policy::SystemAction;
use serde_json::json;
use store::access::SystemPermit;
use store::account::{Account, AccountState, PlatformKind};
use store::one_time_code::{self, Purpose};
use store::org::{self, Feature};
use store::second_factor;
use wire::account::{HelpUser, Status, WhichAccount};
use wire::answer::Made;
use wire::id::{OrgId, UserId};
use wire::{ApiError, ErrorType};

use super::too_many_links;
use crate::context::Ctx;
use crate::error::{Result, absent};
use crate::event::{Event, EventName};
use crate::mail_text::Letter;
use crate::sign_in;
use crate::work::Work;

/// `/account/resendActivationEmail`. Whose address it is, and whether anybody's, is told to those alone who may help.
///
/// # Errors
/// `ResourceNotFound`, for an account that the caller may not help, too; `InvalidState` for an account that is activated
/// already; `RateLimitConditional`.
pub async fn resend_activation(ctx: Ctx, input: WhichAccount) -> Result<Status> {
    ctx.change(move |work| {
        let named = &input.username_or_email;
        let (account, _) = sign_in::find(work, named)?.ok_or_else(|| absent(named))?;
        let caller = work.caller()?;
        let made_it = account.created_by.as_deref() == Some(caller.id.as_str());
        let responsible = made_it || is_responsible(work, &account)?;
        if !work.system_allows(SystemAction::HelpUser { responsible })? {
            return Err(absent(named));
        }
        if account.state != AccountState::Pending {
            return Err(ApiError::new(
                ErrorType::InvalidState,
                format!("The account {} does not wait for activation.", account.id),
            )
            .into());
        }
        if !sign_in::may_send_link(work, &account)? {
            return Err(too_many_links());
        }
        sign_in::activation_asked(work)?;
        one_time_code::remove_of(work.tx, account.key, Purpose::Activation)?;
        work.mail(account.key, &Letter::Activation { by: Some(caller.id.clone()) })?;
        work.record(Event::done(EventName::UserActivationSent).subject(&account.id))?;
        Ok(Status::success(format!("Another activation link is on its way to {}.", account.id)))
    })
    .await
}

/// `/user-xxxx/resetUserMFA`: switches the second factor of somebody off.
///
/// # Errors
/// `ResourceNotFound`, `PermissionDenied`; `InvalidState` when it is off already.
pub async fn reset_mfa(ctx: Ctx, id: UserId, input: HelpUser) -> Result<Made> {
    ctx.change(move |work| {
        let (account, permit) = helped(work, &id, &input)?;
        let kept = second_factor::of(work.tx, account.key)?;
        if kept.secret.is_none() && kept.pending.is_none() {
            return Err(ApiError::new(
                ErrorType::InvalidState,
                format!("MFA is already reset: {} has no second factor.", account.id),
            )
            .into());
        }
        second_factor::switch_off(work.tx, &permit, account.key)?;
        if input.revoke_child_tokens {
            store::token::revoke_all(work.tx, account.key, None, work.now())?;
        }
        work.mail(account.key, &Letter::SecondFactor { on: false, by: Some(work.caller()?.id.clone()) })?;
        work.record(
            Event::done(EventName::SecondFactorReset)
                .subject(&account.id)
                .after(json!({ "tokensEnded": input.revoke_child_tokens })),
        )?;
        Ok(Made::new(account.id))
    })
    .await
}

/// `/user-xxxx/unlockUserAccount`: lifts the wait after failed attempts to sign in.
///
/// # Errors
/// `ResourceNotFound`, `PermissionDenied`.
pub async fn unlock(ctx: Ctx, id: UserId, input: HelpUser) -> Result<Made> {
    ctx.change(move |work| {
        let (account, _permit) = helped(work, &id, &input)?;
        sign_in::forgive(work, &account)?;
        work.record(Event::done(EventName::UserUnlocked).subject(&account.id))?;
        Ok(Made::new(account.id))
    })
    .await
}

/// The account that is helped, with leave to do so.
fn helped<'tx>(work: &Work<'tx>, id: &UserId, input: &HelpUser) -> Result<(Account, SystemPermit<'tx>)> {
    let account = work.account(id)?;
    if input.user_id.as_ref().is_some_and(|named| named != account.id.as_str()) {
        return Err(ApiError::invalid_input(
            "key \"user_id\": this is another user than the one in the route.",
        )
        .into());
    }
    let responsible = is_responsible(work, &account)?
        && input.org_id.as_deref().is_none_or(|org| Some(org) == account.provisioning_org.as_deref());
    let permit = work.account_permit(&account, SystemAction::HelpUser { responsible })?;
    Ok((account, permit))
}

/// Whether the caller is an ADMIN of the organisation on whose behalf the account was made, and which its owner
/// belongs to. Over a platform administrator no organisation has a hold.
fn is_responsible(work: &Work<'_>, account: &Account) -> Result<bool> {
    let Some(id) = account.provisioning_org.as_deref().and_then(OrgId::parse) else { return Ok(false) };
    let Some(org) = org::by_id(work.tx, &id)? else { return Ok(false) };
    let belongs =
        account.state == AccountState::Pending || org::membership(work.tx, org.key, account.key)?.is_some();
    let licensed = org.features.has(Feature::Provisioning);
    Ok(belongs && licensed && account.kind != PlatformKind::Admin && work.is_org_admin(org.key)?)
}
