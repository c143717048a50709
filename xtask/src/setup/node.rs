//! Modules of Node.js, exactly those of `tests/node/package-lock.json`, and beside them the tests' own scripts.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::Missing;
use crate::repo::{Repo, run};

/// Makes sure that the folder holds the modules of the lock file and the present scripts of `tests/node`.
pub(super) fn install(repo: &Repo, folder: &Path) -> Result<Option<Missing>> {
    let source = Path::new("tests/node");
    let lock = repo.read(source.join("package-lock.json"))?;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    // Node looks for modules beside the script, so the scripts are run from where the modules are.
    for file in repo.files()?.iter().filter(|file| file.parent() == Some(source)) {
        let name = file.file_name().context("a file without a name")?;
        let (from, to) = (repo.root.join(file), folder.join(name));
        std::fs::copy(&from, &to).with_context(|| format!("cannot write {}", to.display()))?;
    }
    let stamp = folder.join("node_modules/requirements.stamp");
    if std::fs::read_to_string(&stamp).is_ok_and(|there| there == lock) && holds(folder, &lock)? {
        return Ok(None);
    }
    // `npm ci` empties node_modules first, the stamp with it.
    let mut npm = repo.command("npm");
    npm.current_dir(folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    if let Err(why) = run(&mut npm) {
        let how = format!("{why:#}; npm must reach a registry that has them");
        return Ok(Some(Missing { what: "the Node modules of tests/node", how }));
    }
    std::fs::write(&stamp, lock).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(None)
}

/// True if every module of the lock file lies in the folder in the locked version.
fn holds(folder: &Path, lock: &str) -> Result<bool> {
    let lock: Value = serde_json::from_str(lock).context("tests/node/package-lock.json is not JSON")?;
    let packages = lock["packages"].as_object().context("tests/node/package-lock.json lists no packages")?;
    Ok(packages.iter().filter(|(path, _)| !path.is_empty()).all(|(path, locked)| {
        let there = std::fs::read(folder.join(path).join("package.json")).ok();
        let there: Option<Value> = there.and_then(|text| serde_json::from_slice(&text).ok());
        locked["optional"] == true || there.is_some_and(|there| there["version"] == locked["version"])
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_that_is_absent_or_of_another_version_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let lock = r#"{"packages": {"": {}, "node_modules/a": {"version": "1.2.0"}}}"#;
        assert!(!holds(folder.path(), lock).unwrap());
        let module = folder.path().join("node_modules/a");
        std::fs::create_dir_all(&module).unwrap();
        std::fs::write(module.join("package.json"), r#"{"version": "1.1.0"}"#).unwrap();
        assert!(!holds(folder.path(), lock).unwrap());
        std::fs::write(module.join("package.json"), r#"{"version": "1.2.0"}"#).unwrap();
        assert!(holds(folder.path(), lock).unwrap());
    }
}
