//! The details of a data object and the links in them (contract: data 5.1).

use std::borrow::Cow;
use std::collections::HashSet;
use std::io;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::{ContainerId, ObjectId};
use crate::json::kind_of;
use crate::text::{TextError, shortened};

/// The key that makes a hash a link.
pub const LINK_KEY: &str = "$dnanexus_link";
/// Largest details, in bytes of compact JSON; the limit is ours.
pub const MAX_DETAILS_BYTES: usize = 10 * 1024 * 1024;
/// Most objects that one object's details link to; the limit is ours.
pub const MAX_LINKS: usize = 10_000;

/// Checked details: a hash or an array of at most [`MAX_DETAILS_BYTES`], whose links are at most [`MAX_LINKS`] and all
/// well-formed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub struct Details {
    value: Value,
    links: Vec<ObjectId>,
}

impl Details {
    /// The value as it was sent.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The value as it was sent.
    #[must_use]
    pub fn into_value(self) -> Value {
        self.value
    }

    /// The objects linked to, each once, in the order of first mention.
    #[must_use]
    pub fn links(&self) -> &[ObjectId] {
        &self.links
    }
}

impl Default for Details {
    fn default() -> Self {
        Self { value: Value::Object(Map::new()), links: Vec::new() }
    }
}

impl TryFrom<Value> for Details {
    type Error = TextError;

    fn try_from(value: Value) -> Result<Self, TextError> {
        if !value.is_object() && !value.is_array() {
            return Err(TextError::new(format!("details are a hash or an array, not {}", kind_of(&value))));
        }
        let bytes = compact_size(&value);
        if bytes > MAX_DETAILS_BYTES {
            return Err(TextError::new(format!(
                "the details have {bytes} bytes; at most {MAX_DETAILS_BYTES} are allowed"
            )));
        }
        let mut found = Found::default();
        found.walk(&value)?;
        if found.links.len() > MAX_LINKS {
            return Err(TextError::new(format!(
                "the details link to {} objects; at most {MAX_LINKS} are allowed",
                found.links.len()
            )));
        }
        Ok(Self { links: found.links, value })
    }
}

impl Serialize for Details {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl JsonSchema for Details {
    fn schema_name() -> Cow<'static, str> {
        "Details".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["object", "array"],
            "allOf": [generator.subschema_for::<Part>()],
            "description": format!(
                "A hash or an array of at most {MAX_DETAILS_BYTES} bytes of JSON, with at most {MAX_LINKS} links to other objects."
            ),
        })
    }
}

/// What a link hash points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The object linked to; whether it exists is not checked here.
    pub target: ObjectId,
    /// The container whose copy is meant, when the long form names one.
    pub project: Option<ContainerId>,
}

impl Link {
    /// Reads a hash as a link; `None` when it has no [`LINK_KEY`].
    ///
    /// # Errors
    /// When the key stands beside others or its value is neither an object id nor `{"id", "project"?}`.
    pub fn read(hash: &Map<String, Value>) -> Option<Result<Self, TextError>> {
        let value = hash.get(LINK_KEY)?;
        Some(match value {
            _ if hash.len() > 1 => Err(refusal("must be the only key of its hash")),
            Value::String(id) => target(id).map(|target| Self { target, project: None }),
            Value::Object(long) => Self::read_long(long),
            other => Err(refusal(&format!("holds the id of an object, not {}", kind_of(other)))),
        })
    }

    /// The schema of a hash that [`Link::read`] takes.
    pub(crate) fn schema(generator: &mut SchemaGenerator) -> Schema {
        let target = generator.subschema_for::<ObjectId>();
        let project = generator.subschema_for::<Option<ContainerId>>();
        let long = json_schema!({
            "type": "object",
            "properties": { "id": target, "project": project },
            "required": ["id"],
            "additionalProperties": false,
        });
        json_schema!({
            "type": "object",
            "properties": { LINK_KEY: { "anyOf": [target, long] } },
            "required": [LINK_KEY],
            "additionalProperties": false,
            "description": "A link to another object.",
        })
    }

    fn read_long(long: &Map<String, Value>) -> Result<Self, TextError> {
        if long.contains_key("job") || long.contains_key("stage") || long.contains_key("field") {
            return Err(refusal("cannot refer to the output of a job here; link to the object itself"));
        }
        if let Some(key) = long.keys().find(|key| *key != "id" && *key != "project") {
            return Err(refusal(&format!(
                "takes the keys \"id\" and \"project\", not \"{}\"",
                shortened(key)
            )));
        }
        let Some(Value::String(id)) = long.get("id") else {
            return Err(refusal("needs the id of an object under \"id\""));
        };
        let project =
            match long.get("project") {
                None | Some(Value::Null) => None,
                Some(project) => Some(project.as_str().and_then(ContainerId::parse).ok_or_else(|| {
                    refusal("has a \"project\" that is not the id of a project or container")
                })?),
            };
        Ok(Self { target: target(id)?, project })
    }
}

fn target(id: &str) -> Result<ObjectId, TextError> {
    ObjectId::parse(id)
        .ok_or_else(|| refusal(&format!("holds \"{}\", which is not the id of a data object", shortened(id))))
}

fn refusal(why: &str) -> TextError {
    TextError::new(format!("a \"{LINK_KEY}\" {why}"))
}

/// Any value inside of details, for their schema.
struct Part;

impl JsonSchema for Part {
    fn schema_name() -> Cow<'static, str> {
        "DetailsPart".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let part = generator.subschema_for::<Self>();
        let link = Link::schema(generator);
        json_schema!({ "anyOf": [
            { "type": ["null", "boolean", "number", "string"] },
            { "type": "array", "items": part },
            { "type": "object", "properties": { LINK_KEY: false }, "additionalProperties": part },
            link,
        ] })
    }
}

#[derive(Default)]
struct Found {
    seen: HashSet<ObjectId>,
    links: Vec<ObjectId>,
}

impl Found {
    /// Recursion is bounded by the depth that a request body may have.
    fn walk(&mut self, value: &Value) -> Result<(), TextError> {
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| self.walk(item)),
            Value::Object(hash) => match Link::read(hash) {
                None => hash.values().try_for_each(|item| self.walk(item)),
                Some(link) => {
                    let target = link?.target;
                    if self.seen.insert(target.clone()) {
                        self.links.push(target);
                    }
                    Ok(())
                }
            },
            _ => Ok(()),
        }
    }
}

fn compact_size(value: &Value) -> usize {
    struct Counter(usize);
    impl io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // A JSON value always serialises and the counter never fails; were it otherwise, the size must not pass.
    serde_json::to_writer(&mut counter, value).map_or(usize::MAX, |()| counter.0)
}

#[cfg(test)]
mod tests;
