//! Searching for projects (contract: identity-and-sharing 9, 4.3; B11.29).
//!
//! Results come in the order in which the projects were made. A page ends where the next one begins, whatever is made
//! or shared in between, and `next` is null exactly when nothing more is found.

use std::sync::Arc;

use policy::{Action, OrgAction, SystemAction, Via};
use serde::{Deserialize, Serialize};
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
use crate::search::{end_of_turn, too_wide};
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

/// What one transaction found.
struct Part {
    found: Vec<(ProjectKey, FoundProject)>,
    /// Behind what was looked at, when it is not all.
    rest: Option<ProjectKey>,
}

/// Takes as many transactions as a page needs. `part` finds, behind a project, so many more.
async fn pages<F>(ctx: &Ctx, limit: usize, starting: Option<&Cursor>, part: F) -> Result<Page<FoundProject>>
where
    F: Fn(&Work<'_>, Option<ProjectKey>, usize) -> Result<Part> + Send + Sync + 'static,
{
    let part = Arc::new(part);
    let mut after = match starting {
        Some(cursor) => Some(ProjectKey::from_number(cursor.read::<Position>()?.after)),
        None => None,
    };
    let started = ctx.app.clock.now();
    let (mut found, mut in_answer) = (Vec::new(), 0);
    let more = loop {
        // One more than is shown tells whether anything follows.
        let want = limit + 1 - found.len();
        let next = Arc::clone(&part);
        let look = move |work: &Work<'_>| {
            work.add_to_answer(in_answer)?;
            Ok((next(work, after, want)?, work.in_answer()))
        };
        let part;
        (part, in_answer) = ctx.look(look).await?;
        found.extend(part.found);
        if found.len() > limit {
            found.truncate(limit);
            break true;
        }
        let Some(rest) = part.rest else { break false };
        after = Some(rest);
        if ctx.app.clock.now() - started >= ctx.app.options.search_ms {
            // What was found last stands in for what follows.
            found.pop();
            if found.is_empty() {
                return Err(too_wide().into());
            }
            break true;
        }
    };
    let next = match found.last() {
        Some((last, _)) if more => Some(wire::page::next(&Position { after: last.number() })?),
        _ => None,
    };
    Ok(Page { results: found.into_iter().map(|(_, found)| found).collect(), next })
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
            return Ok(Part { found, rest: walk.rest() });
        }
        for (project, access) in &batch {
            let Some(selected) = select(project, access)? else { continue };
            found.push((project.key, selected));
            if found.len() == want {
                return Ok(Part { found, rest: Some(project.key) });
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
