//! Which crates we are built with, in how many versions, and where they come from.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::Tree;

/// Where crates may come from.
pub(super) const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Crates that must not be built in, each with the version it begins with (empty: any) and the reason.
const BANNED: &[(&str, &str, &str)] = &[
    (
        "aws-lc-rs",
        "",
        "ring is our one provider of cryptography; a second doubles what must be trusted and built",
    ),
    (
        "aws-lc-sys",
        "",
        "ring is our one provider of cryptography; a second doubles what must be trusted and built",
    ),
    ("openssl", "", "TLS is rustls with ring, so that one binary needs no library of the system"),
    ("openssl-sys", "", "TLS is rustls with ring, so that one binary needs no library of the system"),
    ("native-tls", "", "TLS is rustls with ring, so that one binary needs no library of the system"),
    (
        "reqwest",
        "0.12.",
        "we use reqwest 0.13; switch off the default features of the crate that brings the old one",
    ),
];

/// Crates that may be there in several versions, and who brings the other one.
const SEVERAL: &[(&[&str], &str)] = &[
    (
        &["syn"],
        "derive macros move from 2 to 3 one by one; it is built for the compiler, not into the program",
    ),
    (&["base64"], "one of our crates uses a newer one than the database clients"),
    (&["digest", "crypto-common"], "object_store's crc-fast still stands on the 0.10 traits"),
    (
        &[
            "block-buffer",
            "const-oid",
            "cpufeatures",
            "der",
            "hmac",
            "itertools",
            "pem-rfc7468",
            "pkcs8",
            "rand",
            "rand_core",
            "sha2",
            "signature",
            "spki",
            "thiserror",
            "thiserror-impl",
        ],
        "openidconnect 4.1 checks signatures with the previous generation of the RustCrypto crates",
    ),
    (
        &["arrayvec", "phf_shared", "unicode-width"],
        "cedar-policy uses older ones; it is in the bench alone, which compares decisions with it",
    ),
    (&["spin"], "object_store's crc-fast uses a newer one than lazy_static"),
    (&["tower-http"], "reqwest 0.13 uses an older one than our routes"),
    (&["getrandom"], "ring still asks the system for randomness through 0.2"),
    (&["fallible-iterator"], "the SQLite client uses a newer one than the PostgreSQL client"),
    (
        &["bit-set", "bit-vec"],
        "in tests alone: proptest uses newer ones than jsonschema's regular expressions",
    ),
];

/// No crate that is banned is in the build.
pub(super) fn banned(tree: &Tree) -> Vec<String> {
    let mut complaints = Vec::new();
    for one in &tree.crates {
        for (name, version, reason) in BANNED {
            if one.name == *name && one.version.starts_with(version) {
                complaints.push(format!("{} {}: {reason}", one.name, one.version));
            }
        }
    }
    complaints
}

/// Every crate is there in one version, but for the exceptions.
pub(super) fn duplicates(tree: &Tree) -> Vec<String> {
    let excepted: Vec<&str> = SEVERAL.iter().flat_map(|(names, _)| names.iter().copied()).collect();
    duplicates_but(tree, &excepted)
}

fn duplicates_but(tree: &Tree, excepted: &[&str]) -> Vec<String> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for one in &tree.crates {
        versions.entry(&one.name).or_default().insert(&one.version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    let mut complaints = Vec::new();
    for (name, versions) in versions.iter().filter(|(name, _)| !excepted.contains(name)) {
        let versions: Vec<&str> = versions.iter().copied().collect();
        complaints.push(format!(
            "{name} is there as {}; use one (`cargo tree --invert {name}@VERSION` shows who brings it), \
             or except it with the reason in xtask/src/tidy/dependencies.rs",
            versions.join(" and ")
        ));
    }
    for name in excepted.iter().filter(|name| !versions.contains_key(**name)) {
        complaints.push(format!(
            "{name} is there in one version now; take it off the list in xtask/src/tidy/dependencies.rs"
        ));
    }
    complaints
}

/// Every crate from elsewhere comes from the one registry, so that a build is repeatable by all.
pub(super) fn sources(tree: &Tree) -> Vec<String> {
    let elsewhere = |source: &Option<String>| source.as_ref().filter(|source| *source != REGISTRY).cloned();
    let crates = tree.crates.iter().filter_map(|one| Some((one, elsewhere(&one.source)?)));
    crates.map(|(one, source)| format!("{} {} comes from {source}", one.name, one.version)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn banned_crates_are_found_by_name_and_version() {
        let tree = Tree::of_crates(&["openssl 0.10.1", "reqwest 0.12.9", "reqwest 0.13.1", "ring 0.17.0"]);
        let complaints = banned(&tree);
        assert_eq!(complaints.len(), 2, "{complaints:?}");
        assert!(
            complaints[0].starts_with("openssl 0.10.1: ") && complaints[1].starts_with("reqwest 0.12.9: ")
        );
    }

    #[test]
    fn a_second_version_is_found_unless_excepted() {
        let tree =
            Tree::of_crates(&["rustls 0.22.1", "rustls 0.23.0", "syn 2.0.0", "syn 3.0.0", "ring 0.17.0"]);
        let complaints = duplicates_but(&tree, &["syn"]);
        assert_eq!(complaints.len(), 1, "{complaints:?}");
        assert!(complaints[0].starts_with("rustls is there as 0.22.1 and 0.23.0"), "{complaints:?}");
    }

    #[test]
    fn an_exception_that_is_not_needed_is_found() {
        let complaints = duplicates_but(&Tree::of_crates(&["syn 3.0.0"]), &["syn"]);
        assert_eq!(complaints.len(), 1, "{complaints:?}");
        assert!(complaints[0].starts_with("syn is there in one version now"), "{complaints:?}");
    }

    #[test]
    fn a_crate_from_git_is_found() {
        let mut tree = Tree::of_crates(&["ours", "fine 1.0.0", "forked 1.0.0"]);
        tree.crates[2].source = Some("git+https://example.org/forked".into());
        assert_eq!(sources(&tree), ["forked 1.0.0 comes from git+https://example.org/forked"]);
    }
}
