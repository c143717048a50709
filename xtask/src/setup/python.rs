//! Virtual environments of Python, with exactly the versions that `tests/python` asks for.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::Missing;
use crate::repo::{Repo, capture, run};

/// Makes sure that the environment holds what `tests/python/<list>.txt` asks for, and what that brings in at the
/// versions of `<list>.constraints.txt`.
pub(super) fn install(repo: &Repo, venv: &Path, list: &str) -> Result<Option<Missing>> {
    let requirements = Path::new("tests/python").join(format!("{list}.txt"));
    let constraints = Path::new("tests/python").join(format!("{list}.constraints.txt"));
    let wanted = repo.read(&requirements)? + &repo.read(&constraints)?;
    let stamp = venv.join("requirements.stamp");
    let asked = pins(&repo.read(&requirements)?);
    if std::fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) && holds(repo, venv, &asked) {
        return Ok(None);
    }
    // The stamp is written last, so that an installation that was broken off is done again.
    if stamp.exists() {
        std::fs::remove_file(&stamp).with_context(|| format!("cannot remove {}", stamp.display()))?;
    }
    run(repo.command("python3").args(["-m", "venv"]).arg(venv))?;
    let mut pip = repo.command(venv.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
    let installed = run(pip.arg("--requirement").arg(&requirements).arg("--constraint").arg(&constraints));
    if let Err(why) = installed {
        let how = format!("{why:#}; pip must reach a package index that has them");
        return Ok(Some(Missing { what: "the Python packages of tests/python", how }));
    }
    std::fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    if holds(repo, venv, &asked) {
        return Ok(None);
    }
    let how =
        format!("pip ended well, but {} does not hold {asked:?}; remove it and try again", venv.display());
    Ok(Some(Missing { what: "the Python packages of tests/python", how }))
}

/// Asks the environment itself which versions it holds.
fn holds(repo: &Repo, venv: &Path, asked: &[(String, String)]) -> bool {
    let names = asked.iter().map(|(name, _)| name);
    let script = "import sys, importlib.metadata as m\nfor n in sys.argv[1:]: print(m.version(n))";
    let versions = capture(repo.command(venv.join("bin/python")).args(["-c", script]).args(names));
    versions.is_ok_and(|there| there.lines().eq(asked.iter().map(|(_, version)| version)))
}

/// The names and versions of the lines `name==version`.
fn pins(requirements: &str) -> Vec<(String, String)> {
    let lines = requirements.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once("=="))
        .map(|(name, version)| (name.into(), version.into()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_read_and_comments_are_not() {
        let text = "# a==1\n\ndxpy==0.413.0\naiosmtpd==1.4.6\n";
        let wanted = [("dxpy", "0.413.0"), ("aiosmtpd", "1.4.6")];
        let read = pins(text);
        assert!(read.iter().map(|(n, v)| (n.as_str(), v.as_str())).eq(wanted), "{read:?}");
    }

    #[test]
    fn every_requirement_of_the_tests_is_pinned() {
        let repo = Repo::find().unwrap();
        let lists = ["requirements", "newest-client"];
        for file in lists.iter().flat_map(|list| [format!("{list}.txt"), format!("{list}.constraints.txt")]) {
            let text = repo.read(Path::new("tests/python").join(&file)).unwrap();
            let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).count();
            assert_eq!(pins(&text).len(), lines, "a line of {file} is not `name==version`");
            assert!(lines > 0, "{file} asks for nothing");
        }
    }
}
