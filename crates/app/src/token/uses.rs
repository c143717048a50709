//! When tokens were last used: noted in memory, written down in batches, so that reading stays reading.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use store::keys::TokenKey;
use store::token::Token;

use crate::context::App;
use crate::error::{Error, Result};

/// A use is noted when the last one that was written lies this far back, in ms.
const GRAIN_MS: i64 = 60_000;
/// Most uses held in memory. What comes beyond that before they are written is noted at its next use.
const MAX_HELD: usize = 100_000;
/// Uses written in one transaction.
const BATCH: usize = 500;
/// Tokens stay this long after their end, so that the audit log can be read beside them, in ms.
const KEPT_MS: i64 = 90 * 24 * 60 * 60 * 1000;

/// Uses of tokens that are not written down yet.
#[derive(Debug, Default)]
pub struct TokenUses(Mutex<HashMap<TokenKey, i64>>);

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

    fn take(&self) -> Vec<(TokenKey, i64)> {
        let held = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut uses: Vec<_> = held.into_iter().collect();
        uses.sort_unstable();
        uses
    }
}

impl App {
    /// Writes down when tokens were used. A periodic job. Uses that cannot be written are noted again when they recur.
    ///
    /// # Errors
    /// The store's.
    pub async fn write_token_uses(&self) -> Result<()> {
        for batch in self.token_uses.take().chunks(BATCH) {
            let batch = batch.to_vec();
            self.db.write(move |tx| Ok::<_, Error>(store::token::set_last_used(tx, &batch)?)).await?;
        }
        Ok(())
    }

    /// Forgets what is of no use to sign-in any more: tokens that ended long ago, codes that expired, failures that
    /// time has forgiven. A periodic job.
    ///
    /// # Errors
    /// The store's.
    pub async fn forget_sign_ins(&self) -> Result<()> {
        let now = self.clock.now();
        self.db
            .write(move |tx| {
                store::token::forget(tx, now - KEPT_MS, 500)?;
                store::one_time_code::forget(tx, now, 500)?;
                store::sign_in_failure::forget(tx, now - KEPT_MS, 500)?;
                Ok::<_, Error>(())
            })
            .await
    }
}
