//! Who stands behind a link.

use store::access::Caller;
use store::db::Tx;
use wire::{ApiError, ErrorType};

use crate::error::{Error, Result};

/// Which tokens a link outlives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// It ends with the token that made it.
    OfToken,
    /// It has an end of its own, and goes on when its token expires by itself. When the token is revoked, somebody wanted
    /// what it opened to be shut, and the link ends as well.
    OfItsOwn,
}

/// The person whose token made a link, as they are now.
///
/// # Errors
/// `InvalidAuthentication` when the token was revoked or, as far as it matters, has expired, or the person is not active.
pub(super) fn holder(tx: &Tx, token: &str, life: Life, now: i64) -> Result<Caller> {
    let now = match life {
        Life::OfToken => now,
        Life::OfItsOwn => i64::MIN,
    };
    match store::token::usable(tx, token, now)? {
        Some((token, account)) => Ok(Caller::new(token, account)),
        None => Err(ended()),
    }
}

/// A link that is not, or no longer, good.
pub(super) fn ended() -> Error {
    ApiError::new(
        ErrorType::InvalidAuthentication,
        "This link is not valid any more: it has expired, was changed, or belongs to a sign-in that was ended. Ask for a new one.",
    )
    .into()
}
