//! The simpler filters: words, lists, time ranges and scope.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{SeqAccessDeserializer, StrDeserializer};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::Class;
use crate::folder::FolderPath;
use crate::id::ContainerId;
use crate::json::hashes;
use crate::metadata::List;
use crate::time::Millis;
use crate::word::{Word, read_word, word_impls, word_list, words};

words! {
    /// How far a data object has come; it never goes back (data 5).
    ObjectState { Open => "open", Closing => "closing", Closed => "closed" }
    /// Where the bytes of a copy of a file lie (data 8.4).
    ArchivalState { Live => "live", Archival => "archival", Archived => "archived", Unarchiving => "unarchiving" }
    /// The filter by visibility; `visible` unless told otherwise.
    #[derive(Default)]
    Visibility { #[default] Visible => "visible", Hidden => "hidden", Either => "either" }
    /// What a search can be sorted by.
    SortField { Created => "created" }
    /// What executions are.
    ExecutionClass { Job => "job", Analysis => "analysis" }
    /// How far an execution has come: all states of jobs and of analyses (dx-client 9).
    ExecutionState {
        Idle => "idle", WaitingOnInput => "waiting_on_input", Runnable => "runnable", Running => "running",
        WaitingOnOutput => "waiting_on_output", Done => "done", DebugHold => "debug_hold",
        Restartable => "restartable", Restarted => "restarted", Failed => "failed", Terminating => "terminating",
        Terminated => "terminated", InProgress => "in_progress", PartiallyFailed => "partially_failed"
    }
    /// Which end comes first.
    Ordering { Ascending => "ascending", Descending => "descending" }
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

/// The filter by state.
pub type StateQuery = AnyOr<ObjectState>;
/// The filter by archival state.
pub type ArchivalQuery = AnyOr<ArchivalState>;

impl Visibility {
    /// Whether an object passes the filter.
    #[must_use]
    pub fn matches(self, hidden: bool) -> bool {
        match self {
            Self::Visible => !hidden,
            Self::Hidden => hidden,
            Self::Either => true,
        }
    }
}

/// The class of a data object, as the filter by class takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ObjectClass(Class);

impl ObjectClass {
    /// The class, one of those that lie in folders.
    #[must_use]
    pub fn get(self) -> Class {
        self.0
    }
}

impl Word for ObjectClass {
    fn all() -> &'static [Self] {
        const ALL: &[ObjectClass] = &[
            ObjectClass(Class::Record),
            ObjectClass(Class::File),
            ObjectClass(Class::Applet),
            ObjectClass(Class::Workflow),
            ObjectClass(Class::Database),
            ObjectClass(Class::Dbcluster),
        ];
        ALL
    }

    fn as_str(self) -> &'static str {
        self.0.as_str()
    }
}

word_impls!(ObjectClass);

/// Most values of a [`OneOrMany`].
pub const MAX_CHOICES: usize = 1000;

/// One value, or an array of at most [`MAX_CHOICES`] of which one must fit; an empty array fits nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneOrMany<T>(Vec<T>);

impl<T> Deref for OneOrMany<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = OneOrMany<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a string or an array of strings")
            }

            fn visit_str<E: Error>(self, one: &str) -> Result<Self::Value, E> {
                T::deserialize(StrDeserializer::new(one)).map(|one| OneOrMany(vec![one]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, many: A) -> Result<Self::Value, A::Error> {
                let many = List::<T, MAX_CHOICES>::deserialize(SeqAccessDeserializer::new(many))?;
                Ok(OneOrMany(many.into_vec()))
            }
        }
        deserializer.deserialize_any(Either(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("OneOrMany{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one, "maxItems": MAX_CHOICES }] })
    }
}

/// A range of times, both ends included; an absent end is open. Negative times mean "before now".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "TimeRange")]
pub struct TimeRange {
    /// The earliest time that passes.
    pub after: Option<Millis>,
    /// The latest time that passes.
    pub before: Option<Millis>,
}

impl TimeRange {
    /// The same range with both ends counted from the epoch.
    #[must_use]
    pub fn relative_to(self, now: Millis) -> Self {
        let resolve = |end: Option<Millis>| end.map(|end| end.relative_to(now));
        Self { after: resolve(self.after), before: resolve(self.before) }
    }

    /// Whether a time lies in the range, whose ends must already count from the epoch.
    #[must_use]
    pub fn matches(self, time: Millis) -> bool {
        self.after.is_none_or(|after| after <= time) && self.before.is_none_or(|before| time <= before)
    }
}

/// Where to search: in one container, there at or below a folder. Without `project`, everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "ScopeInput")]
pub struct ScopeQuery {
    /// The container; absent: every container the caller may search.
    pub project: Option<ContainerId>,
    /// The folder; absent: the root. Never given without `project`.
    pub folder: Option<FolderPath>,
    /// Whether folders below count too.
    pub recurse: bool,
}

/// Where to search: in one container, there at or below a folder. Without `project`, everywhere.
#[derive(Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "ScopeQuery")]
#[schemars(extend("anyOf" = [
    { "properties": { "folder": { "type": "null" } } },
    { "properties": { "project": { "type": "string" } }, "required": ["project"] },
]))]
struct ScopeInput {
    /// The container; absent: every container the caller may search.
    project: Option<ContainerId>,
    /// The folder; absent: the root. Needs a `project` beside it.
    folder: Option<FolderPath>,
    /// Whether folders below count too; true when absent.
    recurse: Option<bool>,
}

hashes!(ScopeInput, TimeRange, SortBy);

impl TryFrom<ScopeInput> for ScopeQuery {
    type Error = &'static str;

    fn try_from(ScopeInput { project, folder, recurse }: ScopeInput) -> Result<Self, Self::Error> {
        if folder.is_some() && project.is_none() {
            return Err("a \"folder\" needs a \"project\" beside it");
        }
        Ok(Self { project, folder, recurse: recurse.unwrap_or(true) })
    }
}

impl Default for ScopeQuery {
    fn default() -> Self {
        Self { project: None, folder: None, recurse: true }
    }
}

impl ScopeQuery {
    /// Whether a copy in this folder of this container lies in the scope.
    #[must_use]
    pub fn matches(&self, container: &ContainerId, folder: &FolderPath) -> bool {
        let Some(project) = &self.project else { return true };
        let top = self.folder.clone().unwrap_or_default();
        project == container && (top == *folder || (self.recurse && top.is_ancestor_of(folder)))
    }
}

/// How the results of a search are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "SortBy")]
pub struct SortBy {
    /// What to compare.
    pub field: SortField,
    /// Which end comes first.
    pub ordering: Ordering,
}

#[cfg(test)]
mod tests;
