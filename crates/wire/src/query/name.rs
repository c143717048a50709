//! The filter by name.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::glob::MAX_GLOB_BYTES;
use super::{Glob, MAX_PATTERN_BYTES, Regexp};
use crate::text::{NO_NUL, text_schema, without_nul};

/// `"text"` (this very name), `{"glob": …}` (the whole name) or `{"regexp": …, "flags"?: "i"}` (anywhere in it).
#[derive(Debug, Clone, PartialEq)]
pub enum NameQuery {
    /// This very name.
    Exact(String),
    /// A glob pattern for the whole name.
    Glob(Glob),
    /// A regular expression found anywhere in the name.
    Regexp(Regexp),
}

impl NameQuery {
    /// Whether a name passes the filter.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == name,
            Self::Glob(glob) => glob.matches(name),
            Self::Regexp(regexp) => regexp.matches(name),
        }
    }

    /// The one name that can match, also when a glob without `*` and `?` says so.
    #[must_use]
    pub fn as_exact(&self) -> Option<&str> {
        match self {
            Self::Exact(exact) => Some(exact),
            Self::Glob(glob) => glob.as_exact(),
            Self::Regexp(_) => None,
        }
    }

    /// What every matching name starts with, for a range of an index; may be empty.
    #[must_use]
    pub fn literal_prefix(&self) -> Cow<'_, str> {
        match self {
            Self::Exact(exact) => Cow::Borrowed(exact),
            Self::Glob(glob) => Cow::Borrowed(glob.literal_prefix()),
            Self::Regexp(regexp) => Cow::Owned(regexp.literal_prefix()),
        }
    }
}

impl<'de> Deserialize<'de> for NameQuery {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Pattern {
            glob: Option<String>,
            regexp: Option<String>,
            flags: Option<String>,
        }
        struct Name;
        impl<'de> Visitor<'de> for Name {
            type Value = NameQuery;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a name, {{\"glob\": …}} or {{\"regexp\": …}}")
            }

            fn visit_str<E: Error>(self, exact: &str) -> Result<NameQuery, E> {
                without_nul(exact).map_err(E::custom)?;
                Ok(NameQuery::Exact(exact.into()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<NameQuery, A::Error> {
                let pattern = Pattern::deserialize(MapAccessDeserializer::new(map))?;
                match (pattern.glob, pattern.regexp) {
                    (Some(glob), None) => Glob::parse(&glob).map(NameQuery::Glob).map_err(A::Error::custom),
                    (None, Some(regexp)) => {
                        Regexp::new(&regexp, pattern.flags.as_deref().unwrap_or_default())
                            .map(NameQuery::Regexp)
                            .map_err(A::Error::custom)
                    }
                    _ => Err(A::Error::custom("expected exactly one of \"glob\" and \"regexp\" in the hash")),
                }
            }
        }
        deserializer.deserialize_any(Name)
    }
}

impl JsonSchema for NameQuery {
    fn schema_name() -> Cow<'static, str> {
        "NameQuery".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let regexp = text_schema(0, MAX_PATTERN_BYTES, NO_NUL);
        json_schema!({ "anyOf": [
            { "type": "string", "pattern": NO_NUL, "description": "This very name." },
            {
                "type": "object",
                "properties": {
                    "glob": text_schema(0, MAX_GLOB_BYTES, NO_NUL),
                    "regexp": { "type": "null" },
                    "flags": { "type": ["string", "null"] },
                },
                "required": ["glob"],
                "description": "A glob pattern for the whole name.",
            },
            {
                "type": "object",
                "properties": {
                    "regexp": { "allOf": [regexp, { "format": "regex" }] },
                    "glob": { "type": "null" },
                    "flags": { "type": ["string", "null"], "pattern": "^i*$" },
                },
                "required": ["regexp"],
                "description": "A regular expression found anywhere in the name, without look-around and back-references; the flag `i` ignores letter case.",
            },
        ] })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn three_forms() {
        let query = |value| from_value::<NameQuery>(value).unwrap();
        assert!(query(json!("a*")).matches("a*") && !query(json!("a*")).matches("ab"));
        assert!(query(json!({"glob": "a*"})).matches("ab") && !query(json!({"glob": "a"})).matches("ab"));
        assert!(query(json!({"regexp": "B", "flags": "i"})).matches("ab"));
        assert!(!query(json!({"regexp": "B"})).matches("ab"));
        assert_eq!(query(json!({"glob": r"a\*"})).as_exact(), Some("a*"));
        assert_eq!(query(json!({"regexp": "^ab?"})).literal_prefix(), "a");
    }

    #[test]
    fn other_forms_are_refused() {
        for bad in [
            json!(1),
            json!([]),
            json!({}),
            json!({"glob": "a", "regexp": "a"}),
            json!({"glob": 1}),
            json!("a\0"),
            json!({"regexp": "a", "flags": 1}),
            json!({"regexp": "(?=a)"}),
        ] {
            assert!(from_value::<NameQuery>(bad.clone()).is_err(), "{bad}");
        }
    }
}
