//! When tokens were last used: noted in memory, written down in batches, so that reading stays reading.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use store::keys::TokenKey;
use store::token::Token;

/// A use is noted when the last one that was written lies this far back, in ms.
const GRAIN_MS: i64 = 60_000;
/// Most uses held in memory. What comes beyond that before they are written is noted at its next use.
const MAX_HELD: usize = 100_000;

/// Uses of tokens that are not written down yet.
#[derive(Debug, Default)]
pub(crate) struct TokenUses(Mutex<HashMap<TokenKey, i64>>);

impl TokenUses {
    /// Notes that a token was used.
    pub(crate) fn note(&self, token: &Token, now: i64) {
        if token.last_used.is_some_and(|last| now - last < GRAIN_MS) {
            return;
        }
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() < MAX_HELD || held.contains_key(&token.key) {
            held.insert(token.key, now);
        }
    }

    /// Hands over what was noted, and forgets it.
    pub(crate) fn take(&self) -> Vec<(TokenKey, i64)> {
        let held = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut uses: Vec<_> = held.into_iter().collect();
        uses.sort_unstable();
        uses
    }
}
