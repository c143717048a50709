//! What a verification found, in words.

use std::fmt;

use crate::chain::Head;

/// What is wrong at the first broken place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Entries are not there.
    #[error("the entries {from} to {to} are missing")]
    Missing {
        /// The first that is missing.
        from: u64,
        /// The last that is missing.
        to: u64,
    },
    /// An entry stands where another belongs.
    #[error("the entry here says it is number {found}: entries were repeated or put in another order")]
    OutOfOrder {
        /// The position the entry gives itself.
        found: u64,
    },
    /// The entry follows another entry than the one before it.
    #[error(
        "the entry does not follow from the one before it: the one before was exchanged, or this one belongs elsewhere"
    )]
    BrokenLink,
    /// The entry's bytes are not those that were hashed.
    #[error("the entry was changed: its hash does not fit its content")]
    Changed,
    /// A line of an export has not the form of one.
    #[error("line {line} of the export cannot be read: {why}")]
    Unreadable {
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The log ends before a checkpoint says it does.
    #[error("the log ends here, but a checkpoint shows that it had {}", entries(*.size))]
    Truncated {
        /// The size the checkpoint states.
        size: u64,
    },
    /// A checkpoint of this size has another hash.
    #[error("a checkpoint of this size was made of another history: entries up to here were rewritten")]
    OtherHistory,
    /// A checkpoint or header names another log.
    #[error("this belongs to another log, {0}")]
    OtherLog(String),
    /// A checkpoint is about a place that was already passed.
    #[error("a checkpoint of size {size} stands here, where it does not belong")]
    CheckpointOutOfPlace {
        /// The size the checkpoint states.
        size: u64,
    },
    /// A checkpoint carries a wrong signature of a trusted key.
    #[error("the signature of the key {0} under a checkpoint is wrong")]
    BadSignature(String),
    /// No trusted key signed a checkpoint.
    #[error("no key that you trust signed the checkpoint; it names {0}")]
    UnknownSigner(String),
    /// A trusted key signed outside its time.
    #[error("the key {0} signed the checkpoint, but is not valid at this position")]
    KeyNotValid(String),
    /// A rotation that the old key did not sign.
    #[error("the entry exchanges the checkpoint key, but the old key did not agree: it is forged")]
    ForgedRotation,
    /// An export begins in the middle of the log, with nothing to show that its beginning is right.
    #[error(
        "the export begins after entry {0}, and no trusted checkpoint of that size shows what came before"
    )]
    UnanchoredStart(u64),
}

/// So many entries, in words.
#[must_use]
pub fn entries(count: u64) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}

/// The first broken place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The position of the first entry that cannot be trusted.
    pub position: u64,
    /// What is wrong there.
    pub fault: Fault,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The name of the log.
    pub origin: String,
    /// How many entries came before the first one that was looked at.
    pub start: u64,
    /// The head after the last entry that is right.
    pub head: Head,
    /// How many checkpoints were compared.
    pub checkpoints: u64,
    /// The size of the last checkpoint that is right: entries after it could still be rewritten unseen.
    pub last_checkpoint: Option<u64>,
    /// Whether public keys were given, so that the signatures of checkpoints counted.
    pub signatures_checked: bool,
    /// What is wrong, if anything is.
    pub broken: Option<Broken>,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.broken.is_none()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let good = self.head.size - self.start;
        if let Some(Broken { position, fault }) = &self.broken {
            writeln!(f, "BROKEN at entry {position} of {}: {fault}.", self.origin)?;
            return match good {
                1 => write!(f, "The entry before it is right."),
                good => write!(f, "The {good} entries before it fit together."),
            };
        }
        let (good, hash) = (entries(good), &self.head.hash);
        writeln!(f, "Intact: {good} of {}, the last with hash {hash}.", self.origin)?;
        match self.last_checkpoint {
            None => {
                f.write_str(
                    "No checkpoint vouches for them: a log rewritten as a whole would look the same.",
                )?;
            }
            Some(size) => {
                match self.checkpoints {
                    1 => write!(f, "1 checkpoint fits, of size {size}.")?,
                    several => write!(f, "{several} checkpoints fit, the last one of size {size}.")?,
                }
                if size < self.head.size {
                    write!(f, " Not covered yet: {} after it.", entries(self.head.size - size))?;
                }
            }
        }
        if self.checkpoints > 0 && !self.signatures_checked {
            write!(f, " Their signatures were not checked, since no public key was given.")?;
        }
        Ok(())
    }
}
