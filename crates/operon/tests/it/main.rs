//! The program as people start it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where something is not as it should be"
)]

mod demo;
mod newcomer;
mod program;
mod readme;
mod shell;
