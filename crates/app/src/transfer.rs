//! The bytes of files: up in parts, sealed, kept whole, and down (contract: data 8.1, 8.2).
//!
//! A link that this server signed proves who was given it and for what; it replaces no decision. Every use of a link
//! decides again for the person whose token made it, so that what was revoked is over at once (contract: data 11.29).

pub mod close;
pub mod dedup;
pub mod download;
mod extents;
mod link;
mod openings;
mod orphans;
pub mod scrub;
pub mod seal;
mod stream;
pub mod upload;

use std::sync::Arc;
use std::time::Duration;

use secrets::ServerKeys;
use secrets::sign::Signer;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use wire::{ApiError, ErrorType};

use crate::error::Result;
pub use stream::{Cut, Reading};

use openings::Openings;
use seal::Resting;

/// Parts that may arrive at the same time. Each holds at most 3 MiB of memory (32 MiB with an object store).
const UPLOADS: usize = 32;
/// Downloads that may run at the same time. Each holds at most 5 MiB of memory.
const DOWNLOADS: usize = 128;
/// How long a transfer waits for its turn before it is asked to come back.
const PATIENCE: Duration = Duration::from_secs(10);
/// Seconds a transfer that got no turn is asked to wait.
const RETRY_SECONDS: u64 = 2;

/// What the transfers of one server share.
pub struct Transfers {
    links: Links,
    openings: Openings,
    uploads: Arc<Semaphore>,
    downloads: Arc<Semaphore>,
    /// Rung when a file waits for its seal.
    closing: Notify,
    resting: Resting,
}

/// The signers of the links, one for each kind.
struct Links {
    upload: Signer,
    download: Signer,
    grant: Signer,
}

impl Transfers {
    /// Signs with the server's keys.
    #[must_use]
    pub fn new(keys: &ServerKeys) -> Self {
        Self {
            links: Links {
                upload: Signer::new(keys, "part upload"),
                download: Signer::new(keys, "preauthenticated download"),
                grant: Signer::new(keys, "download with a header"),
            },
            openings: Openings::default(),
            uploads: Arc::new(Semaphore::new(UPLOADS)),
            downloads: Arc::new(Semaphore::new(DOWNLOADS)),
            closing: Notify::new(),
            resting: Resting::default(),
        }
    }
}

/// The turn of one transfer; ends when dropped.
type Turn = OwnedSemaphorePermit;

/// Waits for a turn.
///
/// # Errors
/// `ServiceUnavailable` when none came up in time.
async fn turn(of: &Arc<Semaphore>) -> Result<Turn> {
    match tokio::time::timeout(PATIENCE, Arc::clone(of).acquire_owned()).await {
        Ok(Ok(turn)) => Ok(turn),
        _ => Err(ApiError::new(
            ErrorType::ServiceUnavailable,
            "The server is busy with as many transfers as it can do at once. Try again in a moment.",
        )
        .retry_after(RETRY_SECONDS)
        .into()),
    }
}

/// A number of bytes as it came from the database.
fn bytes(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}
