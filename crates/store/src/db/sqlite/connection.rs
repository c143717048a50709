//! One SQLite connection: opening, binding by name, reading rows, naming failures.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig as Switch;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, Statement, ffi};

use crate::db::error::{Fault, Reach};
use crate::db::{DbError, Row, Value};

/// How long a statement waits for another process that holds the database.
const BUSY_WAIT: Duration = Duration::from_secs(5);
/// Prepared statements kept per connection.
const STATEMENTS: usize = 512;
/// With at most this many parameters, the name of each is looked up.
const FEW_PARAMS: usize = 16;

/// Where the database is, and through which VFS it is reached.
#[derive(Debug, Clone)]
pub(in crate::db) struct Place {
    pub(in crate::db) path: PathBuf,
    pub(in crate::db) vfs: Option<String>,
}

/// One connection.
pub(in crate::db) struct SqliteConnection {
    pub(super) raw: Connection,
}

impl SqliteConnection {
    /// The connection that writes; makes the database when there is none.
    pub(super) fn open_writer(place: &Place) -> Result<SqliteConnection, DbError> {
        let raw = open(place, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        let writer = SqliteConnection { raw };
        writer.prepare_writer().map_err(|error| named(&place.path, error))?;
        Ok(writer)
    }

    /// A connection that can only read.
    pub(super) fn open_reader(place: &Place) -> Result<SqliteConnection, DbError> {
        let reader = SqliteConnection { raw: open(place, OpenFlags::SQLITE_OPEN_READ_ONLY)? };
        reader.raw.execute_batch("pragma query_only = on; pragma cache_size = -16384").map_err(plain)?;
        Ok(reader)
    }

    fn prepare_writer(&self) -> Result<(), DbError> {
        if self.raw.is_readonly("main").map_err(plain)? {
            return Err(DbError::ReadOnly);
        }
        let mode: String =
            self.raw.query_row("pragma journal_mode = wal", [], |row| row.get(0)).map_err(plain)?;
        if mode != "wal" {
            return Err(DbError::Unavailable(format!(
                "it cannot use a write-ahead log here (the journal mode stayed {mode}); keep it on a local disk"
            )));
        }
        // `full` makes every commit durable; the log is cut back after a burst.
        self.raw
            .execute_batch(
                "pragma synchronous = full; pragma cache_size = -65536; pragma journal_size_limit = 67108864",
            )
            .map_err(plain)
    }

    pub(in crate::db) fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, Fault> {
        let mut statement = self.raw.prepare_cached(sql).map_err(fault)?;
        bind(&mut statement, sql, params)?;
        let mut found = Vec::new();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(fault)? {
            found.push(owned_row(row)?);
        }
        Ok(found)
    }

    pub(in crate::db) fn each(
        &self,
        sql: &str,
        take: &mut dyn FnMut(Row) -> Result<(), DbError>,
    ) -> Result<(), Fault> {
        let mut statement = self.raw.prepare(sql).map_err(fault)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(fault)? {
            take(owned_row(row)?).map_err(Fault::transaction)?;
        }
        Ok(())
    }

    pub(in crate::db) fn execute(&self, sql: &str, params: &[Value]) -> Result<u64, Fault> {
        let mut statement = self.raw.prepare_cached(sql).map_err(fault)?;
        bind(&mut statement, sql, params)?;
        let changes_nothing = statement.readonly();
        let mut rows = statement.raw_query();
        while rows.next().map_err(fault)?.is_some() {}
        drop(rows);
        Ok(if changes_nothing { 0 } else { self.raw.changes() })
    }

    pub(in crate::db) fn control(&self, sql: &str) -> Result<(), Fault> {
        let mut statement = self.raw.prepare_cached(sql).map_err(fault)?;
        statement.raw_execute().map(|_| ()).map_err(fault)
    }

    /// Whether no transaction is open, for instance because SQLite itself gave it up.
    pub(super) fn is_idle(&self) -> bool {
        self.raw.is_autocommit()
    }
}

fn open(place: &Place, flags: OpenFlags) -> Result<Connection, DbError> {
    // Each connection is used by one thread at a time, so SQLite need not lock it.
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let opened = match &place.vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(&place.path, flags, vfs.as_str()),
        None => Connection::open_with_flags(&place.path, flags),
    };
    let raw = opened.map_err(|error| named(&place.path, plain(error)))?;
    set_up(&raw).map_err(|error| named(&place.path, plain(error)))?;
    Ok(raw)
}

fn set_up(raw: &Connection) -> rusqlite::Result<()> {
    raw.busy_timeout(BUSY_WAIT)?;
    raw.set_prepared_statement_cache_capacity(STATEMENTS);
    raw.set_db_config(Switch::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // "x" is a name and never a string, as in PostgreSQL.
    raw.set_db_config(Switch::SQLITE_DBCONFIG_DQS_DML, false)?;
    raw.set_db_config(Switch::SQLITE_DBCONFIG_DQS_DDL, false)?;
    // Plans must not follow the bound values: a statement that is planned anew at each use costs more than the look-up it does.
    raw.set_db_config(Switch::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // Temporary tables stay in memory: files elsewhere would hold restricted rows.
    raw.execute_batch("pragma foreign_keys = on; pragma trusted_schema = off; pragma temp_store = memory")
}

// `$2` in SQLite is a *name*, numbered by first appearance in the text; binding by position would swap values in silence.
fn bind(statement: &mut Statement<'_>, sql: &str, params: &[Value]) -> Result<(), Fault> {
    let used = statement.parameter_count();
    // SQLite goes through all names to find one, which long lists of values would feel.
    let in_order = used > FEW_PARAMS && used == params.len() && is_in_order(sql, used);
    for index in 1..=used {
        let number = if in_order { Some(index) } else { number_of(statement, index) };
        let value = number.and_then(|number| params.get(number.checked_sub(1)?));
        let Some(value) = value else {
            return Err(wrong_params(used, params.len()));
        };
        statement.raw_bind_parameter(index, borrowed(value)).map_err(fault)?;
    }
    if used != params.len() {
        return Err(wrong_params(used, params.len()));
    }
    Ok(())
}

fn number_of(statement: &Statement<'_>, index: usize) -> Option<usize> {
    statement.parameter_name(index).and_then(|name| name.strip_prefix('$')?.parse().ok())
}

/// Whether the parameters of a text appear in it first in the order of their numbers, `$1` to the last. Not of a text with
/// comments.
fn is_in_order(sql: &str, last: usize) -> bool {
    let (mut rest, mut highest) = (sql, 0);
    while let Some(at) = rest.find(['$', '\'', '"', '-', '/']) {
        let (mark, tail) = rest.split_at(at).1.split_at(1);
        rest = match mark {
            "$" => {
                let digits = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
                let (number, tail) = tail.split_at(digits);
                match number.parse::<usize>() {
                    Ok(number) if number <= highest + 1 => highest = highest.max(number),
                    _ => return false,
                }
                tail
            }
            "-" | "/" => {
                if tail.starts_with(['-', '*']) {
                    return false;
                }
                tail
            }
            // What is quoted; a quote in it stands there twice, which reads as two such pieces.
            quote => match tail.split_once(quote) {
                Some((_, tail)) => tail,
                None => return false,
            },
        };
    }
    highest == last
}

fn wrong_params(used: usize, bound: usize) -> Fault {
    Fault::statement(DbError::Other(format!(
        "the statement uses {used} different parameters, which must be $1 to ${bound}, one for each bound value"
    )))
}

fn borrowed(value: &Value) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(match value {
        Value::Null => ValueRef::Null,
        Value::Int(number) => ValueRef::Integer(*number),
        Value::Real(number) => ValueRef::Real(*number),
        Value::Text(text) => ValueRef::Text(text.as_bytes()),
        Value::Blob(bytes) => ValueRef::Blob(bytes),
    })
}

fn owned_row(row: &rusqlite::Row<'_>) -> Result<Row, Fault> {
    let width = row.as_ref().column_count();
    let columns =
        (0..width).map(|column| owned(row.get_ref(column).map_err(fault)?)).collect::<Result<_, _>>()?;
    Ok(Row { columns })
}

fn owned(value: ValueRef<'_>) -> Result<Value, Fault> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(bytes) => Value::Text(String::from_utf8(bytes.to_vec()).map_err(|_| {
            Fault::statement(DbError::Corrupt("a text column holds bytes that are not UTF-8".to_owned()))
        })?),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    })
}

/// The error alone, where no transaction is open.
pub(super) fn plain(error: rusqlite::Error) -> DbError {
    fault(error).error
}

/// The error with the path of the database, for errors about the files.
fn named(path: &Path, error: DbError) -> DbError {
    match error {
        DbError::Unavailable(why) => DbError::Unavailable(format!("{}: {why}", path.display())),
        DbError::Corrupt(why) => DbError::Corrupt(format!("{}: {why}", path.display())),
        other => other,
    }
}

pub(super) fn fault(error: rusqlite::Error) -> Fault {
    let rusqlite::Error::SqliteFailure(code, message) = error else {
        return Fault::statement(DbError::Other(error.to_string()));
    };
    let message = message.unwrap_or_else(|| code.to_string());
    let (error, reach) = match code.extended_code & 0xff {
        ffi::SQLITE_CONSTRAINT => (constraint(code.extended_code, message), Reach::Statement),
        ffi::SQLITE_TOOBIG => (DbError::Constraint { rule: message }, Reach::Statement),
        ffi::SQLITE_FULL => (DbError::DiskFull, Reach::Transaction),
        ffi::SQLITE_READONLY => (DbError::ReadOnly, Reach::Transaction),
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => (DbError::Busy, Reach::Transaction),
        ffi::SQLITE_IOERR => (DbError::Disk(message), Reach::Transaction),
        ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB => (DbError::Corrupt(message), Reach::Transaction),
        ffi::SQLITE_CANTOPEN | ffi::SQLITE_PERM | ffi::SQLITE_AUTH => {
            (DbError::Unavailable(message), Reach::Transaction)
        }
        ffi::SQLITE_NOMEM | ffi::SQLITE_INTERRUPT => (DbError::Other(message), Reach::Transaction),
        _ => (DbError::Other(message), Reach::Statement),
    };
    Fault { error, reach }
}

fn constraint(extended_code: i32, message: String) -> DbError {
    let unique =
        [ffi::SQLITE_CONSTRAINT_UNIQUE, ffi::SQLITE_CONSTRAINT_PRIMARYKEY, ffi::SQLITE_CONSTRAINT_ROWID];
    if !unique.contains(&extended_code) {
        return DbError::Constraint { rule: message };
    }
    // "UNIQUE constraint failed: account.email" or "…: index 'account_email'".
    let what = message.split_once(": ").map_or(message.as_str(), |(_, what)| what);
    let index = what.strip_prefix("index '").and_then(|name| name.strip_suffix('\''));
    DbError::Unique { constraint: index.unwrap_or(what).to_owned() }
}

#[cfg(test)]
mod tests {
    use super::is_in_order;

    #[test]
    fn the_order_of_parameters_is_read_from_the_text() {
        for (sql, last, expected) in [
            ("select $1, $2 where a in ($3, $1) and b = '$9 it''s $8' and \"c$7\" = $4 - 1 / 2", 4, true),
            ("select $2, $1", 2, false),
            ("select '$1', $2, $1", 2, false),
            ("select $1, $3", 2, false),
            ("select $1, $2", 3, false),
            ("select $1 -- $2", 2, false),
            ("select $1 /* $2 */", 2, false),
            ("select $1, 'open $2", 2, false),
            ("select $one", 1, false),
        ] {
            assert_eq!(is_in_order(sql, last), expected, "{sql}");
        }
    }
}
