//! The objects of exact names in folders, many at once (contract: data 10.2).

use std::collections::{BTreeMap, HashMap};

use store::keys::{ObjectKey, ProjectKey};
use store::search::Filters;
use wire::ApiError;
use wire::folder::FolderPath;
use wire::id::ContainerId;
use wire::search::{FoundObject, ResolveDataObjects, Resolved};

use super::asked::hidden;
use super::places::{Places, Projects};
use crate::context::Ctx;
use crate::error::{Error, Result};
use crate::work::Work;

/// The most matches of one request.
const MAX_MATCHES: usize = 10_000;
/// The most folders that one request looks into: those of each project count.
const MAX_FOLDERS: usize = 500_000;

/// `/system/resolveDataObjects`: all objects of each name, directly in its folder. Names that share a project and a folder
/// are looked up together.
///
/// # Errors
/// `ResourceNotFound` for a named project that the caller cannot see; an absent folder has no objects. `InvalidInput` when
/// there are too many matches for one answer.
pub async fn resolve_data_objects(ctx: Ctx, input: ResolveDataObjects) -> Result<Resolved> {
    ctx.look(move |work| resolve(work, &input)).await
}

/// The names that are looked for in one project, or in all: by folder, the places in the request.
type Spots = BTreeMap<FolderPath, Vec<usize>>;

/// Copies by the name that they have.
type Copies = HashMap<String, Vec<(ProjectKey, ObjectKey)>>;

fn resolve(work: &Work<'_>, input: &ResolveDataObjects) -> Result<Resolved> {
    let mut by_project: BTreeMap<Option<ContainerId>, Spots> = BTreeMap::new();
    for (place, object) in input.objects.iter().enumerate() {
        let project = object.project.as_ref().or(input.project.as_ref());
        let folder = object.folder.as_ref().or(input.folder.as_ref());
        let spots = by_project.entry(project.cloned()).or_default();
        spots.entry(folder.cloned().unwrap_or_default()).or_default().push(place);
    }
    let filters = Filters { hidden: hidden(input.visibility), ..Filters::none(work.caller()?.account) };
    let mut projects = HashMap::new();
    let mut answers = vec![Vec::new(); input.objects.len()];
    let (mut left, mut folders_left) = (MAX_MATCHES, MAX_FOLDERS);
    for (project, spots) in by_project {
        let wanted = Projects { named: project, ..Projects::default() };
        let mut places = Places::start(work, &wanted, None)?;
        while let Some(batch) = places.next(work)? {
            folders_left =
                folders_left.checked_sub(batch.places.len() * spots.len()).ok_or_else(too_many_folders)?;
            for (folder, asked) in &spots {
                let names = names_of(input, asked);
                let found =
                    store::search::resolve(work.tx, &filters, &batch.places, folder, &names, MAX_MATCHES)?;
                let copies: Copies = found.ok_or_else(too_many)?;
                for place in asked {
                    let found = name_of(input, *place).and_then(|name| copies.get(name));
                    if let Some((found, answer)) = found.zip(answers.get_mut(*place)) {
                        left = left.checked_sub(found.len()).ok_or_else(too_many)?;
                        answer.extend(found);
                    }
                }
            }
        }
        projects.extend(places.into_ids());
    }
    let keys: Vec<ObjectKey> = answers.iter().flatten().map(|(_, object)| *object).collect();
    let ids = store::object::ids_of(work.tx, &keys)?;
    let name = |(project, object): &(ProjectKey, ObjectKey)| {
        let (project, id) = projects.get(project).zip(ids.get(object))?;
        Some(FoundObject { project: project.clone(), id: id.clone(), describe: None })
    };
    let results = answers.iter().map(|copies| {
        let named: Option<Vec<_>> = copies.iter().map(name).collect();
        named.ok_or_else(|| Error::internal("a name belongs to what does not exist"))
    });
    Ok(Resolved { results: results.collect::<Result<_>>()? })
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
