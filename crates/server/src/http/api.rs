//! The API door: `POST /<subject>/<verb>` with a JSON body.
//!
//! Checks come in the order of the contract (data 2.1): JSON and content type, token, the subject exists and is
//! visible, shape of the input, permission. The last three are the handler's.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use app::repeatable::Repeatable;
use app::{Ctx, Error, RequestInfo};
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method as HttpMethod, header};
use axum::response::Response;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use percent_encoding::percent_decode_str;
use wire::method::{Caller, Effect, Method, RouteSubject};
use wire::{ApiError, ErrorType, Id, MethodName};

use super::reply;
use super::request::{Called, info};
use crate::Server;
use crate::meter::TurnedAway;

/// Largest body of a call without a good token, in bytes.
const STRANGERS_BODY_BYTES: usize = 64 << 10;

/// Answers every request that no other route takes.
pub(super) async fn door(State(server): State<Arc<Server>>, request: Request) -> Response {
    let mut called = Called::default();
    let mut response = match answer(server, request, &mut called).await {
        Ok(value) => reply::json(&value),
        Err(error) => reply::error(&error),
    };
    response.extensions_mut().insert(called);
    response
}

async fn answer(
    server: Arc<Server>,
    request: Request,
    called: &mut Called,
) -> Result<serde_json::Value, ApiError> {
    let (parts, body) = request.into_parts();
    let route = Route::read(parts.uri.path())?;
    if parts.method != HttpMethod::POST {
        return Err(no_such_route(parts.uri.path()));
    }
    called.method = route.method().map(|method| method.name);
    let request = RequestInfo {
        headers: (route.method().map(|method| method.name) == Some(MethodName::SystemHeaders))
            .then(|| Arc::new(seen_headers(&parts.headers))),
        ..info(&server, &parts.extensions)
    };
    // The token is looked at first, so that strangers cannot make the server hold large bodies; its error comes after
    // those of the body (contract: data 2.1).
    let caller = authenticate(&server, &parts.headers, request.now).await;
    let limits = &server.config.limits;
    let known = matches!(caller, Ok(Some(_)));
    let most = if known { limits.body_bytes } else { limits.body_bytes.min(STRANGERS_BODY_BYTES) };
    let content_type =
        parts.headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or("unreadable"));
    let read = read_body(body, most, Duration::from_secs(limits.body_seconds)).await;
    let input = match read? {
        Some(body) => Ok(wire::json::parse_body(content_type, &body)?),
        None => Err(ApiError::invalid_input(format!(
            "The request body is larger than the {most} bytes this server reads. Split the request into smaller ones."
        ))),
    };
    let caller = caller?;
    if let Some(caller) = &caller {
        called.actor = Some(caller.id.clone());
        if let Err(error) = server.rates.call(caller.account, request.now) {
            server.meter.turned_away(TurnedAway::Rate);
            return Err(error);
        }
    }
    let method = route.method().ok_or_else(|| no_such_route(parts.uri.path()))?;
    match (method.caller, &caller) {
        (Caller::Anyone, _) | (Caller::Token, Some(_)) => {}
        (Caller::FullToken, Some(caller)) if caller.scope.is_full() => {}
        (Caller::FullToken, Some(_)) => {
            return Err(ApiError::new(
                ErrorType::PermissionDenied,
                "This method needs a token of full scope; the token that was sent is limited to some projects. Sign in with your password instead.",
            ));
        }
        (Caller::Token | Caller::FullToken, None) => {
            return Err(ApiError::new(
                ErrorType::PermissionDenied,
                "This method needs a token, and none was sent. Sign in, or send the header `Authorization: Bearer <token>`.",
            ));
        }
    }
    let input = input?;
    let repeatable = match method.effect {
        Effect::Create => Repeatable::read(&route.to_string(), &input),
        Effect::Read | Effect::Write => None,
    };
    let ctx = Ctx::new(Arc::clone(&server.app), caller, request, method.name).repeatable(repeatable);
    server.handlers.call(method.name, ctx, route.id, input).await.map_err(Error::into_wire)
}

/// The two segments of an API route.
struct Route {
    word: String,
    id: Option<Id>,
    verb: String,
}

impl Route {
    fn read(path: &str) -> Result<Self, ApiError> {
        let decoded = percent_decode_str(path).decode_utf8().map_err(|_| no_such_route(path))?;
        let mut segments = decoded.trim_start_matches('/').splitn(3, '/');
        match (segments.next(), segments.next(), segments.next()) {
            (Some(word), Some(verb), None) if !word.is_empty() && !verb.is_empty() => {
                Ok(Self { word: word.to_owned(), id: Id::parse(word), verb: verb.to_owned() })
            }
            _ => Err(no_such_route(path)),
        }
    }

    fn method(&self) -> Option<&'static Method> {
        let subject = match &self.id {
            Some(id) => RouteSubject::Entity(id.class()),
            None => RouteSubject::Word(&self.word),
        };
        Method::find(&subject, &self.verb)
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.word, self.verb)
    }
}

/// Who calls; none without a token.
async fn authenticate(
    server: &Server,
    headers: &HeaderMap,
    now: i64,
) -> Result<Option<store::access::Caller>, ApiError> {
    match bearer(headers)? {
        Some(token) => server.app.authenticate(&token, now).await.map(Some).map_err(Error::into_wire),
        None => Ok(None),
    }
}

/// The body; none when it has more bytes than `most`.
async fn read_body(body: Body, most: usize, patience: Duration) -> Result<Option<Bytes>, ApiError> {
    let broken = |why| Err(ApiError::new(ErrorType::MalformedJson, why));
    match tokio::time::timeout(patience, Limited::new(body, most).collect()).await {
        Ok(Ok(collected)) => Ok(Some(collected.to_bytes())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Ok(None),
        Ok(Err(_)) => broken("The request body ended before it was complete. Send the request again."),
        Err(_) => broken("The request body came too slowly to wait for its end. Send the request again."),
    }
}

/// The token of the Authorization header, if there is one.
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

fn seen_headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect()
}

fn no_such_route(path: &str) -> ApiError {
    let shown: String = path.chars().take(200).collect();
    ApiError::new(ErrorType::ResourceNotFound, format!("There is nothing at {shown}."))
}

pub use super::handlers::Handlers;
