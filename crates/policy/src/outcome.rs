//! Yes, or the kind of no.

use wire::ErrorType;

/// Yes, or the kind of no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The caller may.
    Allowed,
    /// The caller may not even know that the subject exists: answer as for an absent one.
    Hidden,
    /// The caller may not.
    PermissionDenied,
    /// The state of the project does not allow it.
    InvalidState,
    /// What was asked for cannot be given.
    InvalidInput,
    /// The account to be charged is at its limit. States are checked before billing (contract data 2): a use case
    /// that has states to check does so before it answers with this.
    SpendingLimitExceeded,
    /// The organisation to be charged has expired; as above.
    OrgExpired,
}

impl Outcome {
    /// The wire's error type; `None` for a yes.
    #[must_use]
    pub fn error_type(self) -> Option<ErrorType> {
        match self {
            Self::Allowed => None,
            Self::Hidden => Some(ErrorType::ResourceNotFound),
            Self::PermissionDenied => Some(ErrorType::PermissionDenied),
            Self::InvalidState => Some(ErrorType::InvalidState),
            Self::InvalidInput => Some(ErrorType::InvalidInput),
            Self::SpendingLimitExceeded => Some(ErrorType::SpendingLimitExceeded),
            Self::OrgExpired => Some(ErrorType::OrgExpired),
        }
    }
}
