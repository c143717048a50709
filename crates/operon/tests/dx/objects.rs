//! Folders, files and records of one project.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::lab::{Lab, Person};

/// How long a file may take to come back from the archive. A net, not a measurement.
const PATIENCE: Duration = Duration::from_secs(300);

fn in_project<'l>(lab: &'l Lab) -> Person<'l> {
    let alice = lab.person("alice");
    alice.dx(&["new", "project", "My study", "--select"]);
    alice
}

/// F111, F112, F118, F174 to F176, F182 to F184, F186: a day's work with one file.
#[test]
fn one_file() {
    let lab = Lab::new();
    let alice = in_project(&lab);
    let lines: String = (1..=20).map(|number| format!("line {number}\n")).collect();
    alice.write("calls.txt", &lines);
    let id = alice.dx(&["upload", "calls.txt", "--wait", "--brief"]).trim().to_owned();
    assert!(id.starts_with("file-"), "{id}");
    alice.dx(&["mkdir", "-p", "raw/2026"]);
    alice.dx(&["cd", "raw"]);
    assert_eq!(alice.dx(&["pwd"]), "My study:/raw\n");
    assert_eq!(alice.dx(&["ls"]), "2026/\n");
    alice.dx(&["mv", "/calls.txt", "2026/renamed.txt"]);
    alice.dx(&["cd", "/"]);
    assert_eq!(alice.dx(&["ls"]), "raw/\n");
    alice.dx(&["rename", "raw/2026/renamed.txt", "calls.txt"]);
    assert_eq!(alice.dx(&["ls", "raw/2026"]), "calls.txt\n");
    assert_eq!(alice.dx(&["tree"]), ".\n└── raw\n    └── 2026\n        └── calls.txt\n");
    let path = "raw/2026/calls.txt";

    alice.dx(&["tag", path, "good", "old"]);
    alice.dx(&["untag", path, "old"]);
    alice.dx(&["set_properties", path, "sample=S1", "lane=3"]);
    alice.dx(&["unset_properties", path, "lane"]);
    let described = alice.json(&["describe", path, "--json"]);
    assert_eq!(described["id"], json!(id));
    assert_eq!(described["folder"], "/raw/2026");
    assert_eq!(described["state"], "closed");
    assert_eq!(described["size"], json!(lines.len()));
    assert_eq!(described["tags"], json!(["good"]));
    assert_eq!(described["properties"], json!({ "sample": "S1" }));
    // By name: the client then looks for an app of that name too.
    let said = alice.dx(&["describe", path]);
    assert!(said.contains(&id) && said.contains("sample=S1"), "{said}");
    let found = alice.dx(&["find", "data", "--property", "sample=S1", "--tag", "good", "--brief"]);
    assert!(found.trim().ends_with(&id), "{found}");
    assert_eq!(alice.dx(&["find", "data", "--name", "nothing*"]), "");

    assert_eq!(alice.dx(&["cat", path]), lines);
    assert_eq!(alice.dx(&["head", "-n", "2", path]), "line 1\nline 2\n");
    alice.dx(&["download", path, "-o", "back.txt", "--no-progress"]);
    assert_eq!(alice.read("back.txt"), lines);
    let url = alice.dx(&["make_download_url", path]);
    assert!(url.contains("/calls.txt"), "{url}");
    let fetch = "import sys, urllib.request; sys.stdout.write(urllib.request.urlopen(sys.stdin.read().strip()).read().decode())";
    let fetched = alice.shell("sh", &format!("python -c '{fetch}'"), &url, &[]);
    assert_eq!(String::from_utf8_lossy(&fetched.stdout), lines, "{fetched:?}");

    let other = alice.dx(&["new", "project", "Other", "--brief"]).trim().to_owned();
    alice.dx(&["cp", path, &format!("{other}:/copy.txt")]);
    assert_eq!(alice.dx(&["cat", &format!("{other}:/copy.txt")]), lines);
    let refused = alice.refused(&["rmdir", "raw"], "");
    assert!(refused.contains("is not empty"), "{refused}");
    alice.dx(&["rm", path]);
    alice.dx(&["rmdir", "raw/2026"]);
    alice.dx(&["rm", "-r", "raw"]);
    assert_eq!(alice.dx(&["ls"]), "");
    // The other copy is another copy.
    assert_eq!(alice.dx(&["cat", &format!("{other}:/copy.txt")]), lines);
    for words in [&["cat", "nosuch"][..], &["ls", "nosuch"], &["describe", "nosuch"], &["rm", "nosuch"]] {
        let refused = alice.refused(words, "");
        assert!(!refused.contains("There is nothing at"), "{words:?}: {refused}");
    }
}

/// F170, F177, F178, F180: a record is made, filled, closed and looked at.
#[test]
fn a_record() {
    let lab = Lab::new();
    let alice = in_project(&lab);
    let words = [
        "new",
        "record",
        "-o",
        "/lab/plate",
        "-p",
        "--details",
        r#"{"wells": 96}"#,
        "--type",
        "Plate",
        "--brief",
    ];
    let id = alice.dx(&words).trim().to_owned();
    assert_eq!(alice.json(&["get_details", "/lab/plate"]), json!({ "wells": 96 }));
    alice.dx(&["set_details", "/lab/plate", r#"{"wells": 384}"#]);
    alice.dx(&["add_types", "/lab/plate", "Checked"]);
    alice.dx(&["close", "/lab/plate", "--wait"]);
    assert!(alice.dx(&["wait", "/lab/plate"]).contains("Done"));
    let described = alice.json(&["describe", &id, "--json", "--details"]);
    assert_eq!(described["state"], "closed");
    assert_eq!(described["types"], json!(["Plate", "Checked"]));
    assert_eq!(described["details"], json!({ "wells": 384 }));
    let refused = alice.refused(&["set_details", "/lab/plate", "{}"], "");
    assert!(refused.contains("code 422"), "{refused}");
    assert_eq!(alice.dx(&["find", "data", "--type", "Plate", "--brief"]).lines().count(), 1);
    assert_eq!(alice.dx(&["find", "jobs"]), "");
}

/// F189: what is archived cannot be read until it is brought back.
#[test]
fn the_archive() {
    let lab = Lab::new();
    let alice = in_project(&lab);
    alice.write("old.txt", "long ago\n");
    alice.dx(&["upload", "old.txt", "--wait", "--brief"]);
    let said = alice.dx(&["archive", "old.txt", "-y"]);
    assert!(said.contains("Tagged 1 file(s) for archival"), "{said}");
    let refused = alice.refused(&["cat", "old.txt"], "");
    assert!(refused.contains("Unarchive it first"), "{refused}");
    let begin = Instant::now();
    await_state(&alice, "archived", begin);
    let said = alice.dx(&["unarchive", "old.txt", "-y"]);
    assert!(said.contains("Tagged 1 file(s) for unarchival"), "{said}");
    await_state(&alice, "live", begin);
    assert_eq!(alice.dx(&["cat", "old.txt"]), "long ago\n");
}

fn await_state(person: &Person<'_>, wanted: &str, begin: Instant) {
    loop {
        let described = person.json(&["describe", "old.txt", "--json"]);
        if described["archivalState"] == wanted {
            return;
        }
        assert!(begin.elapsed() < PATIENCE, "it is never {wanted}: {described}");
    }
}

/// The tab key offers commands, folders and files.
#[test]
fn the_tab_key() {
    let lab = Lab::new();
    let alice = in_project(&lab);
    alice.dx(&["mkdir", "-p", "results/first"]);
    alice.dx(&["new", "record", "-o", "notes", "--brief"]);
    let offers = |line: &str, wanted: &str| {
        let offered = alice.completions(line);
        assert!(offered.iter().any(|offer| offer == wanted), "{line}: {offered:?}");
    };
    offers("dx up", "upload");
    offers("dx ls res", "results/");
    offers("dx ls results/", "results/first/");
    offers("dx describe no", "notes");
}
