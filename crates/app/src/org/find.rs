//! Searching for organisations and listing their members (contract: identity-and-sharing 4.3, 9).

use policy::{OrgAction, OrgLevel};
use store::account;
use store::org::{self, Member, MemberFilter, Membership, MembershipFilter};
use wire::answer::Page;
use wire::id::OrgId;
use wire::org::{FindMembers, FindOrgs, FoundOrg, MemberRow, OrgLevel as WireLevel};

use crate::context::Ctx;
use crate::error::Result;
use crate::paging::{After, after_text, cut};
use crate::person;

/// `/system/findOrgs`: the organisations that the caller belongs to, by id.
///
/// # Errors
/// `InvalidInput` for a `starting` of another search.
pub async fn find(ctx: Ctx, input: FindOrgs) -> Result<Page<FoundOrg>> {
    ctx.look(move |work| {
        let limit = input.limit.get();
        let filter = MembershipFilter {
            admin: input.level == WireLevel::Admin,
            may_bill: input.allow_billable_activities,
        };
        let after = after_text(work.ctx, input.starting.as_ref())?;
        let mut found = org::memberships(work.tx, work.caller()?.account, filter, &after, limit + 1)?;
        let next = cut(work.ctx, &mut found, limit, |(org, _)| After { after: org.id.to_string() })?;
        let mut results = Vec::with_capacity(found.len());
        for (org, membership) in found {
            let describe = match input.describe.fields() {
                Some(fields) => Some(super::describe_one(work, &org.id, fields)?),
                None => None,
            };
            results.push(FoundOrg { id: org.id, level: level(membership.level), describe });
        }
        Ok(Page { results, next })
    })
    .await
}

/// `/org-xxxx/findMembers`: by user id. Who may see them is the organisation's policy.
///
/// # Errors
/// `PermissionDenied` for those who may not.
pub async fn find_members(ctx: Ctx, id: OrgId, input: FindMembers) -> Result<Page<MemberRow>> {
    ctx.look(move |work| {
        let (found, access) = work.org(&id)?;
        work.org_permit(&access, OrgAction::ListMembers)?;
        let limit = input.limit.get();
        let filter = MemberFilter {
            ids: input.id.as_ref().map(|ids| ids.to_vec()),
            level: input.level.map(|level| match level {
                WireLevel::Admin => OrgLevel::Admin,
                WireLevel::Member => OrgLevel::Member,
            }),
        };
        let after = after_text(work.ctx, input.starting.as_ref())?;
        let mut members = org::members(work.tx, found.key, &filter, &after, limit + 1)?;
        let next = cut(work.ctx, &mut members, limit, |member| After { after: member.id.to_string() })?;
        let mut results = Vec::with_capacity(members.len());
        for member in members {
            let describe = match input.describe.fields() {
                Some(fields) => Some(person::describe(&account::by_key(work.tx, member.account)?, fields)),
                None => None,
            };
            results.push(row(member, describe));
        }
        Ok(Page { results, next })
    })
    .await
}

fn row(member: Member, describe: Option<wire::answer::Described>) -> MemberRow {
    let Membership {
        level: held,
        allow_billable_activities,
        project_access,
        app_access,
        archival_management,
        data_deletion,
        data_search,
        project_member_demotion,
        tre_management,
        cloud_integration_management,
    } = member.membership.as_it_acts();
    MemberRow {
        id: member.id,
        level: level(held),
        allow_billable_activities,
        project_access,
        app_access,
        archival_management,
        data_deletion,
        data_search,
        project_member_demotion,
        tre_management,
        cloud_integration_management,
        describe,
    }
}

fn level(level: OrgLevel) -> WireLevel {
    match level {
        OrgLevel::Admin => WireLevel::Admin,
        OrgLevel::Member => WireLevel::Member,
    }
}
