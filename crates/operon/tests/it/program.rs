//! The program that was built for these tests, run until it ends or until the test does.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

/// Where the program is.
pub(crate) const OPERON: &str = env!("CARGO_BIN_EXE_operon");

/// A command that runs the program, away from settings of whoever runs the tests.
pub(crate) fn operon() -> Command {
    let mut command = Command::new(OPERON);
    clean(&mut command);
    command
}

/// Takes a command away from settings of whoever runs the tests.
pub(crate) fn clean(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("OPERON_") {
            command.env_remove(name);
        }
    }
    command.env_remove("NO_COLOR").stdin(Stdio::null())
}

/// Runs a command to its end and answers what it printed.
///
/// # Panics
/// When it fails.
pub(crate) fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?} ended with {}:\n{}", output.status, both(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Everything that a command printed.
pub(crate) fn both(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

/// A program that runs until the value is dropped.
pub(crate) struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    /// What it has printed so far.
    pub(crate) seen: Vec<String>,
}

impl Running {
    /// Starts it.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, seen: Vec::new() }
    }

    /// Reads on until a line holds this; answers the line.
    ///
    /// # Panics
    /// When the program ends before.
    pub(crate) fn until(&mut self, text: &str) -> String {
        loop {
            let Some(line) = self.lines.next() else {
                panic!("the program ended before it printed \"{text}\":\n{}", self.seen.join("\n"));
            };
            let line = line.unwrap();
            self.seen.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
