//! Regular expressions over names, by an engine whose time is proportional to the text.

use regex::{Regex, RegexBuilder};

use crate::text::{TextError, without_nul};

/// Longest pattern, in bytes.
pub const MAX_PATTERN_BYTES: usize = 4096;
/// Largest compiled program, in bytes; bounds patterns such as `(a{1000}){1000}`.
const MAX_COMPILED_BYTES: usize = 1 << 20;
/// Deepest nesting of groups.
const MAX_NESTING: u32 = 64;

/// A compiled regular expression. It matches anywhere in a name unless the pattern has anchors.
#[derive(Debug, Clone)]
pub struct Regexp {
    compiled: Regex,
    ignore_case: bool,
}

impl PartialEq for Regexp {
    fn eq(&self, other: &Self) -> bool {
        self.pattern() == other.pattern() && self.ignore_case == other.ignore_case
    }
}

impl Regexp {
    /// Compiles a pattern; `flags` is empty or `i`, which ignores letter case.
    ///
    /// # Errors
    /// For unknown flags, broken patterns, look-around and back-references, and patterns that are too large.
    pub fn new(pattern: &str, flags: &str) -> Result<Self, TextError> {
        if let Some(flag) = flags.chars().find(|flag| *flag != 'i') {
            let flag = flag.escape_debug();
            return Err(TextError::new(format!("the flag \"{flag}\" is not known; only \"i\" is")));
        }
        if pattern.len() > MAX_PATTERN_BYTES {
            return Err(TextError::new(format!(
                "a regular expression has at most {MAX_PATTERN_BYTES} bytes"
            )));
        }
        without_nul(pattern)?;
        let ignore_case = flags.contains('i');
        let compiled = RegexBuilder::new(pattern)
            .case_insensitive(ignore_case)
            .size_limit(MAX_COMPILED_BYTES)
            .dfa_size_limit(MAX_COMPILED_BYTES)
            .nest_limit(MAX_NESTING)
            .build()
            .map_err(|error| TextError::new(explain(&error)))?;
        Ok(Self { compiled, ignore_case })
    }

    /// The pattern as it was sent.
    #[must_use]
    pub fn pattern(&self) -> &str {
        self.compiled.as_str()
    }

    /// Whether the pattern is found in a name.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.compiled.is_match(name)
    }

    /// What every matching name surely starts with; empty when that cannot be told with little effort.
    #[must_use]
    pub fn literal_prefix(&self) -> String {
        let Some(rest) = self.pattern().strip_prefix('^') else { return String::new() };
        if self.ignore_case || rest.contains('|') {
            return String::new();
        }
        let mut prefix = String::new();
        let mut chars = rest.chars().peekable();
        while let Some(c) = chars.next() {
            let literal = match c {
                '\\' => match chars.next() {
                    // `\<` and `\>` are the ends of a word.
                    Some(escaped) if escaped.is_ascii_punctuation() && !matches!(escaped, '<' | '>') => {
                        escaped
                    }
                    _ => break,
                },
                '.' | '^' | '$' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' => break,
                plain => plain,
            };
            // A repetition may ask for none of the character before it.
            if matches!(chars.peek(), Some('*' | '?' | '{')) {
                break;
            }
            prefix.push(literal);
        }
        prefix
    }
}

/// The engine's own text is several lines with a picture; its last line says what is wrong.
fn explain(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => "the regular expression is too large once expanded".into(),
        other => {
            let text = other.to_string();
            let why = text.lines().last().unwrap_or_default();
            let why = why.strip_prefix("error: ").unwrap_or(why);
            format!(
                "the regular expression is not usable: {why}. \
                 Look-around and back-references are not available, because searches run in bounded time"
            )
        }
    }
}

#[cfg(test)]
mod tests;
