//! Answers that many methods share.

use schemars::JsonSchema;
use serde::de::Deserializer;
use serde::ser::{Error, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::ApiError;
use crate::describe::ProjectDescription;
use crate::id::Id;

/// `{"id": …}`: the entity that was made or changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Made {
    /// The entity.
    pub id: Id,
}

impl Made {
    /// Answers with an id of any kind.
    pub fn new(id: impl Into<Id>) -> Self {
        Self { id: id.into() }
    }
}

/// The fields of a describe call: which ones depends on class and request (contract: data 9).
// Kept as the JSON text that is answered: read into values, the smallest of them would take forty times as much.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(transparent)]
pub struct Described(#[schemars(with = "Map<String, Value>")] String);

impl Described {
    /// Takes the text of a hash.
    pub(crate) fn of_text(text: String) -> Self {
        Self(text)
    }

    /// The text of the hash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for Described {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text: &RawValue = serde_json::from_str(&self.0).map_err(S::Error::custom)?;
        text.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Described {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Map::<String, Value>::deserialize(deserializer)?;
        Ok(Self(Value::Object(fields).to_string()))
    }
}

/// Answer of the methods that describe many entities, parallel to what was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DescribeResults {
    /// One entry for each.
    pub results: Vec<DescribeResult>,
}

/// What became of one entity of a call that describes many.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum DescribeResult {
    /// It is described.
    Described {
        /// As its own describe call would answer.
        #[schemars(with = "ProjectDescription")]
        describe: Described,
    },
    /// It is not.
    Failed {
        /// Type and message, as in the envelope of a failed call.
        #[schemars(with = "ApiError")]
        error: Value,
        /// The HTTP status that goes with the type.
        status_code: u16,
    },
}

impl From<ApiError> for DescribeResult {
    fn from(error: ApiError) -> Self {
        let status_code = error.kind.status();
        let error = error.to_json().get_mut("error").map_or(Value::Null, Value::take);
        Self::Failed { error, status_code }
    }
}

/// One page of a list. `next` is always present; null says that nothing follows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PageOf{T}")]
pub struct Page<T> {
    /// The rows of this page.
    pub results: Vec<T>,
    /// What to send as `starting` to get the next page.
    pub next: Option<Value>,
}

/// A method without input of its own: any JSON object is accepted and ignored.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct NoInput {}

/// A method that is Operon's own and has no input: a JSON object without keys.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoKeys {}
