//! Values of update calls that can be set, cleared and left alone.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

/// What to do with a value that may be absent: an absent key leaves it, null clears it, anything else sets it.
///
/// Fields of this type need `#[serde(default)]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// As it is.
    #[default]
    Keep,
    /// None any more.
    Clear,
    /// This.
    Set(T),
}

impl<T> Patch<T> {
    /// Whether the value stays as it is.
    #[must_use]
    pub fn keeps(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// Whether there is a new value.
    #[must_use]
    pub fn sets(&self) -> bool {
        matches!(self, Self::Set(_))
    }

    /// The value afterwards, given the one before.
    #[must_use]
    pub fn apply<U>(self, before: Option<U>, set: impl FnOnce(T) -> U) -> Option<U> {
        match self {
            Self::Keep => before,
            Self::Clear => None,
            Self::Set(value) => Some(set(value)),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<T>::deserialize(deserializer).map(|value| value.map_or(Self::Clear, Self::Set))
    }
}

impl<T: JsonSchema> JsonSchema for Patch<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("PatchOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [generator.subschema_for::<T>(), { "type": "null" }] })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json::decode;

    #[derive(Deserialize)]
    struct Update {
        #[serde(default)]
        limit: Patch<u32>,
    }

    #[test]
    fn absent_null_and_a_value_differ() {
        let read = |input| decode::<Update>(input).map(|update| update.limit);
        assert_eq!(read(json!({})), Ok(Patch::Keep));
        assert_eq!(read(json!({ "limit": null })), Ok(Patch::Clear));
        assert_eq!(read(json!({ "limit": 7 })), Ok(Patch::Set(7)));
        assert!(read(json!({ "limit": "7" })).unwrap_err().message.contains("key \"limit\""));
        assert_eq!(Patch::Keep::<u32>.apply(Some(1), |n| n), Some(1));
        assert_eq!(Patch::Clear::<u32>.apply(Some(1), |n| n), None);
        assert_eq!(Patch::Set(2).apply(Some(1), |n| n), Some(2));
    }
}
