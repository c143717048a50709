//! `/metrics`: the counters of the server, on an address of their own or with a token of their own.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use wire::{ApiError, ErrorType};

use super::{reply, request};
use crate::Server;

/// The text format of Prometheus.
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The routes of the address that serves `/metrics` alone.
pub fn metrics_router(server: Arc<Server>) -> Router {
    Router::new()
        .route("/metrics", get(|State(server): State<Arc<Server>>| async move { rendered(&server) }))
        .with_state(server)
}

/// `/metrics` on the server's own address; absent unless the operator set a token for it.
pub(super) async fn with_token(State(server): State<Arc<Server>>, headers: HeaderMap) -> Response {
    let Some(token) = &server.config.metrics.token else {
        return reply::error(&ApiError::new(ErrorType::ResourceNotFound, "There is nothing at /metrics."));
    };
    // Digests are compared, so that how long it takes says nothing about the token.
    let wanted = secrets::token::signature(token.expose());
    match request::bearer(&headers) {
        Ok(Some(sent)) if secrets::token::signature(&sent) == wanted => rendered(&server),
        _ => reply::error(&ApiError::new(
            ErrorType::InvalidAuthentication,
            "The metrics need the token that the operator set for them. Send the header `Authorization: Bearer <token>`.",
        )),
    }
}

fn rendered(server: &Server) -> Response {
    let page = server.meter.render(server.app.db.waiting(), &server.app.failing_tasks());
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], page).into_response()
}
