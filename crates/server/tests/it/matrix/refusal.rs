//! What every refusal is like, whatever was refused (contract: data 2.1).

use serde_json::Value;

use crate::world::Answer;

/// The error types of the contract with their statuses, written down from it.
const TYPES: &[(&str, u16)] = &[
    ("MalformedJSON", 400),
    ("InvalidAuthentication", 401),
    ("PermissionDenied", 401),
    ("UsernameOrPasswordError", 401),
    ("OTPRequiredError", 401),
    ("OTPMismatchError", 401),
    ("SpendingLimitExceeded", 403),
    ("OrgExpired", 403),
    ("ResourceNotFound", 404),
    ("InvalidInput", 422),
    ("InvalidState", 422),
    ("InvalidType", 422),
    ("UsernameError", 422),
    ("EmailError", 422),
    ("PersonNameError", 422),
    ("BillToError", 422),
    ("RateLimitConditional", 429),
];

/// Words by which a message would give away how the server is made.
pub const INTERNALS: &[&str] = &[
    "Some(",
    "None)",
    "Ok(",
    "Err(",
    "::",
    "struct ",
    "enum ",
    "newtype",
    "untagged",
    "tuple variant",
    "u8",
    "i32",
    "u32",
    "i64",
    "u64",
    "usize",
    "f64",
    "panicked",
    "unwrap",
    ".rs",
    "sqlite",
    "SQLite",
    "postgres",
    "constraint",
    "UNIQUE",
    "select ",
    "insert into",
    "SELECT ",
    "INSERT ",
    "/tmp",
    "/home",
    "operon.sqlite",
    "os error",
];

/// The contract's one message that is no sentence: the client compares it (contract: data 2.2).
const NONCE_REUSED: &str = "Nonce was reused for an earlier API request that had a different input";

/// Checks a refusal and answers its type. `what` names the call in the message of a failing test.
#[track_caller]
pub fn refusal(what: &str, answer: &Answer) -> String {
    let error = &answer.body["error"];
    let (Some(kind), Some(message)) = (error["type"].as_str(), error["message"].as_str()) else {
        panic!("{what}: no error envelope: {} {}", answer.status, answer.body);
    };
    let said = format!("{what}: {} {kind}: {message}", answer.status);
    let status = TYPES.iter().find(|(name, _)| *name == kind).map(|(_, status)| *status);
    assert_eq!(status, Some(answer.status), "type and status do not go together: {said}");
    assert!(message.ends_with('.') || message == NONCE_REUSED, "no full stop: {said}");
    assert!(!message.ends_with(".."), "two full stops: {said}");
    assert!(
        message.chars().count() < 1000,
        "too long to read: {}",
        said.chars().take(500).collect::<String>()
    );
    for internal in INTERNALS {
        assert!(!message.contains(internal), "{internal:?} is nothing for a caller: {said}");
    }
    assert!(answer.headers.contains_key("x-request-id"), "no request id: {said}");
    assert_eq!(answer.headers["content-type"], "application/json", "{said}");
    kind.to_owned()
}

/// Checks an answer that may be either; answers whether it was a success.
#[track_caller]
pub fn success_or_refusal(what: &str, answer: &Answer) -> bool {
    if answer.status == 200 {
        assert!(answer.body.get("error").is_none(), "{what}: a success with an error: {}", answer.body);
        assert_ne!(answer.body, Value::Null, "{what}");
        return true;
    }
    refusal(what, answer);
    false
}
