//! Signing in with an OpenID Connect provider: authorization code flow with PKCE, state and nonce.
//!
//! ```text
//! Provider::discover(config)          once at start-up, and again when it could not be reached
//! provider.begin(redirect, random)    the browser goes to the provider; Pending is kept, sealed
//! provider.finish(pending, callback)  the browser comes back; the answer is who it is
//! ```
//!
//! An [`Identity`] says who somebody is at the provider. Which account that is, the caller finds by issuer and
//! subject, never by the e-mail address alone: addresses change hands.

pub mod guard;
mod http;
mod identity;
mod pending;
mod provider;

pub use identity::Identity;
pub use pending::{Callback, Pending, RANDOM_LEN};
pub use provider::{Provider, ProviderConfig};

/// Why a sign-in did not work. Each is a sentence for the person who signs in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// The person said no at the provider, or the provider did.
    #[error("The sign-in was cancelled at {issuer} ({reason}).")]
    Denied {
        /// The provider.
        issuer: String,
        /// The provider's error code.
        reason: String,
    },
    /// The answer does not belong to the sign-in that this browser began.
    #[error("This sign-in was begun in another browser or too long ago. Begin again.")]
    Stale,
    /// The provider cannot be reached or has trouble; later it may work.
    #[error("The sign-in provider {issuer} cannot be reached now ({why}). Try again later.")]
    Unreachable {
        /// The provider.
        issuer: String,
        /// What happened, for the operator.
        why: String,
    },
    /// The provider refuses the code, or its answer cannot be trusted.
    #[error("The answer of the sign-in provider {issuer} was not accepted ({why}). Begin again.")]
    Refused {
        /// The provider.
        issuer: String,
        /// What is wrong, for the operator.
        why: String,
    },
    /// The provider is not set up rightly on this server.
    #[error("Signing in with {issuer} is not set up rightly ({why}). Tell an administrator.")]
    Config {
        /// The provider.
        issuer: String,
        /// What is wrong, for the operator.
        why: String,
    },
}
