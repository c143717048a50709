//! Searching for users.

use std::collections::BTreeMap;
use std::sync::Arc;

use policy::{OrgAction, SystemAction};
use store::access::OrgAccess;
use store::account::{self, Account, AccountFilter, Circle};
use store::keys::OrgKey;
use store::org::{self, MembershipFilter};
use wire::ApiError;
use wire::account::FindUsers;
use wire::answer::{Described, Page};
use wire::fields::Fields;
use wire::id::UserId;

use super::standing::platform_kind;
use crate::context::Ctx;
use crate::error::Result;
use crate::member::Teams;
use crate::paging::{After, after_text, cut, end_of_turn, go_through};
use crate::person;
use crate::work::Work;

/// Organisations of the caller's that are looked at together.
const ORGS_AT_ONCE: usize = 200;

/// `/system/findUsers`: users by id, as anybody sees them. Platform administrators find everybody. Others find themselves
/// and those whom they share an organisation or a project with (contract: identity-and-sharing 9), where they may see its
/// members; of an organisation that they name, its members.
///
/// # Errors
/// `PermissionDenied` for a `kind` unless a platform administrator asks, and for an `org` whose members the caller may not
/// list; `ResourceNotFound` for an unknown `org`; `InvalidInput` for a `starting` that is no `next`, and when the
/// caller's organisations and projects are too many to go through in the time that the operator allows.
pub async fn find(ctx: Ctx, input: FindUsers) -> Result<Page<Described>> {
    let (limit, input) = (input.limit.get(), Arc::new(input));
    let asked = Arc::clone(&input);
    let everybody = ctx.look(move |work| {
        if asked.kind.is_some() {
            work.system_permit(SystemAction::Administer)?;
        }
        let of_org = match &asked.org {
            Some(id) => {
                let (org, access) = work.org(id)?;
                work.org_permit(&access, OrgAction::ListMembers)?;
                Some([org.key])
            }
            None => None,
        };
        let after = after_text(work.ctx, asked.starting.as_ref())?;
        let among = of_org.as_ref().map(|org| Circle::Orgs(org));
        if among.is_some() || work.system_allows(SystemAction::Administer)? {
            return some_of(work, &asked, among, &after, limit + 1).map(Some);
        }
        Ok(None)
    });
    let mut found = match everybody.await? {
        Some(found) => found,
        None => known(&ctx, input, limit + 1).await?,
    };
    let next = cut(&ctx, &mut found, limit, |account| After { after: account.id.to_string() })?;
    let results = found.iter().map(|account| person::describe(account, &Fields::default())).collect();
    Ok(Page { results, next })
}

/// The first accounts behind `after`, of some people, that fit what is asked.
fn some_of(
    work: &Work<'_>,
    asked: &FindUsers,
    among: Option<Circle<'_>>,
    after: &str,
    limit: usize,
) -> Result<Vec<Account>> {
    // A handle that nobody can have finds nobody.
    let id = asked
        .handle
        .as_deref()
        .map(|handle| UserId::from_handle(handle).map_or_else(String::new, |id| id.to_string()));
    let filter = AccountFilter {
        id: id.as_deref(),
        name: asked.name.as_deref(),
        email: asked.email.as_deref(),
        kind: asked.kind.map(platform_kind),
        among,
    };
    Ok(account::find(work.tx, &filter, after, limit)?)
}

/// The first accounts behind `after` of all whom the caller knows: the caller, and the members of those organisations and
/// projects of the caller's whose members the caller may see.
async fn known(ctx: &Ctx, asked: Arc<FindUsers>, limit: usize) -> Result<Vec<Account>> {
    let after = after_text(ctx, asked.starting.as_ref())?;
    let turn = move |work: &Work<'_>, state: &mut Known| {
        let Known { first, orgs, teams } = state;
        let mut add = |among: Circle<'_>| -> Result<()> {
            let found = some_of(work, &asked, Some(among), &after, limit)?;
            first.extend(found.into_iter().map(|account| (account.id.to_string(), account)));
            while first.len() > limit {
                first.pop_last();
            }
            Ok(())
        };
        add(Circle::Person(work.caller()?.account))?;
        Ok(orgs.visit(work, |orgs| add(Circle::Orgs(orgs)))?
            && teams.visit(work, |projects| add(Circle::Projects(projects)))?)
    };
    let found = go_through(ctx, Known::default(), too_many_circles, turn).await?;
    Ok(found.first.into_values().collect())
}

fn too_many_circles() -> ApiError {
    ApiError::invalid_input(
        "You are in more organisations and projects than one search can go through, so it was ended. Name with \"org\" the \
         organisation whose members you look for.",
    )
}

/// Merging the people of many circles.
#[derive(Debug, Clone, Default)]
struct Known {
    /// The first ones so far, by id.
    first: BTreeMap<String, Account>,
    orgs: Orgs,
    teams: Teams,
}

/// A way through the organisations that the caller belongs to and whose members the caller may see.
#[derive(Debug, Clone, Default)]
struct Orgs {
    /// Behind this one, which was visited last.
    behind: String,
    ended: bool,
}

impl Orgs {
    /// Visits the next ones, some at a time, until the time of one transaction is over; says whether these were all.
    fn visit(&mut self, work: &Work<'_>, mut visit: impl FnMut(&[OrgKey]) -> Result<()>) -> Result<bool> {
        let (caller, settings, over) = (work.caller()?, work.settings(), end_of_turn(work.ctx));
        while !self.ended {
            let any = MembershipFilter::default();
            let mine = org::memberships(work.tx, caller.account, any, &self.behind, ORGS_AT_ONCE)?;
            let Some((last, _)) = mine.last() else {
                self.ended = true;
                break;
            };
            self.behind = last.id.to_string();
            let mut shown = Vec::new();
            for (org, _) in &mine {
                if OrgAccess::load(work.tx, caller, &settings, org)?.allows(OrgAction::ListMembers) {
                    shown.push(org.key);
                }
            }
            if !shown.is_empty() {
                visit(&shown)?;
            }
            if over() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
