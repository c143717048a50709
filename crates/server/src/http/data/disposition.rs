//! The name that a browser saves a file under (RFC 6266, RFC 8187).

use axum::http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What RFC 8187 leaves as it is.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// `attachment` with the name, twice where it is not plain: once for old clients with `_` for what they may misread, once
/// exactly.
pub(super) fn attachment(name: &str) -> HeaderValue {
    let plain = |symbol: char| (' '..='~').contains(&symbol) && !matches!(symbol, '"' | '\\' | '%' | '/');
    let old: String = name.chars().map(|symbol| if plain(symbol) { symbol } else { '_' }).collect();
    let mut text = format!("attachment; filename=\"{old}\"");
    if old != name {
        text.push_str(&format!("; filename*=UTF-8''{}", utf8_percent_encode(name, KEPT)));
    }
    // Only visible ASCII and spaces are left, so this cannot fail.
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::attachment;

    #[test]
    fn names_arrive_exactly_and_break_out_of_nothing() {
        for (name, expected) in [
            ("reads.bam", r#"attachment; filename="reads.bam""#),
            ("a b;c.txt", r#"attachment; filename="a b;c.txt""#),
            (r#"x".html"#, r#"attachment; filename="x_.html"; filename*=UTF-8''x%22.html"#),
            ("Größe.csv", "attachment; filename=\"Gr__e.csv\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.csv"),
            ("100%", "attachment; filename=\"100_\"; filename*=UTF-8''100%25"),
            ("a\u{7f}\u{202e}b", "attachment; filename=\"a__b\"; filename*=UTF-8''a%7F%E2%80%AEb"),
        ] {
            assert_eq!(attachment(name).to_str().unwrap(), expected);
        }
    }
}
