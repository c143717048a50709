//! What the errors of PostgreSQL mean.

use tokio_postgres::error::{DbError as ServerError, Severity};

use crate::db::DbError;
use crate::db::error::{Fault, Reach};

pub(super) fn fault(error: &tokio_postgres::Error) -> Fault {
    match error.as_db_error() {
        Some(server) => server_fault(server),
        None if error.is_closed() || is_io(error) => {
            Fault { error: DbError::Unavailable(with_cause(error)), reach: Reach::Connection }
        }
        None => Fault::statement(DbError::Other(with_cause(error))),
    }
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<std::io::Error>)
}

fn with_cause(error: &tokio_postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

fn server_fault(server: &ServerError) -> Fault {
    let message = || server.message().to_owned();
    if matches!(server.parsed_severity(), Some(Severity::Fatal | Severity::Panic)) {
        return Fault { error: DbError::Unavailable(message()), reach: Reach::Connection };
    }
    let (error, reach) = match server.code().code() {
        "23505" => (DbError::Unique { constraint: unique_columns(server) }, Reach::Statement),
        "40001" | "40P01" => (DbError::Busy, Reach::Again),
        "55P03" | "57014" => (DbError::Busy, Reach::Transaction),
        "53100" => (DbError::DiskFull, Reach::Transaction),
        "25006" => (DbError::ReadOnly, Reach::Transaction),
        "53200" | "53300" | "53400" => (DbError::Unavailable(message()), Reach::Transaction),
        "58030" => (DbError::Disk(message()), Reach::Transaction),
        "XX001" | "XX002" => (DbError::Corrupt(message()), Reach::Transaction),
        // After a change of the schema by another server, a statement prepared before it answers this once.
        "0A000" if server.routine() == Some("RevalidateCachedQuery") => {
            (DbError::Unavailable(message()), Reach::Connection)
        }
        class if class.starts_with("08") || class.starts_with("57P") => {
            (DbError::Unavailable(message()), Reach::Connection)
        }
        class if class.starts_with("23") => (DbError::Constraint { rule: message() }, Reach::Statement),
        // These messages quote the value, which must not reach a log.
        class if class.starts_with("22") => {
            (DbError::Constraint { rule: format!("a value does not fit, code {class}") }, Reach::Statement)
        }
        _ => (DbError::Other(message()), Reach::Statement),
    };
    Fault { error, reach }
}

/// The columns as SQLite names them: `table.column, table.column`; the name of the index when it is over an expression.
fn unique_columns(server: &ServerError) -> String {
    let by_name = server.constraint().unwrap_or("value").to_owned();
    // "Key (project, name)=(…) already exists.": in every language the columns are the first thing in parentheses.
    let columns = server.detail().and_then(|detail| Some(detail.split_once('(')?.1.split_once(")=")?.0));
    let (Some(columns), Some(table)) = (columns, server.table()) else {
        return by_name;
    };
    if columns.contains(['(', ')', ':', '"']) {
        return by_name;
    }
    columns.split(", ").map(|column| format!("{table}.{column}")).collect::<Vec<_>>().join(", ")
}
