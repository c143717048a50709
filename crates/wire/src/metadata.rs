//! Bounded lists and the metadata made of them: tags, types and properties (contract: data 5 and 6).

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::text::{PropertyKey, PropertyValue, Tag, TextError, TypeName};

/// Most tags, types or properties in one call; the limit is ours.
pub const MAX_METADATA_ITEMS: usize = 1000;
/// Most bytes of all tags together, of all types, and of all properties with their keys, that one thing has; the limit is
/// ours.
pub const MAX_METADATA_BYTES: usize = 64 << 10;

/// A list with at most `MAX` items. Reading stops at the first item too many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct List<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> List<T, MAX> {
    /// The items in the order they were sent.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MAX: usize> Deref for List<T, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T, const MAX: usize> TryFrom<Vec<T>> for List<T, MAX> {
    type Error = TextError;

    fn try_from(items: Vec<T>) -> Result<Self, TextError> {
        if items.len() > MAX { Err(TextError::new(too_many(MAX))) } else { Ok(Self(items)) }
    }
}

fn too_many(max: usize) -> String {
    format!("it has more than {max} items; split the call")
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for List<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<T, const MAX: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Items<T, MAX> {
            type Value = List<T, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    if list.len() == MAX {
                        return Err(A::Error::custom(too_many(MAX)));
                    }
                    list.push(item);
                }
                Ok(List(list))
            }
        }
        deserializer.deserialize_seq(Items(PhantomData))
    }
}

impl<T: JsonSchema, const MAX: usize> JsonSchema for List<T, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("ListOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": generator.subschema_for::<T>(), "maxItems": MAX })
    }
}

/// Tags in the order of first mention, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "List<Tag, MAX_METADATA_ITEMS>")]
pub struct Tags(Vec<Tag>);

impl From<List<Tag, MAX_METADATA_ITEMS>> for Tags {
    fn from(tags: List<Tag, MAX_METADATA_ITEMS>) -> Self {
        Self(distinct(tags.into_vec()))
    }
}

impl Deref for Tags {
    type Target = [Tag];

    fn deref(&self) -> &[Tag] {
        &self.0
    }
}

/// Types in the order of first mention, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(with = "List<TypeName, MAX_METADATA_ITEMS>")]
pub struct TypeNames(Vec<TypeName>);

impl Deref for TypeNames {
    type Target = [TypeName];

    fn deref(&self) -> &[TypeName] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for TypeNames {
    /// Every error speaks of the list as a whole: clients look for its words (data 2.1).
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let refuse = |why: &dyn fmt::Display| {
            D::Error::custom(format!("it must be an array of valid strings for a type name ({why})"))
        };
        let names =
            List::<String, MAX_METADATA_ITEMS>::deserialize(deserializer).map_err(|why| refuse(&why))?;
        let names = names.into_vec().into_iter().map(TypeName::try_from).collect::<Result<Vec<_>, _>>();
        Ok(Self(distinct(names.map_err(|why| refuse(&why))?)))
    }
}

/// Keeps the first of equal items.
fn distinct<T: Clone + Eq + std::hash::Hash>(items: Vec<T>) -> Vec<T> {
    let mut seen = HashSet::new();
    items.into_iter().filter(|item| seen.insert(item.clone())).collect()
}

/// Properties as they shall be: key to value.
pub type Properties = PropertyMap<PropertyValue>;

/// Changes of properties: a value sets, null removes, keys that are not named stay.
pub type PropertyChanges = PropertyMap<Option<PropertyValue>>;

/// At most [`MAX_METADATA_ITEMS`] property keys with something each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PropertyMap<V>(BTreeMap<PropertyKey, V>);

impl<V> Default for PropertyMap<V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<V> Deref for PropertyMap<V> {
    type Target = BTreeMap<PropertyKey, V>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for PropertyMap<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<V>(PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for Entries<V> {
            type Value = PropertyMap<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a hash of property keys and values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut map = BTreeMap::new();
                while let Some(key) = entries.next_key::<String>()? {
                    let key = PropertyKey::try_from(key)
                        .map_err(|why| A::Error::custom(format!("as a property key {why}")))?;
                    map.insert(key, entries.next_value()?);
                    if map.len() > MAX_METADATA_ITEMS {
                        return Err(A::Error::custom(too_many(MAX_METADATA_ITEMS)));
                    }
                }
                Ok(PropertyMap(map))
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

impl<V: JsonSchema> JsonSchema for PropertyMap<V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("PropertyMapOf{}", V::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "propertyNames": generator.subschema_for::<PropertyKey>(),
            "additionalProperties": generator.subschema_for::<V>(),
            "maxProperties": MAX_METADATA_ITEMS,
        })
    }
}

#[cfg(test)]
mod tests;
