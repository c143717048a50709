//! `cargo xtask bench`: measures a release build against its targets.
//!
//! Times are never a test: they stand in `docs/bench.md`, with the load of the machine beside each.

use anyhow::Result;
use clap::Args;

use crate::repo::{Repo, run as run_command};
use crate::setup;

/// Where the results stand.
const PAGE: &str = "docs/bench.md";

/// Options of `cargo xtask bench`.
#[derive(Args)]
pub(crate) struct Options {
    /// Smaller sizes and fewer rounds: a few minutes in all.
    #[arg(long)]
    quick: bool,
    /// Measure only this area: decision, footprint, bytes, lists or creates; may be given several times.
    #[arg(long, value_name = "AREA")]
    only: Vec<String>,
}

/// Builds the release, measures it, prints the table, writes `target/bench/bench.json`, and the page after a run of
/// every area in full size.
pub(crate) fn run(repo: &Repo, options: &Options) -> Result<()> {
    setup::prepare_bench(repo)?;
    run_command(repo.cargo().args([
        "build",
        "--release",
        "--locked",
        "--package",
        "operon",
        "--package",
        "bench",
        "--features",
        "bench/cedar",
    ]))?;
    let (programs, folder) = (repo.target.join("release"), repo.target.join("bench"));
    std::fs::create_dir_all(&folder)?;
    let mut bench = repo.command(programs.join("bench"));
    bench.arg("--operon").arg(programs.join("operon")).arg("--folder").arg(&folder);
    bench.arg("--json").arg(folder.join("bench.json"));
    if options.quick {
        bench.arg("--quick");
    } else {
        bench.arg("--page").arg(PAGE);
    }
    for area in &options.only {
        bench.arg("--only").arg(area);
    }
    run_command(&mut bench)
}
