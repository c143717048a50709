//! Putting a new checkpoint key in the place of an old one.
//!
//! A rotation is an entry of the log itself: an event with the action [`KEY_ROTATION`] whose `after` holds a note
//! that both keys signed. Who can only write into the database cannot forge it, for want of the old key. From the
//! entry's position on checkpoints are signed by the new key; the checkpoint of exactly that size may be signed by
//! either.

use serde_json::{Value, json};

use crate::event::{Event, KEY_ROTATION, Outcome};
use crate::note::{Note, NoteError, PublicKey, SigningKey, Verdict};

const TITLE: &str = "operon key rotation v1";

/// A rotation as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The key that ends.
    pub old: PublicKey,
    /// The key that begins.
    pub new: PublicKey,
}

impl Rotation {
    /// The event that rotates the checkpoint key of the log `origin`, to be appended like any other. Set the actor
    /// on it. Sign with the new key once the entry has its position. No command does this yet; tests make with it the logs
    /// that a verifier has to accept or refuse, so that whoever verifies today can verify the log of a later version.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] when the origin holds control characters.
    pub fn event(at: i64, origin: &str, old: &SigningKey, new: &SigningKey) -> Result<Event, NoteError> {
        let rotation = Self { old: old.public().clone(), new: new.public().clone() };
        let note = Note::sign(rotation.text(origin), &[old, new])?;
        let mut event = Event::new(at, "audit/rotateKey", KEY_ROTATION, Outcome::Allowed);
        event.after = Some(json!({ "note": note.to_string() }));
        Ok(event)
    }

    /// Reads the rotation in the text of an event. `None` when the event is another; an error when it claims to be
    /// a rotation of this log and the keys do not bear it out.
    pub(crate) fn read(origin: &str, event: &str) -> Option<Result<Self, Forged>> {
        // Nearly no event is one: look before reading it.
        if !event.contains(KEY_ROTATION) {
            return None;
        }
        let event = Event::decode(event).ok().filter(|event| event.action == KEY_ROTATION)?;
        Some(Self::checked(origin, event.after.as_ref()).ok_or(Forged))
    }

    fn checked(origin: &str, after: Option<&Value>) -> Option<Self> {
        let note = Note::parse(after?.get("note")?.as_str()?).ok()?;
        let mut lines = note.text().lines().skip(2);
        let rotation = Self { old: lines.next()?.parse().ok()?, new: lines.next()?.parse().ok()? };
        let signed = [&rotation.old, &rotation.new].iter().all(|key| note.verdict(key) == Verdict::Good);
        (signed && rotation.text(origin) == note.text()).then_some(rotation)
    }

    fn text(&self, origin: &str) -> String {
        format!("{TITLE}\n{origin}\n{}\n{}\n", self.old, self.new)
    }
}

/// An event says it is a rotation, and its keys do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Forged;
