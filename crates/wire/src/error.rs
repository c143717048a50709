//! Errors as a client meets them (contract: data 2.1, identity-and-sharing 1).

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

macro_rules! error_types {
    ($($(#[$about:meta])* $name:ident => $word:literal, $status:literal;)+) => {
        /// The error types of the wire. Each has one HTTP status.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the names are the contract's own; `status` says what they mean in HTTP")]
        pub enum ErrorType { $($(#[$about])* $name),+ }

        impl ErrorType {
            /// Every type, by status.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The name in the envelope.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            /// The HTTP status that goes with the type.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status),+ }
            }
        }
    };
}

error_types! {
    MalformedJson => "MalformedJSON", 400;
    InvalidAuthentication => "InvalidAuthentication", 401;
    /// 401, not 403: clients look for it.
    PermissionDenied => "PermissionDenied", 401;
    // Sign-in (contract: identity-and-sharing 3); the client branches on these names.
    UsernameOrPasswordError => "UsernameOrPasswordError", 401;
    OtpRequiredError => "OTPRequiredError", 401;
    OtpMismatchError => "OTPMismatchError", 401;
    SpendingLimitExceeded => "SpendingLimitExceeded", 403;
    OrgExpired => "OrgExpired", 403;
    ResourceNotFound => "ResourceNotFound", 404;
    InvalidInput => "InvalidInput", 422;
    InvalidState => "InvalidState", 422;
    InvalidType => "InvalidType", 422;
    // Provisioning (contract: identity-and-sharing 2); names the client must not know.
    UsernameError => "UsernameError", 422;
    EmailError => "EmailError", 422;
    PersonNameError => "PersonNameError", 422;
    BillToError => "BillToError", 422;
    RateLimitConditional => "RateLimitConditional", 429;
    InternalError => "InternalError", 500;
    ServiceUnavailable => "ServiceUnavailable", 503;
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

impl JsonSchema for ApiError {
    fn schema_name() -> Cow<'static, str> {
        "Error".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let types: Vec<&str> = ErrorType::ALL.iter().map(|kind| kind.as_str()).collect();
        json_schema!({
            "type": "object",
            "properties": {
                "type": { "type": "string", "enum": types, "description": "What kind of error it is, for programs." },
                "message": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": MAX_MESSAGE_CHARS,
                    "description": "What happened, why, and what to do, for people.",
                },
                "details": { "description": "Anything a program may want beside the sentence." },
            },
            "required": ["type", "message"],
            "additionalProperties": false,
        })
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
