//! Folders of a project: making, listing, renaming and moving (contract: data 3; F118).

mod list;
mod moving;

use std::collections::HashSet;

use policy::Action;
use serde_json::json;
use store::access::Permit;
use store::keys::FolderKey;
use store::placement::Present;
use store::project::Project;
use store::{folder, placement};
use wire::answer::Made;
use wire::container::{MAX_MOVED, NewFolder, RenameFolder};
use wire::folder::FolderPath;
use wire::id::{ContainerId, ObjectId};
use wire::{ApiError, ErrorType};

use crate::context::Ctx;
use crate::error::Result;
use crate::event::{Event, EventName};
use crate::work::Work;

pub use list::list;
pub use moving::move_all;

/// `/project-xxxx/newFolder`.
///
/// # Errors
/// `ResourceNotFound` when the folder above is missing, `InvalidState` when the folder is there already; neither with
/// `parents`.
pub async fn new(ctx: Ctx, id: ContainerId, input: NewFolder) -> Result<Made> {
    ctx.change(move |work| {
        let (project, access) = work.project(&id)?;
        let permit = work.permit(&access, Action::CreateFolder)?;
        let path = &input.folder;
        if input.parents {
            with_parents(work, &project, &permit, path)?;
            return Ok(Made::new(id.clone()));
        }
        if folder::find(work.tx, project.key, path)?.is_some() {
            return Err(taken(&project, path).into());
        }
        let parent = parent_of(work, &project, path)?;
        folder::insert(work.tx, &permit, parent, path)?;
        record_made(work, &project, &permit, path)?;
        Ok(Made::new(id.clone()))
    })
    .await
}

/// The folder at a path. Where it is missing, it is made together with the missing ones above it.
pub(crate) fn with_parents(
    work: &Work<'_>,
    project: &Project,
    permit: &Permit<'_>,
    path: &FolderPath,
) -> Result<FolderKey> {
    let (found, made) = folder::find_or_insert(work.tx, permit, path)?;
    if made {
        record_made(work, project, permit, path)?;
    }
    Ok(found)
}

fn record_made(work: &Work<'_>, project: &Project, permit: &Permit<'_>, path: &FolderPath) -> Result<()> {
    work.record(
        Event::done(EventName::FolderMade)
            .project(&project.id)
            .rule(permit.rule().code())
            .after(json!({ "folder": work.mark(&project.id, &path.as_str().into()) })),
    )
}

/// `/project-xxxx/renameFolder`: another name in the same place, or another path. Everything inside goes along; the
/// objects in it count as unchanged.
///
/// # Errors
/// `InvalidInput` for the root, for both or neither of `name` and `newpath`, and for a path inside the folder itself;
/// `ResourceNotFound` for an absent folder; `InvalidState` when the new path is taken or too much would be rewritten.
pub async fn rename(ctx: Ctx, id: ContainerId, input: RenameFolder) -> Result<Made> {
    ctx.change_many(move |work| {
        let (project, access) = work.project(&id)?;
        let target = renamed(&input)?;
        let permit = work.permit(&access, Action::EditFolders)?;
        let from = &input.folder;
        let key = find(work, &project, from)?;
        if target == *from {
            return Ok(Made::new(id.clone()));
        }
        let parent = parent_of(work, &project, &target)?;
        if folder::find(work.tx, project.key, &target)?.is_some() {
            return Err(taken(&project, &target).into());
        }
        check_subtree(work, &project, from, &target, MAX_MOVED)?;
        folder::rename(work.tx, &permit, key, from, &target, parent)?;
        work.record(
            Event::done(EventName::FolderRenamed)
                .project(&project.id)
                .rule(permit.rule().code())
                .before(json!({ "folder": work.mark(&project.id, &from.as_str().into()) }))
                .after(json!({ "folder": work.mark(&project.id, &target.as_str().into()) })),
        )?;
        Ok(Made::new(id.clone()))
    })
    .await
}

/// The path that a renamed folder gets.
fn renamed(input: &RenameFolder) -> Result<FolderPath> {
    let Some(above) = input.folder.parent() else {
        return Err(ApiError::invalid_input(
            "The folder \"/\" cannot be renamed. To give the project another name, update the project.",
        )
        .into());
    };
    let target = match (&input.name, &input.newpath) {
        (Some(name), None) => {
            above.join(name).map_err(|why| wire::json::invalid_value("name", &why.to_string()))?
        }
        (None, Some(path)) => path.clone(),
        _ => {
            return Err(ApiError::invalid_input(
                "Give exactly one of the keys \"name\" (the new name) and \"newpath\" (the new path).",
            )
            .into());
        }
    };
    if input.folder.is_ancestor_of(&target) {
        return Err(into_itself(&input.folder, &target).into());
    }
    Ok(target)
}

/// The folder at a path.
///
/// # Errors
/// `ResourceNotFound`.
pub(crate) fn find(work: &Work<'_>, project: &Project, path: &FolderPath) -> Result<FolderKey> {
    folder::find(work.tx, project.key, path)?.ok_or_else(|| missing(project, path).into())
}

/// The copies of objects that a call names, each once.
///
/// # Errors
/// `ResourceNotFound` when one of them does not lie in the project.
pub(crate) fn named_copies(work: &Work<'_>, project: &Project, ids: &[ObjectId]) -> Result<Vec<Present>> {
    let found = placement::present(work.tx, project.key, ids)?;
    let known: HashSet<&ObjectId> = found.iter().map(|copy| &copy.id).collect();
    match ids.iter().find(|id| !known.contains(id)) {
        Some(absent) => Err(crate::error::not_in(absent, &project.id).into()),
        None => Ok(found),
    }
}

/// The folder above a path, which must exist.
///
/// # Errors
/// `ResourceNotFound`.
fn parent_of(work: &Work<'_>, project: &Project, path: &FolderPath) -> Result<FolderKey> {
    let above = path.parent().unwrap_or_default();
    folder::find(work.tx, project.key, &above)?.ok_or_else(|| {
        ApiError::new(
            ErrorType::ResourceNotFound,
            format!(
                "The parent folder \"{}\" does not exist in {}. Make it first, or set \"parents\" to true.",
                shown(&above),
                project.id
            ),
        )
        .into()
    })
}

/// Refuses to give a folder another path when more than `most` folders would be rewritten, or one would not fit.
fn check_subtree(
    work: &Work<'_>,
    project: &Project,
    from: &FolderPath,
    to: &FolderPath,
    most: usize,
) -> Result<usize> {
    let count = folder::count_subtree(work.tx, project.key, from, most + 1)?;
    if count > most {
        return Err(ApiError::new(
            ErrorType::InvalidState,
            format!("More than {MAX_MOVED} folders would get another path; move or rename smaller parts of the tree."),
        )
        .into());
    }
    if let Some(why) = folder::misfit_below(work.tx, project.key, from, to)? {
        return Err(ApiError::new(
            ErrorType::InvalidInput,
            format!("A folder inside \"{}\" cannot lie under \"{}\": {why}.", shown(from), shown(to)),
        )
        .into());
    }
    Ok(count)
}

/// A path for sentences and events: the first 200 characters.
pub(crate) fn shown(path: &FolderPath) -> String {
    const MOST: usize = 200;
    let mut short: String = path.as_str().chars().take(MOST).collect();
    if path.as_str().chars().nth(MOST).is_some() {
        short.push('…');
    }
    short
}

/// The error for a folder that does not exist.
pub(crate) fn missing(project: &Project, path: &FolderPath) -> ApiError {
    ApiError::new(
        ErrorType::ResourceNotFound,
        format!("The folder \"{}\" could not be found in {}.", shown(path), project.id),
    )
}

fn taken(project: &Project, path: &FolderPath) -> ApiError {
    ApiError::new(
        ErrorType::InvalidState,
        format!("There is a folder \"{}\" in {} already.", shown(path), project.id),
    )
}

fn into_itself(folder: &FolderPath, destination: &FolderPath) -> ApiError {
    ApiError::invalid_input(format!(
        "The folder \"{}\" cannot be put into itself: \"{}\" lies inside of it.",
        shown(folder),
        shown(destination)
    ))
}
