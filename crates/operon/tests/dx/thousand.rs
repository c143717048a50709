//! A folder of a thousand small files, up and down.

use std::collections::BTreeSet;

use crate::lab::Lab;

const FILES: usize = 1000;

fn name(number: usize) -> String {
    let folder = ["", "north/", "north/deep/"][number % 3];
    format!("cohort/{folder}sample-{number:04}.txt")
}

/// Some are empty.
fn content(number: usize) -> String {
    format!("sample {number}\n").repeat(number % 5)
}

/// F188: every file arrives, is listed once, and comes back as it went.
#[test]
fn a_thousand_files_go_up_and_come_back() {
    let lab = Lab::new();
    let alice = lab.person("alice");
    alice.dx(&["new", "project", "Cohort", "--select"]);
    for number in 0..FILES {
        alice.write(&name(number), &content(number));
    }
    let ids = alice.dx(&["upload", "-r", "cohort", "--brief", "--wait"]);
    assert_eq!(ids.lines().collect::<BTreeSet<_>>().len(), FILES);

    let found = alice.dx(&["find", "data", "--class", "file", "--state", "closed", "--brief"]);
    let found: BTreeSet<&str> = found.lines().filter_map(|line| line.split(':').next_back()).collect();
    assert_eq!(found, ids.lines().collect());
    assert_eq!(alice.dx(&["find", "data", "--name", "sample-000?.txt", "--brief"]).lines().count(), 10);
    assert_eq!(alice.dx(&["find", "data", "--folder", "/cohort/north", "--brief"]).lines().count(), 666);
    let listed = alice.dx(&["ls", "cohort"]);
    assert_eq!(listed.lines().count(), 1 + 334, "{listed}");
    assert!(listed.starts_with("north/\n"), "{listed}");
    let tree = alice.dx(&["tree"]);
    assert_eq!(tree.lines().filter(|line| line.contains("sample-")).count(), FILES);

    // The client takes the name of a folder only if it is there; otherwise it writes into the one it runs in.
    std::fs::create_dir(alice.home().join("back")).unwrap();
    alice.dx(&["download", "-r", "cohort", "-o", "back", "--no-progress"]);
    for number in 0..FILES {
        assert_eq!(alice.read(&format!("back/{}", name(number))), content(number), "{}", name(number));
    }
    alice.dx(&["rm", "-r", "cohort"]);
    assert_eq!(alice.dx(&["find", "data", "--brief"]), "");
}
