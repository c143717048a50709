//! Doing the tasks that transactions leave to the background, step by step.

use std::future::Future;
use std::sync::Arc;

use store::task::{self, Task, TaskKind};
use store::text::Word as _;

use crate::context::App;
use crate::error::{Error, Result};
use crate::jobs::Ended;

/// How long a task belongs to whoever claimed it, in ms. A step takes far less; after a crash the task waits this long.
const CLAIM_MS: i64 = 60_000;
/// The most steps of one turn.
const STEPS: u32 = 500;
/// The first pause after a task failed, in ms; it doubles with each failure.
const RETRY_MS: i64 = 1_000;
/// The longest pause of a task that fails, in ms.
const LONGEST_RETRY_MS: i64 = 3_600_000;

/// What is left of a task after a step.
pub(crate) enum Left {
    /// Nothing.
    Nothing,
    /// This subject, at once.
    Subject(String),
}

impl Left {
    /// What is left is this list, in the form of the task's subject.
    pub(crate) fn list(keys: &[i64]) -> Result<Self> {
        if keys.is_empty() {
            return Ok(Self::Nothing);
        }
        serde_json::to_string(keys).map(Self::Subject).map_err(Error::internal)
    }
}

/// Does what tasks of these kinds are due, one step after the other. With `alone`, no other server works on such a task
/// meanwhile.
pub(crate) async fn work_off<F, S>(
    app: &Arc<App>,
    kinds: &'static [TaskKind],
    alone: bool,
    step: F,
) -> Result<Ended>
where
    F: Fn(Arc<App>, Task) -> S,
    S: Future<Output = Result<Left>>,
{
    let mut failures = false;
    for _ in 0..STEPS {
        let now = app.clock.now();
        let until = now.saturating_add(CLAIM_MS);
        let claimed = app.db.write(move |tx| task::claim(tx, kinds, alone, now, until)).await?;
        let Some(claimed) = claimed else { break };
        let (key, kind, attempts) = (claimed.key, claimed.kind, claimed.attempts);
        match step(Arc::clone(app), claimed).await {
            Ok(Left::Nothing) => app.db.write(move |tx| task::finish(tx, key)).await?,
            Ok(Left::Subject(subject)) => {
                app.db.write(move |tx| task::put_back(tx, key, &subject, now)).await?;
            }
            Err(error) => {
                let pause = pause_after(attempts);
                tracing::warn!(task = key.number(), ?kind, %error, again_in_ms = pause, "a background task failed");
                let failure = error.to_string();
                let due = app.clock.now().saturating_add(pause);
                app.db.write(move |tx| task::put_off(tx, key, &failure, due)).await?;
                failures = true;
            }
        }
    }
    Ok(Ended::with(failures))
}

impl App {
    /// Counts the tasks that have failed and have not gone on since, for the server's counters. A periodic job.
    ///
    /// # Errors
    /// The store's.
    pub async fn count_failing_tasks(&self) -> Result<()> {
        let failing = self.db.read(|tx| Ok::<_, Error>(task::failing(tx)?)).await?;
        self.memory.note_failing(failing);
        Ok(())
    }

    /// How many tasks of each kind have failed and have not gone on since, as last counted: the work is due and is not done.
    #[must_use]
    pub fn failing_tasks(&self) -> Vec<(&'static str, u64)> {
        let counted = self.memory.failing();
        let of =
            |kind: TaskKind| counted.iter().find(|(other, _)| *other == kind).map_or(0, |(_, count)| *count);
        TaskKind::WORDS.iter().map(|(kind, word)| (*word, of(*kind))).collect()
    }
}

fn pause_after(attempts: u32) -> i64 {
    let doublings = attempts.saturating_sub(1).min(20);
    (RETRY_MS << doublings).min(LONGEST_RETRY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour() {
        let pauses: Vec<i64> = [0, 1, 2, 3, 12, 13, u32::MAX].into_iter().map(pause_after).collect();
        assert_eq!(pauses, [1_000, 1_000, 2_000, 4_000, 2_048_000, 3_600_000, 3_600_000]);
    }
}
