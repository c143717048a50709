//! Work that goes on in the background after the transaction that asked for it: rows that survive a restart.
//!
//! A task is claimed for a while, done in steps, and deleted. Whoever claims it may die, so every step can be repeated.

use crate::db::{DbError, Sql, Tx, params};
use crate::keys::TaskKey;
use crate::text::{self, Word};

/// What kind of work a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskKind {
    /// Collect what lies in a destroyed project. Subject: the project's id.
    DestroyProject,
    /// Settle where the copies and bytes of files are. Subject: the files' keys, as a JSON list.
    SettleArchive,
    /// Settle all files of a project that are not simply live, after its payer changed. Subject: the project's id.
    SettleProject,
    /// Collect objects that may have lost their last copy. Subject: JSON of the use case's own.
    CollectObjects,
}

impl Word for TaskKind {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::DestroyProject, "project.destroy"),
        (Self::SettleArchive, "archive.settle"),
        (Self::SettleProject, "archive.settleProject"),
        (Self::CollectObjects, "objects.collect"),
    ];
}

/// A task that was claimed.
#[derive(Debug, Clone)]
pub struct Task {
    /// Its key.
    pub key: TaskKey,
    /// What kind of work it is.
    pub kind: TaskKind,
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

/// Takes the task of one of these kinds that has been due for longest, so that nobody else takes it before `until`. With
/// `alone`, none is taken while another task of these kinds is being worked on.
pub fn claim(
    tx: &Tx,
    kinds: &[TaskKind],
    alone: bool,
    now: i64,
    until: i64,
) -> Result<Option<Task>, DbError> {
    let of_kinds = || {
        let mut sql = Sql::new("kind in (");
        sql.bind_list(kinds.iter().map(|kind| kind.word())).push(")");
        sql
    };
    let mut sql = Sql::new("update background_task set state = 'running', attempts = attempts + 1, due = ");
    sql.bind(until);
    sql.push(" where key = (select key from background_task where due <= ").bind(now);
    sql.push(" and state in ('waiting', 'running') and ").push_sql(of_kinds());
    if alone {
        sql.push(" and not exists (select 1 from background_task busy where busy.state = 'running' and busy.due > ");
        sql.bind(now).push(" and busy.").push_sql(of_kinds()).push(")");
    }
    sql.push(" order by due, key limit 1) returning key, kind, subject, attempts");
    tx.query_opt_sql(&sql)?
        .map(|row| {
            Ok(Task {
                key: row.get(0)?,
                kind: text::word(&row, 1)?,
                subject: row.get(2)?,
                attempts: row.get(3)?,
            })
        })
        .transpose()
}

/// Keeps a claimed task from others for longer, for a step that takes long.
pub fn hold(tx: &Tx, key: TaskKey, until: i64) -> Result<(), DbError> {
    tx.execute("update background_task set due = $2 where key = $1", params![key, until])?;
    Ok(())
}

/// Takes every task from whoever claimed it: they are the servers of another installation.
pub fn free_all(tx: &Tx, now: i64) -> Result<(), DbError> {
    tx.execute(
        "update background_task set state = 'waiting', due = $1 where state = 'running'",
        params![now],
    )?;
    Ok(())
}

/// How many tasks of each kind have failed and have not gone on since.
pub fn failing(tx: &Tx) -> Result<Vec<(TaskKind, u64)>, DbError> {
    tx.query("select kind, count(*) from background_task where failure is not null group by kind", &[])?
        .iter()
        .map(|row| Ok((text::word(row, 0)?, row.get(1)?)))
        .collect()
}

/// Removes a task that is done.
pub fn finish(tx: &Tx, key: TaskKey) -> Result<(), DbError> {
    tx.execute("delete from background_task where key = $1", params![key])?;
    Ok(())
}

/// Puts a task back that went on and is not done yet, with what is left of its subject.
pub fn put_back(tx: &Tx, key: TaskKey, subject: &str, due: i64) -> Result<(), DbError> {
    tx.execute(
        "update background_task set state = 'waiting', subject = $2, due = $3, attempts = 0, failure = null where key = $1",
        params![key, subject, due],
    )?;
    Ok(())
}

/// Puts a task back that failed, to be tried again at `due`.
pub fn put_off(tx: &Tx, key: TaskKey, failure: &str, due: i64) -> Result<(), DbError> {
    tx.execute(
        "update background_task set state = 'waiting', failure = $2, due = $3 where key = $1",
        params![key, failure, due],
    )?;
    Ok(())
}
