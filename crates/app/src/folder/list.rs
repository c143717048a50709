//! Listing a folder.

use policy::Action;
use store::folder::Child;
use store::keys::ProjectKey;
use store::placement::Present;
use store::{folder, placement};
use wire::container::{
    FolderList, ListFolder, ListedFolder, ListedObject, MAX_LISTED, MAX_LISTED_DESCRIBED, Only,
};
use wire::fields::Fields;
use wire::id::ContainerId;
use wire::{ApiError, ErrorType};

use crate::context::Ctx;
use crate::error::Result;
use crate::work::Work;

/// `/project-xxxx/listFolder`: what lies directly in a folder.
///
/// # Errors
/// `ResourceNotFound` for an absent folder, `InvalidState` when it holds more than one answer may.
pub async fn list(ctx: Ctx, id: ContainerId, input: ListFolder) -> Result<FolderList> {
    ctx.look(move |work| {
        let (project, access) = work.project(&id)?;
        work.permit(&access, Action::ListData)?;
        let key = super::find(work, &project, &input.folder)?;
        let folders = match input.only {
            Only::Objects => Vec::new(),
            Only::All | Only::Folders => {
                work.add_to_answer(bytes_of(folder::bytes_of_children(work.tx, key)?))?;
                folder::children(work.tx, key, MAX_LISTED + 1)?
            }
        };
        let most = MAX_LISTED.saturating_sub(folders.len());
        let objects = match input.only {
            Only::Folders => Vec::new(),
            Only::All | Only::Objects => placement::list(work.tx, key, input.include_hidden, most + 1)?,
        };
        if folders.len() + objects.len() > MAX_LISTED {
            return Err(too_many(MAX_LISTED).into());
        }
        let objects = match input.describe.fields() {
            None => objects.into_iter().map(|copy| ListedObject { id: copy.id, describe: None }).collect(),
            Some(_) if objects.len() > MAX_LISTED_DESCRIBED => {
                return Err(too_many(MAX_LISTED_DESCRIBED).into());
            }
            Some(fields) => described(work, project.key, objects, fields)?,
        };
        Ok(FolderList {
            objects,
            folders: folders.into_iter().map(|child| listed(child, input.has_subfolder_flags)).collect(),
        })
    })
    .await
}

/// The objects with their descriptions, as they lie in the project.
fn described(
    work: &Work<'_>,
    project: ProjectKey,
    objects: Vec<Present>,
    fields: &Fields,
) -> Result<Vec<ListedObject>> {
    let copies: Vec<_> = objects.iter().map(|copy| (copy.object, project)).collect();
    let described = crate::object::describe_many(work, &copies, fields)?;
    let pairs = objects.into_iter().zip(described);
    Ok(pairs
        .filter_map(|(copy, describe)| Some(ListedObject { id: copy.id, describe: Some(describe?) }))
        .collect())
}

fn bytes_of(sum: u64) -> usize {
    usize::try_from(sum).unwrap_or(usize::MAX)
}

fn listed(child: Child, flagged: bool) -> ListedFolder {
    if flagged {
        ListedFolder::Flagged(child.path, child.has_folders)
    } else {
        ListedFolder::Path(child.path)
    }
}

fn too_many(most: usize) -> ApiError {
    ApiError::new(
        ErrorType::InvalidState,
        format!(
            "The folder holds more than the {most} entries of one listing. Search in it instead, page by page."
        ),
    )
}
