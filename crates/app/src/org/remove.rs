//! Ending a membership, and with it what it gave (contract: identity-and-sharing 4.3).

use std::collections::BTreeMap;

use policy::OrgAction;
use serde_json::json;
use store::account;
use store::org::{self, MAX_REVOKED, RevokedGrant};
use wire::id::OrgId;
use wire::org::{RemoveMember, Removed};
use wire::{ApiError, ErrorType};

use super::member::{facets, keep_an_admin};
use crate::context::Ctx;
use crate::error::{Error, Result, absent};
use crate::event::{Event, EventName};
use crate::work::Work;

/// `/org-xxxx/removeMember`: by an ADMIN, or by a member about themselves.
///
/// What the member reached through the organisation ends at once. Unless told otherwise, so do the member's own entries
/// in projects that the organisation pays for; the answer names these. For somebody who is no member nothing is left to
/// do, as the public client expects of a repeated call.
///
/// # Errors
/// `PermissionDenied` for other members, `ResourceNotFound` for an unknown user, `InvalidState` for the last ADMIN.
pub async fn remove_member(ctx: Ctx, id: OrgId, input: RemoveMember) -> Result<Removed> {
    ctx.change(move |work| {
        let (found, access) = work.org(&id)?;
        let own = work.caller()?.id == input.user;
        let action = if own && !access.allows(OrgAction::Administer) {
            OrgAction::Leave
        } else {
            OrgAction::Administer
        };
        let permit = work.org_permit(&access, action)?;
        let account = account::by_id(work.tx, &input.user)?.ok_or_else(|| absent(input.user.as_str()))?;
        let Some(membership) = org::membership(work.tx, found.key, account.key)? else {
            return Ok(Removed { id: found.id, projects: BTreeMap::new(), apps: BTreeMap::new() });
        };
        let revoked = if input.revoke_project_permissions {
            org::revoke_own_grants(work.tx, &permit, &found.id, account.key)?.ok_or_else(|| {
                too_many(&format!("{} has entries in projects that {} pays for", account.id, found.id))
            })?
        } else {
            Vec::new()
        };
        org::remove_member(work.tx, &permit, account.key)?;
        let billed = account::stop_billing_to(work.tx, account.key, found.id.as_str())?;
        keep_an_admin(work, &found)?;
        work.record(
            Event::done(EventName::OrgMemberRemoved)
                .subject(&found.id)
                .subject(&account.id)
                .before(facets(&membership))
                .after(json!({ "revoked": revoked.len(), "defaultPayerReset": billed })),
        )?;
        record_revoked(work, &revoked, &account.id)?;
        let projects =
            revoked.into_iter().map(|RevokedGrant { project, given }| (project.to_string(), given.level()));
        Ok(Removed { id: found.id, projects: projects.collect(), apps: BTreeMap::new() })
    })
    .await
}

/// Tells the log of each project that it shares nothing with `whom` any more.
pub(super) fn record_revoked(work: &Work<'_>, revoked: &[RevokedGrant], whom: &impl ToString) -> Result<()> {
    revoked.iter().try_for_each(|grant| {
        work.record(
            Event::done(EventName::MemberRemoved)
                .project(&grant.project)
                .subject(whom)
                .before(json!({ "level": grant.given.level() })),
        )
    })
}

/// The refusal to take away more entries than one transaction should.
pub(super) fn too_many(which: &str) -> Error {
    ApiError::new(
        ErrorType::InvalidState,
        format!(
            "{which}, more than the {MAX_REVOKED} entries that one call takes away. Remove some of them project by project first."
        ),
    )
    .into()
}
