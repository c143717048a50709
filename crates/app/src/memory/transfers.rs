//! What transfers of bytes share: turns, so that their number is bounded, the signers of links, and what was noted of them.

use std::sync::Arc;
use std::time::Duration;

use secrets::ServerKeys;
use secrets::sign::Signer;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use wire::{ApiError, ErrorType};

use super::openings::Openings;
use super::resting::Resting;
use crate::error::Result;

/// Parts that may arrive at the same time. Each holds at most 3 MiB of memory (32 MiB with an object store).
const UPLOADS: usize = 32;
/// Downloads that may run at the same time. Each holds at most 5 MiB of memory.
const DOWNLOADS: usize = 128;
/// How long a transfer waits for its turn before it is asked to come back.
const PATIENCE: Duration = Duration::from_secs(10);
/// Seconds a transfer that got no turn is asked to wait.
const RETRY_SECONDS: u64 = 2;

/// What the transfers of one server share.
pub(crate) struct Transfers {
    /// The signers of links.
    pub(crate) links: Links,
    /// What the audit log covers already.
    pub(crate) openings: Openings,
    uploads: Arc<Semaphore>,
    downloads: Arc<Semaphore>,
    /// Rung when a file waits for its seal.
    pub(crate) closing: Notify,
    /// Files that could not be sealed a moment ago.
    pub(crate) resting: Resting,
}

/// The signers of the links, one for each kind.
pub(crate) struct Links {
    /// Of addresses for parts.
    pub(crate) upload: Signer,
    /// Of download addresses that carry all they need.
    pub(crate) download: Signer,
    /// Of download addresses that need a header.
    pub(crate) grant: Signer,
}

impl Transfers {
    /// Signs with the server's keys.
    pub(crate) fn new(keys: &ServerKeys) -> Self {
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

    /// Waits for the turn of a part.
    ///
    /// # Errors
    /// `ServiceUnavailable` when none came up in time.
    pub(crate) async fn upload_turn(&self) -> Result<Turn> {
        turn(&self.uploads).await
    }

    /// Waits for the turn of a download.
    ///
    /// # Errors
    /// `ServiceUnavailable` when none came up in time.
    pub(crate) async fn download_turn(&self) -> Result<Turn> {
        turn(&self.downloads).await
    }
}

/// The turn of one transfer; ends when dropped.
pub(crate) type Turn = OwnedSemaphorePermit;

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
