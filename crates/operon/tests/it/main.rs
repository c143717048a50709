//! The program as people start it: processes, signals and the limits of the operating system.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where something is not as it should be"
)]
#![allow(clippy::disallowed_methods, reason = "tests of the program start it as a process")]

mod audit;
mod backup;
mod demo;
mod full_disk;
mod newcomer;
mod one_server;
mod program;
mod readme;
mod running;
mod shell;
