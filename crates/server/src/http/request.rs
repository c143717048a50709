//! What every request gets: an id, a log line, and the address it came from.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use app::{Error, RequestInfo};
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use wire::id::UserId;
use wire::{ApiError, ErrorType, MethodName};

use super::reply;
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
///
/// # Errors
/// A fault of ours where [`stamp`] was passed by: without an origin the audit log would tell of work of the server's own.
pub(crate) fn info(server: &Server, extensions: &Extensions) -> Result<RequestInfo, Error> {
    let Some(RequestId(id)) = extensions.get::<RequestId>().cloned() else {
        return Err(Error::internal("a request has no id"));
    };
    let origin = Some(origin(extensions)?);
    Ok(RequestInfo { id, origin, now: server.app.clock.now(), headers: None })
}

/// Where a request came from.
///
/// # Errors
/// As [`info`].
pub(super) fn origin(extensions: &Extensions) -> Result<IpAddr, Error> {
    let origin = extensions.get::<Origin>().map(|origin| origin.0);
    origin.ok_or_else(|| Error::internal("it is not known where a request came from"))
}

/// The token of the Authorization header, if there is one.
///
/// # Errors
/// `InvalidAuthentication` for a header of another form: whoever sent it wants to be known, and is not.
pub(super) fn bearer(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let token = value.to_str().ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
    });
    match token {
        Some(token) if !token.is_empty() => Ok(Some(token)),
        _ => Err(ApiError::new(
            ErrorType::InvalidAuthentication,
            "The Authorization header is not of the form `Bearer <token>`.",
        )),
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
    let mut response = match origin {
        Ok(origin) => {
            request.extensions_mut().insert(Origin(origin));
            next.run(request).await
        }
        Err(fault) => reply::error(&fault.into_wire()),
    };
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
fn origin_of(request: &Request, trust_forwarded_for: bool) -> Result<IpAddr, Error> {
    let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() else {
        return Err(Error::internal("a request came without the address of its peer"));
    };
    let forwarded = if trust_forwarded_for { forwarded_for(request.headers()) } else { None };
    Ok(forwarded.unwrap_or(peer.ip()))
}

/// The last address in `X-Forwarded-For`: the one that the nearest proxy added itself, perhaps in a line of its own behind
/// one that the caller sent.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let list = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    list.rsplit(',').next()?.trim().parse().ok()
}
