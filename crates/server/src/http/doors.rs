//! Every way into the server that is neither a method of the API nor a page. The list drives the routes and the
//! description of the API.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post, put};

use super::{data, metrics, oauth, openapi, reply, request};
use crate::Server;

/// The name of a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoorName {
    /// One part of an open file comes in.
    PartIn,
    /// A closed file, or a range of it, goes out.
    FileOut,
    /// The newest checkpoint of the audit log.
    Checkpoint,
    /// The token endpoint of OAuth 2.
    OauthToken,
    /// The description of the API.
    Description,
    /// Whether the process runs and answers.
    Health,
    /// The server's counters.
    Metrics,
}

/// How answers of a door are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Compressed for clients that ask for it.
    Compressed,
    /// Sent as they are, while they come.
    Streamed,
    /// Given even by a busy server, which is well all the same, and whose counters say how busy.
    Always,
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
    /// How its answers are treated.
    pub way: Way,
    /// One sentence for the documentation.
    pub summary: &'static str,
    /// Who may come, and with what.
    pub about: &'static str,
}

/// Every door.
pub const DOORS: &[Door] = &[
    Door {
        name: DoorName::PartIn,
        methods: &["PUT"],
        path: "/upload/{file}/{index}",
        way: Way::Streamed,
        summary: "Takes the bytes of one part, checks size and MD5, and answers when they are durable.",
        about: "Its addresses are given out by `/file-xxxx/upload`, which signs them; they need no token. Whether their owner may still upload is decided again with every use.",
    },
    Door {
        name: DoorName::FileOut,
        methods: &["GET", "HEAD"],
        path: "/download/{file}/{name}",
        way: Way::Streamed,
        summary: "Sends a closed file or one range of it, verified.",
        about: "Its addresses are given out by `/file-xxxx/download`. One that is preauthenticated is signed and needs no token, others need the header `Authorization`. Whether their owner may still download is decided again with every use.",
    },
    Door {
        name: DoorName::Checkpoint,
        methods: &["GET"],
        path: "/audit/checkpoint",
        way: Way::Compressed,
        summary: "Answers the newest signed checkpoint of the audit log.",
        about: "Open to everybody, so that anybody outside can hold the operator to it.",
    },
    Door {
        name: DoorName::OauthToken,
        methods: &["POST"],
        path: "/oauth2/token",
        way: Way::Compressed,
        summary: "The token endpoint of OAuth 2; refuses everybody.",
        about: "No client can be registered on this server. Errors have the form of RFC 6749, without the envelope of the API.",
    },
    Door {
        name: DoorName::Description,
        methods: &["GET"],
        path: "/openapi.json",
        way: Way::Compressed,
        summary: "Answers this description.",
        about: "Open to everybody.",
    },
    Door {
        name: DoorName::Health,
        methods: &["GET"],
        path: "/healthz",
        way: Way::Always,
        summary: "Says that the process runs and answers.",
        about: "Open to everybody.",
    },
    Door {
        name: DoorName::Metrics,
        methods: &["GET"],
        path: "/metrics",
        way: Way::Always,
        summary: "Answers the server's counters in the text format of Prometheus.",
        about: "Needs the token that the operator set for it, and is absent when none is set. It may have an address of its own, too.",
    },
];

/// The routes of the doors of one way.
pub(super) fn routes(way: Way) -> Router<Arc<Server>> {
    let doors = DOORS.iter().filter(|door| door.way == way);
    doors.fold(Router::new(), |router, door| router.route(door.path, handler(door.name)))
}

fn handler(name: DoorName) -> MethodRouter<Arc<Server>> {
    match name {
        DoorName::PartIn => put(data::upload::take),
        DoorName::FileOut => get(data::download::send),
        DoorName::Checkpoint => get(checkpoint),
        DoorName::OauthToken => post(oauth::token),
        DoorName::Description => get(openapi::answer),
        DoorName::Health => get(request::healthz),
        DoorName::Metrics => get(metrics::with_token),
    }
}

async fn checkpoint(State(server): State<Arc<Server>>) -> Response {
    match server.app.newest_checkpoint().await {
        Ok(Some(note)) => note.into_response(),
        Ok(None) => (StatusCode::NOT_FOUND, "The audit log has no checkpoint yet.\n").into_response(),
        Err(error) => reply::error(&error.into_wire()),
    }
}
