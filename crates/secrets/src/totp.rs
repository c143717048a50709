//! The second factor: time-based one-time passwords (RFC 6238) as every authenticator app makes them:
//! SHA-1, six digits, thirty seconds.

use totp_rs::{Algorithm, Builder, Totp};

use crate::Secret;

/// Random bytes of a seed: 160 bits, as RFC 4226 recommends.
pub const SEED_LEN: usize = 20;
/// Seconds a code is shown for.
pub const STEP_SECONDS: u64 = 30;

/// Why a second factor cannot be set up or checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TotpError {
    /// The name of the server or of the account does not fit into an `otpauth` address.
    #[error(
        "The name “{0}” cannot be shown in an authenticator app: it must not be empty or contain a colon."
    )]
    Name(String),
    /// The stored seed is damaged.
    #[error("The stored second factor of this account cannot be read. Ask an administrator to reset it.")]
    Seed,
}

/// The secret an authenticator app and the server share. Stored only sealed ([`crate::seal`]).
pub struct Seed(zeroize::Zeroizing<[u8; SEED_LEN]>);

impl Seed {
    /// A new seed out of random bytes.
    #[must_use]
    pub fn new(random: [u8; SEED_LEN]) -> Self {
        Self(zeroize::Zeroizing::new(random))
    }

    /// Reads the bytes that came out of the seal.
    ///
    /// # Errors
    /// [`TotpError::Seed`] when they are not [`SEED_LEN`] bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TotpError> {
        bytes.try_into().map(Self::new).map_err(|_| TotpError::Seed)
    }

    /// The bytes to seal.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// The seed in base32, for people who type it into their app.
    #[must_use]
    pub fn base32(&self) -> Secret {
        Secret::new(totp_rs::Secret::new_stack(*self.0).to_base32())
    }

    /// The `otpauth://` address an app reads from a QR code. `issuer` is the name of this server.
    ///
    /// # Errors
    /// [`TotpError::Name`] when a name is empty or contains a colon.
    pub fn uri(&self, issuer: &str, account: &str) -> Result<Secret, TotpError> {
        for name in [issuer, account] {
            if name.is_empty() || name.contains(':') {
                return Err(TotpError::Name(name.to_owned()));
            }
        }
        let totp = self.builder().with_issuer(Some(issuer)).with_account_name(account).build();
        totp.and_then(|totp| totp.to_url()).map(Secret::new).map_err(|_| TotpError::Seed)
    }

    /// Checks a typed code at a time (milliseconds since the epoch), one step early or late included.
    ///
    /// `last_step` is the step of the code this user last signed in with; that code and all before it are
    /// refused, so that a code seen over a shoulder is worthless. On success the answer is the step to store:
    /// write it in the same transaction, only if the stored one is still smaller. Blanks in the code are ignored.
    #[must_use]
    pub fn verify(&self, typed: &str, at_ms: i64, last_step: Option<i64>) -> Option<i64> {
        let digits: String = typed.chars().take(32).filter(|character| !character.is_whitespace()).collect();
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let step = self.totp()?.check(&digits, u64::try_from(at_ms).ok()? / 1000)?;
        let step = i64::try_from(step).ok()?;
        last_step.is_none_or(|last| step > last).then_some(step)
    }

    fn totp(&self) -> Option<Totp> {
        self.builder().build().ok()
    }

    fn builder(&self) -> Builder {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_skew(1)
            .with_step_duration(STEP_SECONDS)
            .with_secret(totp_rs::Secret::new_stack(*self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seed of RFC 6238, appendix B; its eight-digit codes end in the six digits used here.
    fn seed() -> Seed {
        Seed::new(*b"12345678901234567890")
    }

    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        for (seconds, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            assert_eq!(seed().verify(code, seconds * 1000, None), Some(seconds / 30), "at {seconds} s");
        }
    }

    #[test]
    fn one_step_early_or_late_is_accepted_and_two_are_not() {
        let (code, at) = ("081804", 1_111_111_109_000);
        for (shift, accepted) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            assert_eq!(seed().verify(code, at + shift * 30_000, None).is_some(), accepted, "shift {shift}");
        }
    }

    #[test]
    fn a_used_code_is_refused_and_so_are_earlier_ones() {
        let step = seed().verify("287082", 59_000, None).unwrap();
        assert_eq!(seed().verify("287082", 59_000, Some(step)), None);
        assert_eq!(seed().verify("287082", 59_000, Some(step + 1)), None);
        assert_eq!(seed().verify("287082", 59_000, Some(step - 1)), Some(step));
    }

    #[test]
    fn what_is_no_code_is_refused() {
        assert_eq!(seed().verify("287 082", 59_000, None), Some(1));
        for typed in ["", "28708", "2870822", "+87082", "28708a", "２８７０８２"] {
            assert_eq!(seed().verify(typed, 59_000, None), None, "{typed:?}");
        }
        assert_eq!(seed().verify("287082", -59_000, None), None);
    }

    #[test]
    fn the_address_names_server_account_and_seed() {
        let uri = seed().uri("Operon at the Institute", "ada@example.org").unwrap();
        let uri = uri.expose();
        assert!(uri.starts_with("otpauth://totp/"), "{uri}");
        assert!(uri.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), "{uri}");
        assert!(uri.contains("issuer=Operon%20at%20the%20Institute"), "{uri}");
        assert_eq!(seed().base32().expose(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(seed().uri("a:b", "c"), Err(TotpError::Name("a:b".to_owned())));
        assert_eq!(seed().uri("a", ""), Err(TotpError::Name(String::new())));
    }

    #[test]
    fn a_seed_survives_storage_and_a_damaged_one_says_so() {
        assert_eq!(Seed::from_bytes(seed().as_bytes()).unwrap().as_bytes(), seed().as_bytes());
        assert_eq!(Seed::from_bytes(b"short").err(), Some(TotpError::Seed));
    }
}
