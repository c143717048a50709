//! How many tags, types and properties one object or project can have. Lists read a thousand of them at once, and more.

use serde_json::{Map, Value as Json};
use wire::ApiError;
use wire::metadata::{MAX_METADATA_BYTES, MAX_METADATA_ITEMS};

use crate::error::Result;

/// Refuses more tags or types than one thing can have.
///
/// # Errors
/// `InvalidInput`.
pub(crate) fn check_words(what: &str, words: &[String]) -> Result<()> {
    check(what, words.len(), bytes_of_words(words))
}

/// Refuses more properties than one thing can have.
///
/// # Errors
/// `InvalidInput`.
pub(crate) fn check_properties(properties: &Map<String, Json>) -> Result<()> {
    check("properties", properties.len(), bytes_of_properties(properties))
}

/// The bytes of all words together.
pub(crate) fn bytes_of_words(words: &[String]) -> usize {
    words.iter().map(String::len).sum()
}

/// The bytes of all keys and values together.
pub(crate) fn bytes_of_properties(properties: &Map<String, Json>) -> usize {
    properties.iter().map(|(key, value)| key.len() + value.as_str().map_or(0, str::len)).sum()
}

fn check(what: &str, count: usize, bytes: usize) -> Result<()> {
    if count > MAX_METADATA_ITEMS {
        return Err(ApiError::invalid_input(format!(
            "There would be {count} {what}; at most {MAX_METADATA_ITEMS} are possible. Remove some first."
        ))
        .into());
    }
    if bytes > MAX_METADATA_BYTES {
        return Err(ApiError::invalid_input(format!(
            "The {what} would have {bytes} bytes together; at most {MAX_METADATA_BYTES} are possible. Remove some first, or put what is long into the details or a file."
        ))
        .into());
    }
    Ok(())
}
