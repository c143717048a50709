//! What the server does for tokens of its own accord.

use crate::context::App;
use crate::error::{Error, Result};

/// Uses written in one transaction.
const BATCH: usize = 500;
/// Tokens stay this long after their end, so that the audit log can be read beside them, in ms.
const KEPT_MS: i64 = 90 * 24 * 60 * 60 * 1000;

impl App {
    /// Writes down when tokens were used. A periodic job. Uses that cannot be written are noted again when they recur.
    ///
    /// # Errors
    /// The store's.
    pub async fn write_token_uses(&self) -> Result<()> {
        for batch in self.memory.token_uses.take().chunks(BATCH) {
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
