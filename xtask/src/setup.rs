//! `cargo xtask setup`: installs or checks what the tests need.
//!
//! What is there already is probed, not believed, and costs well under a second. What cannot be installed here is
//! listed together with the way to get it, and then the chore fails: a test is never skipped because its tool is absent.

mod debian;
mod node;
mod python;

use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::repo::Repo;

/// Where the tools of the tests are, once [`prepare`] has found or installed them.
pub(crate) struct Tools {
    venv: PathBuf,
    venv_newest: PathBuf,
    node: PathBuf,
    postgres: PathBuf,
}

impl Tools {
    /// A program of the Python environment.
    pub(crate) fn python_program(&self, name: &str) -> PathBuf {
        self.venv.join("bin").join(name)
    }

    /// The environment variables by which a test finds its tools.
    pub(crate) fn environment(&self) -> [(&'static str, PathBuf); 4] {
        [
            ("OPERON_TEST_VENV", self.venv.clone()),
            ("OPERON_TEST_VENV_NEWEST", self.venv_newest.clone()),
            ("OPERON_TEST_NODE", self.node.clone()),
            ("OPERON_TEST_POSTGRES_BIN", self.postgres.clone()),
        ]
    }
}

/// Something the tests need that is not here and could not be installed.
struct Missing {
    what: &'static str,
    how: String,
}

/// Prepares, and prints where everything is.
pub(crate) fn run(repo: &Repo) -> Result<()> {
    for (name, path) in prepare(repo)?.environment() {
        println!("{name}={}", path.display());
    }
    prepare_bench(repo)
}

/// Installs or checks everything; fails with a list of all that is missing.
pub(crate) fn prepare(repo: &Repo) -> Result<Tools> {
    let folder = repo.target.join("test-env");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    // Two runs at once would write into the same environments.
    let lock = File::create(folder.join(".lock")).context("cannot make the lock of the test environment")?;
    lock.lock().context("cannot lock the test environment")?;

    let mut missing = debian::install(repo)?;
    let own = |name: &str, variable: &str| match std::env::var_os(variable) {
        Some(path) => repo.root.join(path),
        None => folder.join(name),
    };
    let tools = Tools {
        venv: own("venv", "OPERON_TEST_VENV"),
        venv_newest: own("venv-newest", "OPERON_TEST_VENV_NEWEST"),
        node: own("node", "OPERON_TEST_NODE"),
        postgres: debian::postgres_programs().unwrap_or_default(),
    };
    // Without the interpreters themselves the next steps would only fail with worse words.
    if missing.is_empty() {
        let python = [(&tools.venv, "requirements"), (&tools.venv_newest, "newest-client")];
        for (venv, list) in python {
            missing.extend(python::install(repo, venv, list)?);
        }
        missing.extend(node::install(repo, &tools.node)?);
    }
    if !missing.is_empty() {
        bail!("{}", explain(&missing));
    }
    Ok(tools)
}

/// Installs or checks what the measurements need; fails with a list of what is missing.
pub(crate) fn prepare_bench(repo: &Repo) -> Result<()> {
    let missing = debian::install_for_bench(repo)?;
    if !missing.is_empty() {
        bail!("{}", explain(&missing));
    }
    Ok(())
}

fn explain(missing: &[Missing]) -> String {
    let mut text = String::from("something is needed that is not installed here:");
    for Missing { what, how } in missing {
        text.push_str(&format!("\n  {what}\n      {how}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_thing_is_named_with_the_way_to_get_it() {
        let missing = [
            Missing { what: "PostgreSQL", how: "apt-get install postgresql".into() },
            Missing { what: "Node.js", how: "install it".into() },
        ];
        let text = explain(&missing);
        for part in ["PostgreSQL", "apt-get install postgresql", "Node.js", "install it"] {
            assert!(text.contains(part), "{part} is not in: {text}");
        }
    }
}
