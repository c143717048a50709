//! `cargo xtask tidy`: the rules of this repository that no compiler knows.
//!
//! A rule is a row of [`RULES`]: a function from the [`Tree`] to complaints. Exceptions stand in a list beside the rule,
//! each with its reason; an exception that is no longer needed is a complaint too, so that the lists shrink.

mod arrows;
mod dependencies;
mod documents;
mod licences;
mod sources;
mod texts;
mod tree;
mod words;

use anyhow::{Result, bail};

use self::tree::Tree;
use crate::repo::{Repo, capture, run as run_command};

/// One rule: its name and what finds the places that break it.
struct Rule {
    name: &'static str,
    check: fn(&Tree) -> Vec<String>,
}

const RULES: &[Rule] = &[
    Rule { name: "licences", check: licences::check },
    Rule { name: "banned crates", check: dependencies::banned },
    Rule { name: "one version of a crate", check: dependencies::duplicates },
    Rule { name: "sources of crates", check: dependencies::sources },
    Rule { name: "arrows point down", check: arrows::dependencies },
    Rule { name: "pure crates do no I/O", check: arrows::purity },
    Rule { name: "answers speak to the use cases", check: arrows::request_path },
    Rule { name: "short files", check: texts::length },
    Rule { name: "clean ends of lines", check: texts::whitespace },
    Rule { name: "nothing left undone", check: words::undone },
    Rule { name: "no path of one machine", check: words::machine_paths },
    Rule { name: "no registry host", check: words::registry_hosts },
    Rule { name: "the map is drawn as it is", check: documents::map },
    Rule { name: "paths in documents exist", check: documents::paths },
    Rule { name: "operators are told of errors", check: documents::errors },
    Rule { name: "cited rules are explained", check: sources::cited },
];

/// Checks every rule, prints what breaks it, and fails if anything does.
pub(crate) fn run(repo: &Repo) -> Result<()> {
    let tree = Tree::read(repo)?;
    let mut complaints = 0;
    for rule in RULES {
        for complaint in (rule.check)(&tree) {
            eprintln!("{}: {complaint}", rule.name);
            complaints += 1;
        }
    }
    if complaints > 0 {
        bail!("{complaints} complaints");
    }
    println!(
        "tidy: {} rules hold for {} files and {} crates",
        RULES.len(),
        tree.files.len(),
        tree.crates.len()
    );
    deny(repo)
}

/// The same rules on crates by `cargo deny`, where it is installed; it knows advisories too, which need the network.
fn deny(repo: &Repo) -> Result<()> {
    if capture(repo.cargo().args(["deny", "--version"])).is_err() {
        println!(
            "tidy: cargo-deny is not installed; its checks of licences, bans and sources are made by the rules above"
        );
        return Ok(());
    }
    run_command(repo.cargo().args([
        "deny",
        "--locked",
        "--all-features",
        "check",
        "licenses",
        "bans",
        "sources",
    ]))
}
