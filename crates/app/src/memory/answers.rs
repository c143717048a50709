//! Room for large answers: taken while an answer is built, by what was counted, and held until it has left.

use std::sync::{Arc, Mutex, PoisonError};

use store::keys::AccountKey;
use wire::{ApiError, ErrorType};

use crate::error::Result;
use crate::turns::{Turn, Turns};

/// Answers up to this many bytes take no room; larger ones take it in units of this.
const SMALL: usize = 64 << 10;
/// Room for all answers, in units of [`SMALL`]: 256 MiB.
const ANSWERS: u32 = 4096;
/// What the answers to one account take of it at most: 64 MiB. A larger one takes all of that.
const ANSWERS_OF_ONE: u32 = 1024;
/// Seconds after which a call that got no room is to come back.
const RETRY_SECONDS: u64 = 2;

/// The room of a server.
pub(super) fn room() -> Arc<Turns> {
    Arc::new(Turns::new(ANSWERS, ANSWERS_OF_ONE))
}

/// The room that one answer takes.
#[derive(Debug)]
pub struct AnswerRoom {
    all: Arc<Turns>,
    /// For whom the answer is; one for nobody takes none.
    account: Option<AccountKey>,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    bytes: usize,
    units: u32,
    turns: Vec<Turn>,
}

impl AnswerRoom {
    pub(super) fn new(all: Arc<Turns>, account: Option<AccountKey>) -> Self {
        Self { all, account, held: Mutex::default() }
    }

    /// Takes what an answer of this many bytes takes beyond what it has. It does not wait: those who hold the rest may
    /// wait for more themselves.
    ///
    /// # Errors
    /// `ServiceUnavailable` when other answers, which their callers have not taken yet, leave none.
    pub fn grow(&self, bytes: usize) -> Result<()> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.bytes = held.bytes.max(bytes);
        let Some(account) = self.account else { return Ok(()) };
        let units = if bytes <= SMALL {
            0
        } else {
            u32::try_from(bytes.div_ceil(SMALL)).map_or(ANSWERS_OF_ONE, |units| units.min(ANSWERS_OF_ONE))
        };
        if units > held.units {
            let more = self.all.try_take(account, units - held.units).ok_or_else(|| {
                ApiError::new(
                    ErrorType::ServiceUnavailable,
                    "Too many large answers wait to be taken. Take those that were asked for before, or ask for less at once.",
                )
                .retry_after(RETRY_SECONDS)
            })?;
            held.turns.push(more);
            held.units = units;
        }
        Ok(())
    }

    /// How many bytes the answer was counted to have so far, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }

    /// Whether the answer is large enough to take room.
    #[must_use]
    pub fn is_large(&self) -> bool {
        self.bytes() > SMALL
    }

    /// Hands over what is held, to be kept until the answer has left.
    #[must_use]
    pub fn take(&self) -> Vec<Turn> {
        std::mem::take(&mut *self.held.lock().unwrap_or_else(PoisonError::into_inner)).turns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_takes_room_as_it_grows() {
        let all = room();
        let answer = |account| AnswerRoom::new(Arc::clone(&all), Some(AccountKey::from_number(account)));
        let (first, second, others) = (answer(1), answer(1), answer(2));
        first.grow(SMALL).unwrap();
        assert!(first.take().is_empty());
        first.grow(40 << 20).unwrap();
        first.grow(50 << 20).unwrap();
        // What was counted before, and is counted again when the transaction runs again, costs nothing.
        first.grow(1 << 20).unwrap();
        second.grow(14 << 20).unwrap();
        assert!(second.grow(15 << 20).is_err());
        others.grow(64 << 20).unwrap();
        let held = first.take();
        drop(first);
        assert!(second.grow(15 << 20).is_err());
        drop(held);
        // As much as one account may have, however large.
        second.grow(1 << 30).unwrap();
        assert!(answer(1).grow(1 << 20).is_err());
        AnswerRoom::new(Arc::clone(&all), None).grow(1 << 30).unwrap();
    }
}
