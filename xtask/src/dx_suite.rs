//! `cargo xtask dx-suite`: the public client's own tests against a server with the seed they expect.
//!
//! Neither the tests nor the program that runs them are part of this repository: both are named on the command line.

mod exceptions;
mod report;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;

use self::report::Results;
use crate::repo::{Repo, run as run_command};
use crate::server::Server;

/// What the suite expects a server to hold.
const SEED: &str = "tests/fixtures/dx-suite.toml";

/// Where the counts of a whole run stand.
const PAGE: &str = "docs/dx-suite.md";

/// Options of `cargo xtask dx-suite`.
#[derive(Args)]
pub(crate) struct Options {
    /// A checkout of the client's public repository, or its bare git folder.
    #[arg(long, value_name = "DIR")]
    source: PathBuf,
    /// The program that runs the client's tests against a port.
    #[arg(long, value_name = "PATH")]
    runner: PathBuf,
    /// The port of the server; a free one if not given.
    #[arg(long)]
    port: Option<u16>,
    /// The day that the page shall name, as 2026-01-31; that of the run if not given.
    #[arg(long)]
    date: Option<String>,
    /// Passed on to the runner, after `--`. A run of a part of the suite leaves the page alone.
    #[arg(last = true)]
    more: Vec<String>,
}

/// Loads the seed into an empty data directory, serves it, runs the suite, and prints and writes the counts.
pub(crate) fn run(repo: &Repo, options: &Options) -> Result<()> {
    let folder = repo.target.join("dx-suite");
    let out = folder.join("out");
    // Tests leave things behind under fixed names, so every run begins from the seed alone.
    let (server, tokens) = Server::seeded(repo, &folder, SEED, options.port)?;
    let mut runner = repo.command(std::path::absolute(&options.runner)?);
    runner.arg("--source").arg(std::path::absolute(&options.source)?);
    runner.arg("--port").arg(server.port().to_string()).arg("--tokens").arg(&tokens);
    runner.arg("--work").arg(folder.join("work")).arg("--out").arg(&out).args(&options.more);
    let ran = run_command(&mut runner);
    server.stop()?;
    ran?;

    let results = Results::read(&out.join("results.json"))?;
    println!("{}", results.table());
    if results.is_whole() {
        let page = repo.root.join(PAGE);
        std::fs::create_dir_all(page.parent().unwrap_or(&repo.root))
            .context("cannot make the folder of the page")?;
        std::fs::write(&page, results.page(options.date.as_deref()))
            .with_context(|| format!("cannot write {PAGE}"))?;
        println!("written: {PAGE}");
    } else {
        println!("{PAGE} is left as it is: this was a part of the suite, or another client");
    }
    Ok(())
}
