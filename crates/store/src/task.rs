//! Work that goes on in the background after the transaction that asked for it: rows that survive a restart.
//!
//! A task is claimed for a while, done in steps, and deleted. Whoever claims it may die, so every step can be repeated.

use crate::db::{DbError, Tx, params};
use crate::keys::TaskKey;
use crate::text::Word;

/// What kind of work a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskKind {
    /// Collect what lies in a destroyed project. Subject: the project's id.
    DestroyProject,
    /// Collect objects that may have lost their last copy. Subject: their keys, as a JSON list.
    CollectObjects,
}

impl Word for TaskKind {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::DestroyProject, "project.destroy"), (Self::CollectObjects, "objects.collect")];
}

/// A task that was claimed.
#[derive(Debug, Clone)]
pub struct Task {
    /// Its key.
    pub key: TaskKey,
    /// What kind of work it is; none for a kind that only a newer version of this program knows.
    pub kind: Option<TaskKind>,
    /// What it is about, in the form that the kind says.
    pub subject: String,
    /// How often it was claimed since it last went on.
    pub attempts: u32,
}

/// Adds a task. It is due at `due`, in ms.
pub fn add(tx: &Tx, kind: TaskKind, subject: &str, due: i64, now: i64) -> Result<(), DbError> {
    tx.execute(
        "insert into background_task (kind, subject, state, created, due) values ($1, $2, 'waiting', $3, $4)",
        params![kind.word(), subject, now, due],
    )?;
    Ok(())
}

/// Takes the task that has been due for longest, so that nobody else takes it before `until`.
pub fn claim(tx: &Tx, now: i64, until: i64) -> Result<Option<Task>, DbError> {
    tx.query_opt(
        "update background_task set due = $2, attempts = attempts + 1
         where key = (select key from background_task where state = 'waiting' and due <= $1 order by due, key limit 1)
           and due <= $1
         returning key, kind, subject, attempts",
        params![now, until],
    )?
    .map(|row| {
        let kind: String = row.get(1)?;
        Ok(Task {
            key: row.get(0)?,
            kind: TaskKind::from_word(&kind),
            subject: row.get(2)?,
            attempts: row.get(3)?,
        })
    })
    .transpose()
}

/// Removes a task that is done.
pub fn finish(tx: &Tx, key: TaskKey) -> Result<(), DbError> {
    tx.execute("delete from background_task where key = $1", params![key])?;
    Ok(())
}

/// Puts a task back that went on and is not done yet, with what is left of its subject.
pub fn put_back(tx: &Tx, key: TaskKey, subject: &str, due: i64) -> Result<(), DbError> {
    tx.execute(
        "update background_task set subject = $2, due = $3, attempts = 0, failure = null where key = $1",
        params![key, subject, due],
    )?;
    Ok(())
}

/// Puts a task back that failed, to be tried again at `due`.
pub fn put_off(tx: &Tx, key: TaskKey, failure: &str, due: i64) -> Result<(), DbError> {
    tx.execute(
        "update background_task set failure = $2, due = $3 where key = $1",
        params![key, failure, due],
    )?;
    Ok(())
}
