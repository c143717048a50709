use proptest::prelude::*;

use super::*;

fn regexp(pattern: &str) -> Regexp {
    Regexp::new(pattern, "").unwrap()
}

#[test]
fn unanchored_and_case_sensitive_unless_told() {
    assert!(regexp("ba.*").matches("xbay"));
    assert!(!regexp("^ba$").matches("xbay"));
    assert!(!regexp("BA").matches("ba"));
    assert!(Regexp::new("BA", "i").unwrap().matches("ba"));
    assert!(regexp("[t]+est_apple.+").matches("test_apple1"));
    assert!(regexp(r"\.vcf(\.gz)?$").matches("a.vcf.gz"));
}

#[test]
fn refusals_explain_themselves() {
    for (pattern, flags, why) in [
        ("a", "ix", "flag \"x\""),
        ("(?=a)", "", "look-around"),
        ("(?<!a)b", "", "look-around"),
        (r"(a)\1", "", "backreferences are not supported"),
        ("(a", "", "unclosed group"),
        ("[", "", "unclosed character class"),
        ("a\0", "", "U+0000"),
        ("((a{100}){100}){100}", "", "too large"),
        (&"a".repeat(MAX_PATTERN_BYTES + 1), "", "at most 4096 bytes"),
        (&"(".repeat(1000), "", "not usable"),
    ] {
        let error = Regexp::new(pattern, flags).unwrap_err().to_string();
        assert!(error.contains(why), "{pattern}: {error}");
        assert!(!error.contains('\n'), "{error}");
    }
}

#[test]
fn prefixes() {
    for (pattern, prefix) in [
        ("^abc", "abc"),
        ("^abc.*", "abc"),
        ("^abc*", "ab"),
        ("^abc+", "abc"),
        ("^ab{0}", "a"),
        (r"^a\.b\d", "a.b"),
        ("^ab|c", ""),
        ("abc", ""),
        ("^^a", ""),
        ("(?m)^a", ""),
        ("^Ψ ", "Ψ "),
    ] {
        assert_eq!(regexp(pattern).literal_prefix(), prefix, "{pattern}");
    }
    assert_eq!(Regexp::new("^abc", "i").unwrap().literal_prefix(), "");
}

proptest! {
    #[test]
    fn every_match_starts_with_the_prefix(
        pattern in r"\^([ab.^$*+?()\[\]|\\{}01,-]|\\[db.*<>]|\(\?[xims]\)){0,8}",
        name in r"[ab01.*<>\n \\-]{0,6}",
    ) {
        if let Ok(regexp) = Regexp::new(&pattern, "")
            && regexp.matches(&name)
        {
            prop_assert!(name.starts_with(&regexp.literal_prefix()), "{:?} {:?}", pattern, name);
        }
    }
}
