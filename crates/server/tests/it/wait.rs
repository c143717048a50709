//! Waiting for what happens in the background. Nothing here says how fast it must be: the limit only ends a test whose
//! answer never comes, and leaves room for a machine that does other work beside.

use std::time::Duration;

use tokio::time::Instant;

const LIMIT: Duration = Duration::from_secs(120);

/// Asks until there is an answer.
pub async fn answer_of<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let patience = Patience::begin();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        patience.pause(what).await;
    }
}

/// Asks until it holds.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    answer_of(what, async || holds().await.then_some(())).await;
}

/// The same for loops that a task of its own runs, to which such closures cannot be sent.
pub struct Patience(Instant);

impl Patience {
    pub fn begin() -> Self {
        Self(Instant::now())
    }

    /// A moment, or the end of the test when there were too many.
    pub async fn pause(&self, what: &str) {
        assert!(self.0.elapsed() < LIMIT, "not within {} s: {what}", LIMIT.as_secs());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
