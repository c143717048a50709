//! What the documents say about the code can be looked up in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use super::tree::Tree;
use super::words::pattern;

/// The page with the map, which is its first block of code: a line for each crate, and below it the arrows.
const MAP: &str = "ARCHITECTURE.md";
/// The page that lists what needs somebody.
const OPERATING: &str = "docs/operating.md";
/// Folders at the top whose files documents name.
const FOLDERS: &[&str] = &["crates", "docs", "xtask", "tests", "demo", ".ci", ".config", ".cargo"];

/// The map draws every arrow between our crates, and no other.
pub(super) fn map(tree: &Tree) -> Vec<String> {
    let drawn = drawn(tree.text(MAP).unwrap_or_default());
    let mut complaints = Vec::new();
    for one in tree.crates.iter().filter(|one| one.source.is_none()) {
        let Some(drawn) = drawn.get(one.name.as_str()) else {
            complaints.push(format!("{MAP} does not draw {}", one.name));
            continue;
        };
        let built_with = tree.built_with(&one.id).filter(|other| other.source.is_none());
        let real: BTreeSet<&str> = built_with.map(|other| other.name.as_str()).collect();
        complaints
            .extend(real.difference(drawn).map(|to| format!("{MAP} lacks the arrow {} -> {to}", one.name)));
        complaints.extend(
            drawn
                .difference(&real)
                .map(|to| format!("{MAP} draws {} -> {to}, which does not exist", one.name)),
        );
    }
    complaints.extend(
        drawn
            .keys()
            .filter(|name| tree.own(name).is_none())
            .map(|name| format!("{MAP} draws {name}, which does not exist")),
    );
    complaints
}

/// The crates of the map with their arrows.
fn drawn(page: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut drawn: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut last = "";
    for line in page.split("```").nth(1).unwrap_or_default().lines() {
        if let Some(arrows) = line.trim_start().strip_prefix("-> ") {
            drawn.entry(last).or_default().extend(arrows.split_whitespace());
        } else if let Some(name) = line.split_whitespace().next().filter(|_| !line.starts_with(' ')) {
            last = name;
            drawn.entry(name).or_default();
        }
    }
    drawn
}

/// Every path that a document names exists, and is written from the top folder on.
pub(super) fn paths(tree: &Tree) -> Vec<String> {
    static PATH: LazyLock<Regex> = LazyLock::new(|| pattern(r"`([\w.\-]+(?:/[\w.\-]+)+)/?`"));
    let mut complaints = Vec::new();
    for file in tree.files.iter().filter(|file| file.is(&["md"])) {
        for (number, line) in file.lines() {
            for found in PATH.captures_iter(line) {
                let path = &found[1];
                let first = path.split('/').next().unwrap_or_default();
                if tree.own(first).is_some() {
                    complaints.push(format!("{}:{number} `{path}`: write `crates/{first}/…`", file.path));
                } else if FOLDERS.contains(&first) && !tree.holds(path) {
                    complaints.push(format!("{}:{number} names {path}, which does not exist", file.path));
                }
            }
        }
    }
    complaints
}

/// Every line of level ERROR that the program can write stands in the page for operators.
pub(super) fn errors(tree: &Tree) -> Vec<String> {
    static MESSAGE: LazyLock<Regex> = LazyLock::new(|| pattern(r#"\berror!\([^"]*"([^"]+)"\s*\)"#));
    let words: Vec<&str> = tree.text(OPERATING).unwrap_or_default().split_whitespace().collect();
    let page = words.join(" ");
    let mut complaints = Vec::new();
    let code =
        tree.files.iter().filter(|file| file.path.starts_with("crates/") && file.path.contains("/src/"));
    for file in code.filter(|file| file.is(&["rs"])) {
        let production: Vec<&str> = file.production().map(|(_, line)| line).collect();
        for found in MESSAGE.captures_iter(&production.join("\n")) {
            if !page.contains(&format!("`{}`", &found[1])) {
                complaints.push(format!("{OPERATING} lacks the line `{}` of {}", &found[1], file.path));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(crates: &[&str], texts: &[(&str, &str)]) -> Tree {
        let mut tree = Tree::of_crates(crates);
        tree.files = Tree::of_texts(texts).files;
        tree
    }

    #[test]
    fn an_arrow_too_few_or_too_many_is_found() {
        let page = "# Map\n\n```\napp      use cases\n         and more\n         -> store\nstore    metadata\nold      gone\n```\n";
        let crates = ["app -> wire", "store", "wire"];
        assert_eq!(
            map(&tree(&crates, &[(MAP, page)])),
            [
                "ARCHITECTURE.md lacks the arrow app -> wire",
                "ARCHITECTURE.md draws app -> store, which does not exist",
                "ARCHITECTURE.md does not draw wire",
                "ARCHITECTURE.md draws old, which does not exist",
            ]
        );
        let page = "```\napp   use cases\n      -> wire\nwire  ids\n```\n";
        assert_eq!(map(&tree(&["app -> wire", "wire"], &[(MAP, page)])), [""; 0]);
    }

    #[test]
    fn a_path_that_is_gone_or_short_is_found() {
        let page = "`crates/app/src/a.rs` `crates/app/src/` `crates/app/src/b.rs` `app/src/a.rs` `application/json`\n";
        let tree = tree(&["app"], &[("a.md", page), ("crates/app/src/a.rs", "")]);
        assert_eq!(
            paths(&tree),
            [
                "a.md:1 names crates/app/src/b.rs, which does not exist",
                "a.md:1 `app/src/a.rs`: write `crates/app/…`",
            ]
        );
    }

    #[test]
    fn an_error_that_operators_are_not_told_of_is_found() {
        let code = "tracing::error!(%error, \"it is\n\nno\");\nerror!(?error, \"it burns\");\nerror!(id = a.b(), \"it leaks\");\n";
        let page = "`it\nburns` and others";
        let tree =
            tree(&[], &[(OPERATING, page), ("crates/app/src/a.rs", code), ("crates/app/tests/a.rs", code)]);
        let complaints = errors(&tree);
        assert_eq!(complaints.len(), 2, "{complaints:?}");
        assert_eq!(complaints[1], "docs/operating.md lacks the line `it leaks` of crates/app/src/a.rs");
    }
}
