//! Checked strings: each type is one kind of text with its limits and the sentence that explains them.
//!
//! Request types use these directly, so a bad value is refused while the input is read and the error
//! names the key. U+0000 is refused everywhere, since PostgreSQL cannot hold it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::MAX_HANDLE_LEN;

/// Why a text is refused: part of a sentence, such as "it must not be empty".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextError(String);

impl TextError {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TextError {}

/// The start of a text, for error messages: at most 80 characters, control characters shown as escapes.
pub(crate) fn shortened(text: &str) -> String {
    let escape = |c: char| -> String { if c.is_control() { c.escape_default().collect() } else { c.into() } };
    let mut short: String = text.chars().take(80).map(escape).collect();
    if text.chars().nth(80).is_some() {
        short.push('…');
    }
    short
}

/// Which characters a text may have: a check with a sentence, and the same as a pattern for its schema.
struct Rule {
    check: fn(&str) -> Result<(), TextError>,
    pattern: &'static str,
}

/// What [`without_nul`] lets pass.
pub(crate) const NO_NUL: &str = r"^[^\u0000]*$";
/// What [`without_control`] lets pass.
const NO_CONTROL: &str = r"^[^\u0000-\u001f]*$";
const ANY: Rule = Rule { check: without_nul, pattern: NO_NUL };
const LINE: Rule = Rule { check: without_control, pattern: NO_CONTROL };
const TYPE: Rule = Rule { check: type_characters, pattern: "^[A-Za-z0-9/_-]+$" };
const IDENTIFIER: Rule = Rule { check: identifier_characters, pattern: "^[A-Za-z_][A-Za-z0-9_]*$" };
const INSTANCE: Rule = Rule {
    check: instance_shape,
    pattern: r"^([a-z]{1,20}:)?mem[1-5]_(ssd|hdd)[1-3](_v[0-9]{1,3}i?)?(_(gpu|fpga)[0-9]{0,3})?_x[0-9]{1,3}$",
};
const HANDLE: Rule = Rule { check: handle_characters, pattern: "^[A-Za-z0-9_.]+$" };
const EMAIL: Rule = Rule {
    check: email_shape,
    pattern: concat!(
        r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*",
        r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$",
    ),
};

/// The schema of a text. JSON Schema counts characters where we count bytes, so that its `maxLength` alone lets too much
/// pass; `x-max-bytes` is the limit itself.
pub(crate) fn text_schema(min: usize, max_bytes: usize, pattern: &str) -> schemars::Schema {
    schemars::json_schema!({
        "type": "string",
        "minLength": min,
        "maxLength": max_bytes,
        "x-max-bytes": max_bytes,
        "pattern": pattern,
    })
}

/// Refuses U+0000.
pub(crate) fn without_nul(text: &str) -> Result<(), TextError> {
    if text.contains('\0') { Err(TextError::new("it must not contain U+0000")) } else { Ok(()) }
}

/// Refuses the characters U+0000 to U+001F.
pub(crate) fn without_control(text: &str) -> Result<(), TextError> {
    match text.chars().find(|c| *c < ' ') {
        None => Ok(()),
        Some(c) => {
            Err(TextError::new(format!("it must not contain the control character U+{:04X}", c as u32)))
        }
    }
}

fn of_bytes(text: &str, min: usize, max: usize) -> Result<(), TextError> {
    if text.len() < min {
        return Err(TextError::new(match min {
            1 => "it must not be empty".into(),
            _ => format!("it must have at least {min} characters"),
        }));
    }
    if text.len() > max {
        return Err(TextError::new(format!("it has {} bytes; at most {max} are allowed", text.len())));
    }
    Ok(())
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $min:literal..=$max:expr, $rule:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Longest text of this kind, in bytes of UTF-8.
            pub const MAX_BYTES: usize = $max;

            /// Checks a text.
            ///
            /// # Errors
            /// Says which rule of this type the text breaks.
            pub fn parse(text: &str) -> Result<Self, TextError> {
                Self::try_from(text.to_owned())
            }

            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = TextError;

            fn try_from(text: String) -> Result<Self, TextError> {
                of_bytes(&text, $min, Self::MAX_BYTES)?;
                ($rule.check)(&text)?;
                Ok(Self(text))
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                text_schema($min, Self::MAX_BYTES, $rule.pattern)
            }
        }
    )+};
}

texts! {
    /// The name of a data object (data 6): not empty, no character below U+0020. It may contain `/`.
    /// The contract sets no upper limit; ours is the longest path of Linux.
    ObjectName: 1..=4096, LINE;
    /// The name of a project (identity-and-sharing 5.1).
    ProjectName: 1..=255, LINE;
    /// The display name of an organisation.
    OrgName: 1..=255, LINE;
    /// A tag (data 6). The upper limit is ours, equal to that of a property value.
    Tag: 1..=700, ANY;
    /// The key of a property (data 6).
    PropertyKey: 1..=100, ANY;
    /// The value of a property (data 6); may be empty.
    PropertyValue: 0..=700, ANY;
    /// A type of a data object (data 5): letters, digits, `/`, `_` and `-`. The upper limit is ours.
    TypeName: 1..=255, TYPE;
    /// The one-line summary of a project; the limit is ours.
    Summary: 0..=4096, ANY;
    /// The description of a project; the limit is ours.
    Description: 0..=65_536, ANY;
    /// The media type of a file; the limit is ours.
    MediaType: 0..=255, LINE;
    /// The name of a region.
    RegionName: 1..=100, LINE;
    /// Makes a repeated call harmless (data 2.3).
    Nonce: 0..=128, ANY;
    /// What a user or organisation is called by, letters as typed (identity-and-sharing 2).
    Handle: 3..=MAX_HANDLE_LEN, HANDLE;
    /// One part of a person's name: first, middle or last. May be empty.
    PersonName: 0..=255, LINE;
    /// What a token is called in lists.
    TokenLabel: 0..=255, LINE;
    /// The name of an input or output of an executable (execution 1). The upper limit is ours.
    FieldName: 1..=255, IDENTIFIER;
    /// A name, version or address in the specification of an executable; the limit is ours.
    SpecWord: 1..=255, LINE;
    /// A title, label or pattern in the specification of an executable; the limit is ours.
    SpecLine: 0..=4096, ANY;
    /// A description, notes or help in the specification of an executable; the limit is ours.
    SpecText: 0..=262_144, ANY;
    /// The program of an executable. The limit is ours: a program that people write is far smaller, describe and get
    /// answer it whole, and what is larger belongs into the files that are unpacked beside it (`bundledDepends`).
    Code: 0..=1 << 20, ANY;
    /// The name of a kind of worker (execution 18): memory, disk, generation, accelerator, cores. There is no catalogue
    /// yet to look it up in.
    InstanceType: 1..=100, INSTANCE;
    /// An e-mail address that could exist. [`EmailAddress::canonical`] is the form to compare.
    EmailAddress: 3..=254, EMAIL;
}

/// A text that may be empty and was not sent is empty.
macro_rules! empty_by_default {
    ($($name:ident),+) => {$(
        impl Default for $name {
            fn default() -> Self {
                Self(String::new())
            }
        }
    )+};
}

empty_by_default!(Summary, Description, PersonName, TokenLabel, SpecLine, SpecText);

impl EmailAddress {
    /// The address in lower case: two accounts must not differ in letter case alone.
    #[must_use]
    pub fn canonical(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

fn type_characters(text: &str) -> Result<(), TextError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-');
    if text.bytes().all(fits) {
        return Ok(());
    }
    Err(TextError::new("a type consists of letters, digits, \"/\", \"_\" and \"-\""))
}

fn identifier_characters(text: &str) -> Result<(), TextError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if text.bytes().all(fits) && !text.starts_with(|first: char| first.is_ascii_digit()) {
        return Ok(());
    }
    Err(TextError::new("it consists of letters, digits and \"_\", and does not begin with a digit"))
}

/// The parts of a name such as `azure:mem2_ssd1_v2_gpu1_x16`, from left to right.
fn instance_shape(text: &str) -> Result<(), TextError> {
    let is_number =
        |text: &str| (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let of_range = |text: &str, last: u8| matches!(text.as_bytes(), [digit] if (b'1'..=last).contains(digit));
    let is_generation = |part: &str| {
        part.strip_prefix('v').is_some_and(|rest| is_number(rest.strip_suffix('i').unwrap_or(rest)))
    };
    let is_accelerator = |part: &str| {
        let rest = part.strip_prefix("gpu").or(part.strip_prefix("fpga"));
        rest.is_some_and(|rest| rest.is_empty() || is_number(rest))
    };
    let (cloud, name) = text.split_once(':').unwrap_or(("aws", text));
    let mut parts = name.split('_').peekable();
    let mut fits = (1..=20).contains(&cloud.len()) && cloud.bytes().all(|byte| byte.is_ascii_lowercase());
    fits &= parts.next().and_then(|part| part.strip_prefix("mem")).is_some_and(|size| of_range(size, b'5'));
    fits &= parts.next().is_some_and(|part| {
        part.strip_prefix("ssd").or(part.strip_prefix("hdd")).is_some_and(|disk| of_range(disk, b'3'))
    });
    parts.next_if(|part| is_generation(part));
    parts.next_if(|part| is_accelerator(part));
    fits &= parts.next().and_then(|part| part.strip_prefix('x')).is_some_and(is_number);
    if fits && parts.next().is_none() {
        return Ok(());
    }
    Err(TextError::new("it is not the name of an instance type, such as mem1_ssd1_v2_x4"))
}

fn handle_characters(text: &str) -> Result<(), TextError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    if text.bytes().all(fits) {
        return Ok(());
    }
    Err(TextError::new("it may contain only letters, digits, \"_\" and \".\""))
}

/// Mail servers alone know which addresses exist; this refuses what can never be one, and with it
/// everything that could break out of a mail header.
fn email_shape(text: &str) -> Result<(), TextError> {
    let local_fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte);
    let plausible = text.split_once('@').is_some_and(|(local, domain)| {
        let dots_fit = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
        dots_fit && !local.is_empty() && local.bytes().all(local_fits) && is_host_name(domain)
    });
    if plausible { Ok(()) } else { Err(TextError::new("it is not an e-mail address like name@example.org")) }
}

/// A lone label such as `localhost` is no host that mail is sent to.
fn is_host_name(domain: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    domain.contains('.') && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests;
