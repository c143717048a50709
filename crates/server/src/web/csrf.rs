//! Whether a form was sent by our own page, in this browser.
//!
//! Three things have to agree. The browser says that the request came from this site (`Sec-Fetch-Site`, or `Origin`
//! where the browser is old); the cookies stay away from what other sites post (`SameSite`); and the form carries a token
//! that only a page made for this very session, or for this visitor before the sign-in, can hold.

use axum::http::{HeaderMap, header};
use secrets::sign::Signer;

/// Whether the browser says that another site caused this request.
///
/// Pages are sent with `no-referrer`, which makes browsers write `Origin: null` on our own forms, too. Such a request
/// is not foreign by that alone; `Sec-Fetch-Site`, where there is one, decides, and the token in the form always.
pub(super) fn is_foreign(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    if let Some(site) = text("sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    match text(header::ORIGIN.as_str()) {
        None | Some("null") => false,
        Some(origin) => {
            let host = text(header::HOST.as_str());
            let same_host = origin.split_once("://").map(|(_, host)| host) == host;
            !same_host && !origin.eq_ignore_ascii_case(origin_of(public_url))
        }
    }
}

/// Scheme, host and port of an address.
fn origin_of(url: &str) -> &str {
    let start = url.find("://").map_or(0, |place| place + 3);
    let end = url[start..].find('/').map_or(url.len(), |place| start + place);
    &url[..end]
}

/// The token of forms that are bound to `key`.
pub(super) fn token(signer: &Signer, key: &str) -> String {
    signer.sign(&[key])
}

/// Whether a token belongs to `key`.
pub(super) fn holds(signer: &Signer, key: &str, token: &str) -> bool {
    signer.verify(&[key], token)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn foreign(pairs: &[(&'static str, &'static str)]) -> bool {
        let headers = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        is_foreign(&headers, "https://operon.example.org/base")
    }

    #[test]
    fn what_another_site_causes_is_told_apart() {
        for (expected, headers) in [
            (false, &[("sec-fetch-site", "same-origin"), ("origin", "null")][..]),
            (false, &[("sec-fetch-site", "none")]),
            (true, &[("sec-fetch-site", "cross-site"), ("origin", "null")]),
            (true, &[("sec-fetch-site", "same-site"), ("origin", "https://operon.example.org")]),
            (false, &[("origin", "https://operon.example.org"), ("host", "10.0.0.1:8080")]),
            (false, &[("origin", "http://10.0.0.1:8080"), ("host", "10.0.0.1:8080")]),
            (true, &[("origin", "https://evil.example"), ("host", "operon.example.org")]),
            (true, &[("origin", "https://operon.example.org.evil.example"), ("host", "operon.example.org")]),
            (true, &[("origin", "https://evil.example")]),
            (false, &[]),
        ] {
            assert_eq!(foreign(headers), expected, "{headers:?}");
        }
    }
}
