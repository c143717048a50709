use proptest::prelude::*;

use super::*;

fn path(text: &str) -> FolderPath {
    FolderPath::parse(text).unwrap()
}

fn name(text: &str) -> FolderName {
    FolderName::try_from(text.to_owned()).unwrap()
}

#[test]
fn spellings_collapse() {
    for (spelling, normal) in [
        ("/", "/"),
        ("////", "/"),
        ("/a//b////c/", "/a/b/c"),
        ("/a/...", "/a/..."),
        ("/ ", "/ "),
        (r"/a\/b/c", r"/a\/b/c"),
        (r"/a\/", r"/a\/"),
        (r"/\/\/", r"/\/\/"),
        (r"/a\b", r"/a\b"),
        (r"/a\\/b", r"/a\\/b"),
    ] {
        assert_eq!(path(spelling).as_str(), normal, "{spelling}");
    }
}

#[test]
fn bad_paths_say_why() {
    for (bad, why) in [
        ("", "starts with"),
        ("a/b", "starts with"),
        ("/a/./b", "cannot be called"),
        ("/..", "cannot be called"),
        ("/a\u{1}", "U+0001"),
        ("/a/b\\", "backslash"),
        (r"/a\\\", "backslash"),
    ] {
        let error = FolderPath::parse(bad).unwrap_err().to_string();
        assert!(error.contains(why), "{bad}: {error}");
    }
}

#[test]
fn limits() {
    assert!(FolderPath::parse(&format!("/{}", "é".repeat(MAX_NAME_CHARS))).is_ok());
    assert!(FolderPath::parse(&format!("/{}", "é".repeat(MAX_NAME_CHARS + 1))).is_err());
    assert!(FolderPath::parse(&"/a".repeat(MAX_LEVELS)).is_ok());
    assert!(FolderPath::parse(&"/a".repeat(MAX_LEVELS + 1)).is_err());
    assert!(path(&"/a".repeat(MAX_LEVELS)).join(&name("b")).is_err());
    // Five names of 2046 and one of 3 characters with six slashes: 10 239 characters.
    let long = format!("{}/abc", format!("/{}", "x".repeat(2046)).repeat(5));
    assert_eq!(long.len(), PATH_CHARS_END - 1);
    assert!(FolderPath::parse(&long).is_ok());
    assert!(FolderPath::parse(&format!("{long}d")).is_err());
    assert!(FolderPath::parse(&format!("{long}///")).is_err());
}

#[test]
fn names() {
    for fine in ["a", "...", r"a\/b", r"\/", r"a\\", "a b", r"C:\x"] {
        assert_eq!(name(fine).as_str(), fine);
    }
    for bad in ["", ".", "..", "a/b", "/", r"a\\/b", "a\\", "a\tb"] {
        assert!(FolderName::try_from(bad.to_owned()).is_err(), "{bad}");
    }
}

#[test]
fn an_escaped_slash_stays_inside_its_name() {
    let folder = path(r"/x/a\/b");
    assert_eq!(folder.basename(), Some(name(r"a\/b")));
    assert_eq!(folder.parent(), Some(path("/x")));
    assert!(!path("/x/a").is_ancestor_of(&folder));
    assert_eq!(path(r"/x/a\\/b").parent(), Some(path(r"/x/a\\")));
}

#[test]
fn above_and_below() {
    assert!(path("/").is_ancestor_of(&path("/a")));
    assert!(path("/a").is_ancestor_of(&path("/a/b/c")));
    assert!(!path("/a").is_ancestor_of(&path("/a")));
    assert!(!path("/a").is_ancestor_of(&path("/ab")));
    assert_eq!(path("/a/b/c").ancestors(), [path("/"), path("/a"), path("/a/b")]);
    assert!(path("/").ancestors().is_empty());
    assert_eq!(path("/").parent(), None);
    assert_eq!(path("/").basename(), None);
    assert_eq!(path("/").levels(), 0);
}

#[test]
fn moves() {
    let moved = |what: &str, from: &str, to: &str| {
        path(what).moved(&path(from), &path(to)).map(|to| to.unwrap().to_string())
    };
    assert_eq!(moved("/a/b/c", "/a/b", "/z").as_deref(), Some("/z/c"));
    assert_eq!(moved("/a/b", "/a/b", "/z/y").as_deref(), Some("/z/y"));
    assert_eq!(moved("/a/b", "/", "/z").as_deref(), Some("/z/a/b"));
    assert_eq!(moved("/", "/", "/z").as_deref(), Some("/z"));
    assert_eq!(moved("/ab", "/a", "/z"), None);
    let deep = path(&"/a".repeat(MAX_LEVELS));
    assert!(deep.moved(&path("/a"), &path("/a/b")).unwrap().is_err());
}

/// Names out of an alphabet that makes every rule of this module matter.
fn any_name() -> impl Strategy<Value = FolderName> {
    proptest::string::string_regex(r"([ab.é]|\\/|\\\\|\\a){1,4}")
        .unwrap()
        .prop_filter_map("a name", |text| FolderName::try_from(text).ok())
}

proptest! {
    #[test]
    fn a_path_is_its_names(names in prop::collection::vec(any_name(), 0..6), slashes in prop::collection::vec(1usize..4, 7)) {
        let mut spelling = String::new();
        for (name, count) in names.iter().zip(&slashes) {
            spelling.push_str(&"/".repeat(*count));
            spelling.push_str(name.as_str());
        }
        let trailing = if names.is_empty() { slashes[6] } else { slashes[6] - 1 };
        spelling.push_str(&"/".repeat(trailing));
        let parsed = FolderPath::parse(&spelling).unwrap();

        let mut joined = FolderPath::root();
        let mut above = Vec::new();
        for name in &names {
            above.push(joined.clone());
            let below = joined.join(name).unwrap();
            prop_assert_eq!(below.parent(), Some(joined));
            prop_assert_eq!(below.basename(), Some(name.clone()));
            joined = below;
        }
        prop_assert_eq!(&parsed, &joined);
        prop_assert_eq!(parsed.levels(), names.len());
        prop_assert_eq!(parsed.ancestors(), above);
    }

    #[test]
    fn ancestry_is_a_prefix_of_names(a in prop::collection::vec(any_name(), 0..4), b in prop::collection::vec(any_name(), 0..4)) {
        let build = |names: &[FolderName]| {
            names.iter().fold(FolderPath::root(), |path, name| path.join(name).unwrap())
        };
        let below: Vec<_> = a.iter().chain(&b).cloned().collect();
        prop_assert_eq!(build(&a).is_ancestor_of(&build(&below)), !b.is_empty());
        prop_assert_eq!(build(&a).is_ancestor_of(&build(&b)), b.len() > a.len() && b.starts_with(&a));
        prop_assert_eq!(build(&a) == build(&b), a == b);
    }

    #[test]
    fn any_text_is_refused_or_normal(text in r"[/\\ab.\x00]{0,12}") {
        if let Ok(path) = FolderPath::parse(&text) {
            prop_assert_eq!(FolderPath::parse(path.as_str()), Ok(path));
        }
    }
}
