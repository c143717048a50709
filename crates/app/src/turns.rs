//! Turns at something scarce, shared so that one account, or one network of strangers, cannot hold all of them.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use store::keys::AccountKey;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Holders whose turns are remembered before those that hold none are forgotten.
const REMEMBERED: usize = 1000;

/// A number of turns, of which each holder, an account unless another kind is said, has a part at most.
#[derive(Debug)]
pub struct Turns<K = AccountKey> {
    all: Arc<Semaphore>,
    of_all: u32,
    of_one: u32,
    holders: Mutex<HashMap<K, Arc<Semaphore>>>,
}

/// Turns that somebody holds; they end when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct Turn {
    _held: Arc<[OwnedSemaphorePermit; 2]>,
}

impl<K: Eq + Hash> Turns<K> {
    /// `of_all` turns, of which one holder has `of_one` at most.
    #[must_use]
    pub fn new(of_all: u32, of_one: u32) -> Self {
        let all = Arc::new(Semaphore::new(of_all as usize));
        Self { all, of_all, of_one, holders: Mutex::default() }
    }

    /// Waits for `count` turns together; more than one holder can have counts as all of those. None when they did not come
    /// up within `patience`.
    pub async fn take(&self, holder: K, count: u32, patience: Duration) -> Option<Turn> {
        let count = count.clamp(1, self.of_one.min(self.of_all));
        let own = self.of_holder(holder);
        // One's own first, so that whoever waits for those keeps nobody else waiting.
        let both = async {
            let of_one = own.acquire_many_owned(count).await.ok()?;
            let of_all = Arc::clone(&self.all).acquire_many_owned(count).await.ok()?;
            Some(Turn { _held: Arc::new([of_all, of_one]) })
        };
        tokio::time::timeout(patience, both).await.ok().flatten()
    }

    /// Takes `count` turns together if they are free now.
    pub fn try_take(&self, holder: K, count: u32) -> Option<Turn> {
        let of_one = self.of_holder(holder).try_acquire_many_owned(count).ok()?;
        let of_all = Arc::clone(&self.all).try_acquire_many_owned(count).ok()?;
        Some(Turn { _held: Arc::new([of_all, of_one]) })
    }

    fn of_holder(&self, holder: K) -> Arc<Semaphore> {
        let mut holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        if holders.len() >= REMEMBERED {
            // A turn, and whoever waits for one, holds the semaphore too.
            holders.retain(|_, own| Arc::strong_count(own) > 1);
        }
        let own = holders.entry(holder).or_insert_with(|| Arc::new(Semaphore::new(self.of_one as usize)));
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
        assert!(turns.holders.lock().unwrap().len() <= REMEMBERED);
        assert!(turns.take(AccountKey::from_number(-1), 1, NOW).await.is_none());
        drop(held);
    }
}
