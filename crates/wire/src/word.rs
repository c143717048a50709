//! Closed sets of words, such as the levels of access or the states of an object.
//!
//! What serde derives for an enum also takes a hash with the word as its key. These types take the word alone, as
//! their schema says.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::{Error, Visitor};

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

pub(crate) fn word_list<T: Word>() -> Vec<&'static str> {
    T::all().iter().map(|value| value.as_str()).collect()
}

/// Reads a string that must be one of `words`.
pub(crate) fn read_word<'de, D: Deserializer<'de>, T>(
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
                use crate::word;
                word::read_word(deserializer, &word::word_list::<Self>(), <Self as word::Word>::parse)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(crate::word::Word::as_str(*self))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(crate::word::Word::as_str(*self))
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": crate::word::word_list::<Self>() })
            }
        }
    };
}

/// Enums that are words.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident => $word:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "the names are the contract's own")]
        pub enum $name { $($(#[$about])* $variant),+ }

        impl crate::word::Word for $name {
            fn all() -> &'static [Self] {
                &[$(Self::$variant),+]
            }

            fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        crate::word::word_impls!($name);
    )+};
}

pub(crate) use {word_impls, words};
