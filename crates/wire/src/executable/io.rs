//! What an executable takes and gives: its input and output specification (contract: execution 1).

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::shape::{MAX_ENTRIES, specs};
use crate::id::Class;
use crate::json::kind_of;
use crate::link::Link;
use crate::metadata::List;
use crate::query::TypeQuery;
use crate::text::{FieldName, SpecLine, SpecText, TextError};
use crate::word::{Word, words};

/// A list of fields, in the order in which they are shown.
pub type IoSpec = List<IoField, MAX_ENTRIES>;

words! {
    /// What kind of value a field holds.
    IoClass {
        Int => "int", Float => "float", String => "string", Boolean => "boolean", Hash => "hash",
        Record => "record", File => "file", Applet => "applet", Workflow => "workflow", Database => "database",
        Dbcluster => "dbcluster",
        Ints => "array:int", Floats => "array:float", Strings => "array:string", Booleans => "array:boolean",
        Records => "array:record", Files => "array:file", Applets => "array:applet", Workflows => "array:workflow",
        Databases => "array:database", Dbclusters => "array:dbcluster",
    }
}

specs! {
    /// One input or output of an executable.
    #[serde(rename_all = "camelCase")]
    IoField = "IoField" {
        needs {
            /// Unique among the inputs, or the outputs.
            name: FieldName,
            /// What kind of value it holds.
            class: IoClass,
        }
        may {
            /// Whether it may be left out.
            optional: bool,
            /// What it is when left out: a value of the class, a link for an object.
            default: Value,
            /// The values that are allowed. For objects links, or hashes of a name and a link under `value`.
            choices: List<Value, MAX_ENTRIES>,
            /// A hint for people: which objects to offer.
            patterns: Patterns,
            /// A hint for people: where to look for values.
            suggestions: List<Value, MAX_ENTRIES>,
            /// The type that an object must have, or types joined by `$and` and `$or`.
            r#type: TypeExpression,
            /// For people.
            label: SpecLine,
            /// For people.
            help: SpecText,
            /// For people: fields of one group are shown together.
            group: SpecLine,
        }
    }
}

impl IoClass {
    /// The class of the items of an array.
    #[must_use]
    pub fn item(self) -> Option<Self> {
        self.as_str().strip_prefix("array:").and_then(Self::parse)
    }

    /// The class of the objects that are linked to.
    #[must_use]
    pub fn object(self) -> Option<Class> {
        Class::parse(self.as_str())
    }

    /// Whether a value is of this class. Whether an object that it links to exists is not checked here.
    #[must_use]
    pub fn takes(self, value: &Value) -> bool {
        if let Some(item) = self.item() {
            return value.as_array().is_some_and(|items| items.iter().all(|value| item.takes(value)));
        }
        match self {
            Self::Int => value.is_i64() || value.is_u64(),
            Self::Float => value.is_number(),
            Self::String => value.is_string(),
            Self::Boolean => value.is_boolean(),
            Self::Hash => value.is_object(),
            _ => linked(value).is_some_and(|link| Some(link.target.as_id().class()) == self.object()),
        }
    }
}

/// What a value links to, when it is a link.
pub(super) fn linked(value: &Value) -> Option<Link> {
    value.as_object().and_then(Link::read)?.ok()
}

/// Which objects to offer for a field: globs of names, or a hash of `name`, `class` and `tag`. Never checked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct Patterns(Value);

impl TryFrom<Value> for Patterns {
    type Error = TextError;

    fn try_from(value: Value) -> Result<Self, TextError> {
        let fits = match &value {
            Value::Array(globs) => globs.iter().all(Value::is_string),
            other => other.is_object(),
        };
        if fits { Ok(Self(value)) } else { Err(TextError::new("expected an array of strings or a hash")) }
    }
}

impl JsonSchema for Patterns {
    fn schema_name() -> Cow<'static, str> {
        "Patterns".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "array", "items": { "type": "string" } }, { "type": "object" }] })
    }
}

/// A type of objects, or types joined by `$and` and `$or`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct TypeExpression(Value);

impl TryFrom<Value> for TypeExpression {
    type Error = serde_json::Error;

    fn try_from(value: Value) -> Result<Self, serde_json::Error> {
        TypeQuery::deserialize(&value)?;
        Ok(Self(value))
    }
}

impl JsonSchema for TypeExpression {
    fn schema_name() -> Cow<'static, str> {
        TypeQuery::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        TypeQuery::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        TypeQuery::json_schema(generator)
    }
}

/// A link to an object, alone in its hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct LinkValue {
    sent: Value,
    /// What it links to.
    pub link: Link,
}

impl From<LinkValue> for Value {
    fn from(value: LinkValue) -> Self {
        value.sent
    }
}

impl TryFrom<Value> for LinkValue {
    type Error = TextError;

    fn try_from(sent: Value) -> Result<Self, TextError> {
        let link = sent.as_object().and_then(Link::read);
        let link = link.ok_or_else(|| {
            let found = kind_of(&sent);
            TextError::new(format!(
                "expected a link such as {{\"$dnanexus_link\": \"file-xxxx\"}}, not {found}"
            ))
        })??;
        Ok(Self { sent, link })
    }
}

impl JsonSchema for LinkValue {
    fn schema_name() -> Cow<'static, str> {
        "Link".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Link::schema(generator)
    }
}
