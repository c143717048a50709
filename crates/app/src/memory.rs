//! What one server keeps in memory between requests. It knows no use case, and nothing is missed when a restart loses it.

mod hashing;
mod openings;
mod resting;
mod token_uses;
mod transfers;

use secrets::ServerKeys;
use secrets::sign::Signer;

use hashing::Hashing;
use token_uses::TokenUses;
use transfers::Transfers;

pub(crate) use openings::{Opening, Openings};

/// What one server keeps in memory. One per process.
pub struct Memory {
    /// Leave to hash passwords.
    pub(crate) hashing: Hashing,
    /// When tokens were used.
    pub(crate) token_uses: TokenUses,
    /// What transfers of bytes share.
    pub(crate) transfers: Transfers,
    /// Makes the marks that stand in audit events for what people wrote.
    pub(crate) marks: Signer,
}

impl Memory {
    /// An empty memory. Links are signed with the server's keys.
    #[must_use]
    pub fn new(keys: &ServerKeys) -> Self {
        Self {
            hashing: Hashing::default(),
            token_uses: TokenUses::default(),
            transfers: Transfers::new(keys),
            marks: Signer::new(keys, "mark in an audit event"),
        }
    }
}
