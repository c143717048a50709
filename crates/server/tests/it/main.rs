//! The server, tested as its users meet it: over HTTP, on a database of its own.

#![allow(unreachable_pub, reason = "a test program has no outside")]
#![allow(dead_code, reason = "the world offers what any test may want")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what a failing test says helps to find why")]

mod accounts;
mod archive;
mod audit;
mod backup;
mod browser;
mod browsers;
mod clone;
mod connection;
mod faults;
mod files;
mod find_projects;
mod fixture;
mod folders;
mod hostile;
mod limits;
mod long;
mod matrix;
mod members;
mod objects;
mod operation;
mod orgs;
mod passed_by;
mod projects;
mod races;
mod raw;
mod remove;
mod search;
mod things;
mod tree;
mod wait;
mod web;
mod world;
