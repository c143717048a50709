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
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use wire::ApiError;

use super::{refuse, sentence};
use crate::Server;
use crate::http::admission::keep;
use crate::http::reply;
use crate::http::request::info;

/// How long a sender may send nothing.
const IDLE: Duration = Duration::from_secs(60);

/// What stands behind the question mark.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::http) struct Signed {
    /// The bytes of the part, when they were announced.
    size: Option<String>,
    /// Their MD5, when it was announced.
    md5: Option<String>,
    /// Who asked for the address.
    #[serde(default)]
    by: String,
    /// When the address ends, in ms since the epoch.
    #[serde(default)]
    expires: String,
    /// The server's own signature over path and query.
    #[serde(default)]
    signature: String,
}

/// `PUT /upload/<file>/<part>`.
pub(in crate::http) async fn take(
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
    let arrived = async {
        let info = info(&server, request.extensions())?;
        let incoming = app::transfer::upload::accept(&server.app, info, &link, length).await?;
        let at_door = incoming.at_door();
        let part = receive(incoming, request.into_body()).await?.finish().await?;
        Ok((part, at_door))
    };
    match arrived.await {
        Ok((part, at_door)) => {
            let mut response = reply::json(&json!(part));
            keep(&mut response, at_door);
            response
        }
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
