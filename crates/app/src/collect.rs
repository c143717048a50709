//! Collecting in the background: what tasks ask for, in steps of a few milliseconds, and bytes that nothing refers to.

use blobs::{BlobId, Tier};
use store::db::DbError;
use store::keys::{BlobKey, ObjectKey};
use store::task::{self, Task, TaskKind};
use wire::id::ContainerId;

use crate::context::App;
use crate::error::{Error, Result};

/// How long a task belongs to whoever claimed it, in ms. A step takes far less; after a crash the task waits this long.
const CLAIM_MS: i64 = 60_000;
/// The most steps before bytes get their turn.
const STEPS: u32 = 500;
/// Copies, objects or folders per step, so that one step holds the database for some milliseconds.
const STEP: u32 = 200;
/// Blobs whose bytes are removed between two looks at the database.
const BLOBS: u32 = 100;
/// The first pause after a task failed, in ms; it doubles with each failure.
const RETRY_MS: i64 = 1_000;
/// The longest pause of a task that fails, in ms.
const LONGEST_RETRY_MS: i64 = 3_600_000;

impl App {
    /// Does what tasks are due, then removes doomed bytes. A periodic job.
    ///
    /// # Errors
    /// The store's, and those of bytes that could not be removed; everything is found again at the next turn.
    pub async fn collect(&self) -> Result<()> {
        for _ in 0..STEPS {
            if !step(self).await? {
                break;
            }
        }
        remove_doomed(self).await
    }
}

/// What is left of a task after a step.
enum Left {
    /// Nothing.
    Nothing,
    /// This subject, at once.
    Subject(String),
}

/// Claims one task and does one step of it. False when no task is due.
async fn step(app: &App) -> Result<bool> {
    let now = app.clock.now();
    let claimed = app.db.write(move |tx| task::claim(tx, now, now.saturating_add(CLAIM_MS))).await?;
    let Some(claimed) = claimed else { return Ok(false) };
    let key = claimed.key;
    match do_step(app, &claimed).await {
        Ok(Left::Nothing) => app.db.write(move |tx| task::finish(tx, key)).await?,
        Ok(Left::Subject(subject)) => {
            app.db.write(move |tx| task::put_back(tx, key, &subject, now)).await?;
        }
        Err(error) => {
            let pause = pause_after(claimed.attempts);
            tracing::warn!(task = key.number(), kind = ?claimed.kind, %error, again_in_ms = pause, "a background task failed");
            let failure = error.to_string();
            let due = now.saturating_add(pause);
            app.db.write(move |tx| task::put_off(tx, key, &failure, due)).await?;
        }
    }
    Ok(true)
}

fn pause_after(attempts: u32) -> i64 {
    let doublings = attempts.saturating_sub(1).min(20);
    (RETRY_MS << doublings).min(LONGEST_RETRY_MS)
}

async fn do_step(app: &App, task: &Task) -> Result<Left> {
    let subject = task.subject.clone();
    match task.kind {
        Some(TaskKind::DestroyProject) => destroy(app, subject).await,
        Some(TaskKind::CollectObjects) => collect_objects(app, &subject).await,
        None => Err(Error::internal("this version of the program does not know the kind of the task")),
    }
}

/// Removes some of what lies in a destroyed project: its copies, then its folders, then what was said about it.
async fn destroy(app: &App, subject: String) -> Result<Left> {
    let id = ContainerId::parse(&subject).ok_or_else(|| Error::internal("the task names no project"))?;
    let done = app
        .db
        .write(move |tx| {
            let Some(project) = store::collect::destroyed_project(tx, &id)? else { return Ok(true) };
            let objects = store::collect::empty_destroyed(tx, project, STEP)?;
            if !objects.is_empty() {
                store::collect::delete_without_copies(tx, &objects)?;
                return Ok(false);
            }
            if store::collect::fell_destroyed(tx, project, STEP)? > 0 {
                return Ok(false);
            }
            store::collect::forget_destroyed(tx, project)?;
            Ok::<_, DbError>(true)
        })
        .await?;
    Ok(if done { Left::Nothing } else { Left::Subject(subject) })
}

/// Deletes those of the named objects that have no copy left.
async fn collect_objects(app: &App, subject: &str) -> Result<Left> {
    let mut now: Vec<i64> = serde_json::from_str(subject).map_err(Error::internal)?;
    let later = now.split_off(now.len().min(STEP as usize));
    let objects: Vec<ObjectKey> = now.into_iter().map(ObjectKey::from_number).collect();
    app.db.write(move |tx| store::collect::delete_without_copies(tx, &objects)).await?;
    Ok(if later.is_empty() {
        Left::Nothing
    } else {
        Left::Subject(serde_json::to_string(&later).map_err(Error::internal)?)
    })
}

/// Removes the bytes that nothing refers to, then the rows that named them. Bytes that cannot be removed now are passed
/// over and tried again with the next run.
async fn remove_doomed(app: &App) -> Result<()> {
    let mut after: Option<BlobKey> = None;
    let mut failed = None;
    loop {
        let found = app.db.read(move |tx| store::collect::doomed(tx, after, BLOBS)).await?;
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
