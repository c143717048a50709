//! Paging of lists: how many at once, and where to go on (contract: data 10.1, dx-client 6).

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::json::invalid_value;
use crate::{ApiError, ErrorType};

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
/// It is not secret and not signed: it says where to go on, never what the caller may see.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Cursor(Value);

impl Cursor {
    /// Reads the position that [`next`] wrote.
    ///
    /// # Errors
    /// `InvalidInput` naming the key `starting`, for a value of another shape.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        T::deserialize(&self.0).map_err(|_| {
            invalid_value("starting", "it is not the \"next\" of an earlier answer to this search")
        })
    }
}

/// Writes a position as the `next` of an answer. Positions in data objects should be hashes that hold `project` and
/// `id`, because some clients expect that shape.
///
/// # Errors
/// `InternalError` when the position cannot be written as JSON, which a plain struct always can.
pub fn next<T: Serialize>(position: &T) -> Result<Value, ApiError> {
    serde_json::to_value(position).map_err(|_| {
        ApiError::new(ErrorType::InternalError, "The next page could not be named. Please try again.")
    })
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

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Position {
        project: String,
        id: String,
        modified: i64,
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
    fn a_position_comes_back_as_it_went() {
        let position = Position { project: "p".into(), id: "i".into(), modified: -1 };
        let search: Search = decode(json!({"starting": next(&position).unwrap()})).unwrap();
        assert_eq!(search.starting.unwrap().read::<Position>().unwrap(), position);
    }

    #[test]
    fn anything_else_is_refused_when_it_is_read() {
        for tampered in [json!(1), json!("x"), json!([]), json!({"project": "p"}), json!({"modified": "x"})] {
            let search: Search = decode(json!({ "starting": tampered })).unwrap();
            let error = search.starting.unwrap().read::<Position>().unwrap_err();
            assert!(error.message.contains("key \"starting\""), "{}", error.message);
        }
        assert!(decode::<Search>(json!({"starting": null})).unwrap().starting.is_none());
    }
}
