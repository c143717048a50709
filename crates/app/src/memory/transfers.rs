//! What transfers of bytes share: turns, so that their number is bounded, the signers of links, and what was noted of them.

use std::time::Duration;

use secrets::ServerKeys;
use secrets::sign::Signer;
use store::keys::AccountKey;
use tokio::sync::Notify;
use wire::{ApiError, ErrorType};

use super::openings::Openings;
use super::resting::Resting;
use crate::error::Result;
use crate::turns::{Turn, Turns};

/// Parts that may arrive at the same time. Each holds at most 3 MiB of memory (32 MiB with an object store).
const UPLOADS: u32 = 32;
/// Those of one account; clients send up to 10 at once.
const UPLOADS_OF_ONE: u32 = 12;
/// Downloads that may run at the same time. Each holds at most 5 MiB of memory.
const DOWNLOADS: u32 = 128;
/// Those of one account.
const DOWNLOADS_OF_ONE: u32 = 32;
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
    uploads: Turns,
    downloads: Turns,
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
            uploads: Turns::new(UPLOADS, UPLOADS_OF_ONE),
            downloads: Turns::new(DOWNLOADS, DOWNLOADS_OF_ONE),
            closing: Notify::new(),
            resting: Resting::default(),
        }
    }

    /// Waits for the turn of a part that an account sends.
    ///
    /// # Errors
    /// `ServiceUnavailable` when none came up in time.
    pub(crate) async fn upload_turn(&self, account: AccountKey) -> Result<Turn> {
        turn(&self.uploads, account).await
    }

    /// Waits for the turn of a download of an account.
    ///
    /// # Errors
    /// `ServiceUnavailable` when none came up in time.
    pub(crate) async fn download_turn(&self, account: AccountKey) -> Result<Turn> {
        turn(&self.downloads, account).await
    }
}

async fn turn(of: &Turns, account: AccountKey) -> Result<Turn> {
    of.take(account, 1, PATIENCE).await.ok_or_else(|| {
        ApiError::new(
            ErrorType::ServiceUnavailable,
            "As many transfers are running as the server does at once, or as it does for one account. Try again in a moment.",
        )
        .retry_after(RETRY_SECONDS)
        .into()
    })
}
