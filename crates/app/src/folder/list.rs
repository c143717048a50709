//! Listing a folder.

use policy::Action;
use store::folder::Child;
use store::{folder, placement};
use wire::container::{FolderList, ListFolder, ListedFolder, ListedObject, MAX_LISTED, Only};
use wire::id::ContainerId;
use wire::{ApiError, ErrorType};

use crate::context::Ctx;
use crate::error::Result;

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
            Only::All | Only::Folders => folder::children(work.tx, key, MAX_LISTED + 1)?,
        };
        let most = MAX_LISTED.saturating_sub(folders.len());
        let objects = match input.only {
            Only::Folders => Vec::new(),
            Only::All | Only::Objects => placement::list(work.tx, key, input.include_hidden, most + 1)?,
        };
        if folders.len() + objects.len() > MAX_LISTED {
            return Err(too_many(MAX_LISTED).into());
        }
        Ok(FolderList {
            objects: objects.into_iter().map(|id| ListedObject { id, describe: None }).collect(),
            folders: folders.into_iter().map(|child| listed(child, input.has_subfolder_flags)).collect(),
        })
    })
    .await
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
