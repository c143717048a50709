//! Messages, made so that nothing a person typed can become a header of its own.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, SinglePart};

use crate::SendError;

/// Most characters of a subject.
pub const MAX_SUBJECT_CHARS: usize = 200;
/// Most bytes of a text.
pub const MAX_TEXT_LEN: usize = 64 * 1024;
/// Most bytes of a line that goes as it is, by RFC 5322.
const MAX_LINE_LEN: usize = 998;
/// Most characters of an address, by RFC 5321.
const MAX_ADDRESS_LEN: usize = 254;
/// Most characters of a message's id.
const MAX_ID_LEN: usize = 64;

/// Why something cannot be part of a message. Each is a sentence for the person who gave it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// The text is no e-mail address.
    #[error("“{0}” is not an e-mail address. Write it as name@example.org, without a display name.")]
    Address(String),
    /// The subject is empty, too long or has line breaks.
    #[error("The subject of a message must be one line of 1 to {MAX_SUBJECT_CHARS} characters.")]
    Subject,
    /// The text is too long.
    #[error("The text of a message has {0} bytes, and the limit is {MAX_TEXT_LEN}.")]
    TooLong(usize),
    /// The sender's display name has line breaks or other control characters.
    #[error("The sender's name must be one line of at most {MAX_SUBJECT_CHARS} characters.")]
    SenderName,
    /// The message's id cannot stand in a header.
    #[error("The id of a message must be 1 to {MAX_ID_LEN} letters, digits, dots, dashes and underscores.")]
    Id,
}

/// An e-mail address without a display name: ASCII, at most 254 characters; an international domain in its `xn--` form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(lettre::Address);

impl Address {
    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }

    /// The part behind the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.domain()
    }
}

impl FromStr for Address {
    type Err = MessageError;

    fn from_str(text: &str) -> Result<Self, MessageError> {
        let refusal = || MessageError::Address(text.chars().take(MAX_ADDRESS_LEN).collect());
        // Quoted local parts may hold blanks and worse; nobody's mailbox needs them.
        let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'<' | b'>' | b',');
        if text.len() > MAX_ADDRESS_LEN || !text.bytes().all(plain) {
            return Err(refusal());
        }
        text.parse().map(Self).map_err(|_| refusal())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who messages come from.
#[derive(Debug, Clone)]
pub struct Sender(Mailbox);

impl Sender {
    /// A sender with a display name, such as `Operon at the Institute`; an empty name is left out.
    ///
    /// # Errors
    /// [`MessageError::SenderName`].
    pub fn new(name: &str, address: Address) -> Result<Self, MessageError> {
        if name.chars().any(char::is_control) || name.chars().count() > MAX_SUBJECT_CHARS {
            return Err(MessageError::SenderName);
        }
        let name = (!name.is_empty()).then(|| name.to_owned());
        Ok(Self(Mailbox::new(name, address.0)))
    }
}

/// A message to one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    id: String,
    at: i64,
    to: Address,
    subject: String,
    text: String,
}

impl Message {
    /// Makes a message.
    ///
    /// `id` names it for ever (the id of its row in the outbox) and becomes part of its `Message-ID`, so that a
    /// message sent twice shows as one. `at` is the time of writing, in milliseconds since the epoch. The text is
    /// plain; its line breaks may be of any kind.
    ///
    /// # Errors
    /// [`MessageError`], the first rule that is not met.
    pub fn new(
        id: impl Into<String>,
        at: i64,
        to: Address,
        subject: impl Into<String>,
        text: impl Into<String>,
    ) -> Result<Self, MessageError> {
        let (id, subject, text) = (id.into(), subject.into(), text.into());
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if id.is_empty() || id.len() > MAX_ID_LEN || id.starts_with('.') || !id.bytes().all(plain) {
            return Err(MessageError::Id);
        }
        let characters = subject.chars().count();
        if subject.trim().is_empty()
            || characters > MAX_SUBJECT_CHARS
            || subject.chars().any(char::is_control)
        {
            return Err(MessageError::Subject);
        }
        if text.len() > MAX_TEXT_LEN {
            return Err(MessageError::TooLong(text.len()));
        }
        Ok(Self { id, at, to, subject, text })
    }

    /// The id given by the caller.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// When it was written, in milliseconds since the epoch.
    #[must_use]
    pub fn at(&self) -> i64 {
        self.at
    }

    /// The recipient.
    #[must_use]
    pub fn to(&self) -> &Address {
        &self.to
    }

    /// The subject.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The message in the form in which it travels.
    pub(crate) fn render(&self, from: &Sender) -> Result<lettre::Message, SendError> {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(self.at).unwrap_or(0));
        let id = format!("<{}@{}>", self.id, from.0.email.domain());
        // Mail programs do not answer a message that says a machine wrote it (RFC 3834).
        let by_machine = HeaderName::new_from_ascii_str("Auto-Submitted");
        // The last line break is written below the text anyway.
        let text = self.text.trim_end_matches(['\r', '\n']);
        lettre::Message::builder()
            .from(from.0.clone())
            .to(Mailbox::new(None, self.to.0.clone()))
            .date(at)
            .message_id(Some(id))
            .subject(self.subject.clone())
            .raw_header(HeaderValue::new(by_machine, "auto-generated".to_owned()))
            .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(as_it_is(text)))
            .map_err(|error| SendError::Permanent(format!("it cannot be written as mail ({error})")))
    }
}

/// The text of a letter as it is wherever letters allow that, so that a link can be copied out of the outbox folder:
/// other encodings break long lines and change the sign `=`.
fn as_it_is(text: &str) -> Body {
    let plain = |byte: u8| byte == b'\n' || byte == b'\t' || (0x20..0x7f).contains(&byte);
    if !text.bytes().all(plain) || text.lines().any(|line| line.len() > MAX_LINE_LEN) {
        return Body::new(text.to_owned());
    }
    // What the name of the function warns of was just looked at.
    Body::dangerous_pre_encoded(text.replace('\n', "\r\n").into_bytes(), ContentTransferEncoding::SevenBit)
}

#[cfg(test)]
mod tests;
