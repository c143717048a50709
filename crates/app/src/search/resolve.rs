//! The objects of exact names in folders, many at once (contract: data 10.2).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use store::keys::{ObjectKey, ProjectKey};
use store::search::{Filters, Place};
use wire::ApiError;
use wire::folder::FolderPath;
use wire::id::ContainerId;
use wire::search::{FoundObject, ResolveDataObjects, Resolved};

use super::asked::hidden;
use super::places::{Places, Projects};
use crate::context::Ctx;
use crate::error::Result;
use crate::paging::{self, end_of_turn};
use crate::work::Work;

/// The most matches of one request.
const MAX_MATCHES: usize = 10_000;
/// The most folders that one request looks into: those of each project count.
const MAX_FOLDERS: usize = 500_000;

/// The most folders that are looked into before the time is asked for.
const FOLDERS_AT_ONCE: usize = 20_000;

/// `/system/resolveDataObjects`: all objects of each name, directly in its folder. Names that share a project and a folder
/// are looked up together.
///
/// # Errors
/// `ResourceNotFound` for a named project that the caller cannot see; an absent folder has no objects. `InvalidInput` when
/// there are too many matches for one answer, and when they are not all found in the time that the operator allows.
pub async fn resolve_data_objects(ctx: Ctx, input: ResolveDataObjects) -> Result<Resolved> {
    let input = Arc::new(input);
    let asked = asked(&input);
    let start = Matches {
        at: 0,
        behind: None,
        folders_left: MAX_FOLDERS,
        left: MAX_MATCHES,
        projects: HashMap::new(),
        answers: vec![Vec::new(); input.objects.len()],
    };
    let turn = move |work: &Work<'_>, found: &mut Matches| found.look(work, &input, &asked);
    let found = paging::go_through(&ctx, start, too_long, turn).await?;
    ctx.look(move |work| name(work, &found)).await
}

/// The names that are looked for in one project, or in all: by folder, the places in the request.
type Spots = BTreeMap<FolderPath, Vec<usize>>;

/// What is looked for, by project.
fn asked(input: &ResolveDataObjects) -> Vec<(Projects, Spots)> {
    let mut by_project: BTreeMap<Option<ContainerId>, Spots> = BTreeMap::new();
    for (place, object) in input.objects.iter().enumerate() {
        let project = object.project.as_ref().or(input.project.as_ref());
        let folder = object.folder.as_ref().or(input.folder.as_ref());
        let spots = by_project.entry(project.cloned()).or_default();
        spots.entry(folder.cloned().unwrap_or_default()).or_default().push(place);
    }
    let projects = |named| Projects { named, ..Projects::default() };
    by_project.into_iter().map(|(project, spots)| (projects(project), spots)).collect()
}

/// What was found so far.
#[derive(Clone)]
struct Matches {
    /// How much of what is asked is done.
    at: usize,
    /// Of the next, the project that was looked at last.
    behind: Option<ProjectKey>,
    folders_left: usize,
    left: usize,
    projects: HashMap<ProjectKey, ContainerId>,
    /// For each place in the request.
    answers: Vec<Vec<(ProjectKey, ObjectKey)>>,
}

impl Matches {
    /// Goes on until the time of one transaction is over; says whether everything was looked at.
    fn look(
        &mut self,
        work: &Work<'_>,
        input: &ResolveDataObjects,
        asked: &[(Projects, Spots)],
    ) -> Result<bool> {
        let over = end_of_turn(work.ctx);
        let filters = Filters { hidden: hidden(input.visibility), ..Filters::none(work.caller()?.account) };
        for (projects, spots) in asked.iter().skip(self.at) {
            let mut places = Places::behind(work, projects, self.behind)?;
            while let Some(batch) = places.next(work)? {
                for some in batch.places.chunks((FOLDERS_AT_ONCE / spots.len().max(1)).max(1)) {
                    self.look_in(work, input, &filters, some, spots)?;
                    for place in some {
                        self.projects
                            .extend(places.id_of(place.project).map(|id| (place.project, id.clone())));
                        self.behind = Some(place.project);
                    }
                    if over() && !batch.is_last {
                        return Ok(false);
                    }
                }
                self.behind = Some(batch.end);
                if over() && !batch.is_last {
                    return Ok(false);
                }
            }
            self.at += 1;
            self.behind = None;
            if over() && self.at < asked.len() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Looks into the folders of some projects.
    fn look_in(
        &mut self,
        work: &Work<'_>,
        input: &ResolveDataObjects,
        filters: &Filters,
        places: &[Place],
        spots: &Spots,
    ) -> Result<()> {
        let folders = places.len() * spots.len();
        self.folders_left = self.folders_left.checked_sub(folders).ok_or_else(too_many_folders)?;
        for (folder, asked) in spots {
            let names = names_of(input, asked);
            let found = store::search::resolve(work.tx, filters, places, folder, &names, MAX_MATCHES)?;
            let copies = found.ok_or_else(too_many)?;
            for place in asked {
                let found = name_of(input, *place).and_then(|name| copies.get(name));
                if let Some((found, answer)) = found.zip(self.answers.get_mut(*place)) {
                    self.left = self.left.checked_sub(found.len()).ok_or_else(too_many)?;
                    answer.extend(found);
                }
            }
        }
        Ok(())
    }
}

/// The answer, with ids for keys. What was removed since is left out.
fn name(work: &Work<'_>, found: &Matches) -> Result<Resolved> {
    let keys: Vec<ObjectKey> = found.answers.iter().flatten().map(|(_, object)| *object).collect();
    let ids = store::object::ids_of(work.tx, &keys)?;
    let name = |(project, object): &(ProjectKey, ObjectKey)| {
        let project = found.projects.get(project)?.clone();
        Some(FoundObject { project, id: ids.get(object)?.clone(), describe: None })
    };
    let results = found.answers.iter().map(|copies| copies.iter().filter_map(name).collect());
    Ok(Resolved { results: results.collect() })
}

fn name_of(input: &ResolveDataObjects, place: usize) -> Option<&str> {
    input.objects.get(place).map(|object| object.name.as_str())
}

/// The names at some places of the request, each once.
fn names_of<'a>(input: &'a ResolveDataObjects, places: &[usize]) -> Vec<&'a str> {
    let mut names: Vec<&str> = places.iter().filter_map(|place| name_of(input, *place)).collect();
    // A text that no database can hold is nobody's name.
    names.retain(|name| !name.contains('\0'));
    names.sort_unstable();
    names.dedup();
    names
}

fn too_many_folders() -> ApiError {
    ApiError::invalid_input(format!(
        "These names would have to be looked for in more than {MAX_FOLDERS} folders of all your projects. Say in which \
         project each is, or ask for fewer names at once."
    ))
}

fn too_many() -> ApiError {
    ApiError::invalid_input(format!(
        "These names have more than {MAX_MATCHES} matches, which is too much for one answer. Ask for fewer names at once, \
         or say in which project each is."
    ))
}

fn too_long() -> ApiError {
    ApiError::invalid_input(
        "Looking for these names took longer than one request may, so it was ended. Say in which project each is, or ask for \
         fewer names at once.",
    )
}
