//! Cookies of the pages. All are invisible to scripts, go back to this server alone, and stay away from requests that
//! other sites cause, but for following a link.

use axum::http::{HeaderMap, HeaderValue, header};

/// A cookie of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cookie {
    /// The text of the session's token.
    Session,
    /// What forms are bound to before anybody has signed in.
    Visitor,
    /// A sign-in that waits for the second factor, sealed.
    Step,
    /// A sign-in that is under way at a provider, sealed.
    Provider,
}

impl Cookie {
    /// Its name. Over https the prefix makes browsers refuse one that another host or plain http has set.
    fn name(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Session, true) => "__Host-operon",
            (Self::Session, false) => "operon",
            (Self::Visitor, true) => "__Host-operon-visitor",
            (Self::Visitor, false) => "operon-visitor",
            (Self::Step, true) => "__Host-operon-step",
            (Self::Step, false) => "operon-step",
            (Self::Provider, true) => "__Host-operon-provider",
            (Self::Provider, false) => "operon-provider",
        }
    }

    /// Its value in a request.
    pub(super) fn read(self, headers: &HeaderMap, https: bool) -> Option<String> {
        let name = self.name(https);
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(found, value)| *found == name && !value.is_empty())
            .map(|(_, value)| value.to_owned())
    }

    /// Sets it until the browser is closed.
    pub(super) fn set(self, headers: &mut HeaderMap, https: bool, value: &str) {
        self.write(headers, https, value, "");
    }

    /// Sets it for some seconds.
    pub(super) fn set_for(self, headers: &mut HeaderMap, https: bool, value: &str, seconds: i64) {
        self.write(headers, https, value, &format!("; Max-Age={seconds}"));
    }

    /// Takes it out of the browser.
    pub(super) fn clear(self, headers: &mut HeaderMap, https: bool) {
        self.write(headers, https, "", "; Max-Age=0");
    }

    fn write(self, headers: &mut HeaderMap, https: bool, value: &str, more: &str) {
        let secure = if https { "; Secure" } else { "" };
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{more}", self.name(https));
        // Values are hexadecimal or base64url, so they always are a header.
        if let Ok(line) = HeaderValue::from_str(&text) {
            headers.append(header::SET_COOKIE, line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_and_only_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("x=1; operon-visitor=v;operon=s"));
        headers.append(header::COOKIE, HeaderValue::from_static("operon-step="));
        assert_eq!(Cookie::Session.read(&headers, false).as_deref(), Some("s"));
        assert_eq!(Cookie::Visitor.read(&headers, false).as_deref(), Some("v"));
        assert_eq!(Cookie::Step.read(&headers, false), None);
        assert_eq!(Cookie::Session.read(&headers, true), None, "a cookie from plain http does not count");
    }

    #[test]
    fn over_https_cookies_are_bound_to_this_host() {
        let mut headers = HeaderMap::new();
        Cookie::Session.set(&mut headers, true, "abc");
        Cookie::Step.set_for(&mut headers, false, "abc", 300);
        let lines: Vec<_> =
            headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap()).collect();
        assert_eq!(
            lines,
            [
                "__Host-operon=abc; Path=/; HttpOnly; SameSite=Lax; Secure",
                "operon-step=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=300"
            ]
        );
    }
}
