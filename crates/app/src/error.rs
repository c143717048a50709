//! The one error type of the use cases. It knows no transport; `into_wire` is the only way out.

use blobs::BlobError;
use store::db::DbError;
use wire::id::{ContainerId, ObjectId};
use wire::{ApiError, ErrorType};

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The access decision said no. Recorded in the audit log before the answer leaves.
    #[error("{0:?}")]
    Refused(Box<store::access::Refused>),
    /// Something else that the caller can understand and mend.
    #[error("{0}")]
    Said(#[from] ApiError),
    /// The metadata store.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The bytes.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// A fault of ours. The text goes to the log, never to the caller.
    #[error("{0}")]
    Internal(String),
}

/// Seconds a client is asked to wait when the server is busy.
const BUSY_RETRY_SECONDS: u64 = 2;
/// Seconds a client is asked to wait when a disk takes nothing: somebody has to do something about it first.
const DISK_RETRY_SECONDS: u64 = 30;

impl Error {
    /// A fault of ours.
    #[expect(clippy::needless_pass_by_value, reason = "so that it can be named in `map_err`")]
    pub fn internal(what: impl ToString) -> Self {
        Self::Internal(what.to_string())
    }

    /// Whether only the billing gate stands in the way; states are looked at before it (contract: data 2.1).
    #[must_use]
    pub fn is_about_billing(&self) -> bool {
        use policy::Outcome::{OrgExpired, SpendingLimitExceeded};
        matches!(self, Self::Refused(refused)
            if matches!(refused.decision.outcome, SpendingLimitExceeded | OrgExpired))
    }

    /// Whether something is not in the state in which that can be done.
    #[must_use]
    pub fn is_about_state(&self) -> bool {
        matches!(self, Self::Said(said) if said.kind == ErrorType::InvalidState)
    }

    /// Whether the server could not find out, rather than found out that it is not so.
    #[must_use]
    pub(crate) fn is_trouble(&self) -> bool {
        match self {
            Self::Refused(_) => false,
            Self::Said(said) => said.kind == ErrorType::ServiceUnavailable,
            Self::Db(_) | Self::Blob(_) | Self::Internal(_) => true,
        }
    }

    /// The error as the caller meets it. What only the operator may know goes to the log.
    #[must_use]
    pub fn into_wire(self) -> ApiError {
        match self {
            Self::Refused(refused) => from_refusal(&refused),
            Self::Said(said) => said,
            Self::Db(error @ DbError::Unavailable(_)) => {
                tracing::error!(?error, "the database is not available");
                ApiError::new(
                    ErrorType::ServiceUnavailable,
                    "The server cannot reach its database, so nothing was saved. Try again in a moment.",
                )
                .retry_after(BUSY_RETRY_SECONDS)
            }
            Self::Db(DbError::Busy) => ApiError::new(
                ErrorType::ServiceUnavailable,
                "The server is busy with other changes and saved nothing. Try again in a moment.",
            )
            .retry_after(BUSY_RETRY_SECONDS),
            // No word of trying again, and no 503, which clients take for one.
            Self::Db(error @ DbError::Unsure) => {
                tracing::error!(?error, "nobody knows whether a change was saved");
                ApiError::new(ErrorType::InternalError, error.to_string())
            }
            // Checked types keep it out of what is stored; this is for texts that are only looked up.
            Self::Db(error @ DbError::NulInText) => ApiError::invalid_input(error.to_string()),
            Self::Db(error @ (DbError::DiskFull | DbError::ReadOnly | DbError::Disk(_))) => {
                tracing::error!(?error, "the database takes no changes");
                ApiError::new(ErrorType::ServiceUnavailable, error.to_string())
                    .retry_after(DISK_RETRY_SECONDS)
            }
            Self::Db(error) => fault(&error),
            Self::Blob(error @ (BlobError::Mismatch(_) | BlobError::TooLarge { .. })) => {
                ApiError::invalid_input(error.to_string())
            }
            Self::Blob(
                error @ (BlobError::DiskFull(_)
                | BlobError::DiskReadOnly(_)
                | BlobError::Disk { .. }
                | BlobError::ObjectStore { .. }),
            ) => {
                tracing::error!(?error, "the store of file bytes failed");
                ApiError::new(ErrorType::ServiceUnavailable, capitalised(&error.to_string()))
                    .retry_after(DISK_RETRY_SECONDS)
            }
            Self::Blob(error) => fault(&error),
            Self::Internal(what) => fault(&what),
        }
    }
}

/// An object that does not lie in a project whose contents the caller may list.
pub(crate) fn not_in(object: &ObjectId, project: &ContainerId) -> ApiError {
    ApiError::new(ErrorType::ResourceNotFound, format!("{object} could not be found in {project}."))
}

/// What is hidden answers exactly like what does not exist.
pub(crate) fn absent(id: &str) -> Error {
    no_such(id).into()
}

pub(crate) fn no_such(id: &str) -> ApiError {
    ApiError::new(ErrorType::ResourceNotFound, format!("There is no {id}, or you have no access to it."))
}

/// A token that opens nothing, whatever the reason.
pub(crate) fn no_token() -> Error {
    ApiError::new(
        ErrorType::InvalidAuthentication,
        "The token could not be found: it is unknown, was revoked, or has expired. Sign in again.",
    )
    .into()
}

fn from_refusal(refused: &store::access::Refused) -> ApiError {
    let subject =
        refused.project.as_deref().or(refused.subjects.first().map(String::as_str)).unwrap_or("this server");
    match refused.decision.outcome.error_type() {
        Some(ErrorType::ResourceNotFound) => no_such(subject),
        Some(kind) => {
            let sentence = refused.sentence.clone();
            ApiError::new(kind, sentence.unwrap_or_else(|| refused.decision.message(subject)))
        }
        None => fault(&"a decision that said yes was answered as a refusal"),
    }
}

/// A sentence that stands alone.
fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn fault(what: &dyn std::fmt::Display) -> ApiError {
    tracing::error!(error = %what, "a request ended on a fault of ours");
    ApiError::new(
        ErrorType::InternalError,
        "The server met a fault of its own and did nothing. Try again; if it stays, give your administrator the request id.",
    )
}
