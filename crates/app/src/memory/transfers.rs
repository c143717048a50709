//! What transfers of bytes share: turns, so that their number is bounded, the signers of links, and which files rest.

use std::time::Duration;

use secrets::ServerKeys;
use secrets::sign::Signer;
use store::keys::AccountKey;
use tokio::sync::Notify;
use wire::{ApiError, ErrorType};

use super::resting::Resting;
use crate::error::{Error, Result};
use crate::turns::{Turn, Turns};

/// Parts that may arrive at the same time. Each holds at most 3 MiB of memory (32 MiB with an object store).
const UPLOADS: u32 = 32;
/// Those of one account; clients send up to 10 at once.
const UPLOADS_OF_ONE: u32 = 12;
/// Downloads that may run at the same time. Each holds at most 5 MiB of memory.
const DOWNLOADS: u32 = 80;
/// Those of one account.
const DOWNLOADS_OF_ONE: u32 = 32;
/// The same through links that need no token: whoever has one counts as its maker, and takes nothing from what the maker
/// reads with a token.
const LINKED: u32 = 48;
/// Those through the links of one account.
const LINKED_OF_ONE: u32 = 16;
/// How many requests of one account may be at a door for each turn that it can have there: as many as have turns may wait
/// for one.
const AT_DOOR_FOR_EACH_TURN: u32 = 2;
/// How long a transfer waits for its turn before it is asked to come back.
const PATIENCE: Duration = Duration::from_secs(10);
/// Seconds a transfer that got no turn is asked to wait.
const RETRY_SECONDS: u64 = 2;

/// What the transfers of one server share.
pub(crate) struct Transfers {
    /// The signers of links.
    pub(crate) links: Links,
    /// The door that parts come in by.
    pub(crate) uploads: Lane,
    /// The door that files go out by, to whoever has a token.
    downloads: Lane,
    /// The same door, for whoever has a link that needs none.
    linked: Lane,
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
            uploads: Lane::new(UPLOADS, UPLOADS_OF_ONE),
            downloads: Lane::new(DOWNLOADS, DOWNLOADS_OF_ONE),
            linked: Lane::new(LINKED, LINKED_OF_ONE),
            closing: Notify::new(),
            resting: Resting::default(),
        }
    }

    /// The door that files go out by.
    pub(crate) fn downloads(&self, preauthenticated: bool) -> &Lane {
        if preauthenticated { &self.linked } else { &self.downloads }
    }
}

/// The requests at one of the doors that bytes pass. Whoever waits holds a place among the requests of the server, so that
/// those who may wait are counted too.
pub(crate) struct Lane {
    at_door: Turns,
    moving: Turns,
}

impl Lane {
    fn new(of_all: u32, of_one: u32) -> Self {
        // For all accounts together the places of the server are the bound.
        let at_door = Turns::new(u32::MAX, of_one * AT_DOOR_FOR_EACH_TURN);
        Self { at_door, moving: Turns::new(of_all, of_one) }
    }

    /// Lets a request of an account in, without waiting. It is at the door until its answer has left.
    ///
    /// # Errors
    /// `ServiceUnavailable` when too many of this account are.
    pub(crate) async fn enter(&self, account: AccountKey) -> Result<Turn> {
        self.at_door.take(account, 1, Duration::ZERO).await.ok_or_else(busy)
    }

    /// Waits for the turn of a request that was let in to move bytes.
    ///
    /// # Errors
    /// `ServiceUnavailable` when none came up in time.
    pub(crate) async fn turn(&self, account: AccountKey) -> Result<Turn> {
        self.moving.take(account, 1, PATIENCE).await.ok_or_else(busy)
    }
}

fn busy() -> Error {
    ApiError::new(
        ErrorType::ServiceUnavailable,
        "As many transfers are running as the server does at once, or as it does for one account. Try again in a moment.",
    )
    .retry_after(RETRY_SECONDS)
    .into()
}
