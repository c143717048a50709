use proptest::prelude::*;

use super::*;

fn glob(pattern: &str) -> Glob {
    Glob::parse(pattern).unwrap()
}

#[test]
fn whole_names_match() {
    for (pattern, fits, fits_not) in [
        ("ba*", &["ba", "bar", "ba/z", "ba\n"][..], &["b", "aba"][..]),
        ("?est", &["test", "éest"], &["est", "ttest"]),
        ("*", &["", "x"], &[]),
        ("", &[""], &["x"]),
        ("*.vcf.gz", &[".vcf.gz", "a.vcf.gz.vcf.gz"], &["a.vcf.gz.tbi"]),
        (r"a\*b", &["a*b"], &["axb", r"a\*b"]),
        (r"a\?\\", &[r"a?\"], &[r"ax\"]),
        (r"a\b", &[r"a\b"], &["ab"]),
        (r"a\", &[r"a\"], &["a"]),
        ("[ab]", &["[ab]"], &["a"]),
        ("a*b*c", &["abc", "aXbXbYc"], &["acb", "abcd"]),
    ] {
        for name in fits {
            assert!(glob(pattern).matches(name), "{pattern} {name}");
        }
        for name in fits_not {
            assert!(!glob(pattern).matches(name), "{pattern} {name}");
        }
    }
}

#[test]
fn structure() {
    assert_eq!(
        glob(r"a\*b**?").tokens(),
        [GlobToken::Literal("a*b".into()), GlobToken::AnyRun, GlobToken::AnyOne]
    );
    assert_eq!(glob("abc*d").literal_prefix(), "abc");
    assert_eq!(glob("*d").literal_prefix(), "");
    assert_eq!(glob(r"a\?").as_exact(), Some("a?"));
    assert_eq!(glob("a?").as_exact(), None);
    assert_eq!(glob(r"50%_\\*?").like_pattern(), r"50\%\_\\%_");
}

#[test]
fn bounds() {
    assert!(Glob::parse(&"a".repeat(MAX_GLOB_BYTES + 1)).is_err());
    assert!(Glob::parse("a\0").is_err());
    // Catastrophic for a matcher that tries every `*` again.
    assert!(!glob(&"a*".repeat(2000)).matches(&format!("{}b", "a".repeat(1999))));
}

/// The definition, straight from the contract.
fn naive(pattern: &[char], name: &[char]) -> bool {
    match pattern {
        [] => name.is_empty(),
        ['*', rest @ ..] => (0..=name.len()).any(|taken| naive(rest, &name[taken..])),
        ['?', rest @ ..] => !name.is_empty() && naive(rest, &name[1..]),
        ['\\', c @ ('*' | '?' | '\\'), rest @ ..] | [c, rest @ ..] => {
            name.first() == Some(c) && naive(rest, &name[1..])
        }
    }
}

proptest! {
    #[test]
    fn agrees_with_the_definition(pattern in r"[ab*?\\é]{0,10}", name in r"[ab*?\\é]{0,8}") {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        let glob = glob(&pattern);
        let expected = naive(&chars(&pattern), &chars(&name));
        prop_assert_eq!(glob.matches(&name), expected);
        if expected {
            prop_assert!(name.starts_with(glob.literal_prefix()));
        }
        if let Some(exact) = glob.as_exact() {
            prop_assert_eq!(expected, exact == name);
        }
        prop_assert_eq!(Glob::parse(&glob.to_string()), Ok(glob));
    }

    #[test]
    fn plain_names_are_their_own_pattern(name in r"[^*?\\\x00]{0,12}") {
        let glob = glob(&name);
        prop_assert_eq!(glob.as_exact(), Some(name.as_str()));
        prop_assert!(glob.matches(&name));
    }
}
