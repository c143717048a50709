//! Filters that may be nested with `$and` and `$or`: by tag, by type, by property.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::json::kind_of;
use crate::text::{NO_NUL, TextError, shortened, without_nul};

/// Deepest nesting of `$and` and `$or`.
pub const MAX_DEPTH: usize = 16;
/// Most terms and operators together in one filter.
pub const MAX_TERMS: usize = 1000;

/// Terms joined by `$and` and `$or`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Logic<T> {
    /// One condition.
    Term(T),
    /// `$and`: every part holds. True without parts.
    All(Vec<Self>),
    /// `$or`: at least one part holds. False without parts.
    Any(Vec<Self>),
}

impl<T> Logic<T> {
    /// How many terms there are.
    #[must_use]
    pub fn terms(&self) -> usize {
        match self {
            Self::Term(_) => 1,
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::terms).sum(),
        }
    }

    /// Whether the whole holds, given what holds for each term.
    pub fn holds(&self, term: &impl Fn(&T) -> bool) -> bool {
        match self {
            Self::Term(one) => term(one),
            Self::All(parts) => parts.iter().all(|part| part.holds(term)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(term)),
        }
    }
}

/// Reads the operators; what is no operator goes to `leaf`. Counts what it makes down from [`MAX_TERMS`].
struct Reader<T> {
    left: usize,
    leaf: fn(&mut Self, Value) -> Result<Logic<T>, TextError>,
}

impl<T> Reader<T> {
    fn read(
        value: Value,
        leaf: fn(&mut Self, Value) -> Result<Logic<T>, TextError>,
    ) -> Result<Logic<T>, TextError> {
        Self { left: MAX_TERMS, leaf }.part(value, 0)
    }

    fn part(&mut self, value: Value, depth: usize) -> Result<Logic<T>, TextError> {
        let mut hash = match value {
            Value::Object(hash) if hash.contains_key("$and") || hash.contains_key("$or") => hash,
            other => return (self.leaf)(self, other),
        };
        self.count()?;
        if depth == MAX_DEPTH {
            return Err(TextError::new(format!("\"$and\" and \"$or\" may be nested {MAX_DEPTH} deep")));
        }
        if hash.len() > 1 {
            return Err(TextError::new("\"$and\" or \"$or\" must be the only key of its hash"));
        }
        let is_and = hash.contains_key("$and");
        match hash.remove(if is_and { "$and" } else { "$or" }) {
            Some(Value::Array(parts)) => {
                let parts = parts.into_iter().map(|part| self.part(part, depth + 1));
                let parts = parts.collect::<Result<Vec<_>, _>>()?;
                Ok(if is_and { Logic::All(parts) } else { Logic::Any(parts) })
            }
            other => Err(TextError::new(format!(
                "\"$and\" and \"$or\" take an array, not {}",
                other.as_ref().map_or("nothing", kind_of)
            ))),
        }
    }

    fn count(&mut self) -> Result<(), TextError> {
        self.left = self
            .left
            .checked_sub(1)
            .ok_or_else(|| TextError::new(format!("a filter has at most {MAX_TERMS} terms")))?;
        Ok(())
    }
}

/// A word that must be among the tags or types of a result, or words joined by `$and` and `$or`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordQuery(pub Logic<String>);

/// The filter by tag.
pub type TagsQuery = WordQuery;
/// The filter by type.
pub type TypeQuery = WordQuery;

impl WordQuery {
    /// Whether a result with these words passes the filter.
    pub fn matches<S: AsRef<str>>(&self, words: &[S]) -> bool {
        self.0.holds(&|wanted| words.iter().any(|word| word.as_ref() == wanted))
    }
}

impl<'de> Deserialize<'de> for WordQuery {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        fn word(reader: &mut Reader<String>, value: Value) -> Result<Logic<String>, TextError> {
            reader.count()?;
            let Value::String(word) = value else {
                return Err(TextError::new(format!(
                    "expected a string or a hash with \"$and\" or \"$or\", not {}",
                    kind_of(&value)
                )));
            };
            without_nul(&word)?;
            Ok(Logic::Term(word))
        }
        let value = Value::deserialize(deserializer)?;
        Reader::read(value, word).map(Self).map_err(D::Error::custom)
    }
}

impl JsonSchema for WordQuery {
    fn schema_name() -> Cow<'static, str> {
        "WordQuery".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let word = json_schema!({ "type": "string", "pattern": NO_NUL });
        with_operators(&generator.subschema_for::<Self>(), &word)
    }
}

/// The filter by property: `{key: test, …}`, of which all must hold, or such hashes joined by `$and` and `$or`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertiesQuery(pub Logic<PropertyTerm>);

/// One condition on one property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyTerm {
    /// The key of the property.
    pub key: String,
    /// What must be true of it.
    pub test: PropertyTest,
}

/// What must be true of a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PropertyTest {
    /// `"text"`: it has this value.
    Equals(String),
    /// `{"$ne": "text"}`: it is there and has another value.
    Differs(String),
    /// `true`: it is there.
    Present,
    /// `false`: it is not there.
    Absent,
}

impl PropertyTest {
    /// Whether a property passes; `None` is a property that is not there.
    #[must_use]
    pub fn matches(&self, value: Option<&str>) -> bool {
        match self {
            Self::Equals(wanted) => value == Some(wanted.as_str()),
            Self::Differs(unwanted) => value.is_some_and(|value| value != unwanted),
            Self::Present => value.is_some(),
            Self::Absent => value.is_none(),
        }
    }

    fn read(key: &str, value: Value) -> Result<Self, TextError> {
        let text = |text: String| without_nul(&text).map(|()| text);
        match value {
            Value::String(wanted) => Ok(Self::Equals(text(wanted)?)),
            Value::Bool(true) => Ok(Self::Present),
            Value::Bool(false) => Ok(Self::Absent),
            Value::Object(mut hash) if hash.len() == 1 => match hash.remove("$ne") {
                Some(Value::String(unwanted)) => Ok(Self::Differs(text(unwanted)?)),
                _ => Err(Self::refusal(key)),
            },
            _ => Err(Self::refusal(key)),
        }
    }

    fn refusal(key: &str) -> TextError {
        let key = shortened(key);
        TextError::new(format!(
            "expected a string, true, false or {{\"$ne\": string}} for property \"{key}\""
        ))
    }
}

impl PropertiesQuery {
    /// Whether a result passes the filter; `property` gives the value of a key.
    pub fn matches<'a>(&self, property: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.0.holds(&|term| term.test.matches(property(&term.key)))
    }
}

impl<'de> Deserialize<'de> for PropertiesQuery {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        fn tests(reader: &mut Reader<PropertyTerm>, value: Value) -> Result<Logic<PropertyTerm>, TextError> {
            let Value::Object(hash) = value else {
                return Err(TextError::new(format!(
                    "expected a hash of properties, not {}",
                    kind_of(&value)
                )));
            };
            reader.count()?;
            let mut terms = Vec::with_capacity(hash.len().min(reader.left));
            for (key, value) in hash {
                reader.count()?;
                without_nul(&key)?;
                let test = PropertyTest::read(&key, value)?;
                terms.push(Logic::Term(PropertyTerm { key, test }));
            }
            Ok(Logic::All(terms))
        }
        let value = Value::deserialize(deserializer)?;
        Reader::read(value, tests).map(Self).map_err(D::Error::custom)
    }
}

impl JsonSchema for PropertiesQuery {
    fn schema_name() -> Cow<'static, str> {
        "PropertiesQuery".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let test = json_schema!({ "anyOf": [
            { "type": "boolean", "description": "Whether there is such a property." },
            { "type": "string", "pattern": NO_NUL, "description": "It has this value." },
            {
                "type": "object",
                "properties": { "$ne": { "type": "string", "pattern": NO_NUL } },
                "required": ["$ne"],
                "additionalProperties": false,
                "description": "It is there and has another value.",
            },
        ] });
        let tests = json_schema!({
            "type": "object",
            "propertyNames": { "pattern": NO_NUL, "not": { "enum": ["$and", "$or"] } },
            "additionalProperties": test,
            "maxProperties": MAX_TERMS - 1,
        });
        with_operators(&generator.subschema_for::<Self>(), &tests)
    }
}

fn with_operators(whole: &Schema, leaf: &Schema) -> Schema {
    // The operator itself counts as a term.
    let parts = json_schema!({ "type": "array", "items": whole, "maxItems": MAX_TERMS - 1 });
    let operator = |name: &str| {
        json_schema!({
            "type": "object",
            "properties": { name: parts },
            "required": [name],
            "additionalProperties": false,
        })
    };
    json_schema!({
        "anyOf": [leaf, operator("$and"), operator("$or")],
        "description": format!(
            "A condition, or conditions joined by `$and` and `$or`: at most {MAX_TERMS} in all, nested at most {MAX_DEPTH} deep."
        ),
    })
}

#[cfg(test)]
mod tests;
