//! Columns that hold words, ids and JSON, read back into the types they stand for.

use serde_json::Value as Json;

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

/// Reads a column that holds a JSON list of strings.
pub fn strings(row: &Row, column: usize) -> Result<Vec<String>, DbError> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|_| damaged(column, "something that is not a list of strings"))
}

/// Strings as a column holds them: a JSON list.
#[must_use]
pub fn list(strings: &[String]) -> String {
    Json::from(strings.to_vec()).to_string()
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
