//! Words that must not stand in the repository.
//!
//! The rules name what they look for, so they do not look into themselves.

use std::sync::LazyLock;

use regex::Regex;

use super::tree::{Text, Tree};

/// Hosts of package registries: which one a build asks is set on the machine, never here.
const REGISTRY_HOSTS: &[&str] = &[
    "registry.npmjs.org",
    "files.pythonhosted.org",
    "pypi.org/simple",
    "index.crates.io",
    "static.crates.io",
    "deb.debian.org",
    "proxy.golang.org",
];

#[expect(clippy::expect_used, reason = "the patterns are constants, and every one is used by a test")]
pub(super) fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern of tidy is malformed")
}

/// No code waits to be written, and no test is switched off.
pub(super) fn undone(tree: &Tree) -> Vec<String> {
    static UNDONE: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"\b(todo!|unimplemented!|TODO\b|FIXME\b)|#\[ignore"));
    let code = |file: &&Text| file.is(&["rs", "py", "js", "mjs", "sql", "sh", "toml"]);
    find(tree.files.iter().filter(code), &UNDONE, |found| {
        format!("`{found}`: do it now or say in the docs that it is missing")
    })
}

/// No path of the machine on which something was written.
pub(super) fn machine_paths(tree: &Tree) -> Vec<String> {
    static PATHS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:^|[^\w.\-/}])(/(?:work|root|home)/)"));
    find(tree.files.iter(), &PATHS, |found| format!("`{found}` is a path of one machine"))
}

/// No host of a package registry, also not in lock files.
pub(super) fn registry_hosts(tree: &Tree) -> Vec<String> {
    static HOSTS: LazyLock<Regex> = LazyLock::new(|| {
        let hosts: Vec<String> = REGISTRY_HOSTS.iter().map(|host| regex::escape(host)).collect();
        pattern(&format!("({})", hosts.join("|")))
    });
    static RESOLVED: LazyLock<Regex> = LazyLock::new(|| pattern(r#"("resolved": "http[^"]*")"#));
    let mut complaints =
        find(tree.files.iter(), &HOSTS, |found| format!("`{found}` is the host of a registry"));
    let locks = tree.files.iter().filter(|file| file.path.ends_with("package-lock.json"));
    complaints.extend(find(locks, &RESOLVED, |found| {
        format!("{found}: make the lock file with omit-lockfile-registry-resolved=true")
    }));
    complaints
}

/// `path:line ` and what is said of the first group of every match.
fn find<'t>(
    files: impl Iterator<Item = &'t Text>,
    pattern: &Regex,
    say: impl Fn(&str) -> String,
) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.filter(|file| !file.path.starts_with("xtask/src/tidy/")) {
        for (number, line) in file.lines() {
            for found in pattern.captures_iter(line) {
                let word = found.get(1).or_else(|| found.get(0)).map_or("", |group| group.as_str());
                complaints.push(format!("{}:{number} {}", file.path, say(word)));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which lines of one file a rule complains of.
    fn lines(rule: fn(&Tree) -> Vec<String>, path: &str, text: &str) -> Vec<usize> {
        let complaints = rule(&Tree::of_texts(&[(path, text)]));
        let number = |complaint: &String| {
            let rest = complaint.strip_prefix(path).unwrap().strip_prefix(':').unwrap();
            rest.split(' ').next().unwrap().parse().unwrap()
        };
        complaints.iter().map(number).collect()
    }

    #[test]
    fn what_is_left_undone_is_found() {
        let text =
            "todo!()\nlet a = unimplemented!();\n#[ignore = \"slow\"]\n// TODO later\nlet todos = 1;\n";
        assert_eq!(lines(undone, "a.rs", text), [1, 2, 3, 4]);
        assert_eq!(lines(undone, "a.md", text), [0; 0]);
    }

    #[test]
    fn paths_of_a_machine_are_found_and_other_paths_are_not() {
        let text =
            "/work/a\n\"/home/b\"\n(/root/c)\nhttps://a.org/work/d\n../work/e\n/working/f\n${HOME}/home/\n";
        assert_eq!(lines(machine_paths, "a.md", text), [1, 2, 3]);
    }

    #[test]
    fn registry_hosts_are_found_and_the_index_of_crates_is_not() {
        let lock = "\"source\": \"registry+https://github.com/rust-lang/crates.io-index\"\nhttps://static.crates.io/a\n";
        assert_eq!(lines(registry_hosts, "Cargo.lock", lock), [2]);
        let lock = "\"resolved\": \"https://mirror.example/a.tgz\"\n\"version\": \"1\"\n";
        assert_eq!(lines(registry_hosts, "tests/node/package-lock.json", lock), [1]);
        assert_eq!(lines(registry_hosts, "b.json", lock), [0; 0]);
    }
}
