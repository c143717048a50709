//! What makes two calls the same call (contract: data 2.3, F025).

use std::collections::BTreeMap;

use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use wire::text::Nonce;

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

    /// The route, with the entity.
    pub(crate) fn route(&self) -> &str {
        &self.route
    }

    /// The nonce.
    pub(crate) fn nonce(&self) -> &str {
        &self.nonce
    }

    /// A digest of the input.
    pub(crate) fn input(&self) -> &str {
        &self.input
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
