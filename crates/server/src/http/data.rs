//! The doors that are no API method: where the bytes of files come in and go out. This is the whole list of them.
//!
//! They need no API token: an address that the server signed says who stands behind it, and every use is decided again
//! for that person. Their errors are plain sentences.

mod disposition;
mod download;
mod range;
mod upload;

use std::sync::Arc;

use app::Error;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, put};
use wire::ErrorType;

use crate::Server;

/// The name of a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoorName {
    /// One part of an open file comes in.
    PartIn,
    /// A closed file, or a range of it, goes out.
    FileOut,
}

/// One row of the list.
#[derive(Debug, Clone, Copy)]
pub struct Door {
    /// The row's name, also the key of its handler.
    pub name: DoorName,
    /// The HTTP methods it takes.
    pub methods: &'static [&'static str],
    /// Its path, with names for the segments that vary.
    pub path: &'static str,
    /// The API method that gives out its addresses.
    pub given_by: &'static str,
    /// One sentence for the documentation.
    pub summary: &'static str,
}

/// Every door.
pub const DOORS: &[Door] = &[
    Door {
        name: DoorName::PartIn,
        methods: &["PUT"],
        path: "/upload/{file}/{index}",
        given_by: "/file-xxxx/upload",
        summary: "Takes the bytes of one part, checks size and MD5, and answers when they are durable.",
    },
    Door {
        name: DoorName::FileOut,
        methods: &["GET", "HEAD"],
        path: "/download/{file}/{name}",
        given_by: "/file-xxxx/download",
        summary: "Sends a closed file or one range of it, verified.",
    },
];

/// The routes of the list.
pub(super) fn routes() -> Router<Arc<Server>> {
    DOORS.iter().fold(Router::new(), |router, door| {
        router.route(
            door.path,
            match door.name {
                DoorName::PartIn => put(upload::take),
                DoorName::FileOut => get(download::send),
            },
        )
    })
}

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
