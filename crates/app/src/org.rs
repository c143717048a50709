//! Organisations (contract: identity-and-sharing 4).

mod describe;
mod find;
mod licence;
mod member;
mod remove;

use policy::{MemberListVisibility, OrgAction, SystemAction};
use serde_json::json;
use store::org::{self, MemberFilter, NewOrg, Org};
use store::text::Word as _;
use wire::answer::{Made, NoInput};
use wire::id::OrgId;
use wire::org::{self as wire_org, New, PolicyUpdate, Update};
use wire::text::OrgName;
use wire::{ApiError, ErrorType};

use crate::context::Ctx;
use crate::error::{Error, Result};
use crate::event::{Event, EventName};
use crate::session::IDLE_MS;
use crate::work::Work;

pub use describe::describe;
pub(crate) use describe::one as describe_one;
pub use find::{find, find_members};
pub use licence::set_features;
pub use member::{invite, set_member_access};
pub use remove::remove_member;

/// `/org/new`: makes an organisation whose maker is its first ADMIN. Nothing can be charged to it until a platform
/// administrator allows that.
///
/// # Errors
/// `InvalidInput` for a handle that is taken, now or by an organisation that was destroyed.
pub async fn new(ctx: Ctx, input: New) -> Result<Made> {
    let make = move |work: &Work<'_>| {
        let permit = work.system_permit(SystemAction::CreateOrg)?;
        let handle = input.handle.as_str();
        let id = OrgId::from_handle(handle)
            .ok_or_else(|| Error::internal("a checked handle makes an id of an organisation"))?;
        let caller = work.caller()?;
        let new = NewOrg {
            id: &id,
            handle,
            name: input.name.as_str(),
            member_list_visibility: input
                .policies
                .member_list_visibility
                .map_or(MemberListVisibility::Admin, visibility),
            transfer_by_admins_only: input.policies.restrict_project_transfer
                == Some(wire_org::OrgLevel::Admin),
            billing_enabled: false,
            created_by: caller.id.as_str(),
        };
        let key = work
            .tx
            .nested(|tx| org::insert(tx, &permit, &new, work.now()))
            .map_err(|error| if error.is_unique_on("org.id") { taken(handle) } else { error.into() })?;
        org::first_member(work.tx, &permit, key, caller.account, work.now())?;
        let (mut made, access) = work.org(&id)?;
        let leave = work.org_permit(&access, OrgAction::Administer)?;
        apply(&mut made, &input.policies);
        org::save(work.tx, &leave, &made)?;
        work.record(Event::done(EventName::OrgMade).subject(&id).after(policies(&made)))?;
        Ok(Made::new(id))
    };
    ctx.create(|work| work.system_permit(SystemAction::CreateOrg).map(|_| ()), make).await
}

/// `/org-xxxx/update`; what is not named stays, and nothing at all may be named.
///
/// # Errors
/// `PermissionDenied` for anybody but its ADMINs with a token of full scope.
pub async fn update(ctx: Ctx, id: OrgId, input: Update) -> Result<Made> {
    ctx.change(move |work| {
        let (before, access) = work.org(&id)?;
        let permit = work.org_permit(&access, OrgAction::Administer)?;
        if input.job_logs_forwarding.as_ref().is_some_and(|wanted| !wanted.is_empty()) {
            return Err(ApiError::invalid_input(
                "This server does not forward the logs of executions yet, so \"jobLogsForwarding\" can only be {}.",
            )
            .into());
        }
        let mut after = before.clone();
        if let Some(name) = &input.name {
            name.as_str().clone_into(&mut after.name);
        }
        after.saml_idp = input.saml_idp.clone().apply(before.saml_idp.clone(), OrgName::into);
        apply(&mut after, &input.policies);
        let renamed = before.name != after.name;
        let (was, is) = (policies(&before), policies(&after));
        if renamed || was != is || before.saml_idp != after.saml_idp {
            org::save(work.tx, &permit, &after)?;
            work.record(
                Event::done(EventName::OrgUpdated)
                    .subject(&after.id)
                    .before(was)
                    .after(json!({ "policies": is, "renamed": renamed, "samlIdP": after.saml_idp })),
            )?;
        }
        Ok(Made::new(after.id))
    })
    .await
}

/// `/org-xxxx/destroy`: ends an organisation that has nobody and pays for nothing any more.
///
/// # Errors
/// `PermissionDenied` for anybody but its ADMINs; `InvalidState` while it has other members or pays for projects.
pub async fn destroy(ctx: Ctx, id: OrgId, _: NoInput) -> Result<Made> {
    ctx.change(move |work| {
        let (found, access) = work.org(&id)?;
        let permit = work.org_permit(&access, OrgAction::Administer)?;
        let obstacle = if org::member_count(work.tx, found.key)? > 1 {
            Some("has other members. Remove them first")
        } else if org::pays_for_projects(work.tx, &found.id)? {
            Some("pays for projects. Destroy them, or let others pay for them, first")
        } else {
            None
        };
        if let Some(obstacle) = obstacle {
            let why = format!("{} {obstacle}.", found.id);
            return Err(ApiError::new(ErrorType::InvalidState, why).into());
        }
        let Some(revoked) = org::revoke_org_grants(work.tx, &permit)? else {
            return Err(remove::too_many(&format!("Projects are shared with {}", found.id)));
        };
        let members = org::members(work.tx, found.key, &MemberFilter::default(), "", 1)?;
        for member in &members {
            store::account::stop_billing_to(work.tx, member.account, found.id.as_str())?;
        }
        org::destroy(work.tx, &permit, work.now())?;
        work.record(
            Event::done(EventName::OrgDestroyed)
                .subject(&found.id)
                .after(json!({ "revoked": revoked.len() })),
        )?;
        remove::record_revoked(work, &revoked, &found.id)?;
        Ok(Made::new(found.id))
    })
    .await
}

fn taken(handle: &str) -> Error {
    ApiError::invalid_input(format!(
        "key \"handle\": \"{handle}\" is taken, or was taken once. Choose another one; letter case does not count."
    ))
    .into()
}

fn apply(org: &mut Org, change: &PolicyUpdate) {
    if let Some(visible) = change.member_list_visibility {
        org.member_list_visibility = visibility(visible);
    }
    if let Some(by) = change.restrict_project_transfer {
        org.transfer_by_admins_only = by == wire_org::OrgLevel::Admin;
    }
    if let Some(reuse) = change.job_reuse {
        org.policies.job_reuse = reuse;
    }
    if let Some(collect) = change.detailed_job_metrics_collect_default {
        org.policies.detailed_job_metrics_collect_default = collect;
    }
}

fn visibility(visible: wire_org::MemberListVisibility) -> MemberListVisibility {
    match visible {
        wire_org::MemberListVisibility::Admin => MemberListVisibility::Admin,
        wire_org::MemberListVisibility::Member => MemberListVisibility::Member,
        wire_org::MemberListVisibility::Public => MemberListVisibility::Public,
    }
}

/// The policies as describe shows them.
fn policies(org: &Org) -> serde_json::Value {
    json!({
        "memberListVisibility": org.member_list_visibility.word(),
        "restrictProjectTransfer": if org.transfer_by_admins_only { "ADMIN" } else { "MEMBER" },
        "jobReuse": org.policies.job_reuse,
        "detailedJobMetricsCollectDefault": org.policies.detailed_job_metrics_collect_default,
        "autoLogoutAfter": org.auto_logout_after.unwrap_or(IDLE_MS),
    })
}
