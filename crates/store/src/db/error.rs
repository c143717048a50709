//! What can go wrong in the database layer, as sentences for the person who meets them.

/// An error of the database layer. Its text never contains a stored value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DbError {
    /// A unique rule was broken.
    ///
    /// `constraint` names the columns as `table.column, table.column`, alike on both databases, or the index when the index
    /// is over an expression. Ask with [`DbError::is_unique_on`].
    #[error("There is already a row with the same {constraint}.")]
    Unique {
        /// The columns, or the index.
        constraint: String,
    },
    /// A foreign key, check, not-null or column type rule was broken.
    #[error("The change breaks a rule of the database ({rule}).")]
    Constraint {
        /// Which rule, in the words of the database, without values.
        rule: String,
    },
    /// A text with the character NUL was bound, which neither is stored nor equals any text that is.
    #[error("A text contains the character NUL (U+0000), which cannot be stored. Remove it.")]
    NulInText,
    /// The disk is full. Nothing of the transaction was kept.
    #[error("The disk that holds the database is full, so nothing was saved. Free some space and try again.")]
    DiskFull,
    /// The database or the transaction accepts no changes.
    #[error(
        "The database is read-only, so nothing was saved. Check the permissions of its files, or whether the server is a standby."
    )]
    ReadOnly,
    /// Other work held the database for too long, or too many retries collided. Nothing was saved.
    #[error("The database is busy with other changes, so nothing was saved. Try again in a moment.")]
    Busy,
    /// The database cannot be reached, or was closed.
    #[error("The database is not available: {0}")]
    Unavailable(String),
    /// The connection broke while a transaction was committed.
    #[error(
        "The connection to the database broke while the change was being saved, so it may have been saved or not. Look whether it is there before you try again."
    )]
    Unsure,
    /// The disk reported an error. What it said is for the log.
    #[error(
        "The disk that holds the database failed, so the change was not saved. Try again; if it happens again, an operator has to look at the server's log."
    )]
    Disk(String),
    /// The files of the database are damaged.
    #[error(
        "The database files are damaged or cannot be read: {0}. Stop the server and check the disk before going on."
    )]
    Corrupt(String),
    /// `query_one` found no row, or `query_one`/`query_opt` found more than one.
    #[error("The database answered with {found} rows where {wanted} was expected.")]
    RowCount {
        /// How many were found.
        found: usize,
        /// What was expected.
        wanted: &'static str,
    },
    /// A column holds another type than the code asked for.
    #[error("Column {column} holds {found}, but {wanted} was asked for.")]
    Column {
        /// Position of the column, from 0.
        column: usize,
        /// What was asked for.
        wanted: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// The migrations of this program and those in the database do not fit together.
    #[error("{0}")]
    Migration(String),
    /// A closure panicked. Its changes were undone; other work goes on.
    #[error("The operation stopped on an internal fault and was undone: {0}")]
    Panicked(String),
    /// Anything else, mostly a mistake in a statement.
    #[error("The database refused the operation: {0}")]
    Other(String),
}

impl DbError {
    /// Whether this is a broken unique rule over exactly these columns, as in `"account.email"` or
    /// `"grant.project, grant.principal"` (the order of the `create` statement).
    pub fn is_unique_on(&self, columns: &str) -> bool {
        matches!(self, DbError::Unique { constraint } if constraint == columns)
    }
}

/// How much a failed statement takes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The statement; a savepoint around it undoes it and the transaction goes on.
    Statement,
    /// The transaction, with everything that was grouped into it.
    Transaction,
    /// The transaction, but running it again may succeed.
    Again,
    /// The connection.
    Connection,
}

/// A failure as a back end reports it.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) error: DbError,
    pub(super) reach: Reach,
}

impl Fault {
    pub(super) fn statement(error: DbError) -> Fault {
        Fault { error, reach: Reach::Statement }
    }

    pub(super) fn transaction(error: DbError) -> Fault {
        Fault { error, reach: Reach::Transaction }
    }
}

/// The text of a caught panic.
pub(super) fn panic_text(payload: &(dyn std::any::Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "no message".to_owned()
    }
}
