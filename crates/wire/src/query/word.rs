//! Closed sets of words, such as the states of an object.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use crate::text::shortened;

/// A value that the wire writes as one of a few words.
pub trait Word: Copy + 'static {
    /// Every value.
    fn all() -> &'static [Self];

    /// The word of this value.
    fn as_str(self) -> &'static str;

    /// Reads a word.
    #[must_use]
    fn parse(word: &str) -> Option<Self> {
        Self::all().iter().copied().find(|value| value.as_str() == word)
    }
}

/// The filter `any`, which passes everything, or one of a few words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AnyOr<T> {
    /// Everything passes.
    #[default]
    Any,
    /// Only this passes.
    Only(T),
}

impl<T: Word> AnyOr<T> {
    fn words() -> Vec<&'static str> {
        word_list::<T>().into_iter().chain(["any"]).collect()
    }
}

impl<T: Word + PartialEq> AnyOr<T> {
    /// Whether a value passes the filter.
    #[must_use]
    pub fn matches(self, value: T) -> bool {
        match self {
            Self::Any => true,
            Self::Only(wanted) => wanted == value,
        }
    }
}

impl<'de, T: Word> Deserialize<'de> for AnyOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = |word: &str| if word == "any" { Some(Self::Any) } else { T::parse(word).map(Self::Only) };
        read_word(deserializer, &Self::words(), read)
    }
}

impl<T: Word> JsonSchema for AnyOr<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "AnyOr".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": Self::words() })
    }
}

pub(super) fn word_list<T: Word>() -> Vec<&'static str> {
    T::all().iter().map(|value| value.as_str()).collect()
}

/// Reads a string that must be one of `words`. A derived `Deserialize` of an enum would take a hash for a variant and
/// name the wrong key.
pub(super) fn read_word<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    words: &[&str],
    read: impl Fn(&str) -> Option<T>,
) -> Result<T, D::Error> {
    struct Text<'a, T, F>(&'a [&'a str], F, PhantomData<T>);
    impl<T, F: Fn(&str) -> Option<T>> Visitor<'_> for Text<'_, T, F> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "one of \"{}\"", self.0.join("\", \""))
        }

        fn visit_str<E: Error>(self, word: &str) -> Result<T, E> {
            (self.1)(word)
                .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(&shortened(word)), &self))
        }
    }
    deserializer.deserialize_any(Text(words, read, PhantomData))
}

/// `Deserialize`, `Serialize`, `Display` and `JsonSchema` for types that are words.
macro_rules! word_impls {
    ($name:ident) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use crate::query::word;
                word::read_word(deserializer, &word::word_list::<Self>(), <Self as word::Word>::parse)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(crate::query::word::Word::as_str(*self))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(crate::query::word::Word::as_str(*self))
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": crate::query::word::word_list::<Self>() })
            }
        }
    };
}

/// Enums that are words.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident => $word:literal),+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "the names are the contract's own")]
        pub enum $name { $($variant),+ }

        impl crate::query::word::Word for $name {
            fn all() -> &'static [Self] {
                &[$(Self::$variant),+]
            }

            fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        crate::query::word::word_impls!($name);
    )+};
}

pub(super) use {word_impls, words};
