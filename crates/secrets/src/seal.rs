//! Sealing: small secrets the server must be able to read again (TOTP seeds, storage and mail credentials,
//! the state of a sign-in under way), and what it gives out to get back unread (where a page of a list ended).
//!
//! A sealed value is a text, `s1.<key id>.<base64url of nonce and cipher text>`, encrypted and authenticated
//! with XChaCha20-Poly1305. Its 24-byte nonces may be random. The purpose is part of what is authenticated, so a
//! value copied from one row or use to another does not open there.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::ServerKeys;
use crate::keys::ServerKey;

/// Random bytes of a nonce.
pub const NONCE_LEN: usize = 24;
/// Longest value that is sealed, in bytes. Sealing is for credentials, not for data.
pub const MAX_LEN: usize = 64 * 1024;

const FORMAT: &str = "s1";

/// Why a value could not be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// More than [`MAX_LEN`] bytes.
    #[error("The value is too long to be sealed: {0} bytes, and the limit is {MAX_LEN}.")]
    TooLong(usize),
    /// The text is no sealed value.
    #[error("The sealed value is damaged: it does not have the form of one.")]
    Malformed,
    /// Sealed by a key that this server does not have.
    #[error(
        "The value was sealed with key {0}, which is not in this server's key file. Restore the key file that belongs to this database."
    )]
    UnknownKey(String),
    /// The content does not belong to the key and purpose.
    #[error("The sealed value was changed, or belongs to another place.")]
    Forged,
}

impl ServerKeys {
    /// Seals `plain` for `purpose`, which names the use and the owner (for example `totp user-ada`).
    ///
    /// # Errors
    /// [`SealError::TooLong`].
    pub fn seal(&self, purpose: &str, plain: &[u8], nonce: [u8; NONCE_LEN]) -> Result<String, SealError> {
        if plain.len() > MAX_LEN {
            return Err(SealError::TooLong(plain.len()));
        }
        let key = self.current();
        let associated = associated(key.id(), purpose);
        let payload = Payload { msg: plain, aad: associated.as_bytes() };
        let sealed = cipher(key)
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| SealError::TooLong(plain.len()))?;
        let mut bytes = nonce.to_vec();
        bytes.extend(sealed);
        Ok(format!("{FORMAT}.{}.{}", key.id(), URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Opens what [`Self::seal`] made for the same purpose, with the current key or an earlier one of the file.
    ///
    /// # Errors
    /// [`SealError::Malformed`], [`SealError::UnknownKey`] or [`SealError::Forged`].
    pub fn open(&self, purpose: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
        if sealed.len() > 2 * MAX_LEN {
            return Err(SealError::Malformed);
        }
        let (key_id, body) = parts(sealed).ok_or(SealError::Malformed)?;
        let bytes = URL_SAFE_NO_PAD.decode(body).map_err(|_| SealError::Malformed)?;
        let (nonce, content) = bytes.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Malformed)?;
        let key = self
            .iter()
            .find(|key| key.id() == key_id)
            .ok_or_else(|| SealError::UnknownKey(key_id.chars().take(32).collect()))?;
        let associated = associated(key_id, purpose);
        let payload = Payload { msg: content, aad: associated.as_bytes() };
        cipher(key).decrypt(&XNonce::from(*nonce), payload).map(Zeroizing::new).map_err(|_| SealError::Forged)
    }

    /// Whether a value was sealed by an earlier key, so that a rotation can seal it again.
    #[must_use]
    pub fn is_outdated(&self, sealed: &str) -> bool {
        parts(sealed).is_some_and(|(key_id, _)| key_id != self.current().id())
    }
}

fn parts(sealed: &str) -> Option<(&str, &str)> {
    sealed.strip_prefix(FORMAT)?.strip_prefix('.')?.split_once('.')
}

fn cipher(key: &ServerKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&(*key.derive("operon 2026 sealing")).into())
}

fn associated(key_id: &str, purpose: &str) -> String {
    format!("{FORMAT}\0{key_id}\0{purpose}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys() -> ServerKeys {
        ServerKeys::new([1; 32])
    }

    #[test]
    fn a_value_opens_for_its_purpose_only() {
        let sealed = keys().seal("totp user-ada", b"seed", [9; NONCE_LEN]).unwrap();
        assert_eq!(keys().open("totp user-ada", &sealed).unwrap().as_slice(), b"seed");
        assert_eq!(keys().open("totp user-bob", &sealed).err(), Some(SealError::Forged));
        assert!(!sealed.contains("seed"));
    }

    #[test]
    fn another_servers_key_is_named_and_an_earlier_one_still_opens() {
        let sealed = keys().seal("s3", b"credential", [9; NONCE_LEN]).unwrap();
        let other = ServerKeys::new([2; 32]);
        assert_eq!(
            other.open("s3", &sealed).err(),
            Some(SealError::UnknownKey(keys().current().id().to_owned()))
        );
        let rotated = keys().rotated([2; 32]);
        assert_eq!(rotated.open("s3", &sealed).unwrap().as_slice(), b"credential");
        assert!(rotated.is_outdated(&sealed) && !keys().is_outdated(&sealed));
    }

    #[test]
    fn too_much_and_nonsense_are_refused() {
        let long = vec![0; MAX_LEN + 1];
        assert_eq!(keys().seal("x", &long, [0; NONCE_LEN]), Err(SealError::TooLong(MAX_LEN + 1)));
        assert!(keys().seal("x", &long[1..], [0; NONCE_LEN]).is_ok());
        for text in ["", "s1", "s1.", "s2.a.b", "s1.a.*", "s1.abc.AAAA", &"s".repeat(3 * MAX_LEN)] {
            assert_eq!(keys().open("x", text).err(), Some(SealError::Malformed), "{}", text.len());
        }
    }

    proptest! {
        #[test]
        fn any_changed_character_is_noticed(plain: Vec<u8>, place: prop::sample::Index, with in "[A-Za-z0-9._-]") {
            let sealed = keys().seal("p", &plain, [3; NONCE_LEN]).unwrap();
            let place = place.index(sealed.len());
            let mut changed = sealed.clone();
            changed.replace_range(place..=place, &with);
            prop_assert_eq!(changed == sealed, keys().open("p", &changed).is_ok());
        }
    }
}
