//! A bounded set of connections, lent to one blocking thread at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::DbError;

/// At most `size` connections are lent at once; who comes later waits without holding a thread.
pub(super) struct Pool<C> {
    idle: Mutex<Vec<C>>,
    permits: Arc<Semaphore>,
    size: u32,
    waiting: AtomicUsize,
}

/// Counts somebody who waits, until it is dropped.
struct Waiting<'p>(&'p AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The right to use one connection, until it is dropped.
pub(super) struct Lease<C> {
    pool: Arc<Pool<C>>,
    _permit: OwnedSemaphorePermit,
}

impl<C> Pool<C> {
    pub(super) fn new(size: usize, opened: Vec<C>) -> Arc<Pool<C>> {
        let size = u32::try_from(size.clamp(1, 1000)).unwrap_or(1);
        let permits = Arc::new(Semaphore::new(size as usize));
        Arc::new(Pool { idle: Mutex::new(opened), permits, size, waiting: AtomicUsize::new(0) })
    }

    pub(super) async fn acquire(self: &Arc<Self>) -> Result<Lease<C>, DbError> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        match self.permits.clone().acquire_owned().await {
            Ok(permit) => Ok(Lease { pool: self.clone(), _permit: permit }),
            Err(_) => Err(closed()),
        }
    }

    /// How many callers wait for a connection.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How many connections are lent at once.
    pub(super) fn size(&self) -> u32 {
        self.size
    }

    /// Waits until no connection is in use and gives them all back; later callers are refused.
    pub(super) async fn close(&self) -> Vec<C> {
        let everyone = self.permits.acquire_many(self.size).await;
        self.permits.close();
        drop(everyone);
        self.take_idle()
    }

    fn take_idle(&self) -> Vec<C> {
        std::mem::take(&mut *self.idle())
    }

    fn idle(&self) -> MutexGuard<'_, Vec<C>> {
        // The list is whole even if a thread panicked while it held the lock.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C> Lease<C> {
    /// An open connection, if one is idle.
    pub(super) fn take(&self) -> Option<C> {
        self.pool.idle().pop()
    }

    /// Every idle connection, so that none of them is used again.
    pub(super) fn take_all_idle(&self) -> Vec<C> {
        self.pool.take_idle()
    }

    /// Puts a connection back for the next one.
    pub(super) fn put(&self, connection: C) {
        self.pool.idle().push(connection);
    }
}

/// What callers of a closed database are told.
pub(super) fn closed() -> DbError {
    DbError::Unavailable("it was closed because the server is stopping".to_owned())
}

/// Runs `f` where it may block.
pub(super) async fn on_thread<T, E>(f: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
{
    match tokio::task::spawn_blocking(f).await {
        Ok(result) => result,
        // Closures catch their panics, so this is the runtime that ends.
        Err(_) => Err(closed().into()),
    }
}
