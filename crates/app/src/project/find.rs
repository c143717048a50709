//! Searching for projects (contract: identity-and-sharing 9, 4.3; B11.29).
//!
//! Results come in the order in which the projects were made. A page ends where the next one begins, whatever is made
//! or shared in between, and `next` is null exactly when nothing more is found.

use policy::{Action, OrgAction, SystemAction, Via};
use store::access::{Access, Reach, Walk};
use store::keys::ProjectKey;
use store::project::{Filter, Project};
use wire::Level;
use wire::answer::Page;
use wire::id::{BillToId, OrgId, ProjectId};
use wire::page::Cursor;
use wire::project::{FindProjects, FoundProject, ProjectQuery};
use wire::query::OneOrMany;
use wire::text::RegionName;
use wire::time::Millis;

use super::describe;
use crate::context::Ctx;
use crate::error::Result;
use crate::paging::{self, After, end_of_turn};
use crate::work::Work;

/// The level that `/system/findProjects` asks for unless told otherwise.
const DEFAULT_LEVEL: Level = Level::Contribute;

/// `/system/findProjects` (F098): projects in which the caller's level is at least the one asked for.
///
/// # Errors
/// `PermissionDenied` for `all` by anybody but a platform administrator, `InvalidInput` for a `starting` of another
/// search, and for a search that found fewer than two projects within the time that the operator allows.
pub async fn find(ctx: Ctx, input: FindProjects) -> Result<Page<FoundProject>> {
    let (limit, starting) = (input.query.limit.get(), input.query.starting.clone());
    pages(&ctx, limit, starting.as_ref(), move |work, after, want| {
        let level = input.level.unwrap_or(if input.all { Level::None } else { DEFAULT_LEVEL });
        let reach = if input.all {
            work.system_permit(SystemAction::Administer)?;
            Reach::Everything
        } else {
            Reach::OfCaller
        };
        let filter = filter(work, &input.query, input.bill_to.as_ref());
        let seen = if input.all { Action::SeeProject } else { Action::FindProject };
        part(work, &filter, reach, after, want, |project, access| {
            if !access.allows(seen) || access.level() < level {
                return Ok(None);
            }
            let sources = sources(work, access)?;
            let explicit = sources.iter().any(|source| source != PUBLIC);
            if input.explicit_permission.is_some_and(|wanted| wanted != explicit) {
                return Ok(None);
            }
            found(work, &input.query, project, access, Some(sources)).map(Some)
        })
    })
    .await
}

/// `/org-xxxx/findProjects`: what the organisation pays for, whether or not the ADMIN who asks is a member.
///
/// # Errors
/// `PermissionDenied` for anybody but its ADMINs, `InvalidInput` as [`find`].
pub async fn find_of_org(ctx: Ctx, org: OrgId, input: ProjectQuery) -> Result<Page<FoundProject>> {
    let (limit, starting) = (input.limit.get(), input.starting.clone());
    pages(&ctx, limit, starting.as_ref(), move |work, after, want| {
        let (org, access) = work.org(&org)?;
        work.org_permit(&access, OrgAction::ReadAsAdmin)?;
        let filter = filter(work, &input, None);
        part(work, &filter, Reach::BilledTo(org.id), after, want, |project, access| {
            if access.sees_project() {
                found(work, &input, project, access, None).map(Some)
            } else {
                Ok(None)
            }
        })
    })
    .await
}

type Part = paging::Part<ProjectKey, FoundProject>;

const PUBLIC: &str = "PUBLIC";

/// The filters as the store takes them.
fn filter(work: &Work<'_>, query: &ProjectQuery, bill_to: Option<&OneOrMany<BillToId>>) -> Filter {
    Filter {
        name: query.name.clone(),
        ids: query.id.as_ref().map(|ids| ids.iter().map(ProjectId::to_string).collect()),
        tags: query.tags.clone(),
        properties: query.properties.clone(),
        created: query.created.unwrap_or_default().relative_to(Millis(work.now())),
        regions: query.region.as_ref().map(|names| names.iter().map(RegionName::to_string).collect()),
        bill_to: bill_to.map(|ids| ids.iter().map(BillToId::to_string).collect()),
        contains_phi: query.contains_phi,
        external_upload_restricted: query.external_upload_restricted,
        public: query.public,
        holds: None,
    }
}

/// One page, in as many transactions as it needs. `part` finds, behind a project, so many more.
async fn pages<F>(ctx: &Ctx, limit: usize, starting: Option<&Cursor>, part: F) -> Result<Page<FoundProject>>
where
    F: Fn(&Work<'_>, Option<ProjectKey>, usize) -> Result<Part> + Send + Sync + 'static,
{
    let from = paging::start::<After<i64>>(ctx, starting)?.map(|end| ProjectKey::from_number(end.after));
    paging::search(ctx, limit, from, |key, _| After { after: key.number() }, part).await
}

/// Walks until so many are found, nothing is left, or the time of one transaction is over. `select` decides about each
/// project.
fn part(
    work: &Work<'_>,
    filter: &Filter,
    reach: Reach,
    after: Option<ProjectKey>,
    want: usize,
    select: impl Fn(&Project, &Access) -> Result<Option<FoundProject>>,
) -> Result<Part> {
    let (caller, settings) = (work.caller()?, work.settings());
    let over = end_of_turn(work.ctx);
    let mut walk = Walk::new(caller, &settings, filter, reach, after).until(&over);
    let mut found = Vec::new();
    loop {
        let batch = walk.next(work.tx)?;
        if batch.is_empty() {
            return Ok(Part { found, rest: walk.rest(), rows: 0 });
        }
        for (project, access) in &batch {
            let Some(selected) = select(project, access)? else { continue };
            found.push((project.key, selected));
            if found.len() == want {
                return Ok(Part { found, rest: Some(project.key), rows: 0 });
            }
        }
    }
}

fn found(
    work: &Work<'_>,
    query: &ProjectQuery,
    project: &Project,
    access: &Access,
    permission_sources: Option<Vec<String>>,
) -> Result<FoundProject> {
    Ok(FoundProject {
        id: project.id.clone(),
        level: access.level(),
        permission_sources,
        public: access.facts().grants.iter().any(|grant| grant.via == Via::Public),
        describe: match query.describe.fields() {
            Some(fields) => Some(describe::one(work, project, access, fields)?),
            None => None,
        },
    })
}

/// Whose entries give the caller access: the caller's id, ids of organisations, `PUBLIC`.
fn sources(work: &Work<'_>, access: &Access) -> Result<Vec<String>> {
    let caller = work.caller()?;
    let sources = policy::describe(access.facts()).sources;
    Ok(sources
        .into_iter()
        .filter_map(|source| match source.via? {
            Via::Direct => Some(caller.id.to_string()),
            Via::Org { org, .. } => Some(org.to_string()),
            Via::Workgroup { workgroup, .. } => Some(workgroup.to_string()),
            Via::Public => Some(PUBLIC.to_owned()),
        })
        .collect())
}
