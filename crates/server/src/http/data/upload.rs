//! The door that parts come in by.

use std::pin::pin;
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
use tokio::time::Instant;
use wire::ApiError;

use super::{refuse, sentence};
use crate::Server;
use crate::http::admission::keep;
use crate::http::reply;
use crate::http::request::info;

/// Over how long the pace of a sender is looked at, in the time that the server waits for it.
const WINDOW: Duration = Duration::from_secs(60);

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
        let pace = Pace::of(server.config.limits.part_bytes_per_second, WINDOW);
        let part = receive(incoming, request.into_body(), pace).await?.finish().await?;
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
async fn receive(mut incoming: Incoming, mut body: Body, mut pace: Pace) -> Result<Incoming> {
    loop {
        match pace.next(body.frame()).await? {
            None => return Ok(incoming),
            Some(Ok(frame)) => {
                if let Ok(bytes) = frame.into_data() {
                    pace.came += bytes.len() as u64;
                    incoming.write(bytes).await?;
                }
            }
            Some(Err(_)) => return Err(unfinished("The connection ended before the part was complete")),
        }
    }
}

/// Sees that bytes do not come too slowly: a part holds one of few turns until it is there. Only the time counts in which
/// the server waits for the sender.
struct Pace {
    /// The fewest bytes that have to come in a window.
    least: u64,
    window: Duration,
    /// What came in this window.
    came: u64,
    /// How much of this window is left.
    left: Duration,
}

impl Pace {
    fn of(bytes_per_second: u32, window: Duration) -> Self {
        let least = (u64::from(bytes_per_second) * window.as_secs()).max(1);
        Self { least, window, came: 0, left: window }
    }

    /// What comes next.
    ///
    /// # Errors
    /// `InvalidInput` when a window ends in which too little came.
    async fn next<T>(&mut self, frame: impl Future<Output = T>) -> Result<T> {
        let mut frame = pin!(frame);
        loop {
            let began = Instant::now();
            if let Ok(frame) = tokio::time::timeout(self.left, &mut frame).await {
                self.left = self.left.saturating_sub(began.elapsed());
                return Ok(frame);
            }
            if self.came < self.least {
                return Err(unfinished(&format!(
                    "Only {} bytes came in {} s, and a part has to come faster than {} bytes in that time: others may need its turn",
                    self.came,
                    self.window.as_secs(),
                    self.least
                )));
            }
            (self.came, self.left) = (0, self.window);
        }
    }
}

fn unfinished(why: &str) -> Error {
    ApiError::invalid_input(format!("{why}. Nothing was stored; send the part again.")).into()
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    const WINDOW: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn who_sends_too_little_in_a_window_is_given_up() {
        let mut pace = Pace { least: 100, ..Pace::of(0, WINDOW) };
        pace.came = 99;
        let error = pace.next(pending::<()>()).await.unwrap_err().into_wire();
        assert!(
            error.message.contains("Only 99 bytes") && error.message.contains("send the part again"),
            "{}",
            error.message
        );
        let mut pace = Pace::of(0, WINDOW);
        assert!(pace.next(pending::<()>()).await.is_err(), "nothing at all is too little in any case");
    }

    #[tokio::test]
    async fn who_sends_enough_has_another_window() {
        let mut pace = Pace { least: 100, ..Pace::of(0, WINDOW) };
        pace.came = 100;
        let later = async {
            tokio::time::sleep(WINDOW + WINDOW / 2).await;
            7
        };
        assert_eq!(pace.next(later).await.unwrap(), 7);
        assert_eq!(pace.came, 0);
        // What is there already waits for nobody.
        for _ in 0..1000 {
            assert_eq!(pace.next(ready(7)).await.unwrap(), 7);
        }
    }

    #[test]
    fn a_pace_is_of_bytes_a_second() {
        assert_eq!(Pace::of(16 << 10, Duration::from_secs(60)).least, 60 * (16 << 10));
    }
}
