//! `cargo xtask demo`: the whole main job on real input, from nothing.

use std::os::unix::process::CommandExt as _;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::repo::{Repo, run as run_command};

/// Options of `cargo xtask demo`.
#[derive(Args)]
pub(crate) struct Options {
    /// Check the results and stop, instead of leaving the server up.
    #[arg(long)]
    once: bool,
    /// Passed on to `operon demo`.
    #[arg(last = true)]
    more: Vec<String>,
}

/// Builds the release and becomes `operon demo`, so that Ctrl-C and the exit code are the demonstration's own.
pub(crate) fn run(repo: &Repo, options: &Options) -> Result<()> {
    run_command(repo.cargo().args(["build", "--release", "--locked", "--package", "operon"]))?;
    let mut demo = repo.command(repo.target.join("release/operon"));
    demo.arg("demo").args(options.once.then_some("--once")).args(&options.more);
    Err(demo.exec()).context("cannot start operon")
}
