//! `cargo xtask test`: prepare, then run every suite.
//!
//! A suite is a row of [`SUITES`]. Most tests are Rust tests and need no row of their own; a row is for what another
//! program must drive.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use crate::repo::{Repo, capture, run as run_command};
use crate::setup::{self, Tools};

/// Options of `cargo xtask test`.
#[derive(Args)]
pub(crate) struct Options {
    /// Run only these suites (see --list); give it several times for several.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// List the suites and stop.
    #[arg(long)]
    list: bool,
}

/// One suite: its name, what it proves in a few words, and what runs it.
struct Suite {
    name: &'static str,
    about: &'static str,
    run: fn(&Repo, &Tools) -> Result<()>,
}

/// Every suite, in the order in which they run.
const SUITES: &[Suite] = &[
    Suite { name: "rust", about: "every Rust test of the workspace", run: rust },
    Suite { name: "postgres", about: "the tests over HTTP once more, on PostgreSQL", run: postgres },
    Suite { name: "api", about: "requests made from the API description", run: crate::api_suite::run },
];

/// Prepares, runs the suites, and prints how long each took (for information only). One that fails does not hide what
/// the others find.
pub(crate) fn run(repo: &Repo, options: &Options) -> Result<()> {
    if options.list {
        for suite in SUITES {
            println!("{:<12} {}", suite.name, suite.about);
        }
        return Ok(());
    }
    let chosen = choose(SUITES, &options.only)?;
    let mut took: Vec<(&str, Duration)> = Vec::new();
    let tools = timed("setup", &mut took, || setup::prepare(repo))?;
    let mut failed = Vec::new();
    for suite in chosen {
        eprintln!("== {}: {}", suite.name, suite.about);
        if let Err(error) = timed(suite.name, &mut took, || (suite.run)(repo, &tools)) {
            eprintln!("the suite `{}` failed: {error:#}", suite.name);
            failed.push(suite.name);
        }
    }
    for (name, time) in &took {
        let outcome = if failed.contains(name) { "  failed" } else { "" };
        eprintln!("{name:<12} {:>7.1} s{outcome}", time.as_secs_f64());
    }
    ensure!(failed.is_empty(), "these suites failed: {}", failed.join(", "));
    Ok(())
}

/// The suites with these names, all when none is named; an unknown name is refused.
fn choose<'s>(suites: &'s [Suite], names: &[String]) -> Result<Vec<&'s Suite>> {
    if names.is_empty() {
        return Ok(suites.iter().collect());
    }
    let find = |name: &String| {
        let found = suites.iter().find(|suite| suite.name == name);
        found.with_context(|| format!("there is no suite `{name}`; `cargo xtask test --list` names them"))
    };
    names.iter().map(find).collect()
}

fn timed<'n, T>(
    name: &'n str,
    took: &mut Vec<(&'n str, Duration)>,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let start = Instant::now();
    let result = work();
    took.push((name, start.elapsed()));
    result
}

/// All Rust tests with every feature on.
fn rust(repo: &Repo, tools: &Tools) -> Result<()> {
    run_command(
        test_runner(repo).args(["--workspace", "--all-features", "--locked"]).envs(tools.environment()),
    )
}

/// The tests over HTTP, whose servers keep their metadata in PostgreSQL this time.
fn postgres(repo: &Repo, tools: &Tools) -> Result<()> {
    run_command(
        test_runner(repo)
            .args(["--package", "server", "--all-features", "--locked", "--test", "it"])
            .envs(tools.environment())
            .env("OPERON_TEST_DATABASE", "postgres"),
    )
}

/// The test runner: nextest where it is installed.
fn test_runner(repo: &Repo) -> Command {
    let mut cargo = repo.cargo();
    if capture(repo.cargo().args(["nextest", "--version"])).is_ok() {
        cargo.args(["nextest", "run"]);
    } else {
        eprintln!("note: cargo-nextest is not installed, so `cargo test` runs the tests, more slowly");
        eprintln!("      (to install it: cargo install --locked cargo-nextest)");
        cargo.arg("test");
    }
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_are_chosen_by_name_and_unknown_names_are_refused() {
        let names = |chosen: Vec<&Suite>| chosen.iter().map(|suite| suite.name).collect::<Vec<_>>();
        let suites: &[Suite] = &[
            Suite { name: "one", about: "", run: |_, _| Ok(()) },
            Suite { name: "two", about: "", run: |_, _| Ok(()) },
        ];
        assert_eq!(names(choose(suites, &[]).unwrap()), ["one", "two"]);
        assert_eq!(names(choose(suites, &["two".to_owned()]).unwrap()), ["two"]);
        let refused = choose(suites, &["three".to_owned()]).err().unwrap().to_string();
        assert!(refused.contains("`three`"), "{refused}");
    }
}
