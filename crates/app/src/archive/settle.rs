//! What follows from marked copies: their fellows' states, and where the bytes lie. Done in the background.

use std::sync::Arc;

use blobs::{BlobId, Tier};
use serde_json::json;
use store::archive::{self, Move, Settled};
use store::db::Tx;
use store::keys::{BlobKey, ObjectKey};
use store::task::{self, Task, TaskKind};
use store::text::Word;
use wire::id::ContainerId;

use crate::context::{App, Ctx};
use crate::error::{Error, Result};
use crate::event::{Event, EventName};
use crate::jobs::Ended;
use crate::tasks::{Left, work_off};
use crate::work::Work;

/// Files of one task.
const FILES_OF_A_TASK: usize = 500;
/// Files settled in one step, whose bytes move one after the other.
const STEP: usize = 20;
/// How long a step that moves bytes keeps its task, in ms; after a crash the task waits this long.
const HOLD_MS: i64 = 3_600_000;

/// Settles the files whose turn it is. A periodic job.
///
/// # Errors
/// The store's; what was not settled is found again at the next turn.
pub(crate) async fn turn(app: Arc<App>) -> Result<Ended> {
    // Alone: two servers must not move the same bytes in opposite directions.
    work_off(&app, &[TaskKind::SettleArchive, TaskKind::SettleProject], true, step).await
}

/// Has files settled in the background from `due` on.
pub(super) fn later(tx: &Tx, files: &[ObjectKey], due: i64, now: i64) -> Result<()> {
    for part in files.chunks(FILES_OF_A_TASK) {
        let keys: Vec<i64> = part.iter().copied().map(ObjectKey::number).collect();
        let subject = serde_json::to_string(&keys).map_err(Error::internal)?;
        task::add(tx, TaskKind::SettleArchive, &subject, due, now)?;
    }
    Ok(())
}

/// Has those of these objects settled that have a copy anywhere that is not simply live: one of their copies came or
/// went.
///
/// # Errors
/// The store's.
pub(crate) fn settle_later(tx: &Tx, objects: &[ObjectKey], now: i64) -> Result<()> {
    later(tx, &archive::not_live(tx, objects)?, now, now)
}

async fn step(app: Arc<App>, task: Task) -> Result<Left> {
    match task.kind {
        TaskKind::SettleProject => of_project(&app, &task.subject).await,
        _ => settle(&app, task).await,
    }
}

/// Finds some of the files of a project that must be settled after its payer changed. The subject is the project's id
/// and, once some were found, a blank and the key of the last one.
async fn of_project(app: &App, subject: &str) -> Result<Left> {
    let (id, after) = subject.split_once(' ').unwrap_or((subject, "0"));
    let id = ContainerId::parse(id).ok_or_else(|| Error::internal("the task names no project"))?;
    let after: i64 = after.parse().map_err(Error::internal)?;
    let (project, now) = (id.clone(), app.clock.now());
    let last = app
        .db
        .write(move |tx| {
            let Some(project) = store::project::by_id(tx, &project)? else { return Ok(None) };
            let files = archive::not_live_in(tx, project.key, after, FILES_OF_A_TASK)?;
            later(tx, &files, now, now)?;
            Ok::<_, Error>(files.last().copied())
        })
        .await?;
    Ok(last.map_or(Left::Nothing, |last| Left::Subject(format!("{id} {}", last.number()))))
}

async fn settle(app: &Arc<App>, task: Task) -> Result<Left> {
    let mut files: Vec<i64> = serde_json::from_str(&task.subject).map_err(Error::internal)?;
    let rest = files.split_off(files.len().min(STEP));
    let key = task.key;
    let batch: Vec<ObjectKey> = files.iter().copied().map(ObjectKey::from_number).collect();
    let moves = Ctx::own(app, "Archivist")
        .change(move |work| {
            task::hold(work.tx, key, work.now().saturating_add(HOLD_MS))?;
            batch.iter().map(|file| settle_one(work, *file)).collect::<Result<Vec<_>>>()
        })
        .await?;
    for (file, moves) in files.into_iter().map(ObjectKey::from_number).zip(moves) {
        move_bytes(app, file, moves).await?;
    }
    Left::list(&rest)
}

fn settle_one(work: &Work<'_>, file: ObjectKey) -> Result<Vec<Move>> {
    let (settled, moves) = archive::settle(work.tx, file)?;
    record(work, file, &settled)?;
    Ok(moves)
}

/// Moves the bytes of one file to where they belong. A move can be repeated, so a crash in between does no harm.
async fn move_bytes(app: &Arc<App>, file: ObjectKey, moves: Vec<Move>) -> Result<()> {
    let mut back: Vec<BlobKey> = Vec::new();
    for Move { blob, id, into_archive } in moves {
        let id: BlobId = id.parse().map_err(Error::internal)?;
        app.blobs.move_to(id, if into_archive { Tier::Archive } else { Tier::Live }).await?;
        if !into_archive {
            back.push(blob);
        }
    }
    Ctx::own(app, "Archivist")
        .change(move |work| {
            let live = archive::arrived(work.tx, file, &back)?;
            record(work, file, &live)
        })
        .await
}

fn record(work: &Work<'_>, file: ObjectKey, settled: &[Settled]) -> Result<()> {
    if settled.is_empty() {
        return Ok(());
    }
    let Some(id) = archive::id_of(work.tx, file)? else { return Ok(()) };
    for copy in settled {
        let after = json!({ "archivalState": copy.archival.word() });
        work.record(
            Event::done(EventName::DataArchivalSettled).project(&copy.project).subject(&id).after(after),
        )?;
    }
    Ok(())
}
