//! The hash chain: each entry's hash covers its event, its position and the entry before it.

use std::fmt;

use sha2::{Digest, Sha256};

/// Bytes of a hash.
pub const HASH_LEN: usize = 32;

const EMPTY_LOG: &[u8] = b"operon audit log v1\n";
const ENTRY: &[u8] = b"operon audit entry v1\n";

/// A SHA-256 hash; shown as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; HASH_LEN]);

impl Hash {
    /// Reads 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; HASH_LEN];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        let hash = Self(bytes);
        (hash.to_string() == text).then_some(hash)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The state of a log after some entry: what a checkpoint signs and what a restart resumes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// How many entries there are: the position of the last one.
    pub size: u64,
    /// The hash of the last entry, or of the empty log.
    pub hash: Hash,
}

impl Head {
    /// The head of the empty log of this origin.
    #[must_use]
    pub fn empty(origin: &str) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(EMPTY_LOG);
        hasher.update(origin.as_bytes());
        Self { size: 0, hash: Hash(hasher.finalize().into()) }
    }

    /// The head after one more event (its stored text).
    #[must_use]
    pub fn after(self, event: &str) -> Self {
        let size = self.size + 1;
        Self { size, hash: entry_hash(self.hash, size, event) }
    }
}

/// The hash of an entry: see the crate's documentation for the formula.
#[must_use]
pub fn entry_hash(prev: Hash, position: u64, event: &str) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(ENTRY);
    hasher.update(prev.0);
    hasher.update(position.to_be_bytes());
    hasher.update(event.as_bytes());
    Hash(hasher.finalize().into())
}

/// One entry of the log as it is stored and exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place, counted from 1.
    pub position: u64,
    /// The hash of the entry before it.
    pub prev: Hash,
    /// Its own hash.
    pub hash: Hash,
    /// The text of the event, byte for byte as it was hashed.
    pub event: String,
}

/// The growing end of a log.
#[derive(Debug, Clone)]
pub struct Chain {
    origin: String,
    head: Head,
}

impl Chain {
    /// An empty log. The origin names it for ever: a schema-less URL such as `data.example.org/operon/audit`.
    #[must_use]
    pub fn new(origin: impl Into<String>) -> Self {
        let origin = origin.into();
        let head = Head::empty(&origin);
        Self { origin, head }
    }

    /// A log that already has entries.
    #[must_use]
    pub fn resume(origin: impl Into<String>, head: Head) -> Self {
        Self { origin: origin.into(), head }
    }

    /// The name of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The head after the last entry.
    #[must_use]
    pub fn head(&self) -> Head {
        self.head
    }

    /// Puts an event at the end of the log. `event` is the stored text of [`crate::Event::encode`].
    ///
    /// Events are linked in the order of the calls. Store the entry before the next one is made, or drop the chain
    /// and resume it from what is stored.
    pub fn append(&mut self, event: String) -> Entry {
        let prev = self.head.hash;
        self.head = self.head.after(&event);
        Entry { position: self.head.size, prev, hash: self.head.hash, event }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hashes_are_those_of_the_documented_formula() {
        // Computed with another program from the formula in the crate's documentation.
        let mut chain = Chain::new("example.org/audit");
        assert_eq!(
            chain.head().hash.to_string(),
            "59e9a8edc0547a5625c1aa5adc1fe51fb7281edcee1ce063a113e4ccdf3f9d3a"
        );
        let first = chain.append("{\"at\":1}".to_owned());
        assert_eq!(
            first.hash.to_string(),
            "70ace0ea5fe54b85dc96d816aa7088c6b3386641a544feb975a8d4929650c072"
        );
        let second = chain.append("{\"at\":2}".to_owned());
        assert_eq!((second.position, second.prev), (2, first.hash));
        assert_eq!(
            second.hash.to_string(),
            "5e413f995e1269410237f6d24ad1d0645cd3e864779ccd5f302f5703f038c0a7"
        );
    }

    #[test]
    fn a_resumed_chain_goes_on_where_it_stopped() {
        let mut whole = Chain::new("example.org/audit");
        whole.append("a".to_owned());
        let mut resumed = Chain::resume("example.org/audit", whole.head());
        assert_eq!(resumed.append("b".to_owned()), whole.append("b".to_owned()));
    }

    #[test]
    fn logs_of_different_origins_share_no_hash() {
        let (mut one, mut two) = (Chain::new("a"), Chain::new("b"));
        assert_ne!(one.append("x".to_owned()).hash, two.append("x".to_owned()).hash);
    }

    #[test]
    fn a_hash_has_one_spelling() {
        let hash = Hash([0xab; 32]);
        assert_eq!(Hash::parse(&hash.to_string()), Some(hash));
        assert_eq!(Hash::parse(&hash.to_string().to_uppercase()), None);
        assert_eq!(Hash::parse("ab"), None);
    }
}
