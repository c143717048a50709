//! What goes out: pages, redirects, errors, and the headers that protect them all.

use app::Error;
use askama::Template;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use wire::ErrorType;

use super::cookie::Cookie;
use super::visitor::Visitor;

/// After so many seconds a page that could not be shown may be tried again.
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("30");

/// What every page begins with.
pub(super) struct Head {
    /// The heading and the title of the window.
    pub title: String,
    /// The handle of whoever is signed in.
    pub person: Option<String>,
    /// The token for the forms of the page.
    pub token: String,
}

/// A page that says one thing.
#[derive(Template)]
#[template(path = "message.html")]
struct Message {
    head: Head,
    text: String,
    /// Where to go on: address and words.
    links: Vec<(&'static str, &'static str)>,
}

impl Visitor {
    /// What a page with this title begins with.
    pub(super) fn head(&self, title: impl Into<String>) -> Head {
        Head {
            title: title.into(),
            person: self.session.as_ref().map(|session| session.account.handle.clone()),
            token: self.form_token(),
        }
    }

    /// A page. The browser is given the key of its forms where it has none.
    pub(super) fn page(&self, status: StatusCode, template: &impl Template) -> Response {
        let mut response = render(status, template);
        if self.key_is_new {
            Cookie::Visitor.set(response.headers_mut(), self.https(), self.key());
        }
        response
    }

    /// A page that says one thing.
    pub(super) fn message(
        &self,
        status: StatusCode,
        title: &str,
        text: impl Into<String>,
        links: Vec<(&'static str, &'static str)>,
    ) -> Response {
        self.page(status, &Message { head: self.head(title), text: text.into(), links })
    }
}

/// Why a page cannot be shown or a form not be worked on.
pub(super) enum Failure {
    /// The page is for people who signed in.
    SignInFirst,
    /// The session that the form belonged to has ended.
    SessionEnded,
    /// A sentence for the person.
    Said(StatusCode, String),
}

impl Failure {
    /// A sentence for the person.
    pub(super) fn said(status: StatusCode, text: impl Into<String>) -> Self {
        Self::Said(status, text.into())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (status, text) = sentence(error);
        Self::Said(status, text)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Self::SignInFirst => return redirect("/sign-in"),
            Self::SessionEnded => return redirect("/sign-in?notice=ended"),
            Self::Said(status, text) => (status, text),
        };
        let title = if status.is_server_error() { "Something went wrong" } else { "This did not work" };
        let head = Head { title: title.to_owned(), person: None, token: String::new() };
        let response = render(status, &Message { head, text, links: vec![("/", "Go to the start page")] });
        with(response, |headers| {
            if status == StatusCode::SERVICE_UNAVAILABLE {
                headers.insert(header::RETRY_AFTER, RETRY_SECONDS);
            }
        })
    }
}

/// An error as a status and a sentence. What only the operator may know went to the log.
pub(super) fn sentence(error: Error) -> (StatusCode, String) {
    let said = error.into_wire();
    let status = match said.kind {
        ErrorType::ServiceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorType::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorType::RateLimitConditional => StatusCode::TOO_MANY_REQUESTS,
        ErrorType::PermissionDenied => StatusCode::FORBIDDEN,
        ErrorType::ResourceNotFound => StatusCode::NOT_FOUND,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    (status, said.message)
}

/// The way to another page of this server. Only fixed addresses go in here, never one that was sent.
pub(super) fn redirect(to: &'static str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_static(to));
    response
}

fn render(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => {
            let mut response = Response::new(Body::from(html));
            *response.status_mut() = status;
            let kind = HeaderValue::from_static("text/html; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
            response
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Pages run no script, load nothing but our style sheet, send their forms here alone and show in no frame.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Puts on every answer what keeps a page from being misused.
pub(super) async fn protect(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// A time as people read it, in UTC: `2026-11-22 09:30`.
pub(super) fn time(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms)
        .map_or_else(|_| "a distant time".to_owned(), |time| time.strftime("%Y-%m-%d %H:%M").to_string())
}

/// Reads one parameter of a query string.
pub(super) fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    let pairs = query?.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.into_iter().find(|(found, _)| *found == name)?;
    let decoded = percent_encoding::percent_decode_str(value).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

/// A response with one more thing done to its headers.
pub(super) fn with(mut response: Response, change: impl FnOnce(&mut HeaderMap)) -> Response {
    change(response.headers_mut());
    response
}
