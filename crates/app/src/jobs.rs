//! Periodic jobs: what the server does by itself, all on one screen.
//!
//! A job does a little, often; what it has not finished it finds again next time, so that a stop at any point costs
//! nothing: a turn is cut off at an `await` when the server stops. Jobs run beside one another. One that fails is logged
//! and tried again, after a rest that doubles with each failure.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::context::App;
use crate::error::Result;

/// What one turn of a job gives back.
pub type Turn = Pin<Box<dyn Future<Output = Result<Ended>> + Send>>;

/// How a turn ended that went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// All that it met was done.
    Well,
    /// Some of it failed, is in the log, and was put off; the rest was done.
    WithFailures,
}

impl Ended {
    /// Ended with failures if there were any.
    pub(crate) fn with(failures: bool) -> Self {
        if failures { Self::WithFailures } else { Self::Well }
    }
}

/// A turn that goes through or fails as a whole.
fn whole(turn: impl Future<Output = Result<()>> + Send + 'static) -> Turn {
    Box::pin(async { turn.await.map(|()| Ended::Well) })
}

/// A periodic job.
pub struct Job {
    /// Its name in logs and metrics.
    pub name: &'static str,
    /// How long it rests between two turns.
    pub every: Duration,
    /// One turn.
    pub turn: fn(Arc<App>) -> Turn,
}

/// Every job of the server.
pub const JOBS: &[Job] = &[
    Job {
        name: "audit log",
        every: Duration::from_millis(250),
        turn: |app| whole(async move { app.fold_audit_log().await }),
    },
    Job {
        name: "collect",
        every: Duration::from_millis(500),
        turn: |app| Box::pin(crate::collect::turn(app)),
    },
    Job {
        name: "archive",
        every: Duration::from_millis(500),
        turn: |app| Box::pin(crate::archive::turn(app)),
    },
    Job {
        name: "mail",
        every: Duration::from_secs(1),
        turn: |app| whole(async move { app.send_mail().await }),
    },
    Job {
        name: "token uses",
        every: Duration::from_secs(30),
        turn: |app| whole(async move { app.write_token_uses().await }),
    },
    Job {
        name: "removed users",
        every: Duration::from_secs(60),
        turn: |app| whole(async move { app.clear_removed_users().await }),
    },
    Job {
        name: "unused accounts",
        every: Duration::from_secs(600),
        turn: |app| whole(async move { app.forget_unused_accounts().await }),
    },
    Job {
        name: "forget mail",
        every: Duration::from_secs(600),
        turn: |app| whole(async move { app.forget_mail().await }),
    },
    Job { name: "seal files", every: Duration::from_millis(10), turn: |app| Box::pin(app.seal_files()) },
    Job { name: "scrub", every: Duration::from_secs(600), turn: |app| whole(app.scrub()) },
    Job {
        name: "orphaned bytes",
        every: Duration::from_secs(6 * 3600),
        turn: |app| whole(app.remove_orphans()),
    },
    Job { name: "closing objects", every: Duration::from_secs(30), turn: |app| whole(app.settle_closing()) },
    Job {
        name: "nonces",
        every: Duration::from_secs(60),
        turn: |app| whole(async move { app.forget_nonces().await }),
    },
    Job {
        name: "forget sign-ins",
        every: Duration::from_secs(600),
        turn: |app| whole(async move { app.forget_sign_ins().await }),
    },
    Job {
        name: "failing tasks",
        every: Duration::from_secs(10),
        turn: |app| whole(async move { app.count_failing_tasks().await }),
    },
];

/// The longest rest after failures.
const LONGEST_REST: Duration = Duration::from_secs(300);

/// Is told the name of a job after each of its turns, and whether the turn, or something in it, failed.
pub type Turned = Arc<dyn Fn(&'static str, bool) + Send + Sync>;

/// Runs every job until `stopped` turns true, or its sender is gone.
pub async fn run(app: Arc<App>, stopped: watch::Receiver<bool>, turned: Turned) {
    let mut running = JoinSet::new();
    for job in JOBS {
        running.spawn(repeat(Arc::clone(&app), job, stopped.clone(), Arc::clone(&turned)));
    }
    while running.join_next().await.is_some() {}
}

async fn repeat(app: Arc<App>, job: &'static Job, mut stopped: watch::Receiver<bool>, turned: Turned) {
    let mut rest = job.every;
    loop {
        // A task of its own, so that a panic is a failure like any other; dropping the set cuts it off.
        let mut turn = JoinSet::new();
        turn.spawn((job.turn)(Arc::clone(&app)));
        let ended = tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return,
            ended = turn.join_next() => match ended {
                None => Ok(Ended::Well),
                Some(Ok(Ok(ended))) => Ok(ended),
                Some(Ok(Err(error))) => Err(error.to_string()),
                Some(Err(fault)) => Err(fault.to_string()),
            },
        };
        turned(job.name, ended != Ok(Ended::Well));
        rest = match ended {
            Ok(_) => job.every,
            Err(error) => {
                let longer = (rest * 2).min(LONGEST_REST).max(job.every);
                let again_in_ms = longer.as_millis();
                tracing::warn!(
                    job = job.name,
                    error,
                    again_in_ms,
                    "a periodic job failed and will be tried again"
                );
                longer
            }
        };
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return,
            () = tokio::time::sleep(rest) => {}
        }
    }
}
