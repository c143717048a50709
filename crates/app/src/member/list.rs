//! Listing members (contract: identity-and-sharing 9, B5).

use std::collections::BTreeSet;

use policy::{Action, Capability, Role};
use store::access::{Reach, Walk};
use store::grant::{self, Grant};
use store::keys::ProjectKey;
use store::project::Filter;
use wire::answer::{Described, Page};
use wire::fields::Fields;
use wire::id::{OrgId, ProjectId, UserId};
use wire::project::{FindMembers, FindProjectMembers, FoundPrincipal, Member, RightsShown};
use wire::{ApiError, Level};

use crate::context::Ctx;
use crate::error::Result;
use crate::paging::{After, after_text, cut, end_of_turn, go_through};
use crate::party::Party;
use crate::work::Work;

/// `/project-xxxx/findMembers`: the team, by principal (F102).
///
/// # Errors
/// `PermissionDenied` for those who may not see the members.
pub async fn find_members(ctx: Ctx, project: ProjectId, input: FindMembers) -> Result<Page<Member>> {
    ctx.look(move |work| {
        let (found, access) = work.project(&project.clone().into())?;
        work.permit(&access, Action::ListMembers)?;
        if let Some(name) = &input.principal {
            // Whether an address belongs to nobody or to no member is one answer.
            let principal = match Party::find(work, name) {
                Err(_) if name.contains('@') => return Ok(Page { results: Vec::new(), next: None }),
                found => found?.principal(),
            };
            let held = grant::of_principal(work.tx, found.key, &principal)?;
            return Ok(Page { results: held.into_iter().map(member).collect(), next: None });
        }
        let limit = input.limit.get();
        let after = after_text(work.ctx, input.starting.as_ref())?;
        let mut rows = grant::page(work.tx, found.key, &after, limit + 1)?;
        let next = cut(work.ctx, &mut rows, limit, |grant| After { after: grant.principal.clone() })?;
        Ok(Page { results: rows.into_iter().map(member).collect(), next })
    })
    .await
}

/// `/system/findProjectMembers`: users and organisations with whom the caller shares a project whose members the caller
/// may see.
///
/// # Errors
/// `ResourceNotFound` for a project that the caller may not see, `PermissionDenied` for one whose members the caller may
/// not see, `InvalidInput` without a project when the caller's projects are too many to go through in the time that the
/// operator allows.
pub async fn find_project_members(ctx: Ctx, input: FindProjectMembers) -> Result<Page<FoundPrincipal>> {
    let limit = input.limit.get();
    let after = after_text(&ctx, input.starting.as_ref())?;
    let mut found = match input.project {
        Some(project) => ctx.look(move |work| members_of(work, &project, &after, limit + 1)).await?,
        None => members_anywhere(&ctx, after, limit + 1).await?,
    };
    let next = cut(&ctx, &mut found, limit, |(id, _)| After { after: id.clone() })?;
    ctx.look(move |work| {
        let mut results = Vec::with_capacity(found.len());
        for (id, level) in &found {
            let describe = match input.describe.fields() {
                Some(fields) => describe(work, id, fields)?,
                None => None,
            };
            results.push(FoundPrincipal { id: id.clone(), level: *level, describe });
        }
        Ok(Page { results, next: next.clone() })
    })
    .await
}

type Found = Vec<(String, Option<Level>)>;

fn members_of(work: &Work<'_>, project: &ProjectId, after: &str, limit: usize) -> Result<Found> {
    let (found, access) = work.project(&project.clone().into())?;
    work.permit(&access, Action::ListMembers)?;
    // One more than wanted, since PUBLIC is nobody and may be among them.
    let rows = grant::page(work.tx, found.key, after, limit + 1)?;
    let people = rows.into_iter().filter(|grant| grant.principal != PUBLIC);
    Ok(people.map(|grant| (grant.principal, Some(grant.given.level()))).take(limit).collect())
}

/// Merges the first principals behind `after` of all projects.
async fn members_anywhere(ctx: &Ctx, after: String, limit: usize) -> Result<Found> {
    let start = (Teams::default(), BTreeSet::new());
    let turn = move |work: &Work<'_>, (teams, first): &mut (Teams, BTreeSet<String>)| {
        teams.visit(work, |projects| {
            first.extend(grant::principals_of(work.tx, projects, &after, limit)?);
            while first.len() > limit {
                first.pop_last();
            }
            Ok(())
        })
    };
    let (_, first) = go_through(ctx, start, too_many_projects, turn).await?;
    Ok(first.into_iter().map(|principal| (principal, None)).collect())
}

fn too_many_projects() -> ApiError {
    ApiError::invalid_input(
        "You are in more projects than one search can go through, so it was ended. Name with \"project\" the one whose \
         members you look for.",
    )
}

/// A way through the projects that the caller is a member of and whose members the caller may see.
#[derive(Debug, Clone, Default)]
pub(crate) struct Teams {
    /// Behind this one, which was visited last.
    behind: Option<ProjectKey>,
}

impl Teams {
    /// Visits the next projects, some at a time, until the time of one transaction is over; says whether these were all.
    ///
    /// # Errors
    /// Whatever `visit` returns, or the store's.
    pub(crate) fn visit(
        &mut self,
        work: &Work<'_>,
        mut visit: impl FnMut(&[ProjectKey]) -> Result<()>,
    ) -> Result<bool> {
        let (caller, settings, filter) = (work.caller()?, work.settings(), Filter::default());
        let over = end_of_turn(work.ctx);
        // Nobody sees members by PUBLIC alone (contract: identity-and-sharing B11.9).
        let mut walk = Walk::new(caller, &settings, &filter, Reach::OfMember, self.behind).until(&over);
        loop {
            let batch = walk.next(work.tx)?;
            if batch.is_empty() {
                self.behind = walk.rest();
                return Ok(self.behind.is_none());
            }
            let shared: Vec<ProjectKey> = batch
                .iter()
                .filter(|(_, access)| {
                    access.allows(Action::FindProject) && access.allows(Action::ListMembers)
                })
                .map(|(project, _)| project.key)
                .collect();
            if !shared.is_empty() {
                visit(&shared)?;
            }
        }
    }
}

const PUBLIC: &str = "PUBLIC";

/// Describes a user or an organisation to anybody; none for what is neither.
fn describe(work: &Work<'_>, id: &str, fields: &Fields) -> Result<Option<Described>> {
    if let Some(user) = UserId::parse(id) {
        let account = store::account::by_id(work.tx, &user)?;
        return Ok(account.map(|account| crate::person::describe(&account, fields)));
    }
    match OrgId::parse(id) {
        Some(org) => crate::org::describe_one(work, &org, fields).map(Some),
        None => Ok(None),
    }
}

fn member(grant: Grant) -> Member {
    let Grant { principal, given, granted_by, granted } = grant;
    let kind = if OrgId::parse(&principal).is_some() {
        "org"
    } else if principal == PUBLIC {
        "public"
    } else {
        "user"
    };
    let (preset, roles) = match given.role {
        Role::Preset(preset) => (Some(preset.as_str()), None),
        Role::Team(team) => {
            let columns =
                [team.project.preset(), team.flow.preset(), team.base.preset(), team.bench.preset()];
            (None, Some(columns.into_iter().flatten().map(policy::Preset::as_str).collect()))
        }
        Role::Custom { .. } => (None, None),
    };
    Member {
        kind,
        level: given.level(),
        preset,
        roles,
        rights: RightsShown { upload: given.rights.upload, download: given.rights.download },
        capabilities: given.role.capabilities(given.rights).iter().map(Capability::as_str).collect(),
        id: principal,
        granted_by,
        at: granted,
    }
}
