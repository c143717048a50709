//! What the specifications of executables are made of: hashes with known keys, and hashes by entry point.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::text::SpecWord;

/// Most entries of one list or hash in a specification; the limit is ours.
pub const MAX_ENTRIES: usize = 1000;

/// Hashes with known keys, written as they were read: a key that was not given is not there.
macro_rules! specs {
    ($($(#[$attribute:meta])* $name:ident = $text:literal {
        $(needs { $($(#[$about:meta])* $needed:ident: $needed_type:ty,)* })?
        $(may { $($(#[$also:meta])* $optional:ident: $optional_type:ty,)* })?
    })+) => {$(
        #[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        $(#[$attribute])*
        #[serde(remote = "Self")]
        #[schemars(rename = $text)]
        pub struct $name {
            $($($(#[$about])* pub $needed: $needed_type,)*)?
            $($(
                $(#[$also])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $optional: Option<$optional_type>,
            )*)?
        }

        crate::json::hashes!($name);

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                <$name>::serialize(self, serializer)
            }
        }
    )+};
}

pub(crate) use specs;

/// A hash with checked keys, at most [`MAX_ENTRIES`] of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Keyed<K, V>(BTreeMap<K, V>);

/// Something for each entry point; `*` stands for all that are not named.
pub type ByEntryPoint<V> = Keyed<SpecWord, V>;

impl<K, V> Default for Keyed<K, V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K, V> Deref for Keyed<K, V> {
    type Target = BTreeMap<K, V>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Deserialize<'de> for Keyed<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<K, V>(PhantomData<(K, V)>);
        impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Visitor<'de> for Entries<K, V> {
            type Value = Keyed<K, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a hash")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut map = BTreeMap::new();
                while let Some((key, value)) = entries.next_entry()? {
                    map.insert(key, value);
                    if map.len() > MAX_ENTRIES {
                        return Err(A::Error::custom(format!("it has more than {MAX_ENTRIES} keys")));
                    }
                }
                Ok(Keyed(map))
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

impl<K: JsonSchema, V: JsonSchema> JsonSchema for Keyed<K, V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("{}By{}", V::schema_name(), K::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "propertyNames": generator.subschema_for::<K>(),
            "additionalProperties": generator.subschema_for::<V>(),
            "maxProperties": MAX_ENTRIES,
        })
    }
}
