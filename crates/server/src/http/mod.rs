//! Everything that speaks HTTP: the API door, data up and down, health, and the pages.

mod admission;
mod api;
mod body;
mod cors;
pub mod data;
mod handlers;
mod idle;
mod listen;
mod metrics;
mod oauth;
mod reply;
mod request;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};

pub(crate) use admission::{Rates, Room, calls};
pub use api::Handlers;
pub(crate) use body::room as room_for_bodies;
pub use listen::{Bounds, Listener, Stop};
pub use metrics::metrics_router;
pub use request::RequestIds;
pub(crate) use request::info as request_info;

use crate::Server;

/// Answers under this size are sent plain; they gain nothing from compression.
const COMPRESS_ABOVE_BYTES: u64 = 1024;

/// Paths and how they are answered.
pub(crate) type Routes = Vec<(&'static str, MethodRouter<Arc<Server>>)>;

/// A router of these.
pub(crate) fn router_of(routes: Routes) -> Router<Arc<Server>> {
    routes.into_iter().fold(Router::new(), |router, (path, answer)| router.route(path, answer))
}

/// What programs ask for that is no method of the API.
fn beside_the_api() -> Routes {
    vec![("/audit/checkpoint", get(checkpoint)), ("/oauth2/token", post(oauth::token))]
}

/// What watches the server. A busy server is well all the same, and its counters say how busy.
fn watches() -> Routes {
    vec![("/healthz", get(request::healthz)), ("/metrics", get(metrics::with_token))]
}

/// Every path that is no method of the API.
#[must_use]
pub fn paths() -> Vec<&'static str> {
    let lists = [beside_the_api(), watches(), crate::web::pages()];
    let doors = data::DOORS.iter().map(|door| door.path);
    lists.into_iter().flatten().map(|(path, _)| path).chain(doors).collect()
}

/// The whole of the server's routes.
///
/// Compressed answers carry no `Content-Length`, since clients compare it with the length after
/// decompression (contract: dx-client 1).
pub fn router(server: Arc<Server>) -> Router {
    let compress = CompressionLayer::new().gzip(true).compress_when(
        SizeAbove::new(COMPRESS_ABOVE_BYTES).and(NotForContentType::const_new("application/octet-stream")),
    );
    let admit = middleware::from_fn_with_state(Arc::clone(&server), admission::admit);
    let answered_as_json =
        router_of(beside_the_api()).fallback(api::door).layer(DefaultBodyLimit::disable()).layer(compress);
    Router::new()
        .merge(answered_as_json)
        .merge(data::routes())
        .layer(admit.clone())
        .merge(router_of(watches()))
        .layer(middleware::from_fn(cors::cors))
        .merge(crate::web::routes().method_not_allowed_fallback(api::door).layer(admit))
        .layer(middleware::from_fn_with_state(Arc::clone(&server), request::stamp))
        .with_state(server)
}

/// The newest signed checkpoint of the audit log, so that anybody outside can hold the operator to it.
async fn checkpoint(State(server): State<Arc<Server>>) -> Response {
    match server.app.newest_checkpoint().await {
        Ok(Some(note)) => note.into_response(),
        Ok(None) => (StatusCode::NOT_FOUND, "The audit log has no checkpoint yet.\n").into_response(),
        Err(error) => reply::error(&error.into_wire()),
    }
}
