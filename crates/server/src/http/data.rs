//! The doors by which the bytes of files come in and go out.
//!
//! They need no API token: an address that the server signed says who stands behind it, and every use is decided again
//! for that person. Their errors are plain sentences.

mod disposition;
pub(super) mod download;
mod range;
pub(super) mod upload;

use app::Error;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use wire::ErrorType;

/// An error as a sentence.
fn refuse(error: Error) -> Response {
    let said = error.into_wire();
    let status = match said.kind {
        ErrorType::ResourceNotFound => StatusCode::NOT_FOUND,
        // Clients try a part again after 400, and only then.
        ErrorType::InvalidInput | ErrorType::MalformedJson => StatusCode::BAD_REQUEST,
        ErrorType::ServiceUnavailable | ErrorType::RateLimitConditional => StatusCode::SERVICE_UNAVAILABLE,
        ErrorType::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::FORBIDDEN,
    };
    let mut response = sentence(status, said.message);
    if let Some(seconds) = said.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A plain sentence.
fn sentence(status: StatusCode, mut text: String) -> Response {
    text.push('\n');
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
