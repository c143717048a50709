//! The transaction that closures work in.

use std::cell::{Cell, RefCell};

use super::error::{Fault, Reach};
use super::postgres::PgConnection;
use super::sqlite::SqliteConnection;
use super::value::check_params;
use super::{DbError, DbKind, Row, Sql, Value};

/// One transaction, handed to the closures of [`Db::read`](super::Db::read) and [`Db::write`](super::Db::write).
///
/// A statement that fails ends the transaction, on both databases alike: later statements are refused and nothing is
/// committed, also when the closure returns `Ok`. What may fail goes into [`Tx::nested`].
pub struct Tx {
    pub(super) backend: Backend,
    depth: Cell<u32>,
    fault: RefCell<Option<Fault>>,
}

/// The connection a transaction runs on.
pub(super) enum Backend {
    Sqlite(SqliteConnection),
    // The PostgreSQL client wants `&mut`; transactions are used by one thread and statements do not overlap.
    Postgres(Box<RefCell<PgConnection>>),
}

impl Tx {
    pub(super) fn new(backend: Backend) -> Tx {
        Tx { backend, depth: Cell::new(0), fault: RefCell::new(None) }
    }

    /// Which database this is, for the rare statement that has to differ.
    pub fn kind(&self) -> DbKind {
        match self.backend {
            Backend::Sqlite(_) => DbKind::Sqlite,
            Backend::Postgres(_) => DbKind::Postgres,
        }
    }

    /// All rows of a query. `$1 … $n` in the text are `params` in this order; every one must be used.
    ///
    /// The caller bounds the number of rows (`limit`); they are all held in memory.
    pub fn query(&self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, DbError> {
        self.run_query(sql, params)
    }

    /// The row of a query, or `None`; an error when there is more than one.
    pub fn query_opt(&self, sql: &'static str, params: &[Value]) -> Result<Option<Row>, DbError> {
        at_most_one(self.run_query(sql, params)?)
    }

    /// The row of a query; an error when there is none or more than one.
    pub fn query_one(&self, sql: &'static str, params: &[Value]) -> Result<Row, DbError> {
        exactly_one(self.run_query(sql, params)?)
    }

    /// Runs a statement and says how many rows it changed.
    pub fn execute(&self, sql: &'static str, params: &[Value]) -> Result<u64, DbError> {
        self.run_execute(sql, params)
    }

    /// [`Tx::query`] for built text.
    pub fn query_sql(&self, sql: &Sql) -> Result<Vec<Row>, DbError> {
        let (text, params) = sql.build();
        self.run_query(&text, &params)
    }

    /// [`Tx::query_opt`] for built text.
    pub fn query_opt_sql(&self, sql: &Sql) -> Result<Option<Row>, DbError> {
        at_most_one(self.query_sql(sql)?)
    }

    /// [`Tx::query_one`] for built text.
    pub fn query_one_sql(&self, sql: &Sql) -> Result<Row, DbError> {
        exactly_one(self.query_sql(sql)?)
    }

    /// [`Tx::execute`] for built text.
    pub fn execute_sql(&self, sql: &Sql) -> Result<u64, DbError> {
        let (text, params) = sql.build();
        self.run_execute(&text, &params)
    }

    /// Runs `f` in a savepoint: when it returns an error everything it did is undone, and the transaction goes on.
    ///
    /// A full disk, a broken connection or a conflict with another transaction cannot be contained: they end the
    /// whole transaction from inside too.
    pub fn nested<T, E>(&self, f: impl FnOnce(&Tx) -> Result<T, E>) -> Result<T, E>
    where
        E: From<DbError>,
    {
        let depth = self.depth.get() + 1;
        self.control(&format!("savepoint nested_{depth}"))?;
        self.depth.set(depth);
        let result = f(self);
        self.depth.set(depth - 1);

        let fault = self.fault.borrow().clone();
        match (result, fault) {
            (Ok(value), None) => {
                self.control(&format!("release savepoint nested_{depth}"))?;
                Ok(value)
            }
            (result, Some(fault)) if fault.reach != Reach::Statement => {
                Err(result.err().unwrap_or_else(|| fault.error.into()))
            }
            (result, fault) => {
                self.fault.replace(None);
                self.control(&format!("rollback to savepoint nested_{depth}"))?;
                self.control(&format!("release savepoint nested_{depth}"))?;
                match (result, fault) {
                    (Err(error), _) => Err(error),
                    (Ok(_), Some(fault)) => Err(fault.error.into()),
                    (Ok(value), None) => Ok(value),
                }
            }
        }
    }

    /// Runs a statement of transaction control.
    pub(super) fn control(&self, sql: &str) -> Result<(), DbError> {
        self.check_usable()?;
        self.note(match &self.backend {
            Backend::Sqlite(connection) => connection.control(sql),
            Backend::Postgres(connection) => connection.borrow_mut().batch(sql),
        })
    }

    /// Lets this transaction take as long as it takes, as the building of an index and a whole copy do; on PostgreSQL a
    /// statement is else ended after a while.
    pub(super) fn take_its_time(&self) -> Result<(), DbError> {
        self.check_usable()?;
        self.note(match &self.backend {
            Backend::Sqlite(_) => Ok(()),
            Backend::Postgres(connection) => connection.borrow_mut().take_its_time(),
        })
    }

    /// Whether a statement failed outside a nested transaction.
    pub(super) fn has_failed(&self) -> bool {
        self.fault.borrow().is_some()
    }

    /// The failure of this transaction so far; forgets it, so that the next transaction starts clean.
    pub(super) fn take_fault(&self) -> Option<Fault> {
        self.depth.set(0);
        self.fault.replace(None)
    }

    pub(super) fn run_query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, DbError> {
        self.check_usable()?;
        self.note(check_params(params).map_err(Fault::statement).and_then(|()| match &self.backend {
            Backend::Sqlite(connection) => connection.query(sql, params),
            Backend::Postgres(connection) => connection.borrow_mut().query(sql, params),
        }))
    }

    /// Hands over the rows of a query one by one, without holding all of them. `name` is unlike that of any other such query.
    pub(super) fn each(
        &self,
        name: &str,
        sql: &str,
        take: &mut dyn FnMut(Row) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        self.check_usable()?;
        self.note(match &self.backend {
            Backend::Sqlite(connection) => connection.each(sql, take),
            Backend::Postgres(connection) => connection.borrow_mut().each(name, sql, take),
        })
    }

    pub(super) fn run_execute(&self, sql: &str, params: &[Value]) -> Result<u64, DbError> {
        self.check_usable()?;
        self.note(check_params(params).map_err(Fault::statement).and_then(|()| match &self.backend {
            Backend::Sqlite(connection) => connection.execute(sql, params),
            Backend::Postgres(connection) => connection.borrow_mut().execute(sql, params),
        }))
    }

    // PostgreSQL refuses statements after a failed one and SQLite would run them; without this, code tested on one
    // would break on the other.
    fn check_usable(&self) -> Result<(), DbError> {
        match &*self.fault.borrow() {
            None => Ok(()),
            Some(fault) if fault.reach != Reach::Statement => Err(fault.error.clone()),
            Some(fault) => Err(DbError::Other(format!(
                "an earlier statement of this transaction failed, and only what runs in a nested transaction may fail: {}",
                fault.error
            ))),
        }
    }

    fn note<T>(&self, result: Result<T, Fault>) -> Result<T, DbError> {
        result.map_err(|fault| {
            let error = fault.error.clone();
            self.fault.replace(Some(fault));
            error
        })
    }
}

fn at_most_one(rows: Vec<Row>) -> Result<Option<Row>, DbError> {
    if rows.len() > 1 {
        return Err(DbError::RowCount { found: rows.len(), wanted: "at most one" });
    }
    Ok(rows.into_iter().next())
}

fn exactly_one(rows: Vec<Row>) -> Result<Row, DbError> {
    at_most_one(rows)?.ok_or(DbError::RowCount { found: 0, wanted: "one" })
}
