//! Which fields a describe call answers (contract: data 9, dx-client 5).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::ApiError;
use crate::answer::Described;
use crate::id::{ContainerId, Id};
use crate::json::invalid_value;
use crate::text::shortened;

/// The input of a describe call.
///
/// With `fields`, these alone are answered, and the default ones too where `defaultFields` is true. Without it the
/// default ones are, and each top-level key that is true adds the field of its name: the older spelling, still
/// used by clients. Top-level keys that are no booleans, and names of fields that do not exist, are ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    listed: Option<BTreeMap<String, bool>>,
    switches: BTreeMap<String, bool>,
    defaults: bool,
    project: Option<String>,
}

impl Default for Fields {
    fn default() -> Self {
        Self { listed: None, switches: BTreeMap::new(), defaults: true, project: None }
    }
}

impl Fields {
    /// These fields and no others, as `{"fields": {name: true, …}}` asks for.
    pub fn only<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let listed = names.into_iter().map(|name| (name.to_owned(), true)).collect();
        Self { listed: Some(listed), defaults: false, ..Self::default() }
    }

    /// The default fields and these.
    pub fn default_and<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self { defaults: true, ..Self::only(names) }
    }

    /// Whether to answer a field; `in_default` says whether it belongs to the default set of its class.
    /// `id` is always answered.
    #[must_use]
    pub fn wants(&self, name: &str, in_default: bool) -> bool {
        let by_default = self.defaults && in_default;
        match &self.listed {
            _ if name == "id" => true,
            Some(listed) => listed.get(name).copied().unwrap_or(by_default),
            None => by_default || self.switch(name) == Some(true),
        }
    }

    /// A boolean at the top level of the input, for switches that are not fields, such as `io`.
    #[must_use]
    pub fn switch(&self, name: &str) -> Option<bool> {
        self.switches.get(name).copied()
    }

    /// The container whose copy of the object is meant, when the caller gave one.
    ///
    /// # Errors
    /// `InvalidInput` when the hint is not the id of a project or container; the client then asks again without it.
    pub fn project_hint(&self) -> Result<Option<ContainerId>, ApiError> {
        let Some(hint) = &self.project else { return Ok(None) };
        ContainerId::parse(hint).map(Some).ok_or_else(|| {
            invalid_value(
                "project",
                &format!("\"{}\" is not the id of a project or container", shortened(hint)),
            )
        })
    }
}

/// Which fields to answer.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct FieldsInput {
    /// Name of a field to whether it is answered.
    fields: Option<BTreeMap<String, bool>>,
    /// Whether the default fields are answered too; true when `fields` is absent.
    default_fields: Option<bool>,
    /// Which copy is meant: the id of a project or container.
    project: Option<String>,
    /// Further fields by name, when true: an older spelling.
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let input = FieldsInput::deserialize(deserializer)?;
        let switches = input.others.into_iter().filter_map(|(name, value)| Some((name, value.as_bool()?)));
        Ok(Self {
            defaults: input.default_fields.unwrap_or(input.fields.is_none()),
            listed: input.fields,
            switches: switches.collect(),
            project: input.project,
        })
    }
}

impl JsonSchema for Fields {
    fn schema_name() -> Cow<'static, str> {
        "Fields".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        FieldsInput::json_schema(generator)
    }
}

/// The `describe` key of searches and lists: false (or absent), true, or a describe input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DescribeSwitch(Option<Fields>);

impl DescribeSwitch {
    /// The wanted fields; `None` when results are answered without description.
    #[must_use]
    pub fn fields(&self) -> Option<&Fields> {
        self.0.as_ref()
    }
}

impl From<Option<Fields>> for DescribeSwitch {
    fn from(fields: Option<Fields>) -> Self {
        Self(fields)
    }
}

impl<'de> Deserialize<'de> for DescribeSwitch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Switch;
        impl<'de> Visitor<'de> for Switch {
            type Value = DescribeSwitch;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "true, false or a hash that says which fields to answer")
            }

            fn visit_bool<E: Error>(self, on: bool) -> Result<DescribeSwitch, E> {
                Ok(DescribeSwitch(on.then(Fields::default)))
            }

            fn visit_unit<E: Error>(self) -> Result<DescribeSwitch, E> {
                Ok(DescribeSwitch(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<DescribeSwitch, A::Error> {
                Fields::deserialize(MapAccessDeserializer::new(map))
                    .map(|fields| DescribeSwitch(Some(fields)))
            }
        }
        deserializer.deserialize_any(Switch)
    }
}

impl JsonSchema for DescribeSwitch {
    fn schema_name() -> Cow<'static, str> {
        "DescribeSwitch".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": ["boolean", "null"] }, generator.subschema_for::<Fields>()] })
    }
}

/// Builds the answer of a describe call: each field is computed only when it is wanted. No name is put twice.
pub struct Description<'a> {
    fields: &'a Fields,
    /// A hash without its closing brace.
    text: String,
}

impl<'a> Description<'a> {
    /// Starts with the id, which is always answered.
    #[must_use]
    pub fn new(fields: &'a Fields, id: &Id) -> Self {
        Self { fields, text: format!("{{\"id\":{}", Value::from(id.as_str())) }
    }

    /// A field of the default set.
    pub fn by_default<V: Into<Value>>(&mut self, name: &str, value: impl FnOnce() -> V) -> &mut Self {
        self.put(name, true, value)
    }

    /// A field that is answered only when asked for.
    pub fn on_request<V: Into<Value>>(&mut self, name: &str, value: impl FnOnce() -> V) -> &mut Self {
        self.put(name, false, value)
    }

    /// A field whose place in the default set depends on the entity, such as `parts` of an open file.
    pub fn put<V: Into<Value>>(
        &mut self,
        name: &str,
        in_default: bool,
        value: impl FnOnce() -> V,
    ) -> &mut Self {
        if self.fields.wants(name, in_default) {
            self.insert(name, &value().into().to_string());
        }
        self
    }

    /// As [`Description::put`], of what is JSON text already.
    pub fn put_text(&mut self, name: &str, in_default: bool, value: &RawValue) -> &mut Self {
        if self.fields.wants(name, in_default) {
            self.insert(name, value.get());
        }
        self
    }

    fn insert(&mut self, name: &str, value: &str) {
        for piece in [",", &Value::from(name).to_string(), ":", value] {
            self.text.push_str(piece);
        }
    }

    /// The finished answer.
    #[must_use]
    pub fn finish(mut self) -> Described {
        self.text.push('}');
        Described::of_text(self.text)
    }
}

#[cfg(test)]
mod tests;
