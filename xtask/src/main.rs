//! Chores of this repository: `cargo xtask <chore>`.
//!
//! Everything a person or the gate does beyond plain `cargo` is here, so that there is one way to do it.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a tool for the terminal: it prints, reads the environment and takes the time of its steps"
)]

mod api_suite;
mod bench;
mod demo;
mod dx_suite;
mod picture;
mod repo;
mod server;
mod setup;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::repo::Repo;

/// Chores of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Install or check what the tests need.
    Setup,
    /// Check the rules of this repository.
    Tidy,
    /// Prepare with `setup`, then run every suite.
    Test(test::Options),
    /// Build the release and run the demonstration on real data.
    Demo(demo::Options),
    /// Measure a release build against its targets.
    Bench(bench::Options),
    /// Draw what the demonstration prints, for the README.
    Picture,
    /// Run the test-suite of the public `dx` client against a server of its own.
    DxSuite(dx_suite::Options),
}

fn main() -> ExitCode {
    match run(&Cli::parse().chore) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(chore: &Chore) -> Result<()> {
    let repo = Repo::find()?;
    match chore {
        Chore::Setup => setup::run(&repo),
        Chore::Tidy => tidy::run(&repo),
        Chore::Test(options) => test::run(&repo, options),
        Chore::Demo(options) => demo::run(&repo, options),
        Chore::Bench(options) => bench::run(&repo, options),
        Chore::Picture => picture::run(&repo),
        Chore::DxSuite(options) => dx_suite::run(&repo, options),
    }
}
