//! `/user-xxxx/update`.

use policy::SystemAction;
use serde_json::{Map, Value as Json, json};
use store::account::{self, Account, Profile};
use wire::ApiError;
use wire::account::UpdateUser;
use wire::answer::Made;
use wire::id::{BillToId, OrgId, UserId};
use wire::text::PersonName;

use crate::context::Ctx;
use crate::error::{Result, absent};
use crate::event::{Event, EventName};
use crate::work::Work;

/// Longest public key, in bytes.
const MAX_KEY_LEN: usize = 16 * 1024;
/// Most bytes of all settings of the pages.
const MAX_PREFERENCES_LEN: usize = 64 * 1024;

/// `/user-xxxx/update`: changes one's own account, who pays by default included (F015).
///
/// # Errors
/// `PermissionDenied` for somebody else's account, or a payer whose money the caller may not spend; `ResourceNotFound`
/// for an unknown payer; `InvalidInput`.
pub async fn update(ctx: Ctx, id: UserId, input: UpdateUser) -> Result<Made> {
    ctx.change(move |work| {
        let (before, permit) = work.own_account(&id)?;
        let names = [
            part(input.first.as_ref(), &before.first),
            part(input.middle.as_ref(), &before.middle),
            part(input.last.as_ref(), &before.last),
        ];
        if names[0].is_empty() && names[2].is_empty() {
            return Err(ApiError::invalid_input("Give a first or a last name: both cannot be empty.").into());
        }
        let ssh_public_key = match &input.ssh_public_key {
            None => before.ssh_public_key.clone(),
            Some(None) => None,
            Some(Some(key)) => Some(public_key(key)?),
        };
        let mut policies = before.policies.clone();
        if let Some(when) = input.policies.as_ref().and_then(|policies| policies.email_when_job_complete) {
            policies["emailWhenJobComplete"] = json!(when);
        }
        let preferences = merged(&before.preferences, input.preferences.as_ref())?;
        let bill_to = match &input.bill_to {
            None => before.bill_to.clone(),
            Some(named) => payer(work, &before, named)?,
        };
        let profile = Profile {
            first: &names[0],
            middle: &names[1],
            last: &names[2],
            bill_to: &bill_to,
            ssh_public_key: ssh_public_key.as_deref(),
            policies: &policies,
            preferences: &preferences,
        };
        account::set_profile(work.tx, &permit, before.key, &profile)?;
        work.record(
            Event::done(EventName::UserUpdated)
                .subject(&before.id)
                .before(json!({ "billTo": before.bill_to }))
                .after(json!({ "billTo": bill_to, "sshPublicKey": ssh_public_key != before.ssh_public_key })),
        )?;
        Ok(Made::new(before.id))
    })
    .await
}

fn part(given: Option<&PersonName>, before: &str) -> String {
    given.map_or(before, PersonName::as_str).to_owned()
}

/// Who shall pay by default: the caller, or an organisation whose money the caller may spend.
fn payer(work: &Work<'_>, account: &Account, named: &str) -> Result<String> {
    let Some(id) = BillToId::parse(named) else {
        return Err(ApiError::invalid_input(format!(
            "key \"billTo\": \"{named}\" is not the id of a user or an organisation."
        ))
        .into());
    };
    let may_bill = work.may_bill(&id)?;
    if let Some(org) = OrgId::parse(named)
        && store::org::key_of(work.tx, &org)?.is_none()
    {
        return Err(absent(named));
    }
    work.account_permit(account, SystemAction::SetOwnBillTo { may_bill })?;
    Ok(named.to_owned())
}

fn public_key(key: &str) -> Result<String> {
    let wrong = |why: &str| Err(ApiError::invalid_input(format!("key \"sshPublicKey\": {why}")).into());
    if key.contains("PRIVATE KEY-----") {
        return wrong(
            "Tried to put a private key in the sshPublicKey field. Keep it to yourself, and send the file that ends in .pub.",
        );
    }
    if key.len() > MAX_KEY_LEN || key.contains('\0') {
        return wrong("this is no public key: it is too long, or contains U+0000.");
    }
    Ok(key.to_owned())
}

fn merged(before: &Json, changes: Option<&Map<String, Json>>) -> Result<Json> {
    let mut merged = before.as_object().cloned().unwrap_or_default();
    for (name, value) in changes.into_iter().flatten() {
        if value.is_null() {
            merged.remove(name);
        } else {
            merged.insert(name.clone(), value.clone());
        }
    }
    let merged = Json::Object(merged);
    let text = merged.to_string();
    if text.len() > MAX_PREFERENCES_LEN || text.contains("\\u0000") {
        return Err(ApiError::invalid_input(format!(
            "key \"preferences\": all preferences together take at most {MAX_PREFERENCES_LEN} bytes, without U+0000."
        ))
        .into());
    }
    Ok(merged)
}
