//! Lines that people copy into a shell.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::program::both;

/// A line with this in its comment must be refused.
const REFUSED: &str = "# refused";

/// Runs lines as a person would, with the public client and the program on the search path and nothing else remembered.
/// Every line must succeed, but for those that say that they are refused. Answers what was printed.
///
/// # Panics
/// When a line does otherwise.
pub(crate) fn copy_and_paste(lines: &[String], folder: &Path, variables: &[(&str, &str)]) -> String {
    let mut script = String::from("set -eu\n");
    for line in lines {
        if line.contains(REFUSED) {
            script.push_str(&format!("if {line}\nthen echo 'this was not refused'; exit 1; fi\n"));
        } else {
            script.push_str(&format!("{line}\n"));
        }
    }
    let program = Path::new(env!("CARGO_BIN_EXE_operon")).parent().unwrap();
    let path = format!("{}:{}:/usr/bin:/bin", program.display(), client().display());
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder)
        .env_clear()
        .env("PATH", path)
        .env("HOME", folder)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = both(&output);
    assert!(output.status.success(), "{script}\nended with {}:\n{said}", output.status);
    said
}

/// The folder that holds the public client.
#[expect(clippy::disallowed_methods, reason = "tests are told by the environment where their tools are")]
fn client() -> PathBuf {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/test-env/venv");
    let venv = std::env::var_os("OPERON_TEST_VENV").map_or(default, PathBuf::from);
    let folder = venv.join("bin");
    assert!(folder.join("dx").exists(), "there is no dx in {}: run `cargo xtask setup`", folder.display());
    folder
}
