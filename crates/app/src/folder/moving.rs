//! Moving objects and folders inside one project.

use std::collections::HashSet;

use policy::Action;
use serde_json::json;
use store::keys::FolderKey;
use store::project::Project;
use store::{folder, placement};
use wire::answer::Made;
use wire::container::{MAX_MOVED, Move};
use wire::folder::{FolderName, FolderPath};
use wire::id::ContainerId;
use wire::{ApiError, ErrorType};

use super::{check_subtree, find, into_itself, shown};
use crate::context::Ctx;
use crate::error::Result;
use crate::event::{Event, EventName};
use crate::work::Work;

/// `/project-xxxx/move`: puts objects and folders directly into a folder, all or nothing. What is named twice, or lies
/// inside another folder that is named too, is moved once, to the destination itself.
///
/// # Errors
/// `ResourceNotFound` for an absent destination, folder or object; `InvalidInput` for the root, and for a folder that
/// would lie inside itself; `InvalidState` when the destination has a folder of that name already.
pub async fn move_all(ctx: Ctx, id: ContainerId, input: Move) -> Result<Made> {
    ctx.change_many(move |work| {
        let (project, access) = work.project(&id)?;
        check_input(&input)?;
        let permit = work.permit(&access, Action::MoveData)?;
        let destination = find(work, &project, &input.destination)?;
        let copies = super::named_copies(work, &project, &input.objects)?;
        let folders = folders(work, &project, &input)?;
        placement::move_to(work.tx, &permit, &copies, destination, work.now())?;
        for folder in &folders {
            folder::rename(work.tx, &permit, folder.key, &folder.from, &folder.to, destination)?;
        }
        let moved = Event::done(EventName::DataMoved).project(&project.id).rule(permit.rule().code());
        let folder_of =
            |path: &FolderPath| json!({ "folder": work.mark(&project.id, &path.as_str().into()) });
        if !copies.is_empty() {
            let event = moved.clone().after(folder_of(&input.destination));
            work.record_each(&event, copies.iter().map(|copy| &copy.id))?;
        }
        for folder in &folders {
            work.record(moved.clone().before(folder_of(&folder.from)).after(folder_of(&folder.to)))?;
        }
        Ok(Made::new(id.clone()))
    })
    .await
}

/// A folder that gets another path.
struct Moved {
    key: FolderKey,
    from: FolderPath,
    to: FolderPath,
}

fn check_input(input: &Move) -> Result<()> {
    if input.objects.len() + input.folders.len() > MAX_MOVED {
        return Err(ApiError::invalid_input(format!(
            "One call moves at most {MAX_MOVED} objects and folders. Move them in several calls."
        ))
        .into());
    }
    for folder in input.folders.iter() {
        if folder.is_root() {
            return Err(ApiError::invalid_input("The folder \"/\" cannot be moved.").into());
        }
        if *folder == input.destination || folder.is_ancestor_of(&input.destination) {
            return Err(into_itself(folder, &input.destination).into());
        }
    }
    Ok(())
}

/// The folders to move, what lies deepest first, so that a folder has left before the one around it goes. Those that
/// lie in the destination already are left out.
fn folders(work: &Work<'_>, project: &Project, input: &Move) -> Result<Vec<Moved>> {
    let mut wanted: Vec<&FolderPath> = input.folders.iter().collect();
    wanted.sort();
    wanted.dedup();
    wanted.reverse();
    let mut names: HashSet<FolderName> = HashSet::new();
    let mut moved = Vec::new();
    let mut rewritten = 0;
    for from in wanted {
        let key = find(work, project, from)?;
        let Some(name) = from.basename() else { continue };
        let to = input
            .destination
            .join(&name)
            .map_err(|why| wire::json::invalid_value("destination", &why.to_string()))?;
        if *from == to {
            names.insert(name);
            continue;
        }
        if names.contains(&name) || folder::find(work.tx, project.key, &to)?.is_some() {
            return Err(clash(&input.destination, &name).into());
        }
        rewritten += check_subtree(work, project, from, &to, MAX_MOVED - rewritten)?;
        names.insert(name);
        moved.push(Moved { key, from: from.clone(), to });
    }
    Ok(moved)
}

fn clash(destination: &FolderPath, name: &FolderName) -> ApiError {
    let name: String = name.as_str().chars().take(200).collect();
    ApiError::new(
        ErrorType::InvalidState,
        format!(
            "Two folders called \"{name}\" would lie in \"{}\". Rename one of them first.",
            shown(destination)
        ),
    )
}
