//! Verifying a log: entries in order, checkpoints, keys. Nothing is kept but the head, so a log of any length fits.

use std::collections::BTreeMap;

use crate::chain::{Entry, Head, entry_hash};
use crate::checkpoint::SignedCheckpoint;
use crate::note::{PublicKey, Verdict};
pub use crate::report::{Broken, Fault, Report, entries};
use crate::rotation::{Forged, Rotation};

/// A public key and the sizes of the log for which its checkpoints count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedKey {
    /// The key.
    pub key: PublicKey,
    /// The smallest size.
    pub from: u64,
    /// The largest size; `None` while the key is in use.
    pub until: Option<u64>,
}

impl TrustedKey {
    /// A key that is trusted from the beginning of the log until a rotation ends it.
    #[must_use]
    pub fn always(key: PublicKey) -> Self {
        Self { key, from: 0, until: None }
    }

    fn covers(&self, size: u64) -> bool {
        self.from <= size && self.until.is_none_or(|until| size <= until)
    }
}

/// Walks along a log and stops at the first thing that is wrong.
///
/// Trust comes in from outside: public keys and checkpoints that were kept apart from the log. Keys that rotations
/// in the log introduce are followed. Without any key checkpoints are compared, but their signatures are not.
#[derive(Debug)]
pub struct Verifier {
    report: Report,
    keys: Vec<TrustedKey>,
    /// Checkpoints known from outside and not yet reached.
    known: BTreeMap<u64, Vec<SignedCheckpoint>>,
    /// Whether the beginning still waits for a checkpoint to vouch for it.
    unanchored: bool,
}

impl Verifier {
    /// A verification from the first entry on.
    #[must_use]
    pub fn new(origin: &str, keys: Vec<TrustedKey>, known: Vec<SignedCheckpoint>) -> Self {
        let mut verifier = Self::resume(origin, Head::empty(origin), keys, known);
        verifier.unanchored = false;
        verifier
    }

    /// A verification from the middle of a log. Unless `head` is that of the empty log, a trusted checkpoint of
    /// exactly that size must show that it is right, or the first entry is [`Fault::UnanchoredStart`].
    #[must_use]
    pub fn resume(origin: &str, head: Head, keys: Vec<TrustedKey>, known: Vec<SignedCheckpoint>) -> Self {
        let report = Report {
            origin: origin.to_owned(),
            start: head.size,
            head,
            checkpoints: 0,
            last_checkpoint: None,
            signatures_checked: !keys.is_empty(),
            broken: None,
        };
        let mut verifier =
            Self { report, keys, known: BTreeMap::new(), unanchored: head != Head::empty(origin) };
        for checkpoint in known {
            let size = checkpoint.checkpoint.head.size;
            // What lies before the beginning cannot be compared.
            if size >= head.size {
                verifier.known.entry(size).or_default().push(checkpoint);
            }
        }
        verifier.compare_known();
        verifier
    }

    /// Takes the next entry.
    pub fn entry(&mut self, entry: &Entry) {
        if self.is_broken() {
            return;
        }
        let expected = self.report.head.size + 1;
        if let Some(fault) = self.fault_of(entry, expected) {
            self.break_at(expected, fault);
            return;
        }
        self.report.head = Head { size: expected, hash: entry.hash };
        self.follow_rotation(&entry.event, expected);
        self.compare_known();
    }

    /// Takes a checkpoint found beside the log; it belongs right behind the entry it covers last.
    pub fn checkpoint(&mut self, signed: &SignedCheckpoint) {
        if self.is_broken() {
            return;
        }
        let (size, here) = (signed.checkpoint.head.size, self.report.head.size);
        if size != here {
            let fault =
                if size > here { Fault::Truncated { size } } else { Fault::CheckpointOutOfPlace { size } };
            self.break_at(here + 1, fault);
        } else {
            self.compare(signed);
            // Without keys anybody could have written what stands beside the log.
            self.unanchored &= !self.report.signatures_checked;
        }
    }

    /// Notes that a line could not be read.
    pub(crate) fn unreadable(&mut self, line: u64, why: String) {
        if !self.is_broken() {
            self.break_at(self.report.head.size + 1, Fault::Unreadable { line, why });
        }
    }

    /// Notes that the log is not the one that was asked for.
    pub(crate) fn other_log(&mut self, named: String) {
        if !self.is_broken() {
            self.break_at(self.report.head.size + 1, Fault::OtherLog(named));
        }
    }

    /// Whether something wrong was found; whatever follows is passed over.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.report.broken.is_some()
    }

    /// Ends the verification: what is known of larger sizes is missing from the log.
    #[must_use]
    pub fn finish(mut self) -> Report {
        if !self.is_broken() && self.unanchored {
            self.break_at(self.report.start + 1, Fault::UnanchoredStart(self.report.start));
        }
        if let Some((&size, _)) = self.known.last_key_value()
            && !self.is_broken()
        {
            self.break_at(self.report.head.size + 1, Fault::Truncated { size });
        }
        self.report
    }

    fn fault_of(&self, entry: &Entry, expected: u64) -> Option<Fault> {
        if self.unanchored {
            return Some(Fault::UnanchoredStart(self.report.start));
        }
        if entry.position > expected {
            return Some(Fault::Missing { from: expected, to: entry.position - 1 });
        }
        if entry.position < expected {
            return Some(Fault::OutOfOrder { found: entry.position });
        }
        if entry.hash != entry_hash(entry.prev, expected, &entry.event) {
            return Some(Fault::Changed);
        }
        (entry.prev != self.report.head.hash).then_some(Fault::BrokenLink)
    }

    fn compare_known(&mut self) {
        let Some(here) = self.known.remove(&self.report.head.size) else { return };
        for signed in &here {
            if !self.is_broken() {
                self.compare(signed);
            }
        }
        self.unanchored = false;
    }

    fn compare(&mut self, signed: &SignedCheckpoint) {
        let (stated, head) = (&signed.checkpoint, self.report.head);
        let fault = if stated.origin != self.report.origin {
            Some(Fault::OtherLog(stated.origin.clone()))
        } else if stated.head != head {
            Some(Fault::OtherHistory)
        } else if self.report.signatures_checked {
            self.fault_of_signatures(signed)
        } else {
            None
        };
        if let Some(fault) = fault {
            self.break_at(head.size, fault);
        } else {
            self.report.checkpoints += 1;
            self.report.last_checkpoint = Some(head.size);
        }
    }

    fn fault_of_signatures(&self, signed: &SignedCheckpoint) -> Option<Fault> {
        let size = signed.checkpoint.head.size;
        let mut fault = Some(Fault::UnknownSigner(signed.note.signers().join(", ")));
        let mut good = false;
        for trusted in &self.keys {
            match signed.note.verdict(&trusted.key) {
                Verdict::Bad => return Some(Fault::BadSignature(trusted.key.label())),
                Verdict::Good if trusted.covers(size) => good = true,
                Verdict::Good => fault = Some(Fault::KeyNotValid(trusted.key.label())),
                Verdict::None => {}
            }
        }
        if good { None } else { fault }
    }

    /// Ends the old key and begins the new one, where the entry is a rotation.
    fn follow_rotation(&mut self, event: &str, position: u64) {
        if !self.report.signatures_checked {
            return;
        }
        let rotation = match Rotation::read(&self.report.origin, event) {
            None => return,
            Some(Err(Forged)) => return self.break_at(position, Fault::ForgedRotation),
            Some(Ok(rotation)) => rotation,
        };
        // Whoever trusts the new key from elsewhere, or trusts neither, needs nothing from this entry.
        let trusts_new = self.keys.iter().any(|trusted| trusted.key == rotation.new);
        let old = self.keys.iter_mut().find(|trusted| trusted.key == rotation.old);
        let Some(old) = old.filter(|old| !trusts_new && old.covers(position)) else { return };
        old.until = Some(position);
        self.keys.push(TrustedKey { key: rotation.new, from: position, until: None });
    }

    fn break_at(&mut self, position: u64, fault: Fault) {
        self.report.broken = Some(Broken { position, fault });
    }
}

#[cfg(test)]
mod tests;
