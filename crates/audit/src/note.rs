//! Signed notes: a text with Ed25519 signatures under it, in the C2SP *signed-note* format, so that the tools and
//! witnesses of the transparency-log world can read them.
//!
//! A note is its text (which ends in a newline), an empty line, and one line a signature:
//! `— <key name> <base64 of 4 bytes of key id and 64 bytes of signature>`.
//! The key id is the beginning of SHA-256(name ‖ newline ‖ 0x01 ‖ public key).

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature as Ed25519Signature, Signer, VerifyingKey};
use sha2::{Digest, Sha256};

/// Longest note, in bytes.
pub const MAX_NOTE_LEN: usize = 64 * 1024;
/// Most signatures of a note.
pub const MAX_SIGNATURES: usize = 64;

const ED25519: u8 = 1;
const KEY_ID_LEN: usize = 4;
const SIGNATURE_START: &str = "— ";

/// Why a key or note could not be read or made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// A key name that cannot stand in a note.
    #[error("“{0}” cannot be the name of a key: it must not be empty nor contain blanks or a plus sign.")]
    KeyName(String),
    /// The text is no public key of the form `name+id+key`.
    #[error("This is not a public key of the form name+id+key: {0}.")]
    PublicKey(&'static str),
    /// The text is no signed note.
    #[error("This is not a signed note: {0}.")]
    Malformed(&'static str),
}

/// The public half of a checkpoint key: what a witness keeps. Its text form is `name+id+key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    id: [u8; KEY_ID_LEN],
    key: VerifyingKey,
}

impl PublicKey {
    fn new(name: &str, key: VerifyingKey) -> Result<Self, NoteError> {
        check_name(name)?;
        let mut hasher = Sha256::new();
        hasher.update(name.as_bytes());
        hasher.update([b'\n', ED25519]);
        hasher.update(key.as_bytes());
        let digest: [u8; 32] = hasher.finalize().into();
        let mut id = [0; KEY_ID_LEN];
        id.copy_from_slice(&digest[..KEY_ID_LEN]);
        Ok(Self { name: name.to_owned(), id, key })
    }

    /// The name of the key, usually the origin of the log.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Name and id, which together name this key and no other: for messages to people.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}+{}", self.name, hex::encode(self.id))
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![ED25519];
        bytes.extend(self.key.as_bytes());
        write!(f, "{}+{}", self.label(), STANDARD.encode(bytes))
    }
}

impl FromStr for PublicKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::PublicKey("it does not have three parts"));
        };
        let bytes = STANDARD.decode(key).map_err(|_| NoteError::PublicKey("the key is not base64"))?;
        let Some((&ED25519, key)) = bytes.split_first() else {
            return Err(NoteError::PublicKey("it is not an Ed25519 key"));
        };
        let key: [u8; 32] =
            key.try_into().map_err(|_| NoteError::PublicKey("the key is not 32 bytes long"))?;
        let key =
            VerifyingKey::from_bytes(&key).map_err(|_| NoteError::PublicKey("the key is no valid one"))?;
        let public = Self::new(name, key)?;
        if hex::encode(public.id) != id {
            return Err(NoteError::PublicKey("the id does not belong to name and key"));
        }
        Ok(public)
    }
}

/// The private half of a checkpoint key. Its 32 bytes belong into the server's sealed store.
#[derive(Clone)]
pub struct SigningKey {
    key: ed25519_dalek::SigningKey,
    public: PublicKey,
}

impl SigningKey {
    /// The key with this name that grows out of 32 random bytes.
    ///
    /// # Errors
    /// [`NoteError::KeyName`].
    pub fn new(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        let public = PublicKey::new(name, key.verifying_key())?;
        Ok(Self { key, public })
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public.label())
    }
}

/// What a key has to say about a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The key signed exactly this text.
    Good,
    /// There is a signature in the key's name, and it is wrong.
    Bad,
    /// The key did not sign this note.
    None,
}

/// A text with signatures under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Signature {
    name: String,
    /// Key id and signature as they stand in the note.
    bytes: Vec<u8>,
}

impl Note {
    /// Signs a text with one key or several.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] when the text cannot be one of a note: it must end in a newline and hold no other
    /// control characters.
    pub fn sign(text: String, keys: &[&SigningKey]) -> Result<Self, NoteError> {
        check_text(&text)?;
        let signatures = keys.iter().map(|signer| {
            let mut bytes = signer.public.id.to_vec();
            bytes.extend(signer.key.sign(text.as_bytes()).to_bytes());
            Signature { name: signer.public.name.clone(), bytes }
        });
        let signatures = signatures.collect();
        Ok(Self { text, signatures })
    }

    /// Reads a note. Says nothing about the signatures: ask [`Self::verdict`].
    ///
    /// # Errors
    /// [`NoteError::Malformed`].
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.len() > MAX_NOTE_LEN {
            return Err(NoteError::Malformed("it is too long"));
        }
        let border =
            note.rfind("\n\n").ok_or(NoteError::Malformed("there is no empty line above the signatures"))?;
        let (text, block) = (&note[..=border], &note[border + 2..]);
        check_text(text)?;
        let lines = block.strip_suffix('\n').ok_or(NoteError::Malformed("the last line is cut"))?;
        let signatures: Vec<Signature> = lines.split('\n').map(read_signature).collect::<Result<_, _>>()?;
        if signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::Malformed("there are too many signatures"));
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// The signed text, its last newline included.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What this key has to say about the note. Signatures of other keys are passed over.
    #[must_use]
    pub fn verdict(&self, key: &PublicKey) -> Verdict {
        let mut verdict = Verdict::None;
        for signature in self.signatures.iter().filter(|signature| signature.name == key.name) {
            let Some((id, rest)) = signature.bytes.split_first_chunk::<KEY_ID_LEN>() else { continue };
            if *id != key.id {
                continue;
            }
            let good = Ed25519Signature::from_slice(rest)
                .is_ok_and(|signature| key.key.verify_strict(self.text.as_bytes(), &signature).is_ok());
            if !good {
                return Verdict::Bad;
            }
            verdict = Verdict::Good;
        }
        verdict
    }

    /// The keys that claim to have signed, as name and id: for messages to people.
    #[must_use]
    pub fn signers(&self) -> Vec<String> {
        let label = |signature: &Signature| {
            format!("{}+{}", signature.name, hex::encode(&signature.bytes[..KEY_ID_LEN]))
        };
        self.signatures.iter().map(label).collect()
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for signature in &self.signatures {
            writeln!(f, "{SIGNATURE_START}{} {}", signature.name, STANDARD.encode(&signature.bytes))?;
        }
        Ok(())
    }
}

fn read_signature(line: &str) -> Result<Signature, NoteError> {
    let rest =
        line.strip_prefix(SIGNATURE_START).ok_or(NoteError::Malformed("a signature line has no dash"))?;
    let (name, bytes) =
        rest.split_once(' ').ok_or(NoteError::Malformed("a signature line has no key name"))?;
    check_name(name)?;
    let bytes = STANDARD.decode(bytes).map_err(|_| NoteError::Malformed("a signature is not base64"))?;
    if bytes.len() <= KEY_ID_LEN {
        return Err(NoteError::Malformed("a signature is too short"));
    }
    Ok(Signature { name: name.to_owned(), bytes })
}

fn check_name(name: &str) -> Result<(), NoteError> {
    if name.is_empty() || name.contains(|c: char| c == '+' || c.is_whitespace() || c.is_control()) {
        return Err(NoteError::KeyName(name.chars().take(100).collect()));
    }
    Ok(())
}

fn check_text(text: &str) -> Result<(), NoteError> {
    if !text.ends_with('\n') || text.bytes().any(|byte| byte < b' ' && byte != b'\n') {
        return Err(NoteError::Malformed("the text has control characters or no newline at its end"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
