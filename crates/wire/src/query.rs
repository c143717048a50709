//! The filters of searches (contract: data 10.1, identity-and-sharing 9).
//!
//! Each filter shows its structure, so that `store` can turn it into SQL, and has a `matches` that says what it
//! means: the reference for tests, and the filter itself where rows are scanned. Filters combine with AND; an absent
//! filter is `None` in the request and matches everything.

mod choice;
mod glob;
mod logic;
mod name;
mod regexp;

pub use choice::{
    AnyOr, ArchivalQuery, ArchivalState, ExecutionClass, ExecutionState, MAX_CHOICES, ObjectClass,
    ObjectState, OneOrMany, Ordering, ScopeQuery, SortBy, SortField, StateQuery, TimeRange, Visibility,
};
pub use glob::{Glob, GlobToken};
pub use logic::{
    Logic, MAX_DEPTH, MAX_TERMS, PropertiesQuery, PropertyTerm, PropertyTest, TagsQuery, TypeQuery, WordQuery,
};
pub use name::NameQuery;
pub use regexp::{MAX_PATTERN_BYTES, Regexp};
