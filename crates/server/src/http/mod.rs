//! Everything that speaks HTTP: the API door, data up and down, health, and the pages.

mod admission;
mod api;
mod body;
mod cors;
mod data;
pub mod doors;
mod handlers;
mod idle;
mod linger;
mod listen;
mod metrics;
mod oauth;
pub mod openapi;
mod places;
mod reply;
mod request;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::MethodRouter;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};

pub(crate) use admission::{Rates, Room, calls, strangers};
pub use api::Handlers;
pub(crate) use body::{STRANGERS_PATIENCE, room_for_bodies};
pub use listen::{Bounds, Listener, Stop};
pub use metrics::metrics_router;
pub use request::RequestIds;
pub(crate) use request::info as request_info;

use self::doors::Way;
use crate::Server;

/// Answers under this size are sent plain; they gain nothing from compression.
const COMPRESS_ABOVE_BYTES: u64 = 1024;

/// Paths and how they are answered.
pub(crate) type Routes = Vec<(&'static str, MethodRouter<Arc<Server>>)>;

/// A router of these.
pub(crate) fn router_of(routes: Routes) -> Router<Arc<Server>> {
    routes.into_iter().fold(Router::new(), |router, (path, answer)| router.route(path, answer))
}

/// Every path that is no method of the API.
#[must_use]
pub fn paths() -> Vec<&'static str> {
    let doors = doors::DOORS.iter().map(|door| door.path);
    doors.chain(crate::web::pages().into_iter().map(|(path, _)| path)).collect()
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
    let admit_stranger = middleware::from_fn_with_state(Arc::clone(&server), admission::admit_stranger);
    let answered_as_json =
        doors::routes(Way::Compressed).fallback(api::door).layer(DefaultBodyLimit::disable()).layer(compress);
    Router::new()
        .merge(answered_as_json)
        .merge(doors::routes(Way::Streamed))
        .layer(admit.clone())
        .merge(doors::routes(Way::Always))
        .layer(middleware::from_fn(cors::cors))
        .merge(crate::web::routes().layer(admit_stranger).method_not_allowed_fallback(api::door).layer(admit))
        .layer(middleware::from_fn_with_state(Arc::clone(&server), request::stamp))
        .with_state(server)
}
