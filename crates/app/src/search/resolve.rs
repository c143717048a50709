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

/// `/system/resolveDataObjects`: all objects of each name, directly in its folder. Names that share a project and a folder
/// are looked up together.
///
/// # Errors
/// `ResourceNotFound` for a named project that the caller cannot see; an absent folder has no objects. `InvalidInput` when
/// there are too many matches for one answer.
pub async fn resolve_data_objects(ctx: Ctx, input: ResolveDataObjects) -> Result<Resolved> {
    ctx.look(move |work| resolve(work, &input)).await
}

/// Where a name is looked for.
type Spot = (Option<ContainerId>, FolderPath);

/// Copies by the name that they have.
type Copies = HashMap<String, Vec<(ProjectKey, ObjectKey)>>;

fn resolve(work: &Work<'_>, input: &ResolveDataObjects) -> Result<Resolved> {
    let mut spots: BTreeMap<Spot, Vec<usize>> = BTreeMap::new();
    for (place, object) in input.objects.iter().enumerate() {
        let project = object.project.as_ref().or(input.project.as_ref());
        let folder = object.folder.as_ref().or(input.folder.as_ref());
        let spot = (project.cloned(), folder.cloned().unwrap_or_default());
        spots.entry(spot).or_default().push(place);
    }
    let filters = Filters { hidden: hidden(input.visibility), ..Filters::none(work.caller()?.account) };
    let mut projects = HashMap::new();
    let mut answers = vec![Vec::new(); input.objects.len()];
    let mut left = MAX_MATCHES;
    for (spot, asked) in spots {
        let name_of = |place: &usize| input.objects.get(*place).map(|object| object.name.as_str());
        let mut names: Vec<&str> = asked.iter().filter_map(name_of).collect();
        // A text that no database can hold is nobody's name.
        names.retain(|name| !name.contains('\0'));
        names.sort_unstable();
        names.dedup();
        let copies = copies_at(work, &spot, &filters, &names, &mut projects)?;
        for place in asked {
            let found = name_of(&place).and_then(|name| copies.get(name));
            if let Some((found, answer)) = found.zip(answers.get_mut(place)) {
                left = left.checked_sub(found.len()).ok_or_else(too_many)?;
                answer.clone_from(found);
            }
        }
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

/// The copies at one spot that the caller may see, and the ids of their projects.
fn copies_at(
    work: &Work<'_>,
    (project, folder): &Spot,
    filters: &Filters,
    names: &[&str],
    projects: &mut HashMap<ProjectKey, ContainerId>,
) -> Result<Copies> {
    let wanted = Projects { named: project.clone(), ..Projects::default() };
    let mut places = Places::start(work, &wanted, None)?;
    let mut all = Copies::new();
    while let Some(batch) = places.next(work)? {
        let found = store::search::resolve(work.tx, filters, &batch.places, folder, names, MAX_MATCHES)?;
        for (name, copies) in found.ok_or_else(too_many)? {
            all.entry(name).or_default().extend(copies);
        }
    }
    projects.extend(places.into_ids());
    Ok(all)
}

fn too_many() -> ApiError {
    ApiError::invalid_input(format!(
        "These names have more than {MAX_MATCHES} matches, which is too much for one answer. Ask for fewer names at once, \
         or say in which project each is."
    ))
}
