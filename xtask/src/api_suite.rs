//! The suite `api`: schemathesis makes requests from the description of the API and holds the answers against it.
//!
//! No answer may be a server error; statuses, media types and bodies must be those that the description names. The server
//! has a data directory of its own, which the requests may destroy.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::repo::{Repo, run as run_command};
use crate::server::Server;
use crate::setup::Tools;

/// What the server holds at first.
const SEED: &str = "tests/fixtures/api.toml";
/// How requests are made and which checks are made of the answers.
const CONFIG: &str = "tests/python/schemathesis.toml";
/// Chosen once; another one makes other requests.
const RANDOM_SEED: u32 = 20_261;
/// For how many seconds requests are made at most.
const SECONDS: u32 = 150;
/// Requests by chance to one operation, at most.
const EXAMPLES: u32 = 40;
/// So many operations must have been answered with success. Where most calls are refused at the door, little is tested.
const LEAST_SUCCEEDED: usize = 50;

/// What the requests came to.
#[derive(Deserialize)]
struct Summary {
    /// Operation to the number of its calls.
    called: BTreeMap<String, u64>,
    /// Operation to the number of calls that were answered with 200.
    succeeded: BTreeMap<String, u64>,
}

/// Serves the fixture, makes the requests, and fails when an answer does.
pub(crate) fn run(repo: &Repo, tools: &Tools) -> Result<()> {
    let folder = repo.target.join("api-suite");
    let (server, tokens) = Server::seeded(repo, &folder, SEED, None)?;
    let summary = folder.join("summary.json");
    let mut program = repo.command(tools.python_program("schemathesis"));
    // Hooks are found from the folder of the configuration; what is found stays out of the repository.
    program.current_dir(repo.root.join("tests/python"));
    program.env("OPERON_API_TOKENS", &tokens).env("OPERON_API_SUMMARY", &summary);
    program.env("PYTHONDONTWRITEBYTECODE", "1");
    program.arg("--config-file").arg(repo.root.join(CONFIG)).arg("--no-color").arg("run");
    program.arg(format!("http://127.0.0.1:{}/openapi.json", server.port()));
    program.args(["--seed", &RANDOM_SEED.to_string(), "--max-time", &SECONDS.to_string()]);
    program.args(["--max-examples", &EXAMPLES.to_string()]);
    eprintln!("the seed of the requests is {RANDOM_SEED}");
    let ran = run_command(&mut program);
    server.stop()?;
    ran?;
    look_back(&summary)
}

/// Prints what was called, and fails when too little of it succeeded.
fn look_back(file: &Path) -> Result<()> {
    let text =
        std::fs::read(file).with_context(|| format!("the requests left no summary in {}", file.display()))?;
    let Summary { called, succeeded } =
        serde_json::from_slice(&text).context("the summary cannot be read")?;
    let count = |of: &BTreeMap<String, u64>| of.values().sum::<u64>();
    eprintln!(
        "{} requests to {} operations; {} requests to {} of them succeeded",
        count(&called),
        called.len(),
        count(&succeeded),
        succeeded.len()
    );
    if succeeded.len() < LEAST_SUCCEEDED {
        bail!(
            "fewer than {LEAST_SUCCEEDED} operations were answered with success, so that this run proves little"
        );
    }
    Ok(())
}
