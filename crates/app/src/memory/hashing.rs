//! Leave to hash passwords: each takes its time and 19 MiB on purpose, so only a few are hashed at once.

use tokio::sync::Semaphore;

use crate::error::{Error, Result};

/// How many passwords are hashed at the same time.
const AT_ONCE: usize = 4;

/// Leave to hash.
#[derive(Debug)]
pub(crate) struct Hashing(Semaphore);

impl Default for Hashing {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

impl Hashing {
    /// Does the work of a hash off the threads that serve requests, when its turn has come.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let _leave = self.0.acquire().await.map_err(Error::internal)?;
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
    }
}
