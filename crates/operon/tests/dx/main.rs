//! Everyday use of the newest public client, as a new user would type it.
//!
//! The commands and what they print are the client's; what is asserted is what a person reads.

#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests wait in real time, and what goes wrong in a helper fails the test and is shown"
)]

mod applets;
mod lab;
mod objects;
mod people;
mod sign_in;
mod thousand;
