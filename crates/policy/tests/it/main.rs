//! The rules of access, tested from outside: stories, a second model, properties, and the printed policy table.

#![expect(clippy::expect_used, reason = "a test whose world cannot be built shall fail")]

mod allocation;
mod exhaustive;
mod management;
mod naive;
mod properties;
mod random;
mod stories;
mod table;
mod worlds;
