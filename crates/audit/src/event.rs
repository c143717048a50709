//! One audit event: who did what to what, under which rule, with what outcome.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use wire::Id;

/// Longest encoded event, in bytes.
pub const MAX_EVENT_LEN: usize = 64 * 1024;
/// Most subjects of one event. An action on more is recorded as several events.
pub const MAX_SUBJECTS: usize = 1000;
/// Characters of a token's signature that an event keeps: enough to find the token, useless to anyone else.
pub const TOKEN_REF_LEN: usize = 16;
/// The action of the event that puts a new checkpoint key in the place of an old one.
pub const KEY_ROTATION: &str = "audit.rotateKey";

/// How an action ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The action took place.
    Allowed,
    /// The access decision was no, or what somebody proved themselves by at the sign-in was wrong.
    Refused,
}

/// Where a request came from, without saying from which address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AddressClass {
    /// The server's own machine.
    Loopback,
    /// A private or link-local network.
    Private,
    /// The public internet.
    Public,
    /// The server itself: background work, command line.
    System,
}

/// An event, before it has its place in the log.
///
/// It carries ids, never names or addresses: those stay erasable elsewhere. Whoever fills `before` and `after` keeps
/// to that. The fields are encoded in the order they stand in here, and absent ones are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// When it happened, in milliseconds since the epoch.
    pub at: i64,
    /// Who did it; `None` for anonymous callers and the server itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub actor: Option<Id>,
    /// The first [`TOKEN_REF_LEN`] characters of the signature of the token used.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub token: Option<String>,
    /// The kind of address the request came from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub origin: Option<AddressClass>,
    /// The request id, as in the answer's `x-request-id`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request: Option<String>,
    /// What was called: a method by its name, such as `ProjectInvite`, a page, a job of the server, or a command.
    pub method: String,
    /// What happened, for example `member.invited`.
    pub action: String,
    /// What it was done to: ids of entities, or signatures of tokens.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub subjects: Vec<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// The code of the rule that decided.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rule: Option<String>,
    /// What was changed, before.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub before: Option<Value>,
    /// What was changed, after.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub after: Option<Value>,
}

/// Why an event could not be encoded or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// The encoded event has more than [`MAX_EVENT_LEN`] bytes.
    #[error("The audit event has {0} bytes, and the limit is {MAX_EVENT_LEN}.")]
    TooLong(usize),
    /// More than [`MAX_SUBJECTS`].
    #[error("The audit event names {0} subjects, and the limit is {MAX_SUBJECTS}.")]
    TooManySubjects(usize),
    /// The text is no event.
    #[error("The audit event cannot be read: {0}.")]
    Malformed(String),
}

impl Event {
    /// An event with the fields that every event has; set the others on it.
    #[must_use]
    pub fn new(at: i64, method: impl Into<String>, action: impl Into<String>, outcome: Outcome) -> Self {
        Self {
            at,
            actor: None,
            token: None,
            origin: None,
            request: None,
            method: method.into(),
            action: action.into(),
            subjects: Vec::new(),
            outcome,
            rule: None,
            before: None,
            after: None,
        }
    }

    /// The canonical text of the event: one line of JSON without blanks, fields in the order of the struct, absent
    /// fields left out, the keys inside `before` and `after` sorted by their bytes.
    ///
    /// This text is what the database stores, what the chain hashes and what the export shows.
    ///
    /// # Errors
    /// [`EventError::TooLong`] and [`EventError::TooManySubjects`].
    pub fn encode(&self) -> Result<String, EventError> {
        if self.subjects.len() > MAX_SUBJECTS {
            return Err(EventError::TooManySubjects(self.subjects.len()));
        }
        let mut event = self.clone();
        for value in [&mut event.before, &mut event.after].into_iter().flatten() {
            value.sort_all_objects();
        }
        let text = serde_json::to_string(&event).map_err(|error| EventError::Malformed(error.to_string()))?;
        if text.len() > MAX_EVENT_LEN {
            return Err(EventError::TooLong(text.len()));
        }
        Ok(text)
    }

    /// Reads the text of an event. Fields that a later version added are passed over.
    ///
    /// # Errors
    /// [`EventError::TooLong`] and [`EventError::Malformed`].
    pub fn decode(text: &str) -> Result<Self, EventError> {
        if text.len() > MAX_EVENT_LEN {
            return Err(EventError::TooLong(text.len()));
        }
        serde_json::from_str(text).map_err(|error| EventError::Malformed(error.to_string()))
    }
}

#[cfg(test)]
mod tests;
