//! Inviting into an organisation, and changing what a member may (contract: identity-and-sharing 4.1, 4.3; F030, F031).

use policy::{OrgAction, OrgLevel};
use serde_json::{Value as Json, json};
use store::account::{self, Account, PlatformKind};
use store::notification::{self, NewNotification};
use store::org::{self, Membership, Org};
use store::text::Word as _;
use wire::answer::Made;
use wire::id::{OrgId, UserId};
use wire::org::{Invite, Invited, MemberAccess, MemberFlags, OrgLevel as WireLevel, SetMemberAccess};
use wire::{ApiError, ErrorType, Level};

use crate::context::Ctx;
use crate::error::Result;
use crate::event::{Event, EventName};
use crate::mail_text::Letter;
use crate::party;
use crate::work::Work;

/// `/org-xxxx/invite`: the membership begins at once. What an ADMIN has by level is not taken from the input.
///
/// # Errors
/// `PermissionDenied` for anybody but its ADMINs, `ResourceNotFound` for an unknown user, `InvalidState` for somebody who
/// is a member already, `InvalidInput` for more than a Read-Only user can be given.
pub async fn invite(ctx: Ctx, id: OrgId, input: Invite) -> Result<Invited> {
    ctx.change(move |work| {
        let (found, access) = work.org(&id)?;
        let permit = work.org_permit(&access, OrgAction::Administer)?;
        let invitee = party::account(work, &input.invitee)?;
        if org::membership(work.tx, found.key, invitee.key)?.is_some() {
            let why =
                format!("{} is a member of {} already; change the membership instead.", invitee.id, found.id);
            return Err(ApiError::new(ErrorType::InvalidState, why).into());
        }
        refuse_beyond_reading(&invitee, input.level, &input.flags)?;
        let membership = match input.level {
            WireLevel::Admin => Membership::ADMIN,
            WireLevel::Member => with_flags(Membership::MEMBER, &input.flags),
        };
        org::put_member(work.tx, &permit, invitee.key, &membership, work.now())?;
        work.record(
            Event::done(EventName::OrgMemberInvited)
                .subject(&found.id)
                .subject(&invitee.id)
                .after(facets(&membership)),
        )?;
        tell(work, &found, &invitee, input.suppress_email_notification)?;
        Ok(Invited { id: found.id, state: "accepted" })
    })
    .await
}

/// `/org-xxxx/setMemberAccess`: level and flags of members, all of them or none.
///
/// A flag that is not named stays; it is the default when an ADMIN becomes a MEMBER.
///
/// # Errors
/// `PermissionDenied` for anybody but its ADMINs; `InvalidInput` for somebody who is no member, and for flags that an
/// ADMIN has by level; `InvalidState` when no ADMIN would be left.
pub async fn set_member_access(ctx: Ctx, id: OrgId, input: SetMemberAccess) -> Result<Made> {
    ctx.change(move |work| {
        let (found, access) = work.org(&id)?;
        let permit = work.org_permit(&access, OrgAction::Administer)?;
        for (user, wanted) in &input.0 {
            let (account, before) = member_of(work, &found, user)?;
            refuse_beyond_reading(&account, wanted.level, &wanted.flags)?;
            let after = changed(user, before, wanted)?;
            if after == before {
                continue;
            }
            org::put_member(work.tx, &permit, account.key, &after, work.now())?;
            work.record(
                Event::done(EventName::OrgMemberChanged)
                    .subject(&found.id)
                    .subject(user)
                    .before(facets(&before))
                    .after(facets(&after)),
            )?;
        }
        keep_an_admin(work, &found)?;
        Ok(Made::new(found.id))
    })
    .await
}

/// A Read-Only user is given nothing in an organisation that goes beyond looking (F006). What such a user has by default,
/// or had before, the decision cuts.
fn refuse_beyond_reading(user: &Account, level: WireLevel, flags: &MemberFlags) -> Result<()> {
    let on = |flag: Option<bool>| flag == Some(true);
    let beyond = level == WireLevel::Admin
        || flags.project_access.is_some_and(|access| access > Level::View)
        || on(flags.allow_billable_activities)
        || on(flags.archival_management)
        || on(flags.data_deletion)
        || on(flags.project_member_demotion)
        || on(flags.tre_management)
        || on(flags.cloud_integration_management);
    if user.kind != PlatformKind::ReadOnly || !beyond {
        return Ok(());
    }
    Err(ApiError::invalid_input(format!(
        "{} is a Read-Only user of this platform, so can be a MEMBER with the project access VIEW at most, and without the flags that let a member change anything.",
        user.id
    ))
    .into())
}

/// Fails when what was done leaves no ADMIN who can act.
///
/// # Errors
/// `InvalidState`; then nothing of the call is kept.
pub(super) fn keep_an_admin(work: &Work<'_>, org: &Org) -> Result<()> {
    if org::admin_count(work.tx, org.key)? > 0 {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorType::InvalidState,
        format!("Nobody would be left to administer {}. Make somebody else an ADMIN first.", org.id),
    )
    .into())
}

/// A member, by user id.
///
/// # Errors
/// `ResourceNotFound` for an unknown user, `InvalidInput` for one who is no member.
pub(super) fn member_of(work: &Work<'_>, org: &Org, user: &UserId) -> Result<(Account, Membership)> {
    let account = account::by_id(work.tx, user)?.ok_or_else(|| crate::error::absent(user.as_str()))?;
    let membership = org::membership(work.tx, org.key, account.key)?
        .ok_or_else(|| ApiError::invalid_input(format!("{user} is no member of {}.", org.id)))?;
    Ok((account, membership))
}

fn changed(user: &UserId, before: Membership, wanted: &MemberAccess) -> Result<Membership> {
    match (before.level, wanted.level) {
        (_, WireLevel::Admin) => {
            if let Some(flag) = given_by_level(&wanted.flags) {
                return Err(ApiError::invalid_input(format!(
                    "key \"{user}.{flag}\": an ADMIN has this by level, so it cannot be set. Leave it out."
                ))
                .into());
            }
            let independent = Membership {
                tre_management: before.tre_management,
                cloud_integration_management: before.cloud_integration_management,
                ..Membership::ADMIN
            };
            Ok(with_flags(independent, &wanted.flags))
        }
        (OrgLevel::Admin, WireLevel::Member) => {
            let reset = Membership {
                tre_management: before.tre_management,
                cloud_integration_management: before.cloud_integration_management,
                ..Membership::MEMBER
            };
            Ok(with_flags(reset, &wanted.flags))
        }
        (OrgLevel::Member, WireLevel::Member) => Ok(with_flags(before, &wanted.flags)),
    }
}

/// The first flag among these that an ADMIN has by level.
fn given_by_level(flags: &MemberFlags) -> Option<&'static str> {
    [
        ("allowBillableActivities", flags.allow_billable_activities.is_some()),
        ("projectAccess", flags.project_access.is_some()),
        ("appAccess", flags.app_access.is_some()),
        ("archivalManagement", flags.archival_management.is_some()),
        ("dataDeletion", flags.data_deletion.is_some()),
        ("dataSearch", flags.data_search.is_some()),
        ("projectMemberDemotion", flags.project_member_demotion.is_some()),
    ]
    .into_iter()
    .find_map(|(name, given)| given.then_some(name))
}

fn with_flags(base: Membership, flags: &MemberFlags) -> Membership {
    Membership {
        level: base.level,
        allow_billable_activities: flags.allow_billable_activities.unwrap_or(base.allow_billable_activities),
        project_access: flags.project_access.unwrap_or(base.project_access),
        app_access: flags.app_access.unwrap_or(base.app_access),
        archival_management: flags.archival_management.unwrap_or(base.archival_management),
        data_deletion: flags.data_deletion.unwrap_or(base.data_deletion),
        data_search: flags.data_search.unwrap_or(base.data_search),
        project_member_demotion: flags.project_member_demotion.unwrap_or(base.project_member_demotion),
        tre_management: flags.tre_management.unwrap_or(base.tre_management),
        cloud_integration_management: flags
            .cloud_integration_management
            .unwrap_or(base.cloud_integration_management),
    }
}

fn tell(work: &Work<'_>, org: &Org, invitee: &Account, without_mail: bool) -> Result<()> {
    let by = &work.caller()?.id;
    notification::insert(
        work.tx,
        &NewNotification {
            account: invitee.key,
            kind: "org.invite",
            text: &format!("{by} made you a member of the organisation \"{}\".", org.name),
            project: None,
            entities: &[org.id.as_str(), by.as_str()],
        },
        work.now(),
    )?;
    if without_mail {
        return Ok(());
    }
    let letter = Letter::OrgInvited { org: org.id.clone(), by: by.clone() };
    if crate::sign_in::may_send_invitation(work, invitee)? {
        work.mail(invitee.key, &letter)?;
    }
    Ok(())
}

/// A membership for the audit log.
pub(super) fn facets(membership: &Membership) -> Json {
    json!({
        "level": membership.level.word(),
        "allowBillableActivities": membership.allow_billable_activities,
        "projectAccess": membership.project_access,
        "appAccess": membership.app_access,
        "archivalManagement": membership.archival_management,
        "dataDeletion": membership.data_deletion,
        "dataSearch": membership.data_search,
        "projectMemberDemotion": membership.project_member_demotion,
        "treManagement": membership.tre_management,
        "cloudIntegrationManagement": membership.cloud_integration_management,
    })
}
