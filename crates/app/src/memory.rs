//! What one server keeps in memory between requests. It knows no use case, and nothing is missed when a restart loses it.

mod answers;
mod floods;
mod hashing;
mod openings;
mod resting;
mod token_uses;
mod transfers;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrets::ServerKeys;
use secrets::sign::Signer;
use store::keys::{AccountKey, ObjectKey};
use store::task::TaskKind;
use wire::{ApiError, ErrorType};

use floods::Floods;
use hashing::Hashing;
use token_uses::TokenUses;
use transfers::Transfers;

use crate::error::Result;
use crate::turns::{Turn, Turns};

pub use answers::AnswerRoom;
pub(crate) use openings::{Content, Opening, Openings};

/// The part of the database's readers that one account may take.
const READERS_PART: u32 = 2;
/// How many changes of one account may wait for the one writer at once, or be in its hands: as many as share a commit.
const CHANGES_OF_ONE: u32 = 64;
/// How long a call waits for a reader, or for the writer, that its account may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Seconds after which a call that got none is to come back.
const RETRY_SECONDS: u64 = 2;

/// What one server keeps in memory. One per process.
pub struct Memory {
    /// Leave to hash passwords.
    pub(crate) hashing: Hashing,
    /// Who caused how many events of a kind that can come in floods.
    pub(crate) floods: Floods,
    /// Which readings the audit log covers already.
    pub(crate) openings: Openings,
    /// When tokens were used.
    pub(crate) token_uses: TokenUses,
    /// What transfers of bytes share.
    pub(crate) transfers: Transfers,
    /// Makes the marks that stand in audit events for what people wrote.
    pub(crate) marks: Signer,
    /// Turns at the database's readers, for which only the database itself has a bound for all.
    readers: Turns,
    /// Turns at the database's writer, without bound for all accounts together: it takes one after the other.
    writers: Turns,
    /// Room for large answers.
    answers: Arc<Turns>,
    /// Where the job that closes objects goes on.
    closing_from: Mutex<Option<ObjectKey>>,
    /// Background tasks that fail, by kind, as last counted.
    failing: Mutex<Vec<(TaskKind, u64)>>,
}

impl Memory {
    /// An empty memory. Links are signed with the server's keys, and the database has so many readers.
    #[must_use]
    pub fn new(keys: &ServerKeys, readers: u32) -> Self {
        Self {
            hashing: Hashing::default(),
            floods: Floods::default(),
            openings: Openings::default(),
            token_uses: TokenUses::default(),
            transfers: Transfers::new(keys),
            marks: Signer::new(keys, "mark in an audit event"),
            readers: Turns::new(u32::MAX, (readers / READERS_PART).max(1)),
            writers: Turns::new(u32::MAX, CHANGES_OF_ONE),
            answers: answers::room(),
            closing_from: Mutex::default(),
            failing: Mutex::default(),
        }
    }

    /// The closing object behind which the job that closes objects goes on; none: at the first.
    pub(crate) fn closing_from(&self) -> Option<ObjectKey> {
        *self.closing_from.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes where that job goes on.
    pub(crate) fn close_from(&self, next: Option<ObjectKey>) {
        *self.closing_from.lock().unwrap_or_else(PoisonError::into_inner) = next;
    }

    /// Background tasks that fail, by kind, as last counted.
    pub(crate) fn failing(&self) -> Vec<(TaskKind, u64)> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes how many background tasks fail.
    pub(crate) fn note_failing(&self, counted: Vec<(TaskKind, u64)>) {
        *self.failing.lock().unwrap_or_else(PoisonError::into_inner) = counted;
    }

    /// The room of an answer to somebody, none of which is taken yet.
    pub(crate) fn answer_room(&self, account: Option<AccountKey>) -> AnswerRoom {
        AnswerRoom::new(Arc::clone(&self.answers), account)
    }

    /// Waits until one more change of an account may go to the database's writer. One that may touch very many rows goes
    /// there when no other of the account is there.
    ///
    /// # Errors
    /// `ServiceUnavailable` when its other changes were not made in time.
    pub(crate) async fn writer(&self, account: AccountKey, many_rows: bool) -> Result<Turn> {
        let turns = if many_rows { CHANGES_OF_ONE } else { 1 };
        self.writers.take(account, turns, PATIENCE).await.ok_or_else(|| {
            ApiError::new(
                ErrorType::ServiceUnavailable,
                "Other calls of this account make all the changes that the server makes for one account at once. Try again in a moment.",
            )
            .retry_after(RETRY_SECONDS)
            .into()
        })
    }

    /// Waits until an account may take one more of the database's readers.
    ///
    /// # Errors
    /// `ServiceUnavailable` when its other calls did not give one back in time.
    pub(crate) async fn reader(&self, account: AccountKey) -> Result<Turn> {
        self.readers.take(account, 1, PATIENCE).await.ok_or_else(|| {
            ApiError::new(
                ErrorType::ServiceUnavailable,
                "Other calls of this account read all that the server reads for one account at once. Try again in a moment.",
            )
            .retry_after(RETRY_SECONDS)
            .into()
        })
    }
}
