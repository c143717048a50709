//! Columns that hold words, ids and JSON, read back into the types they stand for.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Map, Value as Json};

use crate::db::{DbError, Row};

/// A type with a fixed set of words in the database.
pub trait Word: Copy + PartialEq + 'static {
    /// Each value and its word. Words are never changed once released: they are data.
    const WORDS: &'static [(Self, &'static str)];

    /// The word of this value.
    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(value, _)| *value == self).map_or("", |(_, word)| word)
    }

    /// The value of a word.
    fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, known)| *known == word).map(|(value, _)| *value)
    }
}

/// Reads a column that holds one of a type's words.
pub fn word<T: Word>(row: &Row, column: usize) -> Result<T, DbError> {
    let text: String = row.get(column)?;
    T::from_word(&text).ok_or_else(|| damaged(column, "a word this program does not know"))
}

/// Reads a column that holds an id.
pub fn id<T>(row: &Row, column: usize, parse: fn(&str) -> Option<T>) -> Result<T, DbError> {
    let text: String = row.get(column)?;
    parse(&text).ok_or_else(|| damaged(column, "something that is no id"))
}

/// Reads a column that holds JSON.
pub fn json(row: &Row, column: usize) -> Result<Json, DbError> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|_| damaged(column, "something that is not JSON"))
}

/// Reads a column that holds JSON, as its text.
pub fn raw(row: &Row, column: usize) -> Result<Box<RawValue>, DbError> {
    RawValue::from_string(row.get(column)?).map_err(|_| damaged(column, "something that is not JSON"))
}

/// Reads a column that holds a JSON list of strings.
pub fn strings(row: &Row, column: usize) -> Result<Vec<String>, DbError> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|_| damaged(column, "something that is not a list of strings"))
}

/// Reads a column that holds a JSON hash.
pub fn hash(row: &Row, column: usize) -> Result<Map<String, Json>, DbError> {
    match json(row, column)? {
        Json::Object(hash) => Ok(hash),
        _ => Err(damaged(column, "something that is not a hash")),
    }
}

/// Reads a column that holds a JSON hash, as the texts of its values.
pub fn raw_hash(row: &Row, column: usize) -> Result<BTreeMap<String, Box<RawValue>>, DbError> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|_| damaged(column, "something that is not a hash"))
}

/// Strings as a column holds them: a JSON list.
#[must_use]
pub fn list(strings: &[String]) -> String {
    Json::from(strings.to_vec()).to_string()
}

/// The first text, in the order of the database, behind every text that starts with `prefix`; none when no such text
/// exists. Both databases order text by its bytes, which is the order of code points.
#[must_use]
pub fn after_prefix(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        // The code points between U+D7FF and U+E000 are no characters.
        let next = if last == '\u{D7FF}' { Some('\u{E000}') } else { char::from_u32(last as u32 + 1) };
        if let Some(next) = next {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

fn damaged(column: usize, found: &str) -> DbError {
    DbError::Corrupt(format!("column {column} of a row holds {found}"))
}

impl Word for wire::Level {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::None, "NONE"),
        (Self::View, "VIEW"),
        (Self::Upload, "UPLOAD"),
        (Self::Contribute, "CONTRIBUTE"),
        (Self::Administer, "ADMINISTER"),
    ];
}

impl Word for policy::PlatformKind {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Admin, "ADMIN"), (Self::Standard, "STANDARD"), (Self::ReadOnly, "READ_ONLY")];
}

#[cfg(test)]
mod tests {
    use super::after_prefix;

    #[test]
    fn the_end_of_a_prefix_is_the_next_text() {
        assert_eq!(after_prefix("ab").as_deref(), Some("ac"));
        assert_eq!(after_prefix("a\u{10FFFF}").as_deref(), Some("b"));
        assert_eq!(after_prefix("\u{D7FF}").as_deref(), Some("\u{E000}"));
        assert_eq!(after_prefix("\u{10FFFF}"), None);
        assert_eq!(after_prefix(""), None);
    }
}
