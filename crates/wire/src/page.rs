//! Paging of lists: how many at once, and where to go on (contract: data 10.1, dx-client 6).

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::ApiError;
use crate::json::invalid_value;

/// The most results of one page, and how many there are when the caller does not say.
pub const MAX_PAGE: u16 = 1000;

/// How many results a page may have: 1 to [`MAX_PAGE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u16);

impl Limit {
    /// The number.
    #[must_use]
    pub fn get(self) -> usize {
        usize::from(self.0)
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(MAX_PAGE)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let limit =
            if value.is_null() { Some(MAX_PAGE) } else { value.as_u64().and_then(|n| n.try_into().ok()) };
        match limit {
            Some(limit @ 1..=MAX_PAGE) => Ok(Self(limit)),
            _ => Err(D::Error::custom(format!("expected a whole number from 1 to {MAX_PAGE}"))),
        }
    }
}

impl JsonSchema for Limit {
    fn schema_name() -> Cow<'static, str> {
        "Limit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["integer", "null"], "minimum": 1, "maximum": MAX_PAGE, "default": MAX_PAGE })
    }
}

/// The `starting` of a request: the `next` of the answer before, given back unchanged.
///
/// It is sealed for whoever got that answer and for the method that gave it: it says where to go on, never what the caller
/// may see.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Cursor(Value);

impl Cursor {
    /// The sealed position: the cursor itself, or what a hash holds under `at`, because some clients expect `next` to be a
    /// hash.
    ///
    /// # Errors
    /// [`Cursor::refused`] for a value of another shape.
    pub fn sealed(&self) -> Result<&str, ApiError> {
        let sealed = if self.0.is_object() { self.0.get("at") } else { Some(&self.0) };
        sealed.and_then(Value::as_str).ok_or_else(Self::refused)
    }

    /// The error for what is no `next` of this caller and method: `InvalidInput` naming the key `starting`.
    #[must_use]
    pub fn refused() -> ApiError {
        invalid_value("starting", "it is not the \"next\" of an earlier answer to this search")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json::decode;

    #[derive(Debug, Deserialize)]
    struct Search {
        #[serde(default)]
        limit: Limit,
        starting: Option<Cursor>,
    }

    #[test]
    fn limits() {
        let limit = |input| decode::<Search>(input).map(|search| search.limit.get());
        assert_eq!(limit(json!({})), Ok(1000));
        assert_eq!(limit(json!({"limit": null})), Ok(1000));
        assert_eq!(limit(json!({"limit": 1})), Ok(1));
        assert_eq!(limit(json!({"limit": 1000})), Ok(1000));
        for bad in [json!(0), json!(1001), json!(-1), json!(2.5), json!("10"), json!(u64::MAX), json!([])] {
            let message = limit(json!({ "limit": bad })).unwrap_err().message;
            assert!(message.contains("key \"limit\"") && message.contains("from 1 to 1000"), "{message}");
        }
    }

    #[test]
    fn a_cursor_is_a_text_or_a_hash_with_one() {
        let cursor = |starting| decode::<Search>(json!({ "starting": starting })).unwrap().starting;
        for starting in [json!("s1.x"), json!({ "project": "p", "id": "i", "at": "s1.x" })] {
            assert_eq!(cursor(starting).unwrap().sealed(), Ok("s1.x"));
        }
        for other in [json!(1), json!([]), json!(["s1.x"]), json!({ "project": "p" }), json!({ "at": 1 })] {
            let error = cursor(other).unwrap().sealed().unwrap_err();
            assert!(error.message.contains("key \"starting\""), "{}", error.message);
        }
        assert!(cursor(json!(null)).is_none());
    }
}
