//! Errors as a client meets them (contract: data 2.1, identity-and-sharing 1).

use std::fmt;

use serde_json::{Value, json};

/// The error types of the wire. Each has one HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the contract's own; `status` says what they mean in HTTP")]
pub enum ErrorType {
    MalformedJson,
    InvalidAuthentication,
    PermissionDenied,
    SpendingLimitExceeded,
    OrgExpired,
    ResourceNotFound,
    InvalidInput,
    InvalidState,
    InvalidType,
    RateLimitConditional,
    InternalError,
    ServiceUnavailable,
    // Sign-in (contract: identity-and-sharing 3); the client branches on these names.
    UsernameOrPasswordError,
    OtpRequiredError,
    OtpMismatchError,
    // Provisioning (contract: identity-and-sharing 2); names the client must not know.
    UsernameError,
    EmailError,
    PersonNameError,
    BillToError,
}

impl ErrorType {
    /// The name in the envelope.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MalformedJson => "MalformedJSON",
            Self::InvalidAuthentication => "InvalidAuthentication",
            Self::PermissionDenied => "PermissionDenied",
            Self::SpendingLimitExceeded => "SpendingLimitExceeded",
            Self::OrgExpired => "OrgExpired",
            Self::ResourceNotFound => "ResourceNotFound",
            Self::InvalidInput => "InvalidInput",
            Self::InvalidState => "InvalidState",
            Self::InvalidType => "InvalidType",
            Self::RateLimitConditional => "RateLimitConditional",
            Self::InternalError => "InternalError",
            Self::ServiceUnavailable => "ServiceUnavailable",
            Self::UsernameOrPasswordError => "UsernameOrPasswordError",
            Self::OtpRequiredError => "OTPRequiredError",
            Self::OtpMismatchError => "OTPMismatchError",
            Self::UsernameError => "UsernameError",
            Self::EmailError => "EmailError",
            Self::PersonNameError => "PersonNameError",
            Self::BillToError => "BillToError",
        }
    }

    /// The HTTP status that goes with the type. `PermissionDenied` is 401, not 403: clients look for it.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::MalformedJson => 400,
            Self::InvalidAuthentication
            | Self::PermissionDenied
            | Self::UsernameOrPasswordError
            | Self::OtpRequiredError
            | Self::OtpMismatchError => 401,
            Self::SpendingLimitExceeded | Self::OrgExpired => 403,
            Self::ResourceNotFound => 404,
            Self::InvalidInput
            | Self::InvalidState
            | Self::InvalidType
            | Self::UsernameError
            | Self::EmailError
            | Self::PersonNameError
            | Self::BillToError => 422,
            Self::RateLimitConditional => 429,
            Self::InternalError => 500,
            Self::ServiceUnavailable => 503,
        }
    }
}

/// Longest message of an error, in characters. The public client prints it on a terminal.
pub const MAX_MESSAGE_CHARS: usize = 800;

/// An error on its way to a client: a type, a sentence for the person who meets it, and details.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiError {
    /// The type of the envelope.
    pub kind: ErrorType,
    /// What happened, why, and what to do.
    pub message: String,
    /// Anything a program may want beside the sentence.
    pub details: Option<Value>,
    /// After how many seconds to try again: the `Retry-After` header of 429 and 503.
    pub retry_after: Option<u64>,
}

impl ApiError {
    /// An error without details. Of a message that quotes something long the middle is left out.
    pub fn new(kind: ErrorType, message: impl Into<String>) -> Self {
        Self { kind, message: abridged(message.into()), details: None, retry_after: None }
    }

    /// Adds machine-readable details.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// Says after how many seconds to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Well-formed JSON with the wrong content.
    pub fn invalid_input(message: impl Into<String>) -> Self {
        Self::new(ErrorType::InvalidInput, message)
    }

    /// The envelope `{"error": {"type", "message"[, "details"]}}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut error = json!({ "type": self.kind.as_str(), "message": self.message });
        if let (Some(details), Some(fields)) = (&self.details, error.as_object_mut()) {
            fields.insert("details".into(), details.clone());
        }
        json!({ "error": error })
    }
}

/// The text itself up to [`MAX_MESSAGE_CHARS`] characters; of a longer one the beginning and the end.
fn abridged(text: String) -> String {
    let length = text.chars().count();
    if length <= MAX_MESSAGE_CHARS {
        return text;
    }
    let end = MAX_MESSAGE_CHARS / 2;
    let mut short: String = text.chars().take(MAX_MESSAGE_CHARS - end - 1).collect();
    short.push('…');
    short.extend(text.chars().skip(length - end));
    short
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.as_str(), self.message)
    }
}

impl std::error::Error for ApiError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_quotes_much_keeps_its_beginning_and_its_end() {
        let error = ApiError::invalid_input(format!("The name \"{}\" is taken.", "é".repeat(5000)));
        assert_eq!(error.message.chars().count(), MAX_MESSAGE_CHARS);
        assert!(error.message.starts_with("The name \"éé") && error.message.ends_with("éé\" is taken."));
        assert_eq!(ApiError::invalid_input("é".repeat(MAX_MESSAGE_CHARS)).message.chars().last(), Some('é'));
    }
}
