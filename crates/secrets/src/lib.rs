//! Everything that must stay secret, or proves that somebody knows a secret.
//!
//! The crate has no clock and draws no randomness: the caller passes random bytes from the context's
//! generator and the time in milliseconds. The only I/O is the key file ([`keys`]).
//!
//! | module | what for | what is stored |
//! |---|---|---|
//! | [`token`] | bearer tokens and sessions | SHA-256 of the text |
//! | [`password`] | passwords | argon2id, as a PHC string |
//! | [`totp`] | second factor by an authenticator app | the seed, sealed |
//! | [`backup`] | second factor when the app is lost | hash of each code |
//! | [`code`] | mailed one-time links | hash of the code |
//! | [`keys`] | the server's own keys, in a file outside the database | nothing |
//! | [`seal`] | small secrets that must be readable again | cipher text |
//! | [`sign`] | links that carry their own permission | nothing |

pub mod backup;
pub mod code;
pub mod keys;
pub mod password;
pub mod seal;
pub mod sign;
pub mod text;
pub mod token;
pub mod totp;

pub use keys::ServerKeys;
pub use text::Secret;
