//! Turns at something scarce, shared so that one account, or one network of strangers, cannot hold all of them.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use store::keys::AccountKey;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Holders whose turns are remembered before those that hold none are forgotten.
const REMEMBERED: usize = 1000;

/// The part of all turns that is kept for those who hold few.
const KEPT_PART: u32 = 4;
/// For so many holders: as many can always have their few turns, whatever all others hold.
const KEPT_FOR: u32 = 8;

/// A number of turns, of which each holder, an account unless another kind is said, has a part at most. A quarter of them
/// is kept for holders who have few, so that several who take as much as they may do not hold all together.
#[derive(Debug)]
pub struct Turns<K = AccountKey> {
    all: Arc<Semaphore>,
    /// Those of all that a holder may have beside its few.
    further: Arc<Semaphore>,
    of_one: u32,
    few: u32,
    holders: Mutex<HashMap<K, Holder>>,
}

/// What one holder may still take.
#[derive(Debug, Clone)]
struct Holder {
    own: Arc<Semaphore>,
    /// Of these turns those that need not be among [`Turns::further`].
    few: Arc<Semaphore>,
}

/// Turns that somebody holds; they end when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct Turn {
    _held: Arc<[OwnedSemaphorePermit; 3]>,
}

impl<K: Eq + Hash> Turns<K> {
    /// `of_all` turns, of which one holder has `of_one` at most, and no more than three quarters.
    #[must_use]
    pub fn new(of_all: u32, of_one: u32) -> Self {
        let kept = of_all / KEPT_PART;
        let further = of_all - kept;
        let semaphore = |turns: u32| Arc::new(Semaphore::new(turns as usize));
        Self {
            all: semaphore(of_all),
            further: semaphore(further),
            of_one: of_one.min(further),
            few: (kept / KEPT_FOR).max(1),
            holders: Mutex::default(),
        }
    }

    /// Waits for `count` turns together; more than one holder can have counts as all of those. None when they did not come
    /// up within `patience`.
    pub async fn take(&self, holder: K, count: u32, patience: Duration) -> Option<Turn> {
        let count = count.clamp(1, self.of_one);
        let Holder { own, few } = self.of_holder(holder);
        // One's own first, so that whoever waits for those keeps nobody else waiting.
        let taken = async {
            let of_one = own.acquire_many_owned(count).await.ok()?;
            let beside = tokio::select! {
                biased;
                few = few.acquire_many_owned(count), if count <= self.few => few,
                further = Arc::clone(&self.further).acquire_many_owned(count) => further,
            }
            .ok()?;
            let of_all = Arc::clone(&self.all).acquire_many_owned(count).await.ok()?;
            Some(Turn { _held: Arc::new([of_all, beside, of_one]) })
        };
        tokio::time::timeout(patience, taken).await.ok().flatten()
    }

    /// Takes `count` turns together if they are free now.
    pub fn try_take(&self, holder: K, count: u32) -> Option<Turn> {
        let Holder { own, few } = self.of_holder(holder);
        let of_one = own.try_acquire_many_owned(count).ok()?;
        let further = || Arc::clone(&self.further).try_acquire_many_owned(count);
        let beside = few.try_acquire_many_owned(count).or_else(|_| further()).ok()?;
        let of_all = Arc::clone(&self.all).try_acquire_many_owned(count).ok()?;
        Some(Turn { _held: Arc::new([of_all, beside, of_one]) })
    }

    fn of_holder(&self, holder: K) -> Holder {
        let mut holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        if holders.len() >= REMEMBERED {
            // A turn, and whoever waits for one, holds the semaphore too.
            holders.retain(|_, holder| Arc::strong_count(&holder.own) > 1);
        }
        let new = || Holder {
            own: Arc::new(Semaphore::new(self.of_one as usize)),
            few: Arc::new(Semaphore::new(self.few as usize)),
        };
        holders.entry(holder).or_insert_with(new).clone()
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
    async fn several_who_take_all_that_they_may_leave_turns_for_others() {
        let turns = Turns::new(32, 12);
        let account = AccountKey::from_number;
        let mut held = Vec::new();
        for greedy in 1..=3 {
            while let Some(turn) = turns.take(account(greedy), 1, NOW).await {
                held.push(turn);
            }
        }
        // Three quarters, and the one that each of them may always have.
        assert_eq!(held.len(), 24 + 3);
        for other in 4..=8 {
            assert!(turns.try_take(account(other), 2).is_none());
            held.push(turns.take(account(other), 1, NOW).await.unwrap());
            assert!(turns.take(account(other), 1, NOW).await.is_none());
        }
        assert!(turns.take(account(9), 1, NOW).await.is_none());
        // What the first of them gives back anybody may have.
        held.drain(..12);
        let again = turns.take(account(4), 8, NOW).await;
        assert!(again.is_some());
    }

    /// Who waits beside a turn of their own goes on when that one ends, although others hold all further ones.
    #[tokio::test]
    async fn who_waits_beside_few_turns_goes_on_with_those() {
        let turns = Turns::new(8, 6);
        let (one, other) = (AccountKey::from_number(1), AccountKey::from_number(2));
        let mut held = Vec::new();
        while let Some(turn) = turns.take(one, 1, NOW).await {
            held.push(turn);
        }
        let own = turns.take(other, 1, NOW).await.unwrap();
        let _further = turns.take(other, 1, NOW).await.unwrap();
        drop(held.remove(0));
        assert!(turns.take(other, 1, NOW).await.is_none());
        let waits = turns.take(other, 1, Duration::from_secs(60));
        let ends = async {
            tokio::task::yield_now().await;
            drop(own);
        };
        let (next, ()) = tokio::join!(waits, ends);
        assert!(next.is_some());
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
