//! The door that files go out by.

use std::sync::Arc;

use app::Error;
use app::transfer::download::{Address, Opened, file_name};
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use futures::TryStreamExt;
use schemars::JsonSchema;
use serde::Deserialize;

use super::disposition::attachment;
use super::range::{Selection, select};
use super::{refuse, sentence};
use crate::Server;
use crate::http::admission::keep;
use crate::http::listen::AnswerCut;
use crate::http::request::{bearer, info};

/// Whatever a file contains, a browser that shows it gives it no rights.
const NO_RIGHTS: &str = "sandbox; default-src 'none'; frame-ancestors 'none'";

/// What stands behind the question mark.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::http) struct Signed {
    /// The project to take the file from.
    project: Option<String>,
    /// Who asked for the address, when it is preauthenticated.
    by: Option<String>,
    /// When the address ends, in ms since the epoch.
    expires: Option<String>,
    /// The server's own signature over path and query.
    signature: Option<String>,
}

/// `GET /download/<file>/<name>`, and `HEAD`.
pub(in crate::http) async fn send(
    State(server): State<Arc<Server>>,
    Path((file, name)): Path<(String, String)>,
    Query(signed): Query<Signed>,
    request: Request,
) -> Response {
    let Signed { project, by, expires, signature } = signed;
    let (parts, _) = request.into_parts();
    let opened = async {
        let info = info(&server, &parts.extensions)?;
        // Whoever comes by a preauthenticated address needs no header, so one that came along, such as a password for a
        // proxy on the way, is nobody's mistake (contract: data 8.2).
        let bearer = if signature.is_some() { None } else { bearer(&parts.headers)? };
        let address = Address { file, name: name.clone(), project, by, expires, signature, bearer };
        app::transfer::download::open(&server.app, info, &address).await
    };
    match opened.await {
        Ok(opened) => {
            let at_door = opened.at_door();
            let mut response = answer(opened, &name, &parts).await;
            keep(&mut response, at_door);
            response
        }
        Err(error) => refuse(error),
    }
}

async fn answer(opened: Opened, name: &str, request: &Parts) -> Response {
    let etag = format!("\"{}\"", opened.sha256);
    let size = opened.size;
    let (status, range) = match select(&request.headers, size, &etag) {
        Selection::Whole => (StatusCode::OK, 0..size),
        Selection::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Selection::NotModified => (StatusCode::NOT_MODIFIED, 0..0),
        Selection::PreconditionFailed => {
            let text = "The file is not the one that the condition names; its content is different.";
            return sentence(StatusCode::PRECONDITION_FAILED, text.to_owned());
        }
        Selection::Unsatisfiable => {
            let text = format!("The range lies outside the file, which has {size} bytes.");
            let mut response = sentence(StatusCode::RANGE_NOT_SATISFIABLE, text);
            set(response.headers_mut(), header::CONTENT_RANGE, &format!("bytes */{size}"));
            return response;
        }
    };
    let mut headers = HeaderMap::new();
    describe(&mut headers, &opened, name, &etag);
    if status == StatusCode::PARTIAL_CONTENT {
        let (first, last) = (range.start, range.end.saturating_sub(1));
        set(&mut headers, header::CONTENT_RANGE, &format!("bytes {first}-{last}/{size}"));
    }
    let mut turn = None;
    let body = if status == StatusCode::NOT_MODIFIED || request.method == Method::HEAD {
        Body::empty()
    } else {
        let Some(cut) = request.extensions.get::<AnswerCut>().cloned() else {
            return refuse(Error::internal(
                "a download has no connection that can be cut when its reader may read no longer",
            ));
        };
        match opened.read(range.clone(), Arc::new(move || cut.now())).await {
            Ok(reading) => {
                turn = Some(reading.turn());
                Body::from_stream(reading.into_stream().map_err(|error| {
                    tracing::info!(%error, "a download ended early");
                    std::io::Error::other("the download was cut")
                }))
            }
            Err(error) => return refuse(error),
        }
    };
    if status != StatusCode::NOT_MODIFIED {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    }
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    if let Some(turn) = turn {
        keep(&mut response, turn);
    }
    response
}

/// What every answer about a file says of it.
fn describe(headers: &mut HeaderMap, opened: &Opened, name: &str, etag: &str) {
    let media = opened.media.as_deref().filter(|media| !media.is_empty());
    let media = media.and_then(|media| HeaderValue::from_str(media).ok());
    let media = media.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_TYPE, media);
    headers.insert(header::CONTENT_DISPOSITION, attachment(&file_name(name)));
    set(headers, header::ETAG, etag);
    for (name, value) in [
        (header::ACCEPT_RANGES, "bytes"),
        (header::CACHE_CONTROL, "private"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, NO_RIGHTS),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Sets a header to a text of visible ASCII.
fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
