//! Collecting in the background what nobody can reach any more, in steps of a few milliseconds.

use std::sync::Arc;

use blobs::{BlobId, Tier};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use store::db::Tx;
use store::keys::{BlobKey, ObjectKey, ProjectKey};
use store::placement::Present;
use store::removal;
use store::task::{self, Task, TaskKind};
use wire::id::ContainerId;

use crate::context::{App, Ctx};
use crate::error::{Error, Result};
use crate::event::{Event, EventName};
use crate::jobs::Ended;
use crate::tasks::{Left, work_off};
use crate::work::Work;

/// Copies, objects or folders per step, so that one step holds the database for some milliseconds.
const STEP: u32 = 200;
/// Blobs whose bytes are removed between two looks at the database.
const BLOBS: u32 = 100;

/// Does what tasks are due, then removes doomed bytes. A periodic job.
///
/// # Errors
/// The store's, and those of bytes that could not be removed; everything is found again at the next turn.
pub(crate) async fn turn(app: Arc<App>) -> Result<Ended> {
    let ended = work_off(&app, &[TaskKind::DestroyProject, TaskKind::CollectObjects], false, step).await?;
    remove_doomed(&app).await?;
    Ok(ended)
}

async fn step(app: Arc<App>, task: Task) -> Result<Left> {
    match task.kind {
        TaskKind::DestroyProject => destroy(&app, task.subject).await,
        _ => collect_objects(&app, &task.subject).await,
    }
}

/// Objects whose copies a removal took away, for the background to go on with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Leftovers {
    /// The project in which hidden copies may still have to go, because the removal stopped looking for them.
    cascade_in: Option<i64>,
    /// The objects; those that have no copy left are deleted.
    objects: Vec<i64>,
}

impl Leftovers {
    pub(crate) fn new(cascade_in: Option<ProjectKey>, objects: &[ObjectKey]) -> Self {
        let objects = objects.iter().copied().map(ObjectKey::number).collect();
        Self { cascade_in: cascade_in.map(ProjectKey::number), objects }
    }

    fn keys(&self) -> Vec<ObjectKey> {
        self.objects.iter().copied().map(ObjectKey::from_number).collect()
    }
}

/// Leaves work to the background, in the transaction that causes it.
pub(crate) fn leave(tx: &Tx, left: &Leftovers, now: i64) -> Result<()> {
    let subject = serde_json::to_string(left).map_err(Error::internal)?;
    Ok(task::add(tx, TaskKind::CollectObjects, &subject, now, now)?)
}

/// Removes some of what lies in a destroyed project: its copies, then its folders, then what was said about it.
async fn destroy(app: &App, subject: String) -> Result<Left> {
    let id = ContainerId::parse(&subject).ok_or_else(|| Error::internal("the task names no project"))?;
    let now = app.clock.now();
    let done = app
        .db
        .write(move |tx| {
            let Some(project) = store::collect::destroyed_project(tx, &id)? else { return Ok(true) };
            let objects = store::collect::empty_destroyed(tx, project, STEP)?;
            if !objects.is_empty() {
                delete_without_copies(tx, &objects, now)?;
                return Ok(false);
            }
            if store::collect::fell_destroyed(tx, project, STEP)? > 0 {
                return Ok(false);
            }
            store::collect::forget_destroyed(tx, project)?;
            Ok::<_, Error>(true)
        })
        .await?;
    Ok(if done { Left::Nothing } else { Left::Subject(subject) })
}

/// Removes hidden copies that the removal of these objects left unreached, then deletes those objects that have no copy
/// left.
async fn collect_objects(app: &Arc<App>, subject: &str) -> Result<Left> {
    let left: Leftovers = serde_json::from_str(subject).map_err(Error::internal)?;
    let left = match left.cascade_in.map(ProjectKey::from_number) {
        Some(project) => cascade(app, project, left).await?,
        None => delete_some(app, left).await?,
    };
    if left.objects.is_empty() {
        return Ok(Left::Nothing);
    }
    serde_json::to_string(&left).map(Left::Subject).map_err(Error::internal)
}

async fn cascade(app: &Arc<App>, project: ProjectKey, mut left: Leftovers) -> Result<Leftovers> {
    let gone = left.keys();
    let done = Ctx::own(app, "Collector")
        .change(move |work| {
            let done = removal::cascade_in(work.tx, project, &gone, STEP as usize)?;
            record(work, project, &done.removed)?;
            Ok(done)
        })
        .await?;
    left.objects.extend(done.removed.iter().map(|copy| copy.object.number()));
    if done.complete {
        left.cascade_in = None;
    }
    Ok(left)
}

fn record(work: &Work<'_>, project: ProjectKey, removed: &[Present]) -> Result<()> {
    let found = store::project::by_keys(work.tx, &[project])?;
    let Some(project) = found.first().filter(|_| !removed.is_empty()) else { return Ok(()) };
    let event = Event::done(EventName::DataRemoved).project(&project.id).after(unreached());
    work.record_each(&event, removed.iter().map(|copy| &copy.id))
}

/// What events say about hidden copies that were not named.
pub(crate) fn unreached() -> Json {
    json!({ "why": "hidden, and no longer linked to" })
}

async fn delete_some(app: &App, mut left: Leftovers) -> Result<Leftovers> {
    let later = left.objects.split_off(left.objects.len().min(STEP as usize));
    let (objects, now) = (left.keys(), app.clock.now());
    app.db.write(move |tx| delete_without_copies(tx, &objects, now)).await?;
    left.objects = later;
    Ok(left)
}

/// Deletes what has no copy left. Files whose other copies are archived, or that share bytes with what went, may have to
/// be settled anew.
fn delete_without_copies(tx: &Tx, objects: &[ObjectKey], now: i64) -> Result<()> {
    let sharing = store::collect::delete_without_copies(tx, objects)?;
    crate::archive::settle_later(tx, objects, now)?;
    crate::archive::settle_later(tx, &sharing, now)
}

/// Removes the bytes that nothing refers to, then the rows that named them. Bytes that cannot be removed now are passed
/// over and tried again with the next turn.
async fn remove_doomed(app: &App) -> Result<()> {
    let mut after: Option<BlobKey> = None;
    let mut failed = None;
    loop {
        let now = app.clock.now();
        // The hold is read with the list: what is doomed after a hold began is never removed while it lasts.
        let found = app
            .db
            .read(move |tx| {
                if store::hold::until(tx)? > now {
                    Ok(Vec::new())
                } else {
                    store::collect::doomed(tx, after, BLOBS)
                }
            })
            .await?;
        let Some(last) = found.last() else { break };
        after = Some(last.key);
        let mut gone = Vec::with_capacity(found.len());
        for blob in found {
            match remove_bytes(app, &blob.id).await {
                Ok(()) => gone.push(blob.key),
                Err(error) => failed = Some(error),
            }
        }
        app.db.write(move |tx| store::collect::forget_blobs(tx, &gone)).await?;
    }
    failed.map_or(Ok(()), Err)
}

async fn remove_bytes(app: &App, id: &str) -> Result<()> {
    let id: BlobId = id.parse().map_err(Error::internal)?;
    // A move between the tiers may have been cut off, so they may lie in both.
    app.blobs.remove(id, Tier::Live).await?;
    app.blobs.remove(id, Tier::Archive).await?;
    Ok(())
}
