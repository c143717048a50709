//! `/user/new`: accounts for others, and, where the operator allows it, for oneself.

use policy::{OrgLevel, SystemAction};
use serde_json::json;
use store::account::{self, AccountState, NewAccount, PlatformKind};
use store::keys::AccountKey;
use store::org::{self, Feature};
use wire::account::{NewUser, NewUserMade};
use wire::id::{OrgId, UserId};
use wire::text::{EmailAddress, Handle, PersonName};
use wire::{ApiError, ErrorType};

use super::{address, email_taken, handle, of_kind, person_name, username_taken};
use crate::context::Ctx;
use crate::error::{Error, Result, absent};
use crate::event::{Event, EventName};
use crate::mail_text::Letter;
use crate::sign_in;
use crate::work::Work;

/// The longest life of tokens that can be set for a new user, in ms.
const LONGEST_TOKEN_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// What is to be made, checked.
struct Wanted {
    id: UserId,
    handle: Handle,
    email: EmailAddress,
    first: PersonName,
    middle: PersonName,
    last: PersonName,
    occupation: Option<String>,
    token_duration: Option<i64>,
}

/// `/user/new`: makes an account and mails the link that activates it (F011, F012, F014, F016, F017).
///
/// # Errors
/// `UsernameError`, `EmailError`, `PersonNameError`, `BillToError`; `ResourceNotFound` for an unknown `provisioningOrg`;
/// `PermissionDenied`; `RateLimitConditional` for whoever makes very many.
pub async fn new(ctx: Ctx, input: NewUser) -> Result<NewUserMade> {
    let wanted = check(&input)?;
    ctx.change(move |work| {
        if work.ctx.caller.is_none() {
            sign_in::stranger_asks(work)?;
        }
        let provisioning_org = permission(work, &input)?;
        let bill_to = payer(work, &wanted, input.bill_to.as_deref())?;
        if account::by_id(work.tx, &wanted.id)?.is_some() {
            return Err(username_taken(&wanted.handle));
        }
        let answer = NewUserMade {
            user_id: wanted.id.clone(),
            email_sent_to: wanted.email.to_string(),
            message: format!("An activation link is on its way to {}.", wanted.email),
            status: "success",
        };
        if let Some(holder) = account::by_email(work.tx, wanted.email.as_str())? {
            // Who has an account here is nobody's business but that of people who may make accounts.
            if work.ctx.caller.is_some() {
                return Err(email_taken());
            }
            if sign_in::may_send_link(work, &holder)? {
                work.mail(holder.key, &Letter::AddressTaken)?;
            }
            // The handle is taken as it would be otherwise, or who asks for it next could tell the difference.
            insert(work, &wanted, None, &bill_to, provisioning_org.as_ref())?;
            return Ok(answer);
        }
        let address = wanted.email.canonical();
        let key = insert(work, &wanted, Some(&address), &bill_to, provisioning_org.as_ref())?;
        let by = work.ctx.caller.as_ref().map(|caller| caller.id.clone());
        if by.is_some() {
            sign_in::activation_asked(work)?;
        }
        work.mail(key, &Letter::Activation { by })?;
        Ok(answer)
    })
    .await
}

/// Makes the account; without an address nobody can ever activate it, and it ends like others that nobody does.
fn insert(
    work: &Work<'_>,
    wanted: &Wanted,
    email: Option<&str>,
    bill_to: &str,
    provisioning_org: Option<&OrgId>,
) -> Result<AccountKey> {
    let policies = wanted.token_duration.map_or_else(|| json!({}), |ms| json!({ "tokenDuration": ms }));
    let key = account::insert(
        work.tx,
        &NewAccount {
            id: &wanted.id,
            handle: wanted.handle.as_str(),
            email,
            first: wanted.first.as_str(),
            middle: wanted.middle.as_str(),
            last: wanted.last.as_str(),
            occupation: wanted.occupation.as_deref(),
            kind: PlatformKind::Standard,
            state: AccountState::Pending,
            bill_to,
            created_by: work.ctx.caller.as_ref().map(|caller| caller.id.as_str()),
            provisioning_org: provisioning_org.map(OrgId::as_str),
            policies: &policies,
        },
        work.now(),
    )?;
    work.record(Event::done(EventName::UserMade).subject(&wanted.id).after(json!({
        "billTo": bill_to,
        "provisioningOrg": provisioning_org,
    })))?;
    Ok(key)
}

fn check(input: &NewUser) -> Result<Wanted> {
    let handle = handle(&input.username)?;
    let id = UserId::from_handle(handle.as_str()).ok_or_else(|| {
        of_kind(ErrorType::UsernameError, "The user name cannot be used. Choose another one.")
    })?;
    let email = address(&input.email)?;
    let (first, last) = (person_name(input.first.as_deref())?, person_name(input.last.as_deref())?);
    if first.as_str().is_empty() && last.as_str().is_empty() {
        return Err(of_kind(
            ErrorType::PersonNameError,
            "Give a first or a last name: both cannot be empty.",
        ));
    }
    let token_duration = input.token_duration.map(|duration| duration.0);
    if token_duration.is_some_and(|ms| ms > LONGEST_TOKEN_MS) {
        return Err(ApiError::invalid_input("key \"tokenDuration\": tokens live 30 days at most.").into());
    }
    let occupation = input.occupation.clone();
    if occupation.as_ref().is_some_and(|text| text.len() > PersonName::MAX_BYTES || text.contains('\0')) {
        return Err(ApiError::invalid_input("key \"occupation\": at most 255 bytes, without U+0000.").into());
    }
    Ok(Wanted {
        id,
        email,
        first,
        last,
        middle: person_name(input.middle.as_deref())?,
        handle,
        occupation,
        // Clients send negative durations, which mean nothing.
        token_duration: token_duration.filter(|ms| *ms > 0),
    })
}

/// Whether the caller may make the account, and on behalf of which organisation.
fn permission(work: &Work<'_>, input: &NewUser) -> Result<Option<OrgId>> {
    let Some(caller) = &work.ctx.caller else {
        if !work.ctx.app.options.self_sign_up {
            return Err(of_kind(
                ErrorType::PermissionDenied,
                "People cannot make accounts for themselves on this server. Ask an administrator for one.",
            ));
        }
        if input.bill_to.is_some() || input.provisioning_org.is_some() {
            return Err(of_kind(
                ErrorType::PermissionDenied,
                "Whoever makes an account for themselves can name no organisation. Leave `billTo` and `provisioningOrg` out.",
            ));
        }
        return Ok(None);
    };
    let (org, org_admin, licensed) = match &input.provisioning_org {
        None => {
            let (any, licensed) = org::administers(work.tx, caller.account, Feature::Provisioning)?;
            (None, any, licensed)
        }
        Some(named) => {
            let id = OrgId::parse(named).ok_or_else(|| absent(named))?;
            let org = org::by_id(work.tx, &id)?.ok_or_else(|| absent(named))?;
            (Some(id), work.is_org_admin(org.key)?, org.features.has(Feature::Provisioning))
        }
    };
    work.system_permit(SystemAction::ProvisionUser { org_admin, licensed }).map_err(|error| match error {
        Error::Refused(mut refused) => {
            refused.subjects.extend(org.iter().map(OrgId::to_string));
            Error::Refused(refused)
        }
        other => other,
    })?;
    Ok(org)
}

/// Who pays for the new user by default: the user, or an organisation that the caller administers.
fn payer(work: &Work<'_>, wanted: &Wanted, named: Option<&str>) -> Result<String> {
    let Some(named) = named else { return Ok(wanted.id.to_string()) };
    let refused = |why: &str| Err(of_kind(ErrorType::BillToError, format!("key \"billTo\": {why}")));
    let key = match OrgId::parse(named) {
        Some(id) => org::key_of(work.tx, &id)?,
        None => None,
    };
    let Some(key) = key else { return refused(&format!("there is no organisation \"{named}\".")) };
    if !work.is_org_admin(key)? && work.caller()?.kind != PlatformKind::Admin {
        return refused(&format!("only an administrator of {named} can let it pay for a new user."));
    }
    Ok(named.to_owned())
}

impl Work<'_> {
    /// Whether the caller is an ADMIN of an organisation.
    pub(crate) fn is_org_admin(&self, key: store::keys::OrgKey) -> Result<bool> {
        let membership = org::membership(self.tx, key, self.caller()?.account)?;
        Ok(membership.is_some_and(|membership| membership.level == OrgLevel::Admin))
    }
}
