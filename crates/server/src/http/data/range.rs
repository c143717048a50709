//! Which bytes a request asks for, and whether it still wants them (RFC 9110, sections 13 and 14).
//!
//! One range is served. Several in one request are answered by the whole file, which the standard allows; so is a range in
//! a unit or form that this server does not know.

use std::ops::Range;

use axum::http::{HeaderMap, HeaderName, header};

/// What to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Selection {
    /// 200, everything.
    Whole,
    /// 206, these bytes.
    Part(Range<u64>),
    /// 304: the reader has it already.
    NotModified,
    /// 412: it is not what the reader wanted to go on with.
    PreconditionFailed,
    /// 416: nothing of the range is in the file.
    Unsatisfiable,
}

/// Decides by the headers of a request. `etag` is the strong tag with its quotes.
pub(super) fn select(headers: &HeaderMap, size: u64, etag: &str) -> Selection {
    let strongly = |tag: &str| tag == "*" || tag == etag;
    if headers.contains_key(header::IF_MATCH) && !lists(headers, &header::IF_MATCH, strongly) {
        return Selection::PreconditionFailed;
    }
    let weakly = |tag: &str| tag == "*" || tag.trim_start_matches("W/") == etag;
    if headers.contains_key(header::IF_NONE_MATCH) && lists(headers, &header::IF_NONE_MATCH, weakly) {
        return Selection::NotModified;
    }
    // There is no date to compare with, so a date in If-Range never matches.
    let goes_on = headers.get(header::IF_RANGE).is_none_or(|tag| tag.as_bytes() == etag.as_bytes());
    let Some(asked) = headers.get(header::RANGE).filter(|_| goes_on) else { return Selection::Whole };
    match asked.to_str().ok().and_then(|asked| range(asked, size)) {
        // Of an empty file every range is outside, yet clients ask for `bytes=0-`.
        Some(_) if size == 0 => Selection::Whole,
        Some(range) if range.is_empty() => Selection::Unsatisfiable,
        Some(range) => Selection::Part(range),
        None => Selection::Whole,
    }
}

/// Whether a header that lists tags has one of a kind.
fn lists(headers: &HeaderMap, name: &HeaderName, wanted: impl Fn(&str) -> bool) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|tag| wanted(tag.trim()))
}

/// The bytes of a header with one range; empty when it lies outside. None when the header is not understood or has more.
fn range(asked: &str, size: u64) -> Option<Range<u64>> {
    let (unit, range) = asked.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") || range.contains(',') {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    match (first.trim(), last.trim()) {
        ("", last) => {
            let length = number(last)?;
            Some(size.saturating_sub(length)..size)
        }
        (first, "") => {
            let first = number(first)?;
            Some(first.min(size)..size)
        }
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            Some(first.min(size)..last.saturating_add(1).min(size))
        }
    }
}

/// Digits as a number. What is too large for one is beyond every file, so the largest number stands for it.
fn number(digits: &str) -> Option<u64> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TAG: &str = "\"abc\"";

    fn asking(pairs: &[(HeaderName, &str)], size: u64) -> Selection {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, value.parse().unwrap());
        }
        select(&headers, size, TAG)
    }

    #[test]
    fn ranges_as_the_standard_reads_them() {
        for (asked, expected) in [
            ("bytes=0-0", Selection::Part(0..1)),
            ("bytes=0-9", Selection::Part(0..10)),
            ("bytes=5-", Selection::Part(5..10)),
            ("bytes=5-99999999999999999999999", Selection::Part(5..10)),
            ("bytes=-3", Selection::Part(7..10)),
            ("bytes=-99", Selection::Part(0..10)),
            ("bytes=10-", Selection::Unsatisfiable),
            ("bytes=-0", Selection::Unsatisfiable),
            ("bytes=99999999999999999999-", Selection::Unsatisfiable),
            ("bytes=3-2", Selection::Whole),
            ("bytes=0-1,4-5", Selection::Whole),
            ("lines=0-1", Selection::Whole),
            ("bytes=+1-2", Selection::Whole),
            ("bytes=-", Selection::Whole),
        ] {
            assert_eq!(asking(&[(header::RANGE, asked)], 10), expected, "{asked}");
        }
        assert_eq!(asking(&[(header::RANGE, "bytes=0-")], 0), Selection::Whole);
    }

    #[test]
    fn conditions_come_before_the_range() {
        let range = (header::RANGE, "bytes=2-3");
        let part = Selection::Part(2..4);
        for (name, value, expected) in [
            (header::IF_RANGE, TAG, part.clone()),
            (header::IF_RANGE, "\"other\"", Selection::Whole),
            (header::IF_RANGE, "W/\"abc\"", Selection::Whole),
            (header::IF_RANGE, "Wed, 21 Oct 2015 07:28:00 GMT", Selection::Whole),
            (header::IF_MATCH, "\"x\", \"abc\"", part.clone()),
            (header::IF_MATCH, "*", part.clone()),
            (header::IF_MATCH, "\"x\"", Selection::PreconditionFailed),
            (header::IF_MATCH, "W/\"abc\"", Selection::PreconditionFailed),
            (header::IF_NONE_MATCH, "W/\"abc\"", Selection::NotModified),
            (header::IF_NONE_MATCH, "\"x\"", part.clone()),
        ] {
            assert_eq!(asking(&[range.clone(), (name.clone(), value)], 10), expected, "{name}: {value}");
        }
    }

    proptest! {
        /// A range reads what a slice with the same ends would.
        #[test]
        fn a_range_is_a_slice(size in 1u64..50, first in 0u64..60, length in 0u64..60) {
            let bytes: Vec<u64> = (0..size).collect();
            let last = first + length;
            let model: Vec<u64> = bytes.iter().copied().filter(|byte| (first..=last).contains(byte)).collect();
            match asking(&[(header::RANGE, &format!("bytes={first}-{last}"))], size) {
                Selection::Part(range) => prop_assert_eq!(range.collect::<Vec<_>>(), model),
                Selection::Unsatisfiable => prop_assert!(model.is_empty()),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}
