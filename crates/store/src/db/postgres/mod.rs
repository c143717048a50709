//! PostgreSQL: a pool of connections on blocking threads, serializable transactions, retried when they collide.

mod connection;
mod fault;
mod session;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

pub(super) use connection::{PgConnection, Server};
#[cfg(test)]
pub(super) use session::Patience;

use super::error::{Fault, Reach, panic_text};
use super::pool::{Lease, Pool, closed, on_thread};
use super::tx::Backend;
use super::{DbError, Migration, Tx, migrate};

/// How often a transaction is tried before the caller is told that the database is busy.
const TRIES: u32 = 12;
/// After this many tries a transaction runs alone. On small tables PostgreSQL sees collisions where there are none, because
/// it watches whole pages; without this, eight busy callers could collide until all gave up.
const TRIES_TOGETHER: u32 = 2;
/// Once a transaction was tried for so long it is tried once more, alone, unless it was alone already; then it gets an answer
/// while somebody still waits for one.
const TRYING: Duration = Duration::from_secs(10);
/// How long a transaction waits for a connection.
const LEASE_WAIT: Duration = Duration::from_secs(30);

/// For each of so many connections there is one more for look-ups.
const LOOKERS_PART: usize = 4;

/// The database of a larger installation.
pub(super) struct Postgres {
    server: Arc<Server>,
    pool: Arc<Pool<PgConnection>>,
    /// For point look-ups, which wait for no long transaction.
    lookers: Arc<Pool<PgConnection>>,
    /// Shared by write transactions; held alone by one that collided too often.
    lane: Arc<RwLock<()>>,
    trying: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Read,
    Write,
}

impl Mode {
    fn begin(self) -> &'static str {
        match self {
            Mode::Read => "begin isolation level repeatable read read only",
            // Under a weaker level two transactions can each see that the other administrator remains, and both leave.
            // A scan of a whole table would collide with every change of it.
            Mode::Write => "begin isolation level serializable read write; set local enable_seqscan = off",
        }
    }
}

impl Postgres {
    pub(super) async fn open(url: &str, schema: Option<String>, pool: usize) -> Result<Postgres, DbError> {
        Self::at(Server::new(url, schema)?, pool).await
    }

    pub(super) async fn at(server: Server, pool: usize) -> Result<Postgres, DbError> {
        if let Some(warning) = server.warning() {
            tracing::warn!("{warning}");
        }
        let server = Arc::new(server);
        let first = server.clone();
        let connection = on_thread(move || {
            let mut connection = first.connect()?;
            first.check(&mut connection)?;
            Ok(connection)
        })
        .await?;
        Ok(Postgres {
            server,
            pool: Pool::new(pool, vec![connection]),
            lookers: Pool::new(pool / LOOKERS_PART, Vec::new()),
            lane: Arc::default(),
            trying: TRYING,
        })
    }

    /// The same, with another time than [`TRYING`].
    #[cfg(test)]
    pub(super) fn trying_for(self, trying: Duration) -> Postgres {
        Postgres { trying, ..self }
    }

    /// Whether write transactions may run beside those that run now.
    #[cfg(test)]
    pub(super) fn lane_is_shared(&self) -> bool {
        self.lane.try_read().is_ok()
    }

    pub(super) async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnMut(&Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.run(&self.pool, Mode::Read, f).await
    }

    pub(super) async fn look_up<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnMut(&Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.run(&self.lookers, Mode::Read, f).await
    }

    pub(super) async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnMut(&Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.run(&self.pool, Mode::Write, f).await
    }

    pub(super) async fn migrate(
        &self,
        migrations: &'static [Migration],
    ) -> Result<Vec<&'static str>, DbError> {
        let lease = self.pool.acquire().await?;
        let server = self.server.clone();
        on_thread(move || {
            // A connection of its own: prepared statements of the old schema end with the connections that held them.
            drop(lease.take_all_idle());
            let tx = Tx::new(Backend::Postgres(Box::new(server.connect()?.into())));
            migrate::run(&tx, migrations)
        })
        .await
    }

    pub(super) async fn close(&self) {
        drop(self.pool.close().await);
        drop(self.lookers.close().await);
    }

    /// How many transactions wait for a connection.
    pub(super) fn waiting(&self) -> usize {
        self.pool.waiting()
    }

    pub(super) fn readers(&self) -> u32 {
        self.pool.size()
    }

    async fn run<T, E, F>(&self, pool: &Arc<Pool<PgConnection>>, mode: Mode, mut f: F) -> Result<T, E>
    where
        F: FnMut(&Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let Ok(lease) = tokio::time::timeout(LEASE_WAIT, pool.acquire()).await else {
            return Err(DbError::Busy.into());
        };
        let lease = lease?;
        let (server, lane, trying) = (self.server.clone(), self.lane.clone(), self.trying);
        on_thread(move || with_retries(&lease, &server, &lane, trying, mode, &mut f)).await
    }
}

fn with_retries<T, E: From<DbError>>(
    lease: &Lease<PgConnection>,
    server: &Server,
    lane: &RwLock<()>,
    trying: Duration,
    mode: Mode,
    f: &mut impl FnMut(&Tx) -> Result<T, E>,
) -> Result<T, E> {
    #[expect(
        clippy::disallowed_methods,
        reason = "how long to go on trying; nothing that is stored depends on it"
    )]
    let begun = Instant::now();
    let mut last = DbError::Busy;
    let mut alone = false;
    for attempt in 0..TRIES {
        let connection = match lease.take() {
            Some(connection) => connection,
            None => server.connect()?,
        };
        let tx = Tx::new(Backend::Postgres(Box::new(connection.into())));
        let outcome = match mode {
            Mode::Write if alone => {
                let _alone = lane.write().unwrap_or_else(PoisonError::into_inner);
                try_once(&tx, mode, f)
            }
            Mode::Write => {
                let _together = lane.read().unwrap_or_else(PoisonError::into_inner);
                try_once(&tx, mode, f)
            }
            Mode::Read => try_once(&tx, mode, f),
        };
        let connection_is_good = match &outcome {
            Outcome::Done(_, good) => *good,
            Outcome::Again(fault) => fault.reach == Reach::Again,
        };
        if connection_is_good && let Backend::Postgres(connection) = tx.backend {
            let mut connection = connection.into_inner();
            connection.in_usual_time();
            lease.put(connection);
        }
        match outcome {
            Outcome::Done(result, _) => return result,
            Outcome::Again(fault) => {
                if fault.reach == Reach::Connection {
                    // The server went away or restarted: the other idle connections are dead too.
                    drop(lease.take_all_idle());
                }
                last = fault.error;
            }
        }
        let over = begun.elapsed() > trying;
        if over && (alone || !connection_is_good || !matches!(mode, Mode::Write)) {
            break;
        }
        // Who goes on alone need not wait for others to finish first.
        let was_alone = std::mem::replace(&mut alone, over || attempt + 1 >= TRIES_TOGETHER);
        if was_alone == alone {
            std::thread::sleep(pause(attempt));
        }
    }
    Err(last.into())
}

enum Outcome<T, E> {
    /// The result, and whether the connection is fit for the next transaction.
    Done(Result<T, E>, bool),
    Again(Fault),
}

fn try_once<T, E: From<DbError>>(
    tx: &Tx,
    mode: Mode,
    f: &mut impl FnMut(&Tx) -> Result<T, E>,
) -> Outcome<T, E> {
    if tx.control(mode.begin()).is_err() {
        return failed(tx, None);
    }
    // A panic leaves nothing half-done behind: the transaction is rolled back and the closure is not run again.
    let result = match catch_unwind(AssertUnwindSafe(|| f(tx))) {
        Ok(result) => result,
        Err(payload) => {
            tx.take_fault();
            let good = tx.control("rollback").is_ok();
            return Outcome::Done(Err(DbError::Panicked(panic_text(&*payload)).into()), good);
        }
    };
    if tx.has_failed() {
        return failed(tx, result.err());
    }
    match result {
        Ok(value) => match tx.control("commit") {
            Ok(()) => Outcome::Done(Ok(value), true),
            Err(_) => failed_commit(tx, mode),
        },
        Err(error) => Outcome::Done(Err(error), tx.control("rollback").is_ok()),
    }
}

/// Ends a transaction in which a statement failed. The closure's own error, if any, explains it better.
fn failed<T, E: From<DbError>>(tx: &Tx, own: Option<E>) -> Outcome<T, E> {
    let fault = tx.take_fault().unwrap_or_else(|| Fault::transaction(DbError::Busy));
    if fault.reach == Reach::Connection {
        return Outcome::Again(fault);
    }
    let good = tx.control("rollback").is_ok();
    if fault.reach == Reach::Again {
        let reach = if good { Reach::Again } else { Reach::Connection };
        return Outcome::Again(Fault { reach, ..fault });
    }
    Outcome::Done(Err(own.unwrap_or_else(|| fault.error.into())), good)
}

fn failed_commit<T, E: From<DbError>>(tx: &Tx, mode: Mode) -> Outcome<T, E> {
    let fault = tx.take_fault().unwrap_or_else(|| Fault::transaction(DbError::Busy));
    match fault.reach {
        // Whether the commit arrived is unknown, so running the closure again could do everything twice.
        Reach::Connection if mode == Mode::Write => Outcome::Done(Err(DbError::Unsure.into()), false),
        Reach::Connection | Reach::Again => Outcome::Again(fault),
        Reach::Statement | Reach::Transaction => Outcome::Done(Err(fault.error.into()), false),
    }
}

/// Longer after each try, and different for callers that collided, so that they do not collide again.
fn pause(attempt: u32) -> Duration {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let spread = CALLS.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 48;
    let longest = 1_000_u64 << attempt.min(7);
    Duration::from_micros(longest / 2 + longest * spread / (2 << 16))
}
