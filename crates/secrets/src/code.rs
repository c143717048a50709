//! One-time codes: what a mailed link carries for activation, reset or an invitation.
//!
//! Codes are written with 32 symbols that survive reading aloud and typing (no `i`, `l`, `o`, `u`), and
//! are read forgivingly: case, blanks and dashes do not matter, `o` counts as `0`, `i` and `l` as `1`.

use sha2::{Digest, Sha256};

use crate::Secret;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Random bytes in a one-time code: 160 bits, written as 32 characters.
pub const RANDOM_LEN: usize = 20;

/// Longest text looked at when a code is presented; anything longer is no code.
pub const MAX_TEXT_LEN: usize = 128;

/// What a code is good for. A code made for one purpose does nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The first user of a fresh server makes an account.
    FirstUser,
    /// A new user sets a password.
    Activation,
    /// A user who forgot the password sets a new one.
    PasswordReset,
    /// A user confirms a new e-mail address.
    EmailChange,
    /// A person without an account takes up an invitation.
    Invitation,
    /// A backup code of the second factor.
    Backup,
    /// The authorization code of the OAuth 2 code grant.
    Grant,
    /// A user signs in with a link that the operator gave them.
    SignIn,
}

impl Purpose {
    /// The word under the hash; changing one makes the codes of that purpose worthless.
    fn word(self) -> &'static str {
        match self {
            Self::FirstUser => "first-user",
            Self::Activation => "activation",
            Self::PasswordReset => "password-reset",
            Self::EmailChange => "email-change",
            Self::Invitation => "invitation",
            Self::Backup => "backup",
            Self::Grant => "grant",
            Self::SignIn => "sign-in",
        }
    }
}

/// Makes a one-time code of 32 characters. Only its [`hash`] may be stored.
#[must_use]
pub fn mint(random: [u8; RANDOM_LEN]) -> Secret {
    Secret::new(spell(&random))
}

/// The hash under which a code is stored and found again: lower-case hexadecimal SHA-256 over purpose and code.
///
/// `None` when the text cannot be a code (empty, too long, a foreign character). Single use and expiry are
/// the caller's: delete the row in the transaction that acts on it.
#[must_use]
pub fn hash(purpose: Purpose, text: &str) -> Option<String> {
    let code = read(text)?;
    let mut hasher = Sha256::new();
    hasher.update(b"operon one-time code v1\0");
    hasher.update(purpose.word().as_bytes());
    hasher.update(b"\0");
    hasher.update(code.expose().as_bytes());
    Some(hex::encode(hasher.finalize()))
}

/// Writes bytes with 5 bits a symbol. Lengths are multiples of 5 here, so nothing is padded.
pub(crate) fn spell(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5);
    for group in bytes.chunks(5) {
        let bits = group.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
        for place in (0..8).rev() {
            text.push(char::from(ALPHABET[((bits >> (place * 5)) & 31) as usize]));
        }
    }
    text
}

/// Brings a typed code into the one form that is hashed.
fn read(text: &str) -> Option<Secret> {
    if text.len() > MAX_TEXT_LEN {
        return None;
    }
    let mut code = String::with_capacity(text.len());
    for character in text.chars().filter(|character| !character.is_whitespace() && *character != '-') {
        let symbol = match character.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        };
        if !symbol.is_ascii() || !ALPHABET.contains(&(symbol as u8)) {
            return None;
        }
        code.push(symbol);
    }
    (!code.is_empty()).then(|| Secret::new(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = mint([0b0000_0000, 0x44, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]);
        assert_eq!(code.expose().len(), 32);
        let stored = hash(Purpose::Activation, code.expose()).unwrap();
        assert_eq!(stored.len(), 64);
        let mut typed = code.expose().to_uppercase().replace('0', "O").replace('1', "l");
        typed.insert(7, '-');
        typed.insert_str(0, "  ");
        assert_eq!(hash(Purpose::Activation, &typed), Some(stored));
    }

    #[test]
    fn a_code_does_nothing_for_another_purpose() {
        let code = mint([7; RANDOM_LEN]);
        assert_ne!(hash(Purpose::Activation, code.expose()), hash(Purpose::PasswordReset, code.expose()));
    }

    #[test]
    fn what_cannot_be_a_code_has_no_hash() {
        for text in ["", " - ", "abcu", "ä", "a/b", &"0".repeat(MAX_TEXT_LEN + 1)] {
            assert_eq!(hash(Purpose::Invitation, text), None, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn different_bytes_give_different_codes(left: [u8; RANDOM_LEN], right: [u8; RANDOM_LEN]) {
            proptest::prop_assert_eq!(left == right, mint(left) == mint(right));
        }
    }
}
