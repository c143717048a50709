//! Glob patterns: `*` is any run of characters, `?` one character, `\` takes the meaning from `*`, `?` and `\`.

use std::fmt::Write;

use crate::text::{TextError, without_nul};

/// Longest pattern, in bytes.
pub(super) const MAX_GLOB_BYTES: usize = 4096;

/// A glob pattern, which always speaks of a whole name. A `\` before any other character stands for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    tokens: Vec<GlobToken>,
}

/// One part of a glob pattern. Neighbouring literals and neighbouring `*` are one token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GlobToken {
    /// This text, never empty.
    Literal(String),
    /// `*`: any run of characters, also none.
    AnyRun,
    /// `?`: exactly one character.
    AnyOne,
}

impl Glob {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When the pattern is too long or contains U+0000.
    pub fn parse(pattern: &str) -> Result<Self, TextError> {
        if pattern.len() > MAX_GLOB_BYTES {
            return Err(TextError::new(format!("a glob pattern has at most {MAX_GLOB_BYTES} bytes")));
        }
        without_nul(pattern)?;
        let mut glob = Self { tokens: Vec::new() };
        let mut chars = pattern.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '*' => {
                    if glob.tokens.last() != Some(&GlobToken::AnyRun) {
                        glob.tokens.push(GlobToken::AnyRun);
                    }
                }
                '?' => glob.tokens.push(GlobToken::AnyOne),
                '\\' => {
                    let escaped = chars.next_if(|next| matches!(next, '*' | '?' | '\\'));
                    glob.push_literal(escaped.unwrap_or('\\'));
                }
                plain => glob.push_literal(plain),
            }
        }
        Ok(glob)
    }

    fn push_literal(&mut self, c: char) {
        if let Some(GlobToken::Literal(text)) = self.tokens.last_mut() {
            text.push(c);
        } else {
            self.tokens.push(GlobToken::Literal(c.into()));
        }
    }

    /// The parts of the pattern.
    #[must_use]
    pub fn tokens(&self) -> &[GlobToken] {
        &self.tokens
    }

    /// What every matching name starts with; may be empty.
    #[must_use]
    pub fn literal_prefix(&self) -> &str {
        match self.tokens.first() {
            Some(GlobToken::Literal(text)) => text,
            _ => "",
        }
    }

    /// The one name that matches, when the pattern has neither `*` nor `?`.
    #[must_use]
    pub fn as_exact(&self) -> Option<&str> {
        match &*self.tokens {
            [] => Some(""),
            [GlobToken::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The same pattern for SQL's `LIKE … ESCAPE '\'`, where it is case-sensitive.
    #[must_use]
    pub fn like_pattern(&self) -> String {
        let mut pattern = String::new();
        for token in &self.tokens {
            match token {
                GlobToken::AnyRun => pattern.push('%'),
                GlobToken::AnyOne => pattern.push('_'),
                GlobToken::Literal(text) => {
                    for c in text.chars() {
                        if matches!(c, '%' | '_' | '\\') {
                            pattern.push('\\');
                        }
                        pattern.push(c);
                    }
                }
            }
        }
        pattern
    }

    /// Whether a whole name matches. Takes time proportional to name × pattern at worst and no stack.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let mut rest = name;
        let mut at = 0;
        // Where to go on when what follows the last `*` fits no longer: the token after it, and the rest it swallows
        // one more character of. Earlier `*` need not be tried again, since the shortest run is the best for them.
        let mut retry: Option<(usize, &str)> = None;
        loop {
            let step = match self.tokens.get(at) {
                Some(GlobToken::AnyRun) => {
                    retry = Some((at + 1, rest));
                    Some(rest)
                }
                Some(GlobToken::AnyOne) => without_first(rest),
                Some(GlobToken::Literal(text)) => rest.strip_prefix(text.as_str()),
                None if rest.is_empty() => return true,
                None => None,
            };
            if let Some(after) = step {
                rest = after;
                at += 1;
                continue;
            }
            let Some((token, swallowed)) = retry else { return false };
            let Some(shorter) = without_first(swallowed) else { return false };
            retry = Some((token, shorter));
            at = token;
            rest = shorter;
        }
    }
}

impl std::fmt::Display for Glob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for token in &self.tokens {
            match token {
                GlobToken::AnyRun => f.write_char('*')?,
                GlobToken::AnyOne => f.write_char('?')?,
                GlobToken::Literal(text) => {
                    for c in text.chars() {
                        if matches!(c, '*' | '?' | '\\') {
                            f.write_char('\\')?;
                        }
                        f.write_char(c)?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn without_first(text: &str) -> Option<&str> {
    let mut chars = text.chars();
    chars.next().map(|_| chars.as_str())
}

#[cfg(test)]
mod tests;
