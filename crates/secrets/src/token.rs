//! Bearer tokens: API tokens, login tokens, web sessions and job tokens are all made here.

use sha2::{Digest, Sha256};

use crate::Secret;

/// Random bytes in a token: 256 bits, so that guessing one is out of the question.
pub const RANDOM_LEN: usize = 32;

/// Makes the text of a token out of random bytes: 64 lower-case hexadecimal digits.
///
/// Only its [`signature`] may be stored; the text is shown to its owner once.
#[must_use]
pub fn mint(random: [u8; RANDOM_LEN]) -> Secret {
    Secret::new(hex::encode(random))
}

/// The signature of a token: the lower-case hexadecimal SHA-256 of its text.
///
/// This is what the database keeps, what `/system/destroyAuthToken` calls `tokenSignature`
/// (contract: identity-and-sharing 3) and what lists show. A plain fast hash is enough because the token
/// itself has 256 bits. Looking a signature up by index gives nothing away: who could choose a token whose
/// hash begins as wanted would still not know the token.
#[must_use]
pub fn signature(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_carries_all_its_random_bytes() {
        let mut random = [0; RANDOM_LEN];
        random[0] = 0xab;
        random[31] = 0x01;
        let token = mint(random);
        assert_eq!(token.expose().len(), 64);
        assert!(token.expose().starts_with("ab00") && token.expose().ends_with("0001"));
    }

    #[test]
    fn the_signature_is_the_sha256_of_the_text() {
        // FIPS 180-2 gives this digest for "abc".
        assert_eq!(signature("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
