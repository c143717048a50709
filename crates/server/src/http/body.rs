//! The body of an API call, and the room for those. How much is read depends on who sends it: what a stranger sends is
//! small, and large bodies, which are many times as large once they are understood, share a bounded amount of memory.

use std::time::Duration;

use app::Caller;
use app::turns::{Turn, Turns};
use axum::body::{Bytes, HttpBody};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use wire::{ApiError, ErrorType};

use crate::Server;

/// Largest body of a call without a good token, in bytes; bodies up to this take no room.
const SMALL: usize = 64 << 10;
/// The longest that a body without a good token may take to come: it holds a place among the requests.
pub(crate) const STRANGERS_PATIENCE: Duration = Duration::from_secs(10);
/// Room for large bodies, in units of [`SMALL`]: 64 MiB.
const BODIES: u32 = 1024;
/// What one account's bodies take of it at most: 24 MiB.
const BODIES_OF_ONE: u32 = 384;
/// How long a large body waits for room before its sender is asked to come back.
const PATIENCE: Duration = Duration::from_secs(10);
/// Seconds a sender who got no room is asked to wait.
const RETRY_SECONDS: u64 = 2;

/// The room of a server for bodies.
pub(crate) fn room_for_bodies() -> Turns {
    Turns::new(BODIES, BODIES_OF_ONE)
}

/// A body that was read, with the room that it takes.
pub(super) struct Body {
    /// The bytes, or the error of a body that is too large.
    pub(super) bytes: Result<Bytes, ApiError>,
    /// Held for as long as what was read from the body lives.
    pub(super) room: Option<Turn>,
}

/// Reads a whole body.
///
/// # Errors
/// `MalformedJSON` for one that ends early or comes too slowly, `ServiceUnavailable` when there is no room for it.
pub(super) async fn read(
    server: &Server,
    body: axum::body::Body,
    sender: Option<&Caller>,
) -> Result<Body, ApiError> {
    let limits = &server.config.limits;
    let patience = Duration::from_secs(limits.body_seconds);
    let (most, patience, room) = match sender {
        None => (limits.body_bytes.min(SMALL), patience.min(STRANGERS_PATIENCE), None),
        Some(caller) => {
            let most = limits.body_bytes;
            let announced = body.size_hint().upper().and_then(|length| usize::try_from(length).ok());
            let length = announced.map_or(most, |length| length.min(most));
            let room = if length > SMALL { Some(take_room(server, caller, length).await?) } else { None };
            (most, patience, room)
        }
    };
    let broken = |why| Err(ApiError::new(ErrorType::MalformedJson, why));
    let bytes = match tokio::time::timeout(patience, Limited::new(body, most).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(ApiError::invalid_input(format!(
            "The request body is larger than the {most} bytes this server reads. Split the request into smaller ones."
        ))),
        Ok(Err(_)) => {
            return broken("The request body ended before it was complete. Send the request again.");
        }
        Err(_) => {
            return broken("The request body came too slowly to wait for its end. Send the request again.");
        }
    };
    Ok(Body { bytes, room })
}

async fn take_room(server: &Server, caller: &Caller, length: usize) -> Result<Turn, ApiError> {
    let room = server.room_for_bodies.take(caller.account, units(length), PATIENCE).await;
    room.ok_or_else(|| {
        ApiError::new(
            ErrorType::ServiceUnavailable,
            "Too many large requests are being read at once. Try again in a moment, or send smaller ones.",
        )
        .retry_after(RETRY_SECONDS)
    })
}

fn units(length: usize) -> u32 {
    u32::try_from(length.div_ceil(SMALL)).unwrap_or(u32::MAX)
}
