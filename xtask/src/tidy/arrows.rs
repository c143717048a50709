//! Which of our crates may know what. ARCHITECTURE.md draws the arrows that there are (`documents::map`).

use std::collections::HashSet;

use super::tree::{Crate, Tree};

/// Our crates from the top down; a crate may be built only with crates of lower rows.
const ROWS: &[&[&str]] = &[
    &["operon", "bench"],
    &["server", "cli"],
    &["app"],
    &["store"],
    &["blobs", "policy", "audit", "secrets", "mail", "oidc"],
    &["wire"],
];

/// What a crate must not be built with directly, and why.
const FORBIDDEN: &[(&str, &[&str], &str)] = &[
    ("app", HTTP, "app knows no HTTP"),
    ("app", SQL, "app knows no SQL; that is the store's"),
    ("server", SQL, "server knows no SQL; that is the store's"),
    ("cli", SQL, "what the command line does without a server knows none of its parts"),
    (
        "cli",
        &["server", "app", "store", "blobs", "policy", "audit"],
        "what the command line does without a server knows none of its parts",
    ),
];

/// Crates that only compute: no files, no network, no clock, no waiting, in them or in anything they are built with.
const PURE: &[&str] = &["policy", "wire", "audit"];

const HTTP: &[&str] = &["axum", "hyper", "hyper-util", "tower-http", "reqwest"];
const SQL: &[&str] = &["rusqlite", "postgres", "tokio-postgres"];
const INPUT_OUTPUT: &[&[&str]] =
    &[HTTP, SQL, &["tokio", "async-std", "smol", "mio", "object_store", "lettre", "rustls", "tempfile"]];

/// Words that a pure crate does not use. The traits of `std::io` are fine: they compute on what the caller opened.
const IMPURE_PATHS: &[&str] = &[
    "std::fs",
    "std::net",
    "std::process",
    "std::env",
    "std::thread",
    "stdin()",
    "stdout()",
    "stderr()",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "async fn",
];

/// The parts of `server` that answer requests.
const REQUEST_PATH: &[&str] = &["crates/server/src/http/", "crates/server/src/web/"];
/// What they do not reach for themselves.
const PAST_APP: &[&str] = &["store::", "blobs::", "policy::"];

/// Our crates are built only with what stands below them.
pub(super) fn dependencies(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    let row = |name: &str| ROWS.iter().position(|row| row.contains(&name));
    let ours = tree.crates.iter().filter(|one| one.source.is_none() && one.name != "xtask");
    for one in ours {
        let Some(from) = row(&one.name) else {
            complaints.push(format!("{} has no row in xtask/src/tidy/arrows.rs", one.name));
            continue;
        };
        for other in tree.built_with(&one.id) {
            if other.source.is_none() && row(&other.name).is_some_and(|to| to <= from) {
                complaints.push(format!(
                    "{} is built with {}, which does not stand below it",
                    one.name, other.name
                ));
            }
            for (name, forbidden, reason) in FORBIDDEN {
                if one.name == *name && forbidden.contains(&other.name.as_str()) {
                    complaints.push(format!("{name} is built with {}: {reason}", other.name));
                }
            }
        }
    }
    complaints
}

/// Pure crates are built with nothing that does I/O and name nothing of the standard library that does.
pub(super) fn purity(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for name in PURE {
        for other in tree.own(name).into_iter().flat_map(|one| everything_below(tree, one)) {
            if INPUT_OUTPUT.iter().any(|names| names.contains(&other.name.as_str())) {
                complaints
                    .push(format!("{name} is built with {}, directly or through another crate", other.name));
            }
        }
        let folder = format!("crates/{name}/src/");
        for file in tree.files.iter().filter(|file| file.path.starts_with(&folder)) {
            if !file.path.ends_with(".rs")
                || file.path.ends_with("/tests.rs")
                || file.path.contains("/tests/")
            {
                continue;
            }
            let code = file.production().filter(|(_, line)| !line.trim_start().starts_with("//"));
            for (number, line) in code {
                for path in IMPURE_PATHS.iter().filter(|path| line.contains(**path)) {
                    complaints.push(format!("{}:{number} names `{path}`", file.path));
                }
            }
        }
    }
    complaints
}

/// What answers requests speaks to the use cases, not past them to what stands below.
pub(super) fn request_path(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    let answers = |path: &str| REQUEST_PATH.iter().any(|folder| path.starts_with(folder));
    for file in tree.files.iter().filter(|file| answers(&file.path) && file.path.ends_with(".rs")) {
        for (number, line) in file.production().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            for path in PAST_APP.iter().filter(|path| line.contains(**path)) {
                complaints
                    .push(format!("{}:{number} names `{path}`; say it in the words of `app`", file.path));
            }
        }
    }
    complaints
}

/// Everything a crate is built with, directly or through others.
fn everything_below<'t>(tree: &'t Tree, top: &Crate) -> Vec<&'t Crate> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    let mut next: Vec<&Crate> = tree.built_with(&top.id).collect();
    while let Some(one) = next.pop() {
        if seen.insert(&one.id) {
            next.extend(tree.built_with(&one.id));
            found.push(one);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrow_upwards_or_sideways_is_found() {
        let tree = Tree::of_crates(&[
            "server -> app, wire",
            "app -> store",
            "store",
            "wire -> app",
            "cli -> server",
        ]);
        let complaints = dependencies(&tree);
        let found = |part: &str| complaints.iter().any(|complaint| complaint.contains(part));
        assert!(found("wire is built with app") && found("cli is built with server"), "{complaints:?}");
        assert!(!found("server is built with") && !found("app is built with store"), "{complaints:?}");
    }

    #[test]
    fn sql_and_http_in_the_wrong_crate_are_found() {
        let lines = ["app -> axum, rusqlite", "server -> axum, rusqlite", "axum 0.8.9", "rusqlite 0.41.0"];
        assert_eq!(
            dependencies(&Tree::of_crates(&lines)),
            [
                "app is built with axum: app knows no HTTP",
                "app is built with rusqlite: app knows no SQL; that is the store's",
                "server is built with rusqlite: server knows no SQL; that is the store's",
            ]
        );
    }

    #[test]
    fn an_answer_that_reaches_past_the_use_cases_is_found() {
        let text = "// not store::db\nuse store::db::Db;\n#[cfg(test)]\nmod tests { use store::db; }\n";
        let tree =
            Tree::of_texts(&[("crates/server/src/http/a.rs", text), ("crates/server/src/boot.rs", text)]);
        assert_eq!(
            request_path(&tree),
            ["crates/server/src/http/a.rs:2 names `store::`; say it in the words of `app`"]
        );
    }

    #[test]
    fn a_crate_without_a_row_is_found() {
        assert_eq!(dependencies(&Tree::of_crates(&["new"])), ["new has no row in xtask/src/tidy/arrows.rs"]);
    }

    #[test]
    fn io_behind_another_crate_is_found_in_a_pure_one() {
        let tree =
            Tree::of_crates(&["policy -> helper", "store -> tokio", "helper 1.0.0 -> tokio", "tokio 1.0.0"]);
        assert_eq!(purity(&tree), ["policy is built with tokio, directly or through another crate"]);
    }

    #[test]
    fn io_of_the_standard_library_is_found_outside_of_tests_and_comments() {
        let text = "// not std::fs\nuse std::fs::File;\n#[cfg(test)]\nmod tests { use std::net; }\n";
        let tree = Tree::of_texts(&[("crates/wire/src/a.rs", text), ("crates/store/src/a.rs", text)]);
        assert_eq!(purity(&tree), ["crates/wire/src/a.rs:2 names `std::fs`"]);
    }
}
