//! Describing many data objects in one call (contract: data 10.2).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::answer::Described;
use crate::describe::ObjectDescription;
use crate::fields::{DescribeSwitch, Fields};
use crate::metadata::List;
use crate::{ApiError, Class};

/// The most objects of one call.
pub const MAX_OBJECTS: usize = 1000;

/// Input of `/system/describeDataObjects`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DescribeDataObjects {
    /// Which objects.
    pub objects: List<DescribeObject, MAX_OBJECTS>,
    /// What to answer of the objects of a class, or of all others (`*`), where they do not say themselves.
    #[serde(default)]
    pub class_describe_options: BTreeMap<String, DescribeSwitch>,
}

impl DescribeDataObjects {
    /// What to answer of an object: its own options, else those of its class, else those of `*`. None for the default
    /// fields.
    #[must_use]
    pub fn fields<'a>(&'a self, object: &'a DescribeObject, class: Class) -> Option<&'a Fields> {
        let of = |class: &str| self.class_describe_options.get(class).and_then(DescribeSwitch::fields);
        object.describe.fields().or_else(|| of(class.as_str())).or_else(|| of("*"))
    }
}

/// One object of a bulk describe: an id, or `{id, describe}`.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeObject {
    /// The id as it was sent; one that cannot be an object's is an error of its own among the results.
    pub id: String,
    /// What to answer of it.
    pub describe: DescribeSwitch,
}

/// An object and what to answer of it.
#[derive(Deserialize, JsonSchema)]
#[schemars(inline)]
struct Long {
    /// The id of a data object.
    id: String,
    /// Which fields to answer.
    #[serde(default)]
    describe: DescribeSwitch,
}

impl<'de> Deserialize<'de> for DescribeObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = DescribeObject;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "the id of an object, or a hash with \"id\" and \"describe\"")
            }

            fn visit_str<E: Error>(self, id: &str) -> Result<DescribeObject, E> {
                Ok(DescribeObject { id: id.to_owned(), describe: DescribeSwitch::default() })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<DescribeObject, A::Error> {
                let Long { id, describe } = Long::deserialize(MapAccessDeserializer::new(map))?;
                Ok(DescribeObject { id, describe })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for DescribeObject {
    fn schema_name() -> Cow<'static, str> {
        "DescribeObject".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "string", "description": "The id of a data object." },
            generator.subschema_for::<Long>(),
        ] })
    }
}

/// Answer of `/system/describeDataObjects`, parallel to the objects asked for.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ObjectDescriptions {
    /// One entry per object.
    pub results: Vec<ObjectResult>,
}

/// What became of one object of a bulk describe.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum ObjectResult {
    /// It is described.
    Described {
        /// As its own describe call would answer.
        #[schemars(with = "ObjectDescription")]
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

impl From<ApiError> for ObjectResult {
    fn from(error: ApiError) -> Self {
        let status_code = error.kind.status();
        let error = error.to_json().get_mut("error").map_or(Value::Null, Value::take);
        Self::Failed { error, status_code }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::ErrorType;
    use crate::json::decode;

    #[test]
    fn the_nearest_options_win() {
        let input: DescribeDataObjects = decode(json!({
            "objects": ["file-1", { "id": "file-2", "describe": { "fields": { "size": true } } }, { "id": "x", "describe": true }],
            "classDescribeOptions": { "file": { "fields": { "name": true } }, "*": { "fields": { "tags": true } } },
        }))
        .unwrap();
        let wanted = |object: usize, class: Class, field: &str| {
            input.fields(&input.objects[object], class).is_some_and(|fields| fields.wants(field, false))
        };
        assert!(wanted(0, Class::File, "name") && !wanted(0, Class::File, "tags"));
        assert!(wanted(0, Class::Record, "tags") && !wanted(0, Class::Record, "name"));
        assert!(wanted(1, Class::File, "size") && !wanted(1, Class::File, "name"));
        let defaults = input.fields(&input.objects[2], Class::File).unwrap();
        assert!(defaults.wants("name", true) && !defaults.wants("name", false));
        let none: DescribeDataObjects = decode(json!({ "objects": ["file-1"] })).unwrap();
        assert_eq!(none.fields(&none.objects[0], Class::File), None);
    }

    #[test]
    fn what_is_no_object_is_refused_with_its_place() {
        for bad in [json!(1), json!({}), json!({ "id": 1 }), json!({ "id": "x", "describe": 1 })] {
            let error = decode::<DescribeDataObjects>(json!({ "objects": ["a", bad] })).unwrap_err();
            assert!(error.message.contains("objects[1]"), "{}", error.message);
        }
        let many: Vec<_> = (0..=MAX_OBJECTS).map(|n| n.to_string()).collect();
        assert!(decode::<DescribeDataObjects>(json!({ "objects": many })).is_err());
    }

    #[test]
    fn a_failure_is_written_as_clients_read_it() {
        let failed = ObjectResult::from(ApiError::new(ErrorType::ResourceNotFound, "gone"));
        assert_eq!(
            serde_json::to_value(failed).unwrap(),
            json!({ "error": { "type": "ResourceNotFound", "message": "gone" }, "statusCode": 404 })
        );
    }
}
