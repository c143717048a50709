//! The one thread that writes, and its group commit.
//!
//! A commit costs a disk flush whatever it holds, so closures that wait at the same time share one: one commit makes all
//! durable, and only then are they answered. What a closure that fails did is undone alone: each runs in a savepoint of
//! its own, but for one that has no other before it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::connection::{Place, SqliteConnection};
use crate::db::error::{Fault, Reach, panic_text};
use crate::db::pool::closed;
use crate::db::tx::Backend;
use crate::db::{DbError, Tx};

/// The most closures that share a commit.
pub(in crate::db) const GROUP: usize = 64;
/// How long a group goes on taking in closures: whoever is in it waits for no more. Longer in tests of groups, which
/// printing the trace of a panic must not end.
const GROUP_TIME: Duration = Duration::from_millis(if cfg!(test) { 1000 } else { 50 });
/// How many closures wait for the writer before callers wait to hand theirs over.
const QUEUE: usize = 256;

/// The way to the writer thread.
pub(super) struct Writer {
    queue: mpsc::Sender<Work>,
}

enum Work {
    Group(Box<dyn Job>),
    Alone(AloneFn),
    Close(oneshot::Sender<()>),
}

type AloneFn = Box<dyn FnOnce(Result<&Tx, DbError>) + Send>;

impl Writer {
    /// Opens the database and starts the thread. It ends after [`Writer::close`], or when the `Writer` is dropped and the
    /// queue is empty.
    pub(super) fn start(place: Place) -> Result<Writer, DbError> {
        let connection = SqliteConnection::open_writer(&place)?;
        let (queue, inbox) = mpsc::channel(QUEUE);
        let thread = WriterThread { tx: Some(Tx::new(Backend::Sqlite(connection))), place, inbox };
        std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || thread.run())
            .map_err(|error| DbError::Unavailable(format!("no thread could be started: {error}")))?;
        Ok(Writer { queue })
    }

    /// Runs the closure in the next group; answers when it is durable or undone.
    pub(super) async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnMut(&Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Closure { f, result: None, reply });
        self.queue.send(Work::Group(job)).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Runs `f` on the writing connection between two groups; it begins and ends its own transactions.
    pub(super) async fn alone<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Tx) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        let (reply, answer) = oneshot::channel();
        let work = move |tx: Result<&Tx, DbError>| {
            // The caller may have gone away; then nobody wants the answer.
            let _ = reply.send(tx.and_then(f));
        };
        self.queue.send(Work::Alone(Box::new(work))).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// How many closures wait.
    pub(super) fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Lets the queue run empty, then checkpoints and closes the database.
    pub(super) async fn close(&self) {
        let (reply, answer) = oneshot::channel();
        if self.queue.send(Work::Close(reply)).await.is_ok() {
            let _ = answer.await;
        }
    }
}

/// A write closure with its types hidden.
trait Job: Send {
    /// Whether somebody still waits for the answer.
    fn is_wanted(&self) -> bool;
    /// Runs the closure and keeps its result; says whether that is `Ok`.
    fn run(&mut self, tx: &Tx) -> bool;
    /// Replaces the result.
    fn fail(&mut self, error: DbError);
    /// Sends the result.
    fn answer(self: Box<Self>);
}

struct Closure<T, E, F> {
    f: F,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Job for Closure<T, E, F>
where
    F: FnMut(&Tx) -> Result<T, E> + Send,
    T: Send,
    E: From<DbError> + Send,
{
    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    fn run(&mut self, tx: &Tx) -> bool {
        // A panic leaves nothing half-done behind: the transaction is undone and the closure is not run again.
        let result = catch_unwind(AssertUnwindSafe(|| (self.f)(tx)))
            .unwrap_or_else(|payload| Err(DbError::Panicked(panic_text(&*payload)).into()));
        let ok = result.is_ok();
        self.result = Some(result);
        ok
    }

    fn fail(&mut self, error: DbError) {
        self.result = Some(Err(error.into()));
    }

    fn answer(self: Box<Self>) {
        if let Some(result) = self.result {
            // The caller may have gone away; the change stands all the same.
            let _ = self.reply.send(result);
        }
    }
}

struct WriterThread {
    place: Place,
    /// None after the connection broke; it is opened again for the next work.
    tx: Option<Tx>,
    inbox: mpsc::Receiver<Work>,
}

impl WriterThread {
    fn run(mut self) {
        let mut carried = None;
        while let Some(work) = carried.take().or_else(|| self.inbox.blocking_recv()) {
            match work {
                Work::Group(first) => carried = self.group(first),
                Work::Alone(f) => self.alone(f),
                Work::Close(reply) => {
                    self.inbox.close();
                    self.tx = None;
                    let _ = reply.send(());
                    return;
                }
            }
        }
    }

    fn alone(&mut self, f: AloneFn) {
        // A panic drops the reply, which the caller sees; a transaction left open must not swallow later groups.
        let panicked = catch_unwind(AssertUnwindSafe(|| f(self.open()))).is_err();
        self.abandon();
        if panicked {
            self.tx = None;
        }
    }

    /// Runs this closure and those that wait behind it in one transaction; returns work that is none of these.
    fn group(&mut self, first: Box<dyn Job>) -> Option<Work> {
        let mut jobs = Vec::new();
        let mut carried = None;
        let mut next = Some(first);
        let mut outcome = self.begin();
        let mut changed = false;
        let began = Instant::now();
        while let Some(mut job) = next.take() {
            if job.is_wanted() {
                if outcome.is_ok() {
                    outcome = match changed {
                        false => self.run_first(&mut *job).map(|done| changed = done),
                        true => self.run_beside(&mut *job),
                    };
                }
                jobs.push(job);
            }
            if outcome.is_ok() && jobs.len() < GROUP && began.elapsed() < GROUP_TIME {
                match self.inbox.try_recv() {
                    Ok(Work::Group(job)) => next = Some(job),
                    Ok(other) => carried = Some(other),
                    Err(_) => {}
                }
            }
        }
        if let Err(error) = outcome.and_then(|()| self.commit()) {
            self.abandon();
            for job in &mut jobs {
                job.fail(error.clone());
            }
        }
        for job in jobs {
            job.answer();
        }
        carried
    }

    fn open(&mut self) -> Result<&Tx, DbError> {
        let tx = match self.tx.take() {
            Some(tx) => tx,
            None => Tx::new(Backend::Sqlite(SqliteConnection::open_writer(&self.place)?)),
        };
        Ok(self.tx.insert(tx))
    }

    fn begin(&mut self) -> Result<(), DbError> {
        // Not deferred: a transaction that starts to write later fails at once when another process writes.
        self.open()?.control("begin immediate")
    }

    fn commit(&mut self) -> Result<(), DbError> {
        self.open()?.control("commit")
    }

    /// Runs a closure that is alone in the transaction so far; says whether it did its work. When it did not, all of the
    /// transaction is undone and begun again. `Err` is for the whole group.
    ///
    /// It has no savepoint, because every statement in one takes time in proportion to the pages that the savepoint has
    /// kept so far, and a closure that copies a project changes thousands.
    fn run_first(&mut self, job: &mut dyn Job) -> Result<bool, DbError> {
        let tx = self.open()?;
        if run(tx, job)? {
            return Ok(true);
        }
        tx.control("rollback")?;
        self.begin().map(|()| false)
    }

    /// Runs a closure beside others that did their work, in a savepoint. `Err` is for the whole group.
    fn run_beside(&mut self, job: &mut dyn Job) -> Result<(), DbError> {
        let tx = self.open()?;
        tx.control("savepoint closure")?;
        if !run(tx, job)? {
            tx.control("rollback to savepoint closure")?;
        }
        tx.control("release savepoint closure")
    }

    /// Undoes the open transaction and leaves a clean connection, or none.
    fn abandon(&mut self) {
        let Some(tx) = &self.tx else {
            return;
        };
        tx.take_fault();
        let Backend::Sqlite(connection) = &tx.backend else {
            return;
        };
        // SQLite gives up the transaction itself on some errors; then there is nothing to undo.
        if !connection.is_idle() && (tx.control("rollback").is_err() || !connection.is_idle()) {
            self.tx = None;
        }
    }
}

/// Runs a closure; says whether what it did is to stay. `Err` is for the whole group.
fn run(tx: &Tx, job: &mut dyn Job) -> Result<bool, DbError> {
    let ok = job.run(tx);
    match tx.take_fault() {
        None => Ok(ok),
        Some(Fault { error, reach }) if reach != Reach::Statement => Err(error),
        Some(fault) => {
            if ok {
                job.fail(fault.error);
            }
            Ok(false)
        }
    }
}
