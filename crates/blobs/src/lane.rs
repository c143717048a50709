//! Work that may block, in order, off the async runtime's threads.

use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinHandle, spawn_blocking};

use crate::error::BlobError;

/// Runs one blocking job.
///
/// # Errors
/// Those of the job; `Stopped` when the runtime shuts down.
///
/// # Panics
/// Passes on a panic of the job.
pub(crate) async fn blocking<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, BlobError> + Send + 'static,
) -> Result<T, BlobError> {
    joined(spawn_blocking(job).await)
}

/// A state, and jobs that change it one after the other while its owner goes on.
///
/// No thread is held while there is nothing to do, so slow senders do not use up the threads. Dropped, the running job
/// ends by itself and the state is dropped after it.
#[derive(Debug)]
pub(crate) struct Lane<S: Send + 'static>(State<S>);

#[derive(Debug)]
enum State<S> {
    Idle(S),
    Running(JoinHandle<Result<S, BlobError>>),
    /// The state went with a failed job.
    Lost,
}

impl<S: Send + 'static> Lane<S> {
    pub(crate) fn new(state: S) -> Self {
        Self(State::Idle(state))
    }

    /// Starts a job as soon as the one before has ended.
    ///
    /// # Errors
    /// Those of the job before.
    pub(crate) async fn start(
        &mut self,
        job: impl FnOnce(&mut S) -> Result<(), BlobError> + Send + 'static,
    ) -> Result<(), BlobError> {
        let mut state = self.settle().await?;
        self.0 = State::Running(spawn_blocking(move || job(&mut state).map(|()| state)));
        Ok(())
    }

    /// Waits for the last job and takes the state out.
    pub(crate) async fn settle(&mut self) -> Result<S, BlobError> {
        if let State::Running(job) = &mut self.0 {
            let ended = joined(job.await);
            self.0 = State::Lost;
            return ended;
        }
        match std::mem::replace(&mut self.0, State::Lost) {
            State::Idle(state) => Ok(state),
            State::Running(_) | State::Lost => Err(BlobError::WriterFailed),
        }
    }
}

impl<S: Send + 'static> Drop for Lane<S> {
    fn drop(&mut self) {
        // Dropping a state may unlink a large file, which blocks.
        if let State::Idle(state) = std::mem::replace(&mut self.0, State::Lost)
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn_blocking(move || drop(state));
        }
    }
}

/// What a joined job has to say; also used by readers.
pub(crate) fn joined<T>(ended: Result<Result<T, BlobError>, JoinError>) -> Result<T, BlobError> {
    match ended {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_cancelled) => Err(BlobError::Stopped),
        },
    }
}
