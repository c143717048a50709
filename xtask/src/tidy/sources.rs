//! Every rule that code, tests or documents cite by an id is explained in one line of [`INDEX`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use super::tree::{Text, Tree};
use super::words::pattern;

/// The list of ids.
const INDEX: &str = "docs/sources.md";

/// Every id that is cited stands in the index.
pub(super) fn cited(tree: &Tree) -> Vec<String> {
    let Some(index) = tree.text(INDEX) else { return vec![format!("there is no {INDEX}")] };
    let explained: BTreeSet<&str> = index
        .lines()
        .filter_map(|line| line.strip_prefix("| "))
        .filter_map(|line| line.split(" | ").next())
        .collect();
    let looked_at = |file: &&Text| {
        file.is(&["rs", "py", "mjs", "md", "sql", "toml"])
            && file.path != INDEX
            && !file.path.starts_with("xtask/src/tidy/")
    };
    let mut missing: BTreeMap<String, &str> = BTreeMap::new();
    for file in tree.files.iter().filter(looked_at) {
        for id in ids(&file.text) {
            if !explained.contains(id.as_str()) {
                missing.entry(id).or_insert(&file.path);
            }
        }
    }
    missing
        .into_iter()
        .map(|(id, path)| format!("{path} cites {id}, which {INDEX} does not explain"))
        .collect()
}

/// The ids that a text cites, each as the index writes it.
fn ids(text: &str) -> BTreeSet<String> {
    /// A comment may break between the name of a document and the number.
    static WRAPPED: LazyLock<Regex> = LazyLock::new(|| pattern(r"\n\s*(?://[/!]?|--|#)?\s*"));
    static SINGLE: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?:^|[^#\w])(F\d{3}|B\d{1,2}(?:\.\d{1,2})?)\b"));
    static SECTIONS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(data|dx-client|identity-and-sharing|execution|contract) (\d+(?:\.\d+)?(?:(?:, | and | to )\d+(?:\.\d+)?)*)",
        )
    });
    static NUMBERS: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"\b(invariant|promise)s? (\d+(?:(?:, | and | to )\d+)*)"));
    let text = WRAPPED.replace_all(text, " ");
    let mut ids: BTreeSet<String> = SINGLE
        .captures_iter(&text)
        .filter_map(|found| found.get(1))
        .map(|id| id.as_str().to_owned())
        .collect();
    for found in SECTIONS.captures_iter(&text).chain(NUMBERS.captures_iter(&text)) {
        let document = match &found[1] {
            "contract" => "identity-and-sharing",
            named => named,
        };
        for number in found[2].split([',', ' ']).filter(|word| word.starts_with(|c: char| c.is_ascii_digit()))
        {
            ids.insert(format!("{document} {number}"));
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_citation_is_read() {
        let text = "//! (contract: data 2.1, 2.3 and 4, B11.30; F184)\n/// contract:\n/// dx-client 6, invariants 5 to 8 and 10\n\
                    // contract 7, promise 4; colour #F999, 0xF888, B0012, some data here\n";
        let found: Vec<String> = ids(text).into_iter().collect();
        let expected = [
            "B11.30",
            "F184",
            "data 2.1",
            "data 2.3",
            "data 4",
            "dx-client 6",
            "identity-and-sharing 7",
            "invariant 10",
            "invariant 5",
            "invariant 8",
            "promise 4",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_the_index_lacks_is_found() {
        let tree = Tree::of_texts(&[(INDEX, "| F001 | kinds |\n"), ("a.rs", "// F001\n// F002, data 3\n")]);
        assert_eq!(
            cited(&tree),
            [
                "a.rs cites F002, which docs/sources.md does not explain",
                "a.rs cites data 3, which docs/sources.md does not explain",
            ]
        );
    }
}
