//! Searching for users.

use policy::{OrgAction, PlatformKind, SystemAction};
use serde::{Deserialize, Serialize};
use store::account::{self, AccountFilter};
use wire::account::FindUsers;
use wire::answer::{Described, Page};
use wire::fields::Fields;
use wire::id::UserId;
use wire::page;

use super::standing::platform_kind;
use crate::context::Ctx;
use crate::error::Result;
use crate::person;

/// Where a page ended: results come in the order of their ids.
#[derive(Debug, Serialize, Deserialize)]
struct Position {
    after: String,
}

/// `/system/findUsers`: users by id, as anybody sees them. Platform administrators find everybody; others find
/// themselves and those whom they share an organisation or a project with (contract: identity-and-sharing 9).
///
/// # Errors
/// `PermissionDenied` for a `kind` unless a platform administrator asks, and for an `org` whose members the caller may not
/// list; `ResourceNotFound` for an unknown `org`; `InvalidInput` for a `starting` that is no `next`.
pub async fn find(ctx: Ctx, input: FindUsers) -> Result<Page<Described>> {
    ctx.look(move |work| {
        let caller = work.caller()?;
        if input.kind.is_some() {
            work.system_permit(SystemAction::Administer)?;
        }
        let org = match &input.org {
            Some(id) => {
                let (org, access) = work.org(id)?;
                work.org_permit(&access, OrgAction::ListMembers)?;
                Some(org.key)
            }
            None => None,
        };
        let after = match &input.starting {
            Some(cursor) => cursor.read::<Position>()?.after,
            None => String::new(),
        };
        let limit = input.limit.get();
        // A handle that nobody can have finds nobody.
        let id = input
            .handle
            .as_deref()
            .map(|handle| UserId::from_handle(handle).map_or_else(String::new, |id| id.to_string()));
        let filter = AccountFilter {
            id: id.as_deref(),
            name: input.name.as_deref(),
            email: input.email.as_deref(),
            kind: input.kind.map(platform_kind),
            org,
            known_to: (caller.kind != PlatformKind::Admin).then_some(caller.account),
        };
        let mut found = account::find(work.tx, &filter, &after, limit + 1)?;
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| more).map(|account| Position { after: account.id.to_string() });
        Ok(Page {
            next: last.map(|last| page::next(&last)).transpose()?,
            results: found.iter().map(|account| person::describe(account, &Fields::default())).collect(),
        })
    })
    .await
}
