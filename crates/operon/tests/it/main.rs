//! The program as people start it.

mod demo;
mod newcomer;
mod program;
mod readme;
mod shell;
