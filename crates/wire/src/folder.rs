//! Folder names and paths (contract: data 3.1).
//!
//! A name is kept in the client's own spelling: a `/` inside a name is written `\/`, any other backslash
//! stands for itself. A `/` belongs to a name when an odd number of backslashes precedes it, which is how the
//! public client splits the paths we answer. Nothing is unescaped, so every path goes back as it came.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::text::{TextError, without_control};

/// Longest folder name, in characters of its spelling.
pub const MAX_NAME_CHARS: usize = 2048;
/// A path has fewer characters than this.
pub const PATH_CHARS_END: usize = 10_240;
/// Most levels under the root.
pub const MAX_LEVELS: usize = 128;

/// The name of one folder: 1 to [`MAX_NAME_CHARS`] characters, not `.` or `..`, no character below U+0020,
/// each `/` written `\/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FolderName(String);

impl FolderName {
    /// The name in the client's spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for FolderName {
    type Error = TextError;

    fn try_from(name: String) -> Result<Self, TextError> {
        check_name(&name)?;
        if separators(&name).next().is_some() {
            return Err(TextError::new("a \"/\" in the name of a folder is written \"\\/\""));
        }
        Ok(Self(name))
    }
}

impl From<FolderName> for String {
    fn from(name: FolderName) -> Self {
        name.0
    }
}

impl fmt::Display for FolderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for FolderName {
    fn schema_name() -> Cow<'static, str> {
        "FolderName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_NAME_CHARS,
            // A backslash takes the meaning from what follows it.
            "pattern": r"^([^/\\\u0000-\u001f]|\\[^\u0000-\u001f])*$",
            "not": { "enum": [".", ".."] },
            "description": "The name of a folder. A \"/\" in it is written \"\\/\".",
        })
    }
}

/// An absolute, normal folder path: equal paths are equal text, so they may be compared and stored as text.
///
/// The root is `/`; every other path is `/name/name…` without `/` at its end. The paths below `p` are exactly those
/// that start with [`FolderPath::prefix_below`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FolderPath(String);

impl FolderPath {
    /// The root of a container.
    #[must_use]
    pub fn root() -> Self {
        Self("/".into())
    }

    /// Reads any spelling of a path: runs of `/` collapse, `/` at the end is ignored. They count for its length.
    ///
    /// # Errors
    /// Says which rule the path or one of its names breaks.
    pub fn parse(path: &str) -> Result<Self, TextError> {
        if !path.starts_with('/') {
            return Err(TextError::new("a folder path starts with \"/\""));
        }
        check_length(path)?;
        let mut normal = String::with_capacity(path.len());
        let mut levels = 0;
        let ends = separators(path).chain([path.len()]);
        let mut start = 0;
        for end in ends {
            let name = &path[start..end];
            start = end + 1;
            if name.is_empty() {
                continue;
            }
            check_name(name)?;
            levels += 1;
            normal.push('/');
            normal.push_str(name);
        }
        if levels == 0 {
            return Ok(Self::root());
        }
        check_levels(levels)?;
        Ok(Self(normal))
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0 == "/"
    }

    /// The folder this one lies in; `None` for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (parent, _) = self.split()?;
        Some(if parent.is_empty() { Self::root() } else { Self(parent.to_owned()) })
    }

    /// The last name of the path; `None` for the root.
    #[must_use]
    pub fn basename(&self) -> Option<FolderName> {
        self.split().map(|(_, name)| FolderName(name.to_owned()))
    }

    /// The folder of that name inside this one.
    ///
    /// # Errors
    /// When the path would become too long or too deep.
    pub fn join(&self, name: &FolderName) -> Result<Self, TextError> {
        let joined = format!("{}{name}", self.prefix_below());
        check_length(&joined)?;
        check_levels(self.levels() + 1)?;
        Ok(Self(joined))
    }

    /// The same place when the folder `from`, which is this folder or one above it, is called `to`.
    /// `None` when this path is neither `from` nor below it.
    ///
    /// # Errors
    /// The inner result: when the new path would become too long or too deep.
    pub fn moved(&self, from: &Self, to: &Self) -> Option<Result<Self, TextError>> {
        if self == from {
            return Some(Ok(to.clone()));
        }
        let rest = self.0.strip_prefix(&*from.prefix_below()).filter(|rest| !rest.is_empty())?;
        Some(Self::parse(&format!("{}{rest}", to.prefix_below())))
    }

    /// What the paths of all folders below this one start with: the path and a `/`.
    #[must_use]
    pub fn prefix_below(&self) -> Cow<'_, str> {
        if self.is_root() { Cow::Borrowed("/") } else { Cow::Owned(format!("{}/", self.0)) }
    }

    /// Whether `other` lies somewhere below this folder; a folder does not lie below itself.
    #[must_use]
    pub fn is_ancestor_of(&self, other: &Self) -> bool {
        self != other && other.0.starts_with(&*self.prefix_below())
    }

    /// Every folder above this one, the root first; empty for the root.
    #[must_use]
    pub fn ancestors(&self) -> Vec<Self> {
        if self.is_root() {
            return Vec::new();
        }
        let above = separators(&self.0).skip(1).map(|end| Self(self.0[..end].to_owned()));
        [Self::root()].into_iter().chain(above).collect()
    }

    /// How many names the path has; 0 for the root.
    #[must_use]
    pub fn levels(&self) -> usize {
        if self.is_root() { 0 } else { separators(&self.0).count() }
    }

    /// The path before the last separator and the name after it.
    fn split(&self) -> Option<(&str, &str)> {
        if self.is_root() {
            return None;
        }
        separators(&self.0).last().map(|at| (&self.0[..at], &self.0[at + 1..]))
    }
}

impl Default for FolderPath {
    fn default() -> Self {
        Self::root()
    }
}

impl TryFrom<String> for FolderPath {
    type Error = TextError;

    fn try_from(path: String) -> Result<Self, TextError> {
        Self::parse(&path)
    }
}

impl From<FolderPath> for String {
    fn from(path: FolderPath) -> Self {
        path.0
    }
}

impl fmt::Display for FolderPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for FolderPath {
    fn schema_name() -> Cow<'static, str> {
        "FolderPath".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "minLength": 1,
            "maxLength": PATH_CHARS_END - 1,
            "pattern": r"^/([^\\\u0000-\u001f]|\\[^\u0000-\u001f])*$",
            // No name in it is "." or "..".
            "not": { "pattern": r"^([^\\]|\\[^\u0000])*/\.\.?(/|$)" },
            "description": format!(
                "An absolute folder path of at most {MAX_LEVELS} names, each of at most {MAX_NAME_CHARS} characters. A \"/\" in a name is written \"\\/\"."
            ),
        })
    }
}

/// Byte positions of the `/` that separate names: those after an even number of backslashes.
fn separators(path: &str) -> impl Iterator<Item = usize> + '_ {
    let mut escaped = false;
    path.bytes().enumerate().filter_map(move |(at, byte)| {
        let separates = byte == b'/' && !escaped;
        escaped = byte == b'\\' && !escaped;
        separates.then_some(at)
    })
}

fn check_name(name: &str) -> Result<(), TextError> {
    without_control(name)?;
    let chars = name.chars().count();
    if chars == 0 {
        return Err(TextError::new("the name of a folder must not be empty"));
    }
    if name == "." || name == ".." {
        return Err(TextError::new("a folder cannot be called \".\" or \"..\""));
    }
    if chars > MAX_NAME_CHARS {
        return Err(TextError::new(format!(
            "a folder name has {chars} characters; at most {MAX_NAME_CHARS} are allowed"
        )));
    }
    // Such a name would swallow the separator of whatever is put below it.
    if name.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1 {
        return Err(TextError::new("the name of a folder cannot end in a single backslash"));
    }
    Ok(())
}

fn check_length(path: &str) -> Result<(), TextError> {
    let chars = path.chars().count();
    if chars >= PATH_CHARS_END {
        return Err(TextError::new(format!(
            "a folder path has {chars} characters; fewer than {PATH_CHARS_END} are allowed"
        )));
    }
    Ok(())
}

fn check_levels(levels: usize) -> Result<(), TextError> {
    if levels > MAX_LEVELS {
        return Err(TextError::new(format!(
            "a folder path has {levels} levels; at most {MAX_LEVELS} are allowed"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
