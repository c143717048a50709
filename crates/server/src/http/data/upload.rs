//! The door that parts come in by.

use std::sync::Arc;
use std::time::Duration;

use app::transfer::upload::{Incoming, PartLink};
use app::{Error, Result};
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::json;
use wire::ApiError;

use super::{refuse, sentence};
use crate::Server;
use crate::http::reply;
use crate::http::request::info;

/// How long a sender may send nothing.
const IDLE: Duration = Duration::from_secs(60);

/// What stands behind the question mark.
#[derive(Debug, Deserialize)]
pub(super) struct Signed {
    size: Option<String>,
    md5: Option<String>,
    #[serde(default)]
    by: String,
    #[serde(default)]
    expires: String,
    #[serde(default)]
    signature: String,
}

/// `PUT /upload/<file>/<part>`.
pub(super) async fn take(
    State(server): State<Arc<Server>>,
    Path((file, index)): Path<(String, String)>,
    Query(signed): Query<Signed>,
    request: Request,
) -> Response {
    let Signed { size, md5, by, expires, signature } = signed;
    let link = PartLink { file, index, size, md5, by, expires, signature };
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_none() && link.size.is_none() {
        return sentence(
            StatusCode::LENGTH_REQUIRED,
            "The size of this part was not announced, so the upload has to carry a Content-Length."
                .to_owned(),
        );
    }
    let info = info(&server, request.extensions());
    let arrived = async {
        let incoming = app::transfer::upload::accept(&server.app, info, &link, length).await?;
        receive(incoming, request.into_body()).await?.finish().await
    };
    match arrived.await {
        Ok(part) => reply::json(&json!({
            "id": part.file,
            "index": part.index.number(),
            "size": part.size,
            "md5": part.md5,
        })),
        Err(error) => refuse(error),
    }
}

/// Takes the whole body.
async fn receive(mut incoming: Incoming, mut body: Body) -> Result<Incoming> {
    loop {
        let Ok(frame) = tokio::time::timeout(IDLE, body.frame()).await else {
            return Err(unfinished("No bytes came for a minute"));
        };
        match frame {
            None => return Ok(incoming),
            Some(Ok(frame)) => {
                if let Ok(bytes) = frame.into_data() {
                    incoming.write(bytes).await?;
                }
            }
            Some(Err(_)) => return Err(unfinished("The connection ended before the part was complete")),
        }
    }
}

fn unfinished(why: &str) -> Error {
    ApiError::invalid_input(format!("{why}. Nothing was stored; send the part again.")).into()
}
