//! Searching for users.

use std::collections::BTreeMap;

use policy::{OrgAction, SystemAction};
use serde::{Deserialize, Serialize};
use store::access::OrgAccess;
use store::account::{self, Account, AccountFilter, Circle};
use store::org::{self, MembershipFilter};
use wire::account::FindUsers;
use wire::answer::{Described, Page};
use wire::fields::Fields;
use wire::id::UserId;
use wire::page;

use super::standing::platform_kind;
use crate::context::Ctx;
use crate::error::Result;
use crate::member::each_team;
use crate::person;
use crate::work::Work;

/// Organisations of the caller's that are looked at together.
const ORGS_AT_ONCE: usize = 200;

/// Where a page ended: results come in the order of their ids.
#[derive(Debug, Serialize, Deserialize)]
struct Position {
    after: String,
}

/// `/system/findUsers`: users by id, as anybody sees them. Platform administrators find everybody. Others find themselves
/// and those whom they share an organisation or a project with (contract: identity-and-sharing 9), where they may see its
/// members; of an organisation that they name, its members.
///
/// # Errors
/// `PermissionDenied` for a `kind` unless a platform administrator asks, and for an `org` whose members the caller may not
/// list; `ResourceNotFound` for an unknown `org`; `InvalidInput` for a `starting` that is no `next`.
pub async fn find(ctx: Ctx, input: FindUsers) -> Result<Page<Described>> {
    ctx.look(move |work| {
        if input.kind.is_some() {
            work.system_permit(SystemAction::Administer)?;
        }
        let of_org = match &input.org {
            Some(id) => {
                let (org, access) = work.org(id)?;
                work.org_permit(&access, OrgAction::ListMembers)?;
                Some([org.key])
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
            among: of_org.as_ref().map(|org| Circle::Orgs(org)),
        };
        let mut found = if of_org.is_some() || work.system_allows(SystemAction::Administer)? {
            account::find(work.tx, &filter, &after, limit + 1)?
        } else {
            known(work, &filter, &after, limit + 1)?
        };
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

/// Merges the first accounts behind `after` of all whom the caller knows: the caller, and the members of those
/// organisations and projects of the caller's whose members the caller may see.
fn known(work: &Work<'_>, filter: &AccountFilter<'_>, after: &str, limit: usize) -> Result<Vec<Account>> {
    let mut first: BTreeMap<String, Account> = BTreeMap::new();
    let mut add = |among: Circle<'_>| -> Result<()> {
        let filter = AccountFilter { among: Some(among), ..filter.clone() };
        let found = account::find(work.tx, &filter, after, limit)?;
        first.extend(found.into_iter().map(|account| (account.id.to_string(), account)));
        while first.len() > limit {
            first.pop_last();
        }
        Ok(())
    };
    let caller = work.caller()?;
    add(Circle::Person(caller.account))?;
    let mut last = String::new();
    loop {
        let mine =
            org::memberships(work.tx, caller.account, MembershipFilter::default(), &last, ORGS_AT_ONCE)?;
        let Some((end, _)) = mine.last() else { break };
        last = end.id.to_string();
        let mut shown = Vec::new();
        for (org, _) in &mine {
            if OrgAccess::load(work.tx, caller, &work.settings(), org)?.allows(OrgAction::ListMembers) {
                shown.push(org.key);
            }
        }
        if !shown.is_empty() {
            add(Circle::Orgs(&shown))?;
        }
    }
    each_team(work, |projects| add(Circle::Projects(projects)))?;
    Ok(first.into_values().collect())
}
