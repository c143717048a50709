//! Removing objects and folders from a project (contract: data 3.3, 3.4; F181, F183).
//!
//! A removal takes away copies at once, for good. The objects that lose their last copy by it, and their bytes, are
//! collected in the background.

use policy::Action;
use serde_json::json;
use store::access::Permit;
use store::keys::ObjectKey;
use store::placement::Present;
use store::project::Project;
use store::{folder, placement, removal};
use wire::answer::Made;
use wire::container::{FolderRemoved, MAX_REMOVED, RemoveFolder, RemoveObjects};
use wire::folder::FolderPath;
use wire::id::ContainerId;
use wire::{ApiError, ErrorType};

use crate::collect::{Leftovers, leave, unreached};
use crate::context::Ctx;
use crate::error::Result;
use crate::event::{Event, EventName};
use crate::folder::{missing, named_copies, shown};
use crate::work::Work;

/// `/project-xxxx/removeObjects`: all of them or, without `force`, none.
///
/// # Errors
/// `ResourceNotFound` when one does not lie in the project and
/// `force` is false.
pub async fn remove_objects(ctx: Ctx, id: ContainerId, input: RemoveObjects) -> Result<Made> {
    ctx.change_many(move |work| {
        let (project, access) = work.project(&id)?;
        let permit = work.permit(&access, Action::DeleteData)?;
        let copies = if input.force {
            placement::present(work.tx, project.key, &input.objects)?
        } else {
            named_copies(work, &project, &input.objects)?
        };
        remove_copies(work, &project, &permit, &copies)?;
        Ok(Made::new(id.clone()))
    })
    .await
}

/// `/project-xxxx/removeFolder`. The call that removes the last of a folder says that it is completed.
///
/// # Errors
/// `ResourceNotFound` for an absent folder without `force`; `InvalidState` when it is not empty and `recurse` is false, or
/// holds more than one call removes and `partial` is false; `InvalidInput` for the root without `recurse`.
pub async fn remove_folder(ctx: Ctx, id: ContainerId, input: RemoveFolder) -> Result<FolderRemoved> {
    ctx.change_many(move |work| {
        let (project, access) = work.project(&id)?;
        let path = &input.folder;
        if path.is_root() && !input.recurse {
            return Err(ApiError::invalid_input(
                "The folder \"/\" cannot be removed. With \"recurse\" everything in it is.",
            )
            .into());
        }
        let permit = work.permit(&access, Action::DeleteData)?;
        let Some(key) = folder::find(work.tx, project.key, path)? else {
            if input.force {
                return Ok(FolderRemoved { id: id.clone(), completed: true });
            }
            return Err(missing(&project, path).into());
        };
        let completed = if input.recurse {
            remove_tree(work, &project, &permit, path, input.partial)?
        } else {
            if placement::any_in(work.tx, key)? || !folder::children(work.tx, key, 1)?.is_empty() {
                return Err(not_empty(&project, path).into());
            }
            removal::remove_folder(work.tx, &permit, key)?;
            true
        };
        work.record(
            Event::done(EventName::FolderRemoved)
                .project(&project.id)
                .rule(permit.rule().code())
                .before(json!({ "folder": work.mark(&project.id, &path.as_str().into()) }))
                .after(json!({ "completed": completed })),
        )?;
        Ok(FolderRemoved { id: id.clone(), completed })
    })
    .await
}

/// Removes what lies in and below a folder, and the folder. False when something is left for the next call.
fn remove_tree(
    work: &Work<'_>,
    project: &Project,
    permit: &Permit<'_>,
    path: &FolderPath,
    partial: bool,
) -> Result<bool> {
    let mut copies = placement::list_subtree(work.tx, project.key, path, MAX_REMOVED + 1)?;
    let own = usize::from(path.is_root());
    let folders =
        folder::count_subtree(work.tx, project.key, path, MAX_REMOVED + 1 + own)?.saturating_sub(own);
    if !partial && (copies.len() > MAX_REMOVED || folders > MAX_REMOVED) {
        return Err(too_much(project, path).into());
    }
    let all_copies = copies.len() <= MAX_REMOVED;
    copies.truncate(MAX_REMOVED);
    remove_copies(work, project, permit, &copies)?;
    if !all_copies {
        return Ok(false);
    }
    removal::remove_folders(work.tx, permit, path, MAX_REMOVED)?;
    Ok(folders <= MAX_REMOVED)
}

/// Removes copies, and the hidden ones that nothing visible reaches any more; what is left of the objects is for the
/// background.
fn remove_copies(work: &Work<'_>, project: &Project, permit: &Permit<'_>, copies: &[Present]) -> Result<()> {
    if copies.is_empty() {
        return Ok(());
    }
    removal::remove(work.tx, permit, copies)?;
    let named: Vec<ObjectKey> = copies.iter().map(|copy| copy.object).collect();
    let cascade = removal::cascade(work.tx, permit, &named, MAX_REMOVED)?;
    let removed = Event::done(EventName::DataRemoved).project(&project.id).rule(permit.rule().code());
    work.record_each(&removed, copies.iter().map(|copy| &copy.id))?;
    if !cascade.removed.is_empty() {
        let unreached = removed.after(unreached());
        work.record_each(&unreached, cascade.removed.iter().map(|copy| &copy.id))?;
    }
    let objects: Vec<ObjectKey> =
        named.into_iter().chain(cascade.removed.iter().map(|copy| copy.object)).collect();
    leave(work.tx, &Leftovers::new((!cascade.complete).then_some(project.key), &objects), work.now())
}

fn not_empty(project: &Project, path: &FolderPath) -> ApiError {
    ApiError::new(
        ErrorType::InvalidState,
        format!(
            "The folder \"{}\" in {} is not empty (hidden objects count). Set \"recurse\" to true to remove it with all that lies in it.",
            shown(path),
            project.id
        ),
    )
}

fn too_much(project: &Project, path: &FolderPath) -> ApiError {
    ApiError::new(
        ErrorType::InvalidState,
        format!(
            "The folder \"{}\" in {} holds more than the {MAX_REMOVED} objects or folders that one call removes. Set \"partial\" to true and repeat the call until it says \"completed\".",
            shown(path),
            project.id
        ),
    )
}
