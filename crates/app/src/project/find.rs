//! Searching for projects (contract: identity-and-sharing 9, 4.3; B11.29).
//!
//! Results come in the order in which the projects were made. A page ends where the next one begins, whatever is made
//! or shared in between, and `next` is null exactly when nothing more is found.

use policy::{Action, OrgAction, SystemAction, Via};
use serde::{Deserialize, Serialize};
use store::access::{Access, Reach, Walk};
use store::keys::ProjectKey;
use store::project::{Filter, Project};
use wire::Level;
use wire::answer::Page;
use wire::id::{BillToId, OrgId, ProjectId};
use wire::project::{FindProjects, FoundProject, ProjectQuery};
use wire::query::OneOrMany;
use wire::text::RegionName;
use wire::time::Millis;

use super::describe;
use crate::context::Ctx;
use crate::error::Result;
use crate::work::Work;

/// The level that `/system/findProjects` asks for unless told otherwise.
const DEFAULT_LEVEL: Level = Level::Contribute;

/// Where a page ended.
#[derive(Debug, Serialize, Deserialize)]
struct Position {
    after: i64,
}

/// `/system/findProjects` (F098): projects in which the caller's level is at least the one asked for.
///
/// # Errors
/// `PermissionDenied` for `all` by anybody but a platform administrator, `InvalidInput` for a `starting` of another
/// search.
pub async fn find(ctx: Ctx, input: FindProjects) -> Result<Page<FoundProject>> {
    ctx.look(move |work| {
        let level = input.level.unwrap_or(if input.all { Level::None } else { DEFAULT_LEVEL });
        let reach = if input.all {
            work.system_permit(SystemAction::Administer)?;
            Reach::Everything
        } else {
            Reach::OfCaller
        };
        let filter = filter(work, &input.query, input.bill_to.as_ref());
        let seen = if input.all { Action::SeeProject } else { Action::FindProject };
        page(work, &input.query, &filter, reach, |project, access| {
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
/// `PermissionDenied` for anybody but its ADMINs.
pub async fn find_of_org(ctx: Ctx, org: OrgId, input: ProjectQuery) -> Result<Page<FoundProject>> {
    ctx.look(move |work| {
        let (org, access) = work.org(&org)?;
        work.org_permit(&access, OrgAction::ReadAsAdmin)?;
        let filter = filter(work, &input, None);
        page(work, &input, &filter, Reach::BilledTo(org.id), |project, access| {
            if access.sees_project() {
                found(work, &input, project, access, None).map(Some)
            } else {
                Ok(None)
            }
        })
    })
    .await
}

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
    }
}

/// Walks until the page is full and one more result is known, or nothing is left. `select` decides about each project.
fn page(
    work: &Work<'_>,
    query: &ProjectQuery,
    filter: &Filter,
    reach: Reach,
    select: impl Fn(&Project, &Access) -> Result<Option<FoundProject>>,
) -> Result<Page<FoundProject>> {
    let after = match &query.starting {
        Some(cursor) => Some(ProjectKey::from_number(cursor.read::<Position>()?.after)),
        None => None,
    };
    let (caller, settings) = (work.caller()?, work.settings());
    let mut walk = Walk::new(caller, &settings, filter, reach, after);
    let (mut results, mut last) = (Vec::new(), after);
    loop {
        let batch = walk.next(work.tx)?;
        if batch.is_empty() {
            return Ok(Page { results, next: None });
        }
        for (project, access) in &batch {
            let Some(found) = select(project, access)? else { continue };
            if results.len() == query.limit.get() {
                let position = Position { after: last.map_or(0, ProjectKey::number) };
                return Ok(Page { results, next: Some(wire::page::next(&position)?) });
            }
            results.push(found);
            last = Some(project.key);
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
