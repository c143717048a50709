//! Turns at something scarce, shared so that one account alone cannot hold all of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use store::keys::AccountKey;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Accounts whose turns are remembered before those that hold none are forgotten.
const REMEMBERED: usize = 1000;

/// A number of turns, of which each account holds a part at most.
#[derive(Debug)]
pub struct Turns {
    all: Arc<Semaphore>,
    of_all: u32,
    of_one: u32,
    accounts: Mutex<HashMap<AccountKey, Arc<Semaphore>>>,
}

/// Turns that somebody holds; they end when dropped.
#[derive(Debug)]
pub struct Turn {
    _of_all: OwnedSemaphorePermit,
    _of_one: OwnedSemaphorePermit,
}

impl Turns {
    /// `of_all` turns, of which one account holds `of_one` at most.
    #[must_use]
    pub fn new(of_all: u32, of_one: u32) -> Self {
        let all = Arc::new(Semaphore::new(of_all as usize));
        Self { all, of_all, of_one, accounts: Mutex::default() }
    }

    /// Waits for `count` turns together; more than an account can hold counts as all of those. None when they did not come
    /// up within `patience`.
    pub async fn take(&self, account: AccountKey, count: u32, patience: Duration) -> Option<Turn> {
        let count = count.clamp(1, self.of_one.min(self.of_all));
        let own = self.of_account(account);
        // One's own first, so that whoever waits for those keeps nobody else waiting.
        let both = async {
            let of_one = own.acquire_many_owned(count).await.ok()?;
            let of_all = Arc::clone(&self.all).acquire_many_owned(count).await.ok()?;
            Some(Turn { _of_all: of_all, _of_one: of_one })
        };
        tokio::time::timeout(patience, both).await.ok().flatten()
    }

    fn of_account(&self, account: AccountKey) -> Arc<Semaphore> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if accounts.len() >= REMEMBERED {
            // A turn, and whoever waits for one, holds the semaphore too.
            accounts.retain(|_, own| Arc::strong_count(own) > 1);
        }
        let own = accounts.entry(account).or_insert_with(|| Arc::new(Semaphore::new(self.of_one as usize)));
        Arc::clone(own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_millis(1);

    #[tokio::test]
    async fn one_account_leaves_turns_for_others() {
        let turns = Turns::new(3, 2);
        let (one, other) = (AccountKey::from_number(1), AccountKey::from_number(2));
        let first = turns.take(one, 1, NOW).await.unwrap();
        let _second = turns.take(one, 1, NOW).await.unwrap();
        assert!(turns.take(one, 1, NOW).await.is_none());
        let _third = turns.take(other, 1, NOW).await.unwrap();
        assert!(turns.take(other, 1, NOW).await.is_none());
        drop(first);
        assert!(turns.take(other, 1, NOW).await.is_some());
    }

    #[tokio::test]
    async fn more_than_one_account_can_hold_is_all_that_it_can() {
        let turns = Turns::new(3, 2);
        let (one, other) = (AccountKey::from_number(1), AccountKey::from_number(2));
        let all_of_one = turns.take(one, 100, NOW).await.unwrap();
        assert!(turns.take(other, 2, NOW).await.is_none());
        drop(all_of_one);
        assert!(turns.take(other, 2, NOW).await.is_some());
    }

    #[tokio::test]
    async fn accounts_that_hold_nothing_are_forgotten() {
        let turns = Turns::new(10, 1);
        let held = turns.take(AccountKey::from_number(-1), 1, NOW).await.unwrap();
        for account in 0..3000 {
            drop(turns.take(AccountKey::from_number(account), 1, NOW).await.unwrap());
        }
        assert!(turns.accounts.lock().unwrap().len() <= REMEMBERED);
        assert!(turns.take(AccountKey::from_number(-1), 1, NOW).await.is_none());
        drop(held);
    }
}
