//! A sign-in under way, and the browser's way back.

use std::fmt;

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

/// Random bytes a sign-in needs: 32 each for state, nonce and PKCE verifier.
pub const RANDOM_LEN: usize = 96;

/// Longest query string that is looked at.
const MAX_QUERY_LEN: usize = 16 * 1024;

/// What must be remembered between leaving for the provider and coming back.
///
/// It belongs to one browser: keep it in a sealed cookie, or in a row that a cookie of that browser names, for a few
/// minutes and for one use. Whoever has it could finish the sign-in, so `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The provider gone to.
    pub issuer: String,
    /// Where the provider sends the browser back to.
    pub redirect_uri: String,
    pub(crate) state: String,
    pub(crate) nonce: String,
    pub(crate) verifier: String,
}

impl Pending {
    /// The `state` parameter, by which a stored row can be found when the browser comes back.
    #[must_use]
    pub fn state(&self) -> &str {
        &self.state
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pending({}, …)", self.issuer)
    }
}

/// What the provider gives the browser to bring back.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Callback {
    pub(crate) state: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) issuer: Option<String>,
}

impl Callback {
    /// Reads the query string of the redirect address, without its `?`. Nothing is judged yet. Of a parameter that
    /// stands there twice the first counts, and a query longer than 16 KiB reads as empty.
    #[must_use]
    pub fn from_query(query: &str) -> Self {
        let mut callback = Self::default();
        if query.len() > MAX_QUERY_LEN {
            return callback;
        }
        for pair in query.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let place = match key {
                "state" => &mut callback.state,
                "code" => &mut callback.code,
                "error" => &mut callback.error,
                "iss" => &mut callback.issuer,
                _ => continue,
            };
            if place.is_none() {
                let spaced = value.replace('+', " ");
                *place = Some(percent_decode_str(&spaced).decode_utf8_lossy().into_owned());
            }
        }
        callback
    }

    /// The `state` parameter, by which a stored [`Pending`] can be found.
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Callback(error: {:?}, …)", self.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_browsers_write_it() {
        let callback =
            Callback::from_query("code=a%2Bb+c&state=s%3D&iss=https%3A%2F%2Fid.example&x=1&code=second");
        assert_eq!(callback.code.as_deref(), Some("a+b c"));
        assert_eq!(callback.state(), Some("s="));
        assert_eq!(callback.issuer.as_deref(), Some("https://id.example"));
        assert_eq!(Callback::from_query("error=access_denied").error.as_deref(), Some("access_denied"));
        for query in ["", "&&", "=", "code", "%zz=%zz", &"code=x&".repeat(4000)] {
            let callback = Callback::from_query(query);
            assert_eq!(callback.state, None, "{query:.20}");
        }
    }

    #[test]
    fn debug_output_hides_code_and_verifier() {
        let callback = format!("{:?}", Callback::from_query("code=hush&state=hush"));
        let hush = || "hush".to_owned();
        let pending = Pending {
            issuer: "i".into(),
            redirect_uri: "r".into(),
            state: hush(),
            nonce: hush(),
            verifier: hush(),
        };
        assert!(!callback.contains("hush") && !format!("{pending:?}").contains("hush"));
    }
}
