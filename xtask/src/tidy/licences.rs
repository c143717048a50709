//! Licences of the crates we are built with.

use super::tree::Tree;

/// What may be built in, and why. `deny.toml` names the same.
const ALLOWED: &[(&str, &str)] = &[
    ("MIT", "permissive; keep the notice"),
    ("MIT-0", "as MIT, without its one duty"),
    ("Apache-2.0", "permissive, with a grant of patents; our own licence"),
    ("Apache-2.0 WITH LLVM-exception", "as Apache-2.0, with one duty less"),
    ("0BSD", "permissive, without any duty"),
    ("BSD-2-Clause", "permissive; keep the notice"),
    ("BSD-3-Clause", "permissive; keep the notice, do not advertise with the authors' names"),
    ("ISC", "permissive; keep the notice"),
    ("Zlib", "permissive; say what was changed"),
    ("Unicode-3.0", "permissive; covers tables of the Unicode standard"),
    ("CDLA-Permissive-2.0", "permissive licence for data; covers lists of root certificates"),
];

/// Every crate from elsewhere has a licence that is allowed.
pub(super) fn check(tree: &Tree) -> Vec<String> {
    let others = tree.crates.iter().filter(|one| one.source.is_some());
    let complain = |one: &super::tree::Crate| match &one.license {
        None => Some(format!("{} {} names no licence", one.name, one.version)),
        Some(expression) if allows(expression) => None,
        Some(expression) => {
            Some(format!("{} {} is under `{expression}`, which is not allowed", one.name, one.version))
        }
    };
    others.filter_map(complain).collect()
}

/// True if an SPDX expression can be met with allowed licences alone. The older `MIT/Apache-2.0` means OR.
fn allows(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    any_of(&mut words) && words.next().is_none()
}

type Words<'e> = std::iter::Peekable<std::str::SplitWhitespace<'e>>;

/// Alternatives joined by OR; AND binds more tightly.
fn any_of(words: &mut Words<'_>) -> bool {
    let mut allowed = all_of(words);
    while words.next_if_eq(&"OR").is_some() {
        allowed |= all_of(words);
    }
    allowed
}

fn all_of(words: &mut Words<'_>) -> bool {
    let mut allowed = one(words);
    while words.next_if_eq(&"AND").is_some() {
        allowed &= one(words);
    }
    allowed
}

/// A licence, perhaps WITH an exception, or an expression in parentheses.
fn one(words: &mut Words<'_>) -> bool {
    let Some(word) = words.next() else { return false };
    if word == "(" {
        let allowed = any_of(words);
        return words.next() == Some(")") && allowed;
    }
    let licence = match words.next_if_eq(&"WITH").and_then(|_| words.next()) {
        Some(exception) => format!("{word} WITH {exception}"),
        None => word.to_owned(),
    };
    ALLOWED.iter().any(|(allowed, _)| *allowed == licence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_allowed_if_allowed_licences_can_meet_it() {
        for good in [
            "MIT",
            "MIT OR Apache-2.0",
            "MIT/Apache-2.0",
            "GPL-3.0 OR MIT",
            "(MIT OR GPL-3.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception",
            "Apache-2.0 AND ISC",
        ] {
            assert!(allows(good), "{good}");
        }
        for bad in [
            "",
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "GPL-3.0 AND MIT OR AGPL-3.0",
            "(MIT OR Apache-2.0) AND OpenSSL",
            "GPL-2.0 WITH Classpath-exception-2.0",
            "(MIT",
            "MIT GPL-3.0",
        ] {
            assert!(!allows(bad), "{bad}");
        }
    }

    #[test]
    fn crates_without_or_with_another_licence_are_named_and_ours_are_not() {
        let mut tree = Tree::of_crates(&["ours", "fine 1.0.0", "none 1.0.0", "copyleft 2.0.0"]);
        tree.crates[0].license = None;
        tree.crates[2].license = None;
        tree.crates[3].license = Some("AGPL-3.0".into());
        let complaints = check(&tree);
        assert_eq!(complaints.len(), 2, "{complaints:?}");
        assert!(
            complaints[0].contains("none 1.0.0") && complaints[1].contains("copyleft 2.0.0"),
            "{complaints:?}"
        );
    }
}
