//! Programs of the operating system: installed from Debian when root, otherwise asked for.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::Missing;
use crate::repo::{Repo, capture, run};

/// The oldest Node.js that the tests' modules run on.
const OLDEST_NODE: u32 = 20;

/// A program the tests need, how to see that it is here, and the Debian package that brings it.
struct Program {
    what: &'static str,
    package: Option<&'static str>,
    here: fn(&Repo) -> bool,
    otherwise: &'static str,
}

const PROGRAMS: &[Program] = &[
    Program {
        what: "PostgreSQL server programs (initdb, postgres)",
        package: Some("postgresql"),
        here: |_| postgres_programs().is_some(),
        otherwise: "or set OPERON_TEST_POSTGRES_BIN to the folder that holds them",
    },
    Program {
        what: "Python 3 with its venv module",
        package: Some("python3-venv"),
        here: |repo| capture(repo.command("python3").args(["-c", "import ensurepip, venv"])).is_ok(),
        otherwise: "or install Python 3.9 or newer with venv and ensurepip",
    },
    Program {
        what: "Node.js 20 or newer",
        package: None,
        here: |repo| node_major(repo).is_some_and(|major| major >= OLDEST_NODE),
        otherwise: "install Node.js 20 or newer from nodejs.org or your distribution",
    },
    Program {
        what: "npm",
        package: None,
        here: |repo| capture(repo.command("npm").arg("--version")).is_ok(),
        otherwise: "npm comes with Node.js from nodejs.org; in Debian it is a package of its own",
    },
];

/// What `cargo xtask bench` needs besides.
const BENCH_PROGRAMS: &[Program] = &[Program {
    what: "nginx, which downloads are compared with",
    package: Some("nginx"),
    here: |repo| capture(repo.command("nginx").arg("-v")).is_ok(),
    otherwise: "or install nginx from nginx.org",
}];

/// Checks every program of the tests, installs what is missing where that is possible, and returns what still is.
pub(super) fn install(repo: &Repo) -> Result<Vec<Missing>> {
    install_all(repo, PROGRAMS)
}

/// As [`install`], for the measurements.
pub(super) fn install_for_bench(repo: &Repo) -> Result<Vec<Missing>> {
    install_all(repo, BENCH_PROGRAMS)
}

fn install_all(repo: &Repo, programs: &'static [Program]) -> Result<Vec<Missing>> {
    let mut missing: Vec<&Program> = programs.iter().filter(|program| !(program.here)(repo)).collect();
    let packages: Vec<&str> = missing.iter().filter_map(|program| program.package).collect();
    if !packages.is_empty() && may_install(repo) {
        let apt = || {
            let mut apt = repo.command("apt-get");
            apt.env("DEBIAN_FRONTEND", "noninteractive");
            apt
        };
        let install = ["install", "--yes", "--quiet", "--no-install-recommends"];
        let done =
            run(apt().args(["update", "--quiet"])).and_then(|()| run(apt().args(install).args(&packages)));
        if let Err(why) = done {
            // What is still missing is asked for below, together with everything else.
            eprintln!("note: {why:#}");
        }
        missing.retain(|program| !(program.here)(repo));
    }
    Ok(missing.into_iter().map(ask).collect())
}

fn ask(program: &Program) -> Missing {
    let how = match program.package {
        Some(package) => format!("apt-get install {package}   ({})", program.otherwise),
        None => program.otherwise.to_owned(),
    };
    Missing { what: program.what, how }
}

/// True for root on Debian or a relative of it.
fn may_install(repo: &Repo) -> bool {
    let root = capture(repo.command("id").arg("--user")).is_ok_and(|id| id.trim() == "0");
    root && capture(repo.command("apt-get").arg("--version")).is_ok()
}

fn node_major(repo: &Repo) -> Option<u32> {
    let version = capture(repo.command("node").arg("--version")).ok()?;
    major(&version)
}

/// The first number of `v20.11.1`.
fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// The folder with PostgreSQL's server programs: the one that was asked for, else the newest that Debian installed,
/// else the one on the search path.
pub(super) fn postgres_programs() -> Option<PathBuf> {
    if let Some(asked) = std::env::var_os("OPERON_TEST_POSTGRES_BIN") {
        return Some(PathBuf::from(asked)).filter(|folder| holds_server(folder));
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, folder)| holds_server(folder))
        .collect();
    found.sort();
    found.pop().map(|(_, folder)| folder).or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|folder| holds_server(folder))
    })
}

fn holds_server(folder: &Path) -> bool {
    ["initdb", "postgres"].iter().all(|program| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_of_node_is_read() {
        assert_eq!(major("v20.11.1\n"), Some(20));
        assert_eq!(major("v9.0.0"), Some(9));
        assert_eq!(major("command not found"), None);
    }

    #[test]
    fn a_program_without_a_package_is_not_asked_of_apt() {
        for program in PROGRAMS.iter().chain(BENCH_PROGRAMS) {
            let missing = ask(program);
            assert_eq!(missing.how.contains("apt-get"), program.package.is_some(), "{}", program.what);
        }
    }

    #[test]
    fn a_folder_with_only_the_client_programs_is_not_a_server() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("initdb"), "").unwrap();
        assert!(!holds_server(folder.path()));
        std::fs::write(folder.path().join("postgres"), "").unwrap();
        assert!(holds_server(folder.path()));
    }
}
