//! The bytes of files: up in parts, sealed, kept whole, and down (contract: data 8.1, 8.2).
//!
//! A link that this server signed proves who was given it and for what; it replaces no decision. Every use of a link
//! decides again for the person whose token made it, so that what was revoked is over at once (invariant 29).

pub mod close;
pub mod dedup;
pub mod download;
mod extents;
mod grant;
mod link;
mod orphans;
pub mod scrub;
pub mod seal;
mod stream;
pub mod upload;

pub use stream::{Cut, Reading};

/// A number of bytes as it came from the database.
fn bytes(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}
