//! Who somebody is at the provider.

use serde::{Deserialize, Serialize};
use wire::line::one_line;

/// Most characters of a subject, by OpenID Connect Core 8.
const MAX_SUBJECT_LEN: usize = 255;
/// Most characters kept of a name.
const MAX_NAME_LEN: usize = 200;
/// Most characters of an e-mail address.
const MAX_EMAIL_LEN: usize = 254;

/// A person as the provider knows them. Only `issuer` and `subject` together identify; the rest are hints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The provider.
    pub issuer: String,
    /// The person's id there: never given to another person, compared byte for byte, at most 255 characters.
    pub subject: String,
    /// The person's e-mail address, if the provider tells it.
    pub email: Option<String>,
    /// Whether the provider says it checked that address.
    pub email_verified: bool,
    /// The person's full name, for a form to begin with.
    pub name: Option<String>,
    /// A short name the person goes by there, for a form to begin with. It may be anything, also taken here.
    pub handle_hint: Option<String>,
}

/// What an ID token or the user-info answer says of a person.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    pub(crate) email: Option<String>,
    pub(crate) email_verified: Option<bool>,
    pub(crate) name: Option<String>,
    pub(crate) handle_hint: Option<String>,
}

impl Claims {
    /// Takes from `more` what is not known yet. Address and verification go together.
    pub(crate) fn or(mut self, more: Self) -> Self {
        if self.email.is_none() {
            self.email = more.email;
            self.email_verified = more.email_verified;
        }
        self.name = self.name.or(more.name);
        self.handle_hint = self.handle_hint.or(more.handle_hint);
        self
    }

    /// The identity, with everything that is too long or unfit for one line left out; `None` for an unfit subject.
    pub(crate) fn identity(self, issuer: &str, subject: &str) -> Option<Identity> {
        if subject.is_empty()
            || subject.chars().count() > MAX_SUBJECT_LEN
            || subject.chars().any(char::is_control)
        {
            return None;
        }
        let email = self.email.filter(|email| {
            email.len() <= MAX_EMAIL_LEN && email.contains('@') && !email.chars().any(char::is_control)
        });
        let name = |text: Option<String>| {
            text.map(|text| one_line(&text, MAX_NAME_LEN)).filter(|text| !text.is_empty())
        };
        Some(Identity {
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
            email_verified: email.is_some() && self.email_verified == Some(true),
            email,
            name: name(self.name),
            handle_hint: name(self.handle_hint),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(email: Option<&str>, verified: Option<bool>) -> Claims {
        Claims { email: email.map(str::to_owned), email_verified: verified, ..Claims::default() }
    }

    #[test]
    fn an_address_is_verified_only_if_the_same_source_says_so() {
        let merged = claims(Some("a@example.org"), None).or(claims(Some("b@example.org"), Some(true)));
        let identity = merged.identity("i", "s").unwrap();
        assert_eq!((identity.email.as_deref(), identity.email_verified), (Some("a@example.org"), false));
        let merged = claims(None, Some(true)).or(claims(Some("b@example.org"), None));
        assert!(!merged.identity("i", "s").unwrap().email_verified);
        assert!(!claims(None, Some(true)).identity("i", "s").unwrap().email_verified);
    }

    #[test]
    fn what_is_unfit_is_left_out() {
        for subject in ["", "a\nb", &"x".repeat(256)] {
            assert_eq!(Claims::default().identity("i", subject), None, "{subject:?}");
        }
        for email in ["none", "a@b\r\n", &format!("a@{}", "x".repeat(254))] {
            let identity = claims(Some(email), Some(true)).identity("i", "s").unwrap();
            assert_eq!((identity.email, identity.email_verified), (None, false), "{email:?}");
        }
        let named = Claims { name: Some(format!(" Ada\nL{}", "x".repeat(300))), ..Claims::default() };
        let name = named.identity("i", "s").unwrap().name.unwrap();
        assert!(name.starts_with("Ada Lx") && name.chars().count() <= 200);
    }
}
