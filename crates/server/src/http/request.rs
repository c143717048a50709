//! What every request gets: an id, a log line, and the address it came from.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use app::RequestInfo;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use wire::MethodName;
use wire::id::UserId;

use crate::Server;
use crate::meter::Stopwatch;

/// The header that names a request in answers, error texts and logs.
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The header that names the API version, echoed as it was sent.
const DNANEXUS_API: HeaderName = HeaderName::from_static("dnanexus-api");
/// Request ids end in a counter of at most six digits.
const COUNTER_MODULUS: u32 = 1_000_000;

/// The id of a request: 13 digits of milliseconds, `-`, and a counter (contract: dx-client 1).
#[derive(Debug, Clone)]
pub(super) struct RequestId(pub Arc<str>);

/// Where a request came from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin(pub IpAddr);

/// Which API method was called, and by whom; on the answer, for the log and the counters.
#[derive(Debug, Clone, Default)]
pub(super) struct Called {
    /// The method, if the route has one.
    pub method: Option<MethodName>,
    /// The person whose token was sent.
    pub actor: Option<UserId>,
}

/// Makes request ids; one per server, so that two requests never share one.
#[derive(Debug, Default)]
pub struct RequestIds(AtomicU32);

impl RequestIds {
    fn next(&self, now_ms: i64) -> RequestId {
        let count = self.0.fetch_add(1, Ordering::Relaxed) % COUNTER_MODULUS;
        RequestId(format!("{now_ms:013}-{count}").into())
    }
}

/// A request as the use cases see it.
pub(crate) fn info(server: &Server, extensions: &Extensions) -> RequestInfo {
    RequestInfo {
        id: extensions.get::<RequestId>().map_or_else(|| "".into(), |id| id.0.clone()),
        origin: extensions.get::<Origin>().map(|origin| origin.0),
        now: server.app.clock.now(),
        headers: None,
    }
}

/// Gives the request its id and puts it, and the API version, on the answer.
pub(super) async fn stamp(State(server): State<Arc<Server>>, mut request: Request, next: Next) -> Response {
    let id = server.request_ids.next(server.app.clock.now());
    let origin = origin_of(&request, server.config.trust_forwarded_for);
    let version = request.headers().get(DNANEXUS_API).cloned();
    let watch = Stopwatch::start();
    let pattern = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(Origin(origin));
    let mut response = next.run(request).await;
    let called = response.extensions_mut().remove::<Called>().unwrap_or_default();
    // Patterns of routes and names of methods only: a path may hold a signature, a query string a code.
    let method = called.method.map(MethodName::as_str).or(pattern.as_deref()).unwrap_or("none");
    let (status, took) = (response.status().as_u16(), watch.elapsed());
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let actor = called.actor.as_ref().map(UserId::as_str);
    tracing::info!(request = %id.0, method, actor, status, ms, "answered");
    server.meter.answered(method, status, took);
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    if let Some(version) = version {
        response.headers_mut().insert(DNANEXUS_API, version);
    }
    response
}

/// Says that the process runs and answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// The peer's address, or what a trusted proxy says it was.
fn origin_of(request: &Request, trust_forwarded_for: bool) -> IpAddr {
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::from([127, 0, 0, 1]), |connect| connect.0.ip());
    if trust_forwarded_for { forwarded_for(request.headers()).unwrap_or(peer) } else { peer }
}

/// The last address in `X-Forwarded-For`: the one that the nearest proxy added itself, perhaps in a line of its own behind
/// one that the caller sent.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let list = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    list.rsplit(',').next()?.trim().parse().ok()
}
