//! Listing members (contract: identity-and-sharing 9, B5).

use std::collections::BTreeSet;

use policy::{Action, Capability, Role};
use serde::{Deserialize, Serialize};
use store::access::{Reach, Walk};
use store::grant::{self, Grant};
use store::keys::ProjectKey;
use store::project::Filter;
use wire::Level;
use wire::answer::{Described, Page};
use wire::fields::Fields;
use wire::id::{OrgId, ProjectId, UserId};
use wire::page::Cursor;
use wire::project::{FindMembers, FindProjectMembers, FoundPrincipal, Member, RightsShown};

use crate::context::Ctx;
use crate::error::Result;
use crate::party::Party;
use crate::work::Work;

/// Where a page ended: principals come in the order of their text.
#[derive(Debug, Serialize, Deserialize)]
struct Position {
    after: String,
}

/// `/project-xxxx/findMembers`: the team, by principal (F102).
///
/// # Errors
/// `PermissionDenied` for those who may not see the members.
pub async fn find_members(ctx: Ctx, project: ProjectId, input: FindMembers) -> Result<Page<Member>> {
    ctx.look(move |work| {
        let (found, access) = work.project(&project.clone().into())?;
        work.permit(&access, Action::ListMembers)?;
        if let Some(name) = &input.principal {
            let principal = Party::find(work, name)?.principal();
            let held = grant::of_principal(work.tx, found.key, &principal)?;
            return Ok(Page { results: held.into_iter().map(member).collect(), next: None });
        }
        let limit = input.limit.get();
        let after = after(input.starting.as_ref())?;
        let rows = grant::page(work.tx, found.key, &after, limit + 1)?;
        page(rows.into_iter().map(member).collect(), limit, |member| &member.id)
    })
    .await
}

/// `/system/findProjectMembers`: users and organisations with whom the caller shares a project whose members the caller
/// may see.
///
/// # Errors
/// `ResourceNotFound` for a project that the caller may not see, `PermissionDenied` for one whose members the caller may
/// not see.
pub async fn find_project_members(ctx: Ctx, input: FindProjectMembers) -> Result<Page<FoundPrincipal>> {
    ctx.look(move |work| {
        let limit = input.limit.get();
        let after = after(input.starting.as_ref())?;
        let found = match &input.project {
            Some(project) => members_of(work, project, &after, limit + 1)?,
            None => members_anywhere(work, &after, limit + 1)?,
        };
        let mut rows = Vec::with_capacity(found.len());
        for (id, level) in found {
            let describe = match input.describe.fields() {
                Some(fields) => describe(work, &id, fields)?,
                None => None,
            };
            rows.push(FoundPrincipal { id, level, describe });
        }
        page(rows, limit, |row| &row.id)
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
fn members_anywhere(work: &Work<'_>, after: &str, limit: usize) -> Result<Found> {
    let mut first: BTreeSet<String> = BTreeSet::new();
    each_team(work, |projects| {
        first.extend(grant::principals_of(work.tx, projects, after, limit)?);
        while first.len() > limit {
            first.pop_last();
        }
        Ok(())
    })?;
    Ok(first.into_iter().map(|principal| (principal, None)).collect())
}

/// Goes through the projects that the caller is a member of and whose members the caller may see, some at a time.
///
/// # Errors
/// Whatever `visit` returns, or the store's.
pub(crate) fn each_team(work: &Work<'_>, mut visit: impl FnMut(&[ProjectKey]) -> Result<()>) -> Result<()> {
    let (caller, settings, filter) = (work.caller()?, work.settings(), Filter::default());
    // Nobody sees members by PUBLIC alone (contract: identity-and-sharing B11.9).
    let mut walk = Walk::new(caller, &settings, &filter, Reach::OfMember, None);
    loop {
        let batch = walk.next(work.tx)?;
        if batch.is_empty() {
            return Ok(());
        }
        let shared: Vec<ProjectKey> = batch
            .iter()
            .filter(|(_, access)| access.allows(Action::FindProject) && access.allows(Action::ListMembers))
            .map(|(project, _)| project.key)
            .collect();
        if !shared.is_empty() {
            visit(&shared)?;
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

fn after(starting: Option<&Cursor>) -> Result<String> {
    Ok(match starting {
        Some(cursor) => cursor.read::<Position>()?.after,
        None => String::new(),
    })
}

/// Cuts rows to a page and says where the next one begins; `rows` holds one more than the page when more follow.
fn page<T>(mut rows: Vec<T>, limit: usize, id: impl Fn(&T) -> &String) -> Result<Page<T>> {
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = match rows.last() {
        Some(last) if more => Some(wire::page::next(&Position { after: id(last).clone() })?),
        _ => None,
    };
    Ok(Page { results: rows, next })
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
