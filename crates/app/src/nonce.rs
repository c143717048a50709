//! Creations that may be repeated: the same call with the same nonce is answered again, not done again
//! (contract: data 2.3, F025).

use serde::Serialize;
use serde::de::DeserializeOwned;
use store::nonce::{self, Kept, Key};
use wire::ApiError;

use crate::context::{App, Ctx};
use crate::error::{Error, Result};
use crate::work::Work;

/// How long an answer is kept, in ms: one hour.
pub const KEPT_MS: i64 = 60 * 60 * 1000;
/// How many expired answers one transaction removes at most.
const REMOVED_AT_ONCE: u32 = 1000;

impl Ctx {
    /// Runs a use case that makes something. As [`Ctx::change`], but a call that carries a nonce is done once: within
    /// an hour the same call by the same account gets the stored answer, also when both run at the same time.
    /// A call that fails stores nothing. `may` asks for the leave that making needs too; before a stored answer it is asked
    /// anew, so that whoever lost it, or calls with a token that does not reach so far, is refused as anybody is.
    ///
    /// # Errors
    /// `InvalidInput` when the nonce came with another input; whatever the closures return; the store's.
    pub async fn create<T, A, F>(&self, may: A, make: F) -> Result<T>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        A: Fn(&Work<'_>) -> Result<()> + Send + 'static,
        F: Fn(&Work<'_>) -> Result<T> + Send + 'static,
    {
        let (Some(repeatable), Some(caller)) = (self.repeatable.clone(), &self.caller) else {
            return self.change(make).await;
        };
        let account = caller.account;
        self.change(move |work| {
            let key = Key { account, route: repeatable.route(), nonce: repeatable.nonce() };
            once(work, &key, repeatable.input(), &may, &make)
        })
        .await
    }
}

/// Answers again what was answered to the same call, or runs it and keeps its answer.
fn once<T, A, F>(work: &Work<'_>, key: &Key<'_>, input: &str, may: &A, make: &F) -> Result<T>
where
    T: Serialize + DeserializeOwned,
    A: Fn(&Work<'_>) -> Result<()>,
    F: Fn(&Work<'_>) -> Result<T>,
{
    let since = work.now() - KEPT_MS;
    if let Some(kept) = nonce::find(work.tx, key, since)? {
        if kept.input != input {
            return Err(ApiError::invalid_input(
                "Nonce was reused for an earlier API request that had a different input",
            )
            .into());
        }
        may(work)?;
        return serde_json::from_str(&kept.answer).map_err(Error::internal);
    }
    let answer = make(work)?;
    let kept =
        Kept { input: input.to_owned(), answer: serde_json::to_string(&answer).map_err(Error::internal)? };
    nonce::keep(work.tx, key, &kept, since, work.now())?;
    Ok(answer)
}

impl App {
    /// Removes the answers that are kept no longer. A periodic job.
    ///
    /// # Errors
    /// The store's.
    pub async fn forget_nonces(&self) -> Result<()> {
        let before = self.clock.now() - KEPT_MS;
        loop {
            let removed = self.db.write(move |tx| nonce::remove_before(tx, before, REMOVED_AT_ONCE)).await?;
            if removed < u64::from(REMOVED_AT_ONCE) {
                return Ok(());
            }
        }
    }
}
