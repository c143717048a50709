//! One small layer over SQLite and PostgreSQL: transactions as closures, one SQL text for both.
//!
//! - [`Db::read`] runs a closure in one snapshot, [`Db::write`] in one transaction that is durable when it returns.
//! - Statements are static text with `$1 … $n`; see [`Tx`] and, for text built at run time, [`Sql`].
//! - Closures are plain functions on a thread of their own: they cannot wait for the network, and may be run again.
//!
//! What one SQL text must keep to: types as in [`Migration`]; `sum` is cast (`cast(coalesce(sum(x), 0) as bigint)`); a
//! parameter that may be null and is not compared with a column is cast (`cast($2 as text) is null`); `like` compares
//! `lower(x) like lower($1)`; work is claimed with `update … where id = (select … limit 1) and state = … returning …`.

mod copy;
mod error;
mod migrate;
mod pool;
mod postgres;
#[cfg(any(test, feature = "testing"))]
pub mod power_loss;
mod sql;
mod sqlite;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod tx;
mod value;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use crate::params;
pub use error::DbError;
pub use migrate::Migration;
pub use sql::Sql;
pub use tx::Tx;
pub use value::{FromValue, MAX_PARAMS, Row, Value};

/// Which database stands behind a [`Db`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DbKind {
    /// The embedded default.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

/// Where the database is.
#[derive(Debug, Clone)]
pub enum DbConfig {
    /// A file on a local disk; made when there is none. Its directory must exist.
    Sqlite {
        /// The database file; SQLite keeps `-wal` and `-shm` files beside it.
        path: PathBuf,
        /// The name of a registered SQLite VFS instead of the default one; for tests.
        vfs: Option<String>,
    },
    /// A PostgreSQL server, version 13 or later, with a UTF-8 database in the `C` collation.
    Postgres {
        /// `postgres://user:password@host/database`. The connection is not encrypted: use a local socket or a private network.
        url: String,
        /// The schema to work in (lower-case letters, digits and `_`), made when there is none; the user's default otherwise.
        schema: Option<String>,
        /// The most connections at once, 1 to 1000; beside them a fourth as many, at least one, serve only [`Db::read_inline`].
        pool: usize,
    },
}

/// The database. Clones share it.
#[derive(Clone)]
pub struct Db {
    back_end: Arc<BackEnd>,
}

enum BackEnd {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Db {
    /// Opens the database and checks that it can keep what the layer promises.
    pub async fn open(config: DbConfig) -> Result<Db, DbError> {
        let back_end = match config {
            DbConfig::Sqlite { path, vfs } => {
                BackEnd::Sqlite(sqlite::Sqlite::open(sqlite::Place { path, vfs }).await?)
            }
            DbConfig::Postgres { url, schema, pool } => {
                BackEnd::Postgres(postgres::Postgres::open(&url, schema, pool).await?)
            }
        };
        Ok(Db { back_end: Arc::new(back_end) })
    }

    /// Applies the migrations that are missing, in order, and names them.
    ///
    /// Refuses when the database has a migration that `migrations` lacks (a newer version made it) or whose text was changed.
    /// A migration that fails is undone; those before it stay. Several servers may call this at once.
    pub async fn migrate(&self, migrations: &'static [Migration]) -> Result<Vec<&'static str>, DbError> {
        match &*self.back_end {
            BackEnd::Sqlite(sqlite) => sqlite.migrate(migrations).await,
            BackEnd::Postgres(postgres) => postgres.migrate(migrations).await,
        }
    }

    /// Runs the closure in one read-only snapshot, on a thread where it may block.
    ///
    /// It sees every write that was acknowledged before the call. A change inside it fails with [`DbError::ReadOnly`].
    pub async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnMut(&Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        match &*self.back_end {
            BackEnd::Sqlite(sqlite) => sqlite.read(f).await,
            BackEnd::Postgres(postgres) => postgres.read(f).await,
        }
    }

    /// As [`Db::read`], on the calling task's own thread: for point look-ups of some microseconds, such as token to user.
    ///
    /// It holds up that thread, so nothing that scans belongs here. It has connections of its own and waits for no `read` or
    /// `write`. On PostgreSQL it runs where `read` does.
    pub async fn read_inline<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnMut(&Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        match &*self.back_end {
            BackEnd::Sqlite(sqlite) => sqlite.read_inline(f).await,
            BackEnd::Postgres(postgres) => postgres.look_up(f).await,
        }
    }

    /// Runs the closure in one serializable write transaction.
    ///
    /// `Ok`: all it did is durable. `Err` or a panic: all it did is undone. The closure may be run more than once, so it must
    /// have no effect outside the transaction. When the returned future is dropped the change may or may not happen.
    ///
    /// On SQLite closures that wait at the same time share one commit, so a closure should take milliseconds at most; a full
    /// disk or an I/O error fails all of a group.
    pub async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnMut(&Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        match &*self.back_end {
            BackEnd::Sqlite(sqlite) => sqlite.write(f).await,
            BackEnd::Postgres(postgres) => postgres.write(f).await,
        }
    }

    /// Moves SQLite's log into the database file and cuts it back, for whoever wants the file alone. A server has no need of
    /// it: SQLite does the same as it goes, and so does PostgreSQL.
    pub async fn checkpoint(&self) -> Result<(), DbError> {
        match &*self.back_end {
            BackEnd::Sqlite(sqlite) => sqlite.checkpoint().await,
            BackEnd::Postgres(_) => Ok(()),
        }
    }

    /// Writes a consistent, checked copy to a new file, an SQLite database, while this one is in use. One on PostgreSQL is
    /// copied row by row in one snapshot, into the tables of the same `migrations`.
    pub async fn backup_to(
        &self,
        path: impl AsRef<Path>,
        migrations: &'static [Migration],
    ) -> Result<(), DbError> {
        match &*self.back_end {
            BackEnd::Sqlite(sqlite) => sqlite.backup_to(path.as_ref().to_owned()).await,
            BackEnd::Postgres(_) => {
                let copy = Db::open(DbConfig::Sqlite { path: path.as_ref().to_owned(), vfs: None }).await?;
                copy.migrate(migrations).await?;
                let outcome = copy::run(self, &copy).await;
                copy.close().await;
                outcome
            }
        }
    }

    /// Fills this database, which was migrated and has no rows, from a copy that [`Db::backup_to`] wrote.
    pub async fn fill_from(&self, copy: &Db) -> Result<(), DbError> {
        copy::run(copy, self).await
    }

    /// Lets running work finish, then closes the database; later calls on clones are refused as unavailable.
    pub async fn close(self) {
        match &*self.back_end {
            BackEnd::Sqlite(sqlite) => sqlite.close().await,
            BackEnd::Postgres(postgres) => postgres.close().await,
        }
    }

    /// How many changes wait for the one writer of SQLite, or transactions for a connection to PostgreSQL.
    pub fn waiting(&self) -> usize {
        match &*self.back_end {
            BackEnd::Sqlite(sqlite) => sqlite.waiting(),
            BackEnd::Postgres(postgres) => postgres.waiting(),
        }
    }

    /// How many [`Db::read`]s run at once; further ones wait.
    pub fn readers(&self) -> u32 {
        match &*self.back_end {
            BackEnd::Sqlite(sqlite) => sqlite.readers(),
            BackEnd::Postgres(postgres) => postgres.readers(),
        }
    }

    /// Which database this is.
    pub fn kind(&self) -> DbKind {
        match &*self.back_end {
            BackEnd::Sqlite(_) => DbKind::Sqlite,
            BackEnd::Postgres(_) => DbKind::Postgres,
        }
    }
}
