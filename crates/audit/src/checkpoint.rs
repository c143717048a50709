//! Checkpoints: the head of the log, signed, to be kept where the operator cannot change it.
//!
//! The note text has the three lines of a C2SP *tlog-checkpoint*: origin, size, hash in base64. The hash is the head
//! of a hash chain and not the root of a Merkle tree, so witnesses can keep and compare checkpoints but cannot ask
//! for proofs between them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::chain::{Hash, Head};
use crate::note::{Note, NoteError, SigningKey};

/// What a checkpoint states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of the log.
    pub origin: String,
    /// Its head.
    pub head: Head,
}

/// A checkpoint and its signatures. Reading one verifies nothing: that is [`crate::Verifier`]'s work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// What is stated.
    pub checkpoint: Checkpoint,
    /// The note that states it.
    pub note: Note,
}

impl Checkpoint {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.head.size, STANDARD.encode(self.head.hash.0))
    }

    /// Signs the checkpoint, during a rotation with the old key and the new one.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] when the origin is empty or holds a line break or another control character.
    pub fn sign(&self, keys: &[&SigningKey]) -> Result<SignedCheckpoint, NoteError> {
        if self.origin.is_empty() || self.origin.contains('\n') {
            return Err(NoteError::Malformed("the origin must be one line of text"));
        }
        Ok(SignedCheckpoint { checkpoint: self.clone(), note: Note::sign(self.text(), keys)? })
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let origin = lines.next().filter(|origin| !origin.is_empty())?.to_owned();
        let size = lines.next()?.parse().ok()?;
        let hash = STANDARD.decode(lines.next()?).ok()?;
        let checkpoint = Self { origin, head: Head { size, hash: Hash(hash.try_into().ok()?) } };
        // One spelling for each statement: no leading zeros, no extra lines.
        (checkpoint.text() == text).then_some(checkpoint)
    }
}

impl SignedCheckpoint {
    /// Reads a signed checkpoint.
    ///
    /// # Errors
    /// [`NoteError`] when the text is no signed note, or its text no checkpoint.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let note = Note::parse(text)?;
        let checkpoint = Checkpoint::parse(note.text())
            .ok_or(NoteError::Malformed("its text is not an origin, a size and a hash"))?;
        Ok(Self { checkpoint, note })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_reads_back() {
        let key = SigningKey::new("example.org/audit", &[1; 32]).unwrap();
        let head = Head { size: 7, hash: Hash([9; 32]) };
        let signed = Checkpoint { origin: "example.org/audit".to_owned(), head }.sign(&[&key]).unwrap();
        assert_eq!(SignedCheckpoint::parse(&signed.note.to_string()), Ok(signed));
    }

    #[test]
    fn a_statement_has_one_spelling() {
        let good = "example.org/audit\n7\nCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\n";
        assert!(Checkpoint::parse(good).is_some());
        for bad in [
            good.replace("\n7\n", "\n07\n"),
            good.replace("\n7\n", "\n+7\n"),
            good.replace("example.org/audit", ""),
            good.replace("CQk=", "CQl="),
            good.replace("CQk=", "CQk"),
            format!("{good}more\n"),
            good.trim_end().to_owned(),
        ] {
            assert_eq!(Checkpoint::parse(&bad), None, "{bad:?}");
        }
    }

    #[test]
    fn an_origin_is_one_line() {
        let head = Head { size: 0, hash: Hash([0; 32]) };
        for origin in ["", "a\n5", "a\tb"] {
            assert!(Checkpoint { origin: origin.to_owned(), head }.sign(&[]).is_err(), "{origin:?}");
        }
    }
}
