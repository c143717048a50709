//! Archiving files and bringing them back (contract: data 8.4; F189).
//!
//! A call marks copies; what follows for the other copies and for the bytes is settled in the background.

mod settle;

use std::collections::{BTreeSet, HashMap};

use policy::{Action, Rule};
use serde_json::json;
use store::access::{Access, Permit};
use store::archive::{self, FileCopy};
use store::folder;
use store::keys::ObjectKey;
use store::object::ObjectState;
use store::placement::Archival;
use store::project::Project;
use store::text::Word as _;
use wire::archive::{Archive, Archived, MAX_FILES, Unarchive, Unarchived};
use wire::folder::FolderPath;
use wire::id::{FileId, ObjectId, ProjectId};
use wire::{ApiError, ErrorType};

use crate::context::Ctx;
use crate::error::{Error, Result};
use crate::event::{Event, EventName};
use crate::folder::missing;
use crate::work::Work;

pub(crate) use settle::{settle_later, turn};

/// Bytes of a GiB.
const GIB: f64 = 1_073_741_824.0;

/// `/project-xxxx/archive`: marks copies. When every copy of one payer is marked, they become archived by themselves.
///
/// # Errors
/// `InvalidInput` for both or neither of `files` and `folder`, too many files, and a file that does not lie in the project;
/// `ResourceNotFound` for an absent folder; `InvalidState` for a named file that is not closed or not live;
/// `PermissionDenied`, with `allCopies` to all but those who answer for the payer.
pub async fn archive(ctx: Ctx, id: ProjectId, input: Archive) -> Result<Archived> {
    ctx.change_many(move |work| {
        let (project, access) = work.project(&id.clone().into())?;
        let choice = Choice::read(input.files.as_deref(), input.folder.as_ref(), input.recurse)?;
        let permit = if input.all_copies {
            permit_all_copies(work, &project, &access)?
        } else {
            work.permit(&access, Action::ArchiveData)?
        };
        let files = choice.files(work, &project, &[Archival::Live])?;
        let keys: Vec<ObjectKey> = files.iter().map(|file| file.object).collect();
        let marked = archive::mark(work.tx, &permit, &keys, input.all_copies)?;
        for (lies_in, objects) in &marked {
            let marked_here: Vec<_> = files.iter().filter(|file| objects.contains(&file.object)).collect();
            let event = Event::done(EventName::DataArchived)
                .project(lies_in)
                .rule(permit.rule().code())
                .after(json!({ "allCopies": input.all_copies }));
            record(work, &event, &marked_here)?;
        }
        settle::later(work.tx, &keys, work.now(), work.now())?;
        let count = marked.values().flatten().collect::<BTreeSet<_>>().len();
        Ok(Archived { id: id.clone(), count })
    })
    .await
}

/// `/project-xxxx/unarchive`: asks for copies back. One that was only marked is live again at once; the bytes of others
/// come back in the background, as soon as the rate says.
///
/// # Errors
/// As [`archive`]; `InvalidState` for a named file that is neither marked nor archived.
pub async fn unarchive(ctx: Ctx, id: ProjectId, input: Unarchive) -> Result<Unarchived> {
    ctx.change_many(move |work| {
        let (project, access) = work.project(&id.clone().into())?;
        let choice = Choice::read(input.files.as_deref(), input.folder.as_ref(), input.recurse)?;
        let permit = work.permit_billed(&access, Action::UnarchiveData)?;
        let files = choice.files(work, &project, &[Archival::Archival, Archival::Archived])?;
        let permit = permit?;
        let restoring = &work.ctx.app.options.restoring;
        let answer = Unarchived {
            id: id.clone(),
            files: files.len(),
            size: rounded(gib(files.iter())),
            cost: restoring
                .cost(input.rate, gib(files.iter().filter(|file| file.archival == Archival::Archived))),
        };
        if !input.dry_run {
            bring_back(work, &project, &permit, &files, restoring.wait_ms(input.rate))?;
        }
        Ok(answer)
    })
    .await
}

fn bring_back(
    work: &Work<'_>,
    project: &Project,
    permit: &Permit<'_>,
    files: &[FileCopy],
    wait_ms: i64,
) -> Result<()> {
    let keys: Vec<ObjectKey> = files.iter().map(|file| file.object).collect();
    let others = archive::unmark(work.tx, permit, &keys)?;
    let event = Event::done(EventName::DataUnarchived).project(&project.id).rule(permit.rule().code());
    record(work, &event, &files.iter().collect::<Vec<_>>())?;
    for (other, changed) in others {
        let event = Event::done(EventName::DataArchivalSettled)
            .project(&other)
            .after(json!({ "archivalState": Archival::Archival.word() }));
        let changed: Vec<_> = files.iter().filter(|file| changed.contains(&file.object)).collect();
        record(work, &event, &changed)?;
    }
    settle::later(work.tx, &keys, work.now().saturating_add(wait_ms), work.now())
}

fn record(work: &Work<'_>, event: &Event, files: &[&FileCopy]) -> Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    work.record_each(event, files.iter().map(|file| &file.id))
}

/// The client's own tests look for this sentence.
fn permit_all_copies<'tx>(work: &Work<'tx>, project: &Project, access: &Access) -> Result<Permit<'tx>> {
    match work.permit(access, Action::ArchiveAllCopies) {
        Err(Error::Refused(mut refused)) if refused.decision.rule == Rule::OrgAdminRequired => {
            refused.sentence =
                Some(format!("Must be an admin of {} to archive all copies.", project.bill_to));
            Err(Error::Refused(refused))
        }
        other => other,
    }
}

/// Which files a call means.
enum Choice<'a> {
    Files(&'a [FileId]),
    Folder(&'a FolderPath, bool),
}

impl<'a> Choice<'a> {
    fn read(files: Option<&'a [FileId]>, folder: Option<&'a FolderPath>, recurse: bool) -> Result<Self> {
        match (files, folder) {
            (Some(files), None) => Ok(Self::Files(files)),
            (None, Some(folder)) => Ok(Self::Folder(folder, recurse)),
            _ => {
                Err(ApiError::invalid_input("Give exactly one of the keys \"files\" and \"folder\".").into())
            }
        }
    }

    /// The files meant: those named, which must all be in one of these states, or those of a folder that are.
    fn files(&self, work: &Work<'_>, project: &Project, states: &[Archival]) -> Result<Vec<FileCopy>> {
        match self {
            Self::Files(ids) => named(work, project, ids, states),
            Self::Folder(path, recurse) => {
                if folder::find(work.tx, project.key, path)?.is_none() {
                    return Err(missing(project, path).into());
                }
                let files = archive::in_folder(work.tx, project.key, path, *recurse, states, MAX_FILES + 1)?;
                if files.len() > MAX_FILES {
                    return Err(ApiError::new(
                        ErrorType::InvalidState,
                        format!("The folder holds more than the {MAX_FILES} files of one call. Take its subfolders one by one."),
                    )
                    .into());
                }
                Ok(files)
            }
        }
    }
}

fn named(work: &Work<'_>, project: &Project, ids: &[FileId], states: &[Archival]) -> Result<Vec<FileCopy>> {
    let files = archive::named(work.tx, project.key, ids)?;
    let by_id: HashMap<&ObjectId, &FileCopy> = files.iter().map(|file| (&file.id, file)).collect();
    for id in ids {
        let Some(file) = by_id.get(&ObjectId::from(id.clone())) else {
            return Err(ApiError::invalid_input(format!(
                "key \"files\": {id} does not lie in {}.",
                project.id
            ))
            .into());
        };
        let why = if file.state != ObjectState::Closed {
            "it is not closed".to_owned()
        } else if !states.contains(&file.archival) {
            format!("its archival state is {}", store::text::Word::word(file.archival))
        } else {
            continue;
        };
        return Err(ApiError::new(
            ErrorType::InvalidState,
            format!("{id} cannot be taken in its present state: {why}."),
        )
        .into());
    }
    Ok(files)
}

fn gib<'a>(files: impl Iterator<Item = &'a FileCopy>) -> f64 {
    let bytes: i64 = files.map(|file| file.size).fold(0, i64::saturating_add);
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let bytes = bytes as f64;
    bytes / GIB
}

/// To the nearest KiB: more digits say nothing to a reader.
fn rounded(gib: f64) -> f64 {
    (gib * 1_048_576.0).round() / 1_048_576.0
}
