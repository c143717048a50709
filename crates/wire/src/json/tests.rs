use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;

use super::*;

#[derive(Debug, Deserialize, PartialEq)]
struct Input {
    name: String,
    #[serde(default)]
    scope: Option<Scope>,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Scope {
    project: String,
}

fn message(body: Value) -> String {
    let error = decode::<Input>(body).unwrap_err();
    assert_eq!(error.kind, ErrorType::InvalidInput);
    error.message
}

#[test]
fn content_type_is_absent_or_json() {
    for fine in [
        None,
        Some("application/json"),
        Some("application/json; charset=utf-8"),
        Some("Application/JSON ;x=y"),
    ] {
        assert_eq!(parse_body(fine, b"{}").unwrap(), json!({}), "{fine:?}");
    }
    for bad in ["", "text/plain", "application/jsonx", "application/x-www-form-urlencoded"] {
        let error = parse_body(Some(bad), b"{}").unwrap_err();
        assert_eq!(error.kind, ErrorType::MalformedJson);
        assert!(error.message.contains("Content-Type"), "{}", error.message);
    }
}

#[test]
fn values_are_counted_before_they_are_read() {
    for (body, values) in [
        ("0", 1),
        ("[]", 2),
        ("[0,0,0]", 4),
        (r#"{"a":1}"#, 6),
        (r#"["[,:{", "\"[[[", "\\", "\\\"{"]"#, 5),
        (r#"{"a\"":[{},{}]}"#, 16),
    ] {
        assert_eq!(weight(body.as_bytes()), values, "{body}");
    }
    let list = |count: usize| format!("[0{}]", ",0".repeat(count - 1));
    assert!(parse_body(None, list(MAX_VALUES - 1).as_bytes()).is_ok());
    let error = parse_body(None, list(MAX_VALUES).as_bytes()).unwrap_err();
    assert_eq!(error.kind, ErrorType::InvalidInput);
    // Text is no value, however much of it looks like one.
    assert!(parse_body(None, format!("[\"{}\"]", "[".repeat(MAX_VALUES)).as_bytes()).is_ok());
}

#[test]
fn broken_bodies_say_where_and_why() {
    for (body, why) in [
        (&b""[..], "empty"),
        (b" \n", "empty"),
        (b"{\"a\": \xff}", "byte 7 is not UTF-8"),
        (b"{\"a\": 1,}", "line 1 column 9"),
        (b"{\n\"a\" 1}", "line 2 column 5"),
        (b"{} {}", "trailing characters"),
        (b"\"\\ud800\"", "line 1 column"),
        (b"1e999", "out of range"),
        (b"nonsense", "line 1 column 2"),
    ] {
        let error = parse_body(None, body).unwrap_err();
        assert_eq!(error.kind, ErrorType::MalformedJson);
        assert!(error.message.contains(why), "{why}: {}", error.message);
    }
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse_body(None, nested(MAX_DEPTH).as_bytes()).is_ok());
    let error = parse_body(None, nested(MAX_DEPTH + 1).as_bytes()).unwrap_err();
    assert_eq!(error.kind, ErrorType::MalformedJson);
    assert!(parse_body(None, nested(1_000_000).as_bytes()).is_err());
}

#[test]
fn the_last_of_equal_keys_counts() {
    assert_eq!(parse_body(None, br#"{"a": 1, "a": 2}"#).unwrap(), json!({"a": 2}));
}

#[test]
fn errors_name_the_key() {
    for (body, part) in [
        (json!({}), "required key \"name\" is missing"),
        (json!({"name": 3}), "key \"name\" cannot be used: invalid type: integer `3`, expected a string"),
        (json!({"name": "n", "scope": {}}), "required key \"scope.project\" is missing"),
        (json!({"name": "n", "scope": {"project": []}}), "key \"scope.project\""),
        (json!({"name": "n", "tags": ["a", 1]}), "key \"tags[1]\""),
        (json!([]), "must be a JSON hash, not an array"),
        (json!(null), "must be a JSON hash, not null"),
    ] {
        let message = message(body);
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn unknown_keys_are_ignored() {
    let input: Input = decode(json!({"name": "n", "dxapi": "1.0.0"})).unwrap();
    assert_eq!(input, Input { name: "n".into(), scope: None, tags: vec![] });
}

#[test]
fn methods_of_ours_refuse_unknown_keys_and_name_those_they_know() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "what is read does not matter")]
    struct Ours {
        first: Option<u8>,
        second: Option<u8>,
    }
    let refused = |body| decode::<Ours>(body).unwrap_err().message;
    assert_eq!(
        refused(json!({ "frist": 1 })),
        "The key \"frist\" is not known. Known here: \"first\", \"second\"."
    );
    let message = decode::<crate::answer::NoKeys>(json!({ "a": 1 })).unwrap_err().message;
    assert_eq!(message, "The key \"a\" is not known: this method takes no keys.");
    decode::<crate::answer::NoKeys>(json!({})).unwrap();
}

#[test]
fn other_bodies_where_the_method_allows_them() {
    assert_eq!(decode_any::<Vec<u8>>(json!([1])).unwrap(), [1]);
    let error = decode_any::<Vec<u8>>(json!("x")).unwrap_err();
    assert!(error.message.starts_with("The request body cannot be used"), "{}", error.message);
}

proptest! {
    #[test]
    fn any_bytes_give_a_value_or_malformed(body in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Err(error) = parse_body(None, &body) {
            prop_assert_eq!(error.kind, ErrorType::MalformedJson);
        }
    }
}
