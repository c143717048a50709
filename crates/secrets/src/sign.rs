//! Links that carry their own permission: part uploads, preauthenticated downloads, unsubscribe links.
//!
//! A signature proves that this server wrote the fields; it does not replace the access decision, which is
//! made again when the link is used (design promise: revocation holds at once).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::ServerKeys;

/// Signs and checks the fields of one kind of link. Cheap to use, so make one per purpose at start-up.
#[derive(Clone)]
pub struct Signer {
    /// Keyed states, the current key first; the others only check.
    states: Vec<Hmac<Sha256>>,
}

impl Signer {
    /// A signer for one purpose (for example `part-upload`). Signatures of one purpose are invalid for all others.
    #[must_use]
    pub fn new(keys: &ServerKeys, purpose: &str) -> Self {
        let context = format!("operon 2026 signed link: {purpose}");
        let states = keys.iter().map(|key| keyed(&key.derive(&context))).collect();
        Self { states }
    }

    /// The signature over the fields, 43 characters of URL-safe base64 (HMAC-SHA-256).
    ///
    /// The number of the fields and the length of each are signed too, so no two lists of fields sign alike.
    #[must_use]
    pub fn sign(&self, fields: &[&str]) -> String {
        let mac = self.states.first().map(|state| fed(state, fields).finalize().into_bytes());
        mac.map(|mac| URL_SAFE_NO_PAD.encode(mac)).unwrap_or_default()
    }

    /// Whether `signature` was made over exactly these fields, with the current key or one kept for checking.
    #[must_use]
    pub fn verify(&self, fields: &[&str], signature: &str) -> bool {
        let Ok(presented) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        self.states.iter().any(|state| fed(state, fields).verify_slice(&presented).is_ok())
    }
}

fn keyed(key: &Zeroizing<[u8; 32]>) -> Hmac<Sha256> {
    // HMAC fills keys shorter than its block with zeros; doing so here leaves nothing that can fail.
    let mut block = Zeroizing::new([0; 64]);
    block[..key.len()].copy_from_slice(key.as_slice());
    Hmac::<Sha256>::new(&(*block).into())
}

fn fed(state: &Hmac<Sha256>, fields: &[&str]) -> Hmac<Sha256> {
    let mut mac = state.clone();
    mac.update(&(fields.len() as u64).to_be_bytes());
    for field in fields {
        mac.update(&(field.len() as u64).to_be_bytes());
        mac.update(field.as_bytes());
    }
    mac
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys() -> ServerKeys {
        ServerKeys::new([5; 32])
    }

    #[test]
    fn a_signature_holds_for_its_purpose_and_fields_only() {
        let upload = Signer::new(&keys(), "part-upload");
        let signature = upload.sign(&["file-1", "1", "1700000000000"]);
        assert_eq!(signature.len(), 43);
        assert!(upload.verify(&["file-1", "1", "1700000000000"], &signature));
        assert!(!upload.verify(&["file-1", "2", "1700000000000"], &signature));
        assert!(!upload.verify(&["file-1", "1"], &signature));
        assert!(!Signer::new(&keys(), "download").verify(&["file-1", "1", "1700000000000"], &signature));
        for bad in ["", "*", &signature[1..], &format!("{signature}A")] {
            assert!(!upload.verify(&["file-1", "1", "1700000000000"], bad), "{bad:?}");
        }
    }

    #[test]
    fn links_signed_before_a_rotation_still_hold() {
        let old = Signer::new(&keys(), "download").sign(&["file-1"]);
        let rotated = Signer::new(&keys().rotated([6; 32]), "download");
        assert!(rotated.verify(&["file-1"], &old));
        assert_ne!(rotated.sign(&["file-1"]), old);
        assert!(!Signer::new(&keys(), "download").verify(&["file-1"], &rotated.sign(&["file-1"])));
    }

    proptest! {
        #[test]
        fn different_fields_sign_differently(
            left in prop::collection::vec(".{0,8}", 0..4),
            right in prop::collection::vec(".{0,8}", 0..4),
        ) {
            let signer = Signer::new(&keys(), "test");
            let left: Vec<&str> = left.iter().map(String::as_str).collect();
            let right: Vec<&str> = right.iter().map(String::as_str).collect();
            prop_assert_eq!(left == right, signer.verify(&right, &signer.sign(&left)));
        }

        #[test]
        fn moving_a_border_between_fields_is_noticed(text in "[a-z/]{2,20}", cut in 0usize..20) {
            let signer = Signer::new(&keys(), "test");
            let (head, tail) = text.split_at(cut.min(text.len()));
            prop_assert!(!signer.verify(&[head, tail], &signer.sign(&[text.as_str()])));
            // Nor is part 11 of 2 bytes part 1 of 12.
            let elsewhere = signer.sign(&[text.as_str(), ""]);
            prop_assert_eq!(signer.verify(&[head, tail], &elsewhere), tail.is_empty());
        }
    }
}
