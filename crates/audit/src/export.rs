//! The export of a log: JSON Lines, so that every tool can read it and `operon audit verify FILE` can prove it.
//!
//! | line | form |
//! |---|---|
//! | the first | `{"log":<origin>,"version":1,"size":<entries before>,"hash":<hash of the last of them>}` |
//! | an entry | `{"position":…,"prev":…,"hash":…,"event":{…}}`, the event byte for byte as stored |
//! | a checkpoint | `{"checkpoint":<signed note>}`, right behind the last entry it covers |
//!
//! Hashes are hexadecimal. Lines have exactly the spelling that [`Line::write`] gives them: no blanks, this order.

use std::io::{self, BufRead, Read};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::chain::{Entry, Hash, Head};
use crate::checkpoint::SignedCheckpoint;
use crate::event::MAX_EVENT_LEN;
use crate::verify::{Report, TrustedKey, Verifier};

/// Longest line of an export, in bytes, its newline included.
pub const MAX_LINE_LEN: usize = 4 * MAX_EVENT_LEN;

const VERSION: u32 = 1;

/// One line of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Which log it is, and its head before the first entry of the export.
    Header {
        /// The name of the log.
        origin: String,
        /// The head before the first entry; [`Head::empty`] for a whole log.
        head: Head,
    },
    /// An entry.
    Entry(Entry),
    /// A signed checkpoint.
    Checkpoint(SignedCheckpoint),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderForm {
    log: String,
    version: u32,
    size: u64,
    hash: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryForm {
    position: u64,
    prev: String,
    hash: String,
    event: Box<RawValue>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointForm {
    checkpoint: String,
}

impl Line {
    /// The text of the line, without a newline.
    ///
    /// # Errors
    /// A sentence when an entry's event is no JSON: it did not come out of [`crate::Event::encode`].
    pub fn write(&self) -> Result<String, String> {
        let text = match self {
            Self::Header { origin, head } => serde_json::to_string(&HeaderForm {
                log: origin.clone(),
                version: VERSION,
                size: head.size,
                hash: head.hash.to_string(),
            }),
            Self::Entry(entry) => RawValue::from_string(entry.event.clone()).and_then(|event| {
                serde_json::to_string(&EntryForm {
                    position: entry.position,
                    prev: entry.prev.to_string(),
                    hash: entry.hash.to_string(),
                    event,
                })
            }),
            Self::Checkpoint(signed) => {
                serde_json::to_string(&CheckpointForm { checkpoint: signed.note.to_string() })
            }
        };
        text.map_err(|error| format!("the event is not JSON: {error}"))
    }

    /// Reads a line without its newline.
    ///
    /// # Errors
    /// A part of a sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let line = if text.starts_with("{\"log\":") {
            let form: HeaderForm = read(text)?;
            if form.version != VERSION {
                return Err(format!(
                    "it is of version {}, and this program reads version {VERSION}",
                    form.version
                ));
            }
            Self::Header { origin: form.log, head: Head { size: form.size, hash: hash(&form.hash)? } }
        } else if text.starts_with("{\"checkpoint\":") {
            let form: CheckpointForm = read(text)?;
            Self::Checkpoint(SignedCheckpoint::parse(&form.checkpoint).map_err(|error| error.to_string())?)
        } else {
            let form: EntryForm = read(text)?;
            Self::Entry(Entry {
                position: form.position,
                prev: hash(&form.prev)?,
                hash: hash(&form.hash)?,
                event: form.event.get().to_owned(),
            })
        };
        // One spelling for each line, so that no byte of an export can change unnoticed.
        if line.write()? == text {
            Ok(line)
        } else {
            Err("it is not spelled as this program writes it".to_owned())
        }
    }
}

fn read<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("it is not of the right form: {error}"))
}

fn hash(text: &str) -> Result<Hash, String> {
    Hash::parse(text).ok_or_else(|| "a hash is not 64 hexadecimal digits".to_owned())
}

/// Verifies an export from its first line to its last, with the keys and checkpoints that were kept apart from it.
///
/// `origin` is the log it must be of, if the caller knows.
///
/// # Errors
/// Only what reading from `reader` gives; whatever is wrong with the content stands in the report.
pub fn verify_export(
    mut reader: impl BufRead,
    origin: Option<&str>,
    keys: Vec<TrustedKey>,
    known: Vec<SignedCheckpoint>,
) -> io::Result<Report> {
    let mut number = 1;
    let first = next_line(&mut reader)?.unwrap_or_else(|| Err("the export is empty".to_owned()));
    let (named, head, problem) = match first.and_then(|line| Line::parse(&line)) {
        Ok(Line::Header { origin, head }) => (origin, head, None),
        Ok(_) => (String::new(), Head::empty(""), Some("it does not say which log this is".to_owned())),
        Err(why) => (String::new(), Head::empty(""), Some(why)),
    };
    let expected = origin.unwrap_or(&named);
    let mut verifier = Verifier::resume(expected, head, keys, known);
    if let Some(why) = problem {
        verifier.unreadable(number, why);
    } else if named != expected {
        verifier.other_log(named);
    }
    while !verifier.is_broken() {
        let Some(line) = next_line(&mut reader)? else { break };
        number += 1;
        match line.and_then(|line| Line::parse(&line)) {
            Ok(Line::Entry(entry)) => verifier.entry(&entry),
            Ok(Line::Checkpoint(signed)) => verifier.checkpoint(&signed),
            Ok(Line::Header { .. }) => verifier.unreadable(number, "a second log begins here".to_owned()),
            Err(why) => verifier.unreadable(number, why),
        }
    }
    Ok(verifier.finish())
}

/// The next line without its newline; `None` at the end, an inner error when the line is too long, cut or no text.
fn next_line(reader: &mut impl BufRead) -> io::Result<Option<Result<String, String>>> {
    let mut bytes = Vec::new();
    reader.by_ref().take(MAX_LINE_LEN as u64).read_until(b'\n', &mut bytes)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if bytes.pop() != Some(b'\n') {
        return Ok(Some(Err(format!("it is cut, or longer than {MAX_LINE_LEN} bytes"))));
    }
    Ok(Some(String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())))
}

#[cfg(test)]
mod tests;
