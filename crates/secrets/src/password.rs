//! Passwords: the rules for choosing one, and argon2id hashes.
//!
//! The rules follow NIST SP 800-63B: length counts, composition does not. A password that is the only factor
//! needs 15 characters; there is no demand for digits or signs and no expiry; what is easily guessed from a list
//! or from the account itself is refused; up to 1,024 bytes of any characters are taken, so phrases and
//! password managers fit.
//!
//! [`hash`], [`verify`] and [`verify_absent`] are meant to be slow (about 16 ms and 19 MiB of memory each): run
//! them on a blocking thread, never on an async one, and limit how many run at once.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Fewest characters of a password.
pub const MIN_CHARS: usize = 15;
/// Most bytes of a password, in UTF-8.
pub const MAX_BYTES: usize = 1024;
/// Fewest different characters of a password.
pub const MIN_DIFFERENT: usize = 5;
/// Random bytes of a salt.
pub const SALT_LEN: usize = 16;

/// Fewest characters that must remain when what everyone can guess is taken away.
const MIN_UNGUESSED: usize = 8;

/// What people try first. Taken away together with the account's own names before the rest is counted.
const GUESSED: &[&str] = &[
    "password",
    "passwort",
    "passphrase",
    "qwertyuiop",
    "qwertzuiop",
    "qwerty",
    "asdfghjkl",
    "asdfgh",
    "zxcvbnm",
    "1q2w3e4r",
    "1qaz2wsx",
    "letmein",
    "iloveyou",
    "welcome",
    "changeme",
    "administrator",
    "admin",
    "trustno1",
    "correcthorsebatterystaple",
    "correct horse battery staple",
    "operon",
    "dnanexus",
    "secret",
];

/// Why a password was not accepted as a new one. Each is a sentence for the person who chooses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Fewer than [`MIN_CHARS`] characters.
    #[error(
        "The password is too short: use at least {MIN_CHARS} characters. A few unrelated words make a good one."
    )]
    TooShort,
    /// More than [`MAX_BYTES`] bytes.
    #[error("The password is too long: {MAX_BYTES} bytes are the most.")]
    TooLong,
    /// Control characters, which cannot be typed into a sign-in form again.
    #[error(
        "The password contains a line break or another control character, which cannot be typed again. Leave it out."
    )]
    ControlCharacter,
    /// Fewer than [`MIN_DIFFERENT`] different characters.
    #[error("The password repeats the same few characters: use at least {MIN_DIFFERENT} different ones.")]
    Repeats,
    /// Little more than the handle, e-mail address or name of the account.
    #[error(
        "The password is little more than your user name or e-mail address. Choose one that nobody can guess from them."
    )]
    AboutYou,
    /// Little more than words and rows of keys that are tried first.
    #[error(
        "The password is little more than one of those that are tried first. Choose a few unrelated words instead."
    )]
    Common,
}

/// A hash in the database could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// The stored text is not an argon2 hash in PHC form.
    #[error("The stored password of this account cannot be read. Set a new one with “forgot password”.")]
    Unreadable,
    /// The password has more than [`MAX_BYTES`] bytes.
    #[error("The password is too long: {MAX_BYTES} bytes are the most.")]
    TooLong,
}

/// Checks a newly chosen password. `about` holds what is known of the account: handle, e-mail address, names.
///
/// # Errors
/// [`WeakPassword`], the first rule that is not met.
pub fn check_new(password: &str, about: &[&str]) -> Result<(), WeakPassword> {
    if password.len() > MAX_BYTES {
        return Err(WeakPassword::TooLong);
    }
    let text = normal(password);
    if text.chars().count() < MIN_CHARS {
        return Err(WeakPassword::TooShort);
    }
    if text.chars().any(char::is_control) {
        return Err(WeakPassword::ControlCharacter);
    }
    let folded = Zeroizing::new(text.to_lowercase());
    let mut different: Vec<char> = folded.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < MIN_DIFFERENT {
        return Err(WeakPassword::Repeats);
    }
    let own = own_words(about);
    if unguessed(&folded, &own) < MIN_UNGUESSED {
        return Err(WeakPassword::AboutYou);
    }
    let common: Vec<String> = GUESSED.iter().map(|word| (*word).to_owned()).collect();
    if unguessed(&folded, &[own, common].concat()) < MIN_UNGUESSED {
        return Err(WeakPassword::Common);
    }
    Ok(())
}

/// Hashes a password with argon2id and default parameters. The answer is a PHC string that carries its own
/// parameters and salt.
///
/// Slow on purpose: see the module.
///
/// # Errors
/// [`PasswordError::TooLong`].
pub fn hash(password: &str, salt: [u8; SALT_LEN]) -> Result<String, PasswordError> {
    if password.len() > MAX_BYTES {
        return Err(PasswordError::TooLong);
    }
    let hash = hasher().hash_password_with_salt(normal(password).as_bytes(), &salt);
    hash.map(|hash: PasswordHash| hash.to_string()).map_err(|_| PasswordError::TooLong)
}

/// Whether a password belongs to a stored hash.
///
/// Slow on purpose: see the module. A password longer than [`MAX_BYTES`] is wrong without further work.
///
/// # Errors
/// [`PasswordError::Unreadable`] when the stored text is damaged.
pub fn verify(password: &str, stored: &str) -> Result<bool, PasswordError> {
    let stored = PasswordHash::new(stored).map_err(|_| PasswordError::Unreadable)?;
    if password.len() > MAX_BYTES {
        return Ok(false);
    }
    match hasher().verify_password(normal(password).as_bytes(), &stored) {
        Ok(()) => Ok(true),
        Err(Error::PasswordInvalid) => Ok(false),
        Err(_) => Err(PasswordError::Unreadable),
    }
}

/// Does the work of [`verify`] for an account that does not exist or has no password, so that the time taken
/// does not tell whether it does. The answer is always that the password is wrong.
pub fn verify_absent(password: &str) {
    // The result is thrown away: only the work counts, and it can fail only where `verify` stops early, too.
    let _ = hash(password, [0; SALT_LEN]);
}

/// Whether a stored hash was made with other parameters than today's, so that it should be renewed at the next
/// successful sign-in.
#[must_use]
pub fn is_outdated(stored: &str) -> bool {
    let Ok(stored) = PasswordHash::new(stored) else { return true };
    let today = Params::default();
    Params::try_from(&stored).map_or(true, |used| {
        (used.m_cost(), used.t_cost(), used.p_cost()) != (today.m_cost(), today.t_cost(), today.p_cost())
    }) || stored.algorithm.as_str() != Algorithm::Argon2id.as_str()
}

fn hasher() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

/// The one form of a text that keyboards write in several ways (an accent as part of a letter or beside it).
fn normal(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.nfc().collect())
}

/// The names of an account and the parts they are made of.
fn own_words(about: &[&str]) -> Vec<String> {
    let mut words = Vec::new();
    for name in about {
        let name = normal(name).to_lowercase();
        words.extend(name.split(|c: char| !c.is_alphanumeric()).map(str::to_owned));
        words.push(name);
    }
    // Shorter parts occur in any phrase by chance.
    words.retain(|word| word.chars().count() >= 4);
    words
}

/// How many characters are left when every guessed word is taken out, longest first, and runs such as `1234`,
/// `aaaa` or `dcba` count as one.
fn unguessed(folded: &str, words: &[String]) -> usize {
    let mut words: Vec<&String> = words.iter().collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let mut rest = Zeroizing::new(folded.to_owned());
    for word in words {
        // The zero cannot be typed, so what stood left and right of a word does not join up.
        rest = Zeroizing::new(rest.replace(word.as_str(), "\0"));
    }
    let mut count = 0;
    let mut before: Option<(i64, i64)> = None;
    for character in rest.chars().filter(|character| *character != '\0') {
        let code = i64::from(u32::from(character));
        let step = before.map(|(last, _)| code - last);
        let in_run = step.is_some_and(|step| step.abs() <= 1 && before.is_some_and(|(_, old)| step == old));
        if !in_run {
            count += 1;
        }
        before = Some((code, step.unwrap_or(i64::MAX)));
    }
    count
}

#[cfg(test)]
mod tests;
