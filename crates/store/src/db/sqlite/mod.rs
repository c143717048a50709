//! SQLite: one thread that writes in groups, and a set of connections that read.

mod backup;
mod connection;
mod writer;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

pub(super) use connection::{Place, SqliteConnection};

use super::error::panic_text;
use super::pool::{Lease, Pool, on_thread};
use super::tx::{Backend, Tx};
use super::{DbError, Migration, migrate};
use writer::Writer;

/// The database of the embedded server.
pub(super) struct Sqlite {
    place: Place,
    writer: Writer,
    readers: Arc<Pool<SqliteConnection>>,
    /// For point look-ups, which wait for no long reading.
    lookers: Arc<Pool<SqliteConnection>>,
}

impl Sqlite {
    pub(super) async fn open(place: Place) -> Result<Sqlite, DbError> {
        let size = std::thread::available_parallelism().map_or(4, |cores| (cores.get() * 2).clamp(4, 16));
        let at = place.clone();
        let writer = on_thread(move || Writer::start(at)).await?;
        // One reader now, so that files that cannot be read are found at start; the rest when they are needed.
        let at = place.clone();
        match on_thread(move || SqliteConnection::open_reader(&at)).await {
            Ok(reader) => Ok(Sqlite {
                place,
                writer,
                readers: Pool::new(size, vec![reader]),
                lookers: Pool::new(size, Vec::new()),
            }),
            Err(error) => {
                writer.close().await;
                Err(error)
            }
        }
    }

    pub(super) async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnMut(&Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.writer.write(f).await
    }

    pub(super) async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnMut(&Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let lease = self.readers.acquire().await?;
        let place = self.place.clone();
        on_thread(move || run_read(&lease, &place, f)).await
    }

    pub(super) async fn read_inline<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnMut(&Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let lease = self.lookers.acquire().await?;
        // Not `block_in_place`: handing the thread's other tasks over costs more than the look-up itself.
        run_read(&lease, &self.place, f)
    }

    pub(super) async fn migrate(
        &self,
        migrations: &'static [Migration],
    ) -> Result<Vec<&'static str>, DbError> {
        self.writer.alone(move |tx| migrate::run(tx, migrations)).await
    }

    pub(super) async fn checkpoint(&self) -> Result<(), DbError> {
        self.writer.alone(|tx| tx.query("pragma wal_checkpoint(truncate)", &[]).map(|_how_far| ())).await
    }

    pub(super) async fn backup_to(&self, target: PathBuf) -> Result<(), DbError> {
        let place = self.place.clone();
        on_thread(move || backup::write(&place, &target)).await
    }

    pub(super) fn readers(&self) -> u32 {
        self.readers.size()
    }

    pub(super) fn waiting(&self) -> usize {
        self.writer.waiting()
    }

    pub(super) async fn close(&self) {
        // Readers first: the last connection to close checkpoints, and only the writer may.
        drop(self.readers.close().await);
        drop(self.lookers.close().await);
        self.writer.close().await;
    }
}

fn run_read<T, E, F>(lease: &Lease<SqliteConnection>, place: &Place, mut f: F) -> Result<T, E>
where
    F: FnMut(&Tx) -> Result<T, E>,
    E: From<DbError>,
{
    let connection = match lease.take() {
        Some(connection) => connection,
        None => SqliteConnection::open_reader(place)?,
    };
    let tx = Tx::new(Backend::Sqlite(connection));
    tx.control("begin deferred")?;
    // The transaction only reads, so a panic leaves nothing behind but itself.
    let result = catch_unwind(AssertUnwindSafe(|| f(&tx)))
        .unwrap_or_else(|payload| Err(DbError::Panicked(panic_text(&*payload)).into()));
    let fault = tx.take_fault();
    // A connection that cannot end its transaction is dropped, and the next caller opens another.
    if tx.control("rollback").is_ok()
        && let Backend::Sqlite(connection) = tx.backend
    {
        lease.put(connection);
    }
    match fault {
        Some(fault) if result.is_ok() => Err(fault.error.into()),
        _ => result,
    }
}
