//! Creations that may be repeated: the same call with the same nonce is answered again, not done again
//! (contract: data 2.3, F025).

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use store::nonce::{self, Kept, Key};
use wire::ApiError;
use wire::text::Nonce;

use crate::context::{App, Ctx};
use crate::error::{Error, Result};
use crate::work::Work;

/// How long an answer is kept, in ms: one hour.
pub const KEPT_MS: i64 = 60 * 60 * 1000;
/// How many expired answers one transaction removes at most.
const REMOVED_AT_ONCE: u32 = 1000;

/// What makes a repeated call the same call, beside its caller.
#[derive(Debug, Clone)]
pub struct Repeatable {
    route: String,
    nonce: String,
    input: String,
}

impl Repeatable {
    /// Reads the nonce out of an input. None when there is no nonce, or an empty one; one of another shape is for the
    /// method's own input to refuse. `route` includes the entity, as in `app-xxxx/run`.
    #[must_use]
    pub fn read(route: &str, input: &Json) -> Option<Self> {
        let nonce = input.get("nonce")?.as_str().filter(|nonce| !nonce.is_empty())?;
        Nonce::parse(nonce).ok()?;
        Some(Self { route: route.to_owned(), nonce: nonce.to_owned(), input: digest(input) })
    }
}

impl Ctx {
    /// Runs a use case that makes something. As [`Ctx::change`], but a call that carries a nonce is done once: within
    /// an hour the same call by the same account gets the stored answer, also when both run at the same time.
    /// A call that fails stores nothing.
    ///
    /// # Errors
    /// `InvalidInput` when the nonce came with another input; whatever the closure returns; the store's.
    pub async fn create<T, F>(&self, f: F) -> Result<T>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: Fn(&Work<'_>) -> Result<T> + Send + 'static,
    {
        let (Some(repeatable), Some(caller)) = (self.repeatable.clone(), &self.caller) else {
            return self.change(f).await;
        };
        let account = caller.account;
        self.change(move |work| {
            let key = Key { account, route: &repeatable.route, nonce: &repeatable.nonce };
            once(work, &key, &repeatable.input, &f)
        })
        .await
    }
}

/// Answers again what was answered to the same call, or runs it and keeps its answer.
fn once<T, F>(work: &Work<'_>, key: &Key<'_>, input: &str, f: &F) -> Result<T>
where
    T: Serialize + DeserializeOwned,
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
        return serde_json::from_str(&kept.answer).map_err(Error::internal);
    }
    let answer = f(work)?;
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

/// The SHA-256 of an input in its canonical form: no spaces, the keys of each hash in order.
fn digest(input: &Json) -> String {
    hex::encode(Sha256::digest(canonical(input).to_string()))
}

/// Recursion is bounded by the depth that a request body may have.
fn canonical(value: &Json) -> Json {
    match value {
        Json::Object(hash) => {
            let sorted: BTreeMap<_, _> = hash.iter().collect();
            Json::Object(sorted.into_iter().map(|(key, value)| (key.clone(), canonical(value))).collect())
        }
        Json::Array(items) => Json::Array(items.iter().map(canonical).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_keys_does_not_count_and_everything_else_does() {
        let input = json!({ "name": "a", "details": [{ "x": 1, "y": [1, 2] }] });
        assert_eq!(digest(&input), digest(&json!({ "details": [{ "y": [1, 2], "x": 1 }], "name": "a" })));
        for other in [
            json!({ "name": "a", "details": [{ "x": 1, "y": [2, 1] }] }),
            json!({ "name": "a", "details": [{ "x": "1", "y": [1, 2] }] }),
            json!({ "name": "a", "details": [{ "x": 1, "y": [1, 2] }], "more": null }),
        ] {
            assert_ne!(digest(&input), digest(&other), "{other}");
        }
    }

    #[test]
    fn only_a_usable_nonce_makes_a_call_repeatable() {
        let repeatable = |nonce: Json| Repeatable::read("record/new", &json!({ "nonce": nonce })).is_some();
        assert!(repeatable(json!("n")) && repeatable(json!("n".repeat(128))));
        for none in [json!(""), json!(null), json!(1), json!("n".repeat(129))] {
            assert!(!repeatable(none.clone()), "{none}");
        }
        assert!(Repeatable::read("record/new", &json!([])).is_none());
    }
}
