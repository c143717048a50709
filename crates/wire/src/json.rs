//! From the bytes of a request to its typed input (contract: data 2 and 2.1).
//!
//! Two steps, because two error types meet here: bytes that are no JSON are `MalformedJSON`, JSON with
//! the wrong content is `InvalidInput` and names the key.

mod plain;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::text::shortened;
use crate::{ApiError, ErrorType};

/// Deepest nesting of arrays and hashes that a body may have; deeper bodies are malformed.
pub const MAX_DEPTH: usize = 127;

/// Most values of a body, where a hash counts as four: read into memory, the smallest values take forty times their
/// text.
pub const MAX_VALUES: usize = 500_000;

/// Reads a request body as JSON.
///
/// The content type must be absent or `application/json`, with any parameters. When one hash repeats a
/// key, the last value counts.
///
/// # Errors
/// `MalformedJSON`: another content type, an empty body, bytes that are not UTF-8, JSON that is broken
/// (the sentence says where and why) or nested deeper than [`MAX_DEPTH`]. `InvalidInput`: more than [`MAX_VALUES`].
pub fn parse_body(content_type: Option<&str>, body: &[u8]) -> Result<Value, ApiError> {
    if let Some(content_type) = content_type
        && !is_json(content_type)
    {
        return Err(malformed(&format!(
            "the Content-Type is \"{}\"; send \"application/json\"",
            shortened(content_type)
        )));
    }
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(malformed("it is empty; a method without input takes {}"));
    }
    if weight(body) > MAX_VALUES {
        return Err(ApiError::invalid_input(format!(
            "The request body holds more than {MAX_VALUES} values. Split the request into smaller ones."
        )));
    }
    let text = std::str::from_utf8(body)
        .map_err(|error| malformed(&format!("byte {} is not UTF-8", error.valid_up_to() + 1)))?;
    serde_json::from_str(text).map_err(|error| malformed(&error.to_string()))
}

/// About how many values a body holds, without reading it: each follows a bracket, a comma or a colon.
fn weight(body: &[u8]) -> usize {
    let (mut weight, mut in_string, mut escaped) = (1, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b',' | b':' => weight += 1,
            b'{' => weight += 4,
            _ => {}
        }
    }
    weight
}

/// Turns a JSON hash into the input of a method. Keys that the method does not know are ignored by the methods of the
/// contract, whose clients send some (contract: data 2), and refused by those of ours (`deny_unknown_fields`).
///
/// # Errors
/// `InvalidInput` when the body is no hash, when a required key is missing, when a value does not fit or when a method of
/// ours does not know a key; the sentence contains `key "<path>"`.
pub fn decode<T: DeserializeOwned>(body: Value) -> Result<T, ApiError> {
    if !body.is_object() {
        return Err(ApiError::invalid_input(format!(
            "The request body must be a JSON hash, not {}.",
            kind_of(&body)
        )));
    }
    decode_any(body)
}

/// Like [`decode`], for the methods whose body may be something else than a hash (`setDetails`).
///
/// # Errors
/// As [`decode`], except that the type of the body is left to `T`.
pub fn decode_any<T: DeserializeOwned>(body: Value) -> Result<T, ApiError> {
    serde_path_to_error::deserialize(body).map_err(|error| {
        let path = error.path().to_string();
        invalid_value(if path == "." { "" } else { &path }, &error.inner().to_string())
    })
}

/// The error for a value that does not fit. `path` is empty for the body itself, `why` is part of a sentence.
#[must_use]
pub fn invalid_value(path: &str, why: &str) -> ApiError {
    let missing = why.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    let path = shortened(path);
    if let Some((key, known)) = why.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`')) {
        let path = if path.is_empty() { shortened(key) } else { path };
        let known: Vec<String> =
            known.split('`').skip(1).step_by(2).map(|key| format!("\"{key}\"")).collect();
        return ApiError::invalid_input(match known.as_slice() {
            [] => format!("The key \"{path}\" is not known: this method takes no keys."),
            known => format!("The key \"{path}\" is not known. Known here: {}.", known.join(", ")),
        });
    }
    let why = plain::words(why.trim_end_matches('.'));
    ApiError::invalid_input(match missing {
        Some(key) if path.is_empty() => format!("The required key \"{key}\" is missing."),
        Some(key) => format!("The required key \"{path}.{key}\" is missing."),
        None if path.is_empty() => format!("The request body cannot be used: {why}."),
        None => format!("The value of key \"{path}\" cannot be used: {why}."),
    })
}

/// Lets types be read from a hash alone. What serde derives for a struct also takes an array of the values of its
/// fields, in their order, which no schema says and no client means. The types carry `#[serde(remote = "Self")]`, which
/// makes the derived reading a function of the type instead of the trait, and a `#[schemars(rename = …)]`.
macro_rules! hashes {
    ($($type:ident),+) => {$(
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Hash;
                impl<'de> serde::de::Visitor<'de> for Hash {
                    type Value = $type;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(f, "a hash")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<$type, A::Error> {
                        <$type>::deserialize(serde::de::value::MapAccessDeserializer::new(map))
                    }
                }
                deserializer.deserialize_map(Hash)
            }
        }
    )+};
}

pub(crate) use hashes;

/// What a value is, with its article, for sentences.
#[must_use]
pub fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "a hash",
    }
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

fn malformed(why: &str) -> ApiError {
    ApiError::new(ErrorType::MalformedJson, format!("The request body is not usable JSON: {why}."))
}

#[cfg(test)]
mod tests;
