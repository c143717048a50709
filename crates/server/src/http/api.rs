//! The API door: `POST /<subject>/<verb>` with a JSON body.
//!
//! Checks come in the order of the contract (data 2.1): JSON and content type, token, the subject exists and is
//! visible, shape of the input, permission. The last three are the handler's.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use app::repeatable::Repeatable;
use app::turns::Turn;
use app::{Ctx, Error, RequestInfo};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method as HttpMethod, StatusCode, header};
use axum::response::Response;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use wire::method::{Caller, Effect, Method, RouteSubject};
use wire::{ApiError, ErrorType, Id, MethodName};

use super::request::{Called, bearer, info};
use super::{admission, body, reply};
use crate::Server;

/// A call whose body took longer than this to come, in ms, has its token looked at again: it may have been revoked.
const SLOW_BODY_MS: i64 = 500;

/// Answers every request that no other route takes.
pub(super) async fn door(State(server): State<Arc<Server>>, request: Request) -> Response {
    let mut called = Called::default();
    let mut turns = Vec::new();
    let answered = answer(server, request, &mut called, &mut turns).await;
    let mut response = answered.unwrap_or_else(|error| reply::error(&error));
    for turn in turns {
        admission::keep(&mut response, turn);
    }
    response.extensions_mut().insert(called);
    response
}

/// The steps of a call, in the order in which they must come: what a stranger sees depends on it.
async fn answer(
    server: Arc<Server>,
    request: Request,
    called: &mut Called,
    turns: &mut Vec<Turn>,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let route = Route::of(&parts)?;
    called.method = route.method().map(|method| method.name);
    let mut request = described(&server, &parts, called.method)?;
    // The token is looked at first, so that strangers cannot make the server hold large bodies; its error comes after
    // those of the body (contract: data 2.1).
    let mut caller = authenticate(&server, &parts.headers, request.now).await;
    let sender = caller.as_ref().ok().and_then(Option::as_ref);
    turns.push(admit_sender(&server, &parts, sender).await?);
    // The body's room is held until there is an answer, since the input lives that long.
    let (input, _room) = read_input(&server, &parts, body, sender).await?;
    look_again_if_slow(&server, &parts, &mut request, &mut caller).await;
    let caller = caller?;
    count_call(&server, caller.as_ref(), request.now, called)?;
    let method = route.method().ok_or_else(|| no_such_route(parts.uri.path()))?;
    let ctx = Ctx::new(Arc::clone(&server.app), caller, request, method.name);
    may_call(method, &ctx).await?;
    let input = input?;
    perform(&server, method, route, ctx, input, turns).await
}

/// The request as the use cases see it. Its headers are shown to the one method that answers them.
fn described(server: &Server, parts: &Parts, method: Option<MethodName>) -> Result<RequestInfo, ApiError> {
    let shows = method == Some(MethodName::SystemHeaders);
    let headers = shows.then(|| Arc::new(seen_headers(&parts.headers)));
    let info = info(server, &parts.extensions).map_err(Error::into_wire)?;
    Ok(RequestInfo { headers, ..info })
}

/// A turn of the account that sends, or of the network that it comes from while nobody is known.
async fn admit_sender(
    server: &Server,
    parts: &Parts,
    sender: Option<&app::Caller>,
) -> Result<Turn, ApiError> {
    match sender {
        Some(caller) => admission::take_turn(server, caller.account).await,
        None => admission::stranger_turn(server, &parts.extensions).await,
    }
}

/// Reads the body as JSON. One that is too large is an error that comes later than others, so it is given back.
async fn read_input(
    server: &Server,
    parts: &Parts,
    body: axum::body::Body,
    sender: Option<&app::Caller>,
) -> Result<(Result<Value, ApiError>, Option<Turn>), ApiError> {
    let body::Body { bytes, room } = body::read(server, body, sender).await?;
    let content_type =
        parts.headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or("unreadable"));
    let input = match bytes {
        Ok(bytes) => Ok(wire::json::parse_body(content_type, &bytes)?),
        Err(too_large) => Err(too_large),
    };
    Ok((input, room))
}

/// Looks at the token again when the body took long to come. The call then happens when its body was there.
async fn look_again_if_slow(
    server: &Server,
    parts: &Parts,
    request: &mut RequestInfo,
    caller: &mut Result<Option<app::Caller>, ApiError>,
) {
    let now = server.app.clock.now();
    if now - request.now > SLOW_BODY_MS {
        request.now = now;
        *caller = authenticate(server, &parts.headers, now).await;
    }
}

/// Notes whose call it is, and counts it against the rate of the account.
fn count_call(
    server: &Server,
    caller: Option<&app::Caller>,
    now: i64,
    called: &mut Called,
) -> Result<(), ApiError> {
    let Some(caller) = caller else { return Ok(()) };
    called.actor = Some(caller.id.clone());
    server.rates.call(caller.account, now)
}

/// Whether the method is for whoever calls: for anybody, for tokens, or for those of full scope.
async fn may_call(method: &Method, ctx: &Ctx) -> Result<(), ApiError> {
    match (method.caller, &ctx.caller) {
        (Caller::Anyone, _) | (Caller::Token, Some(_)) => Ok(()),
        (Caller::FullToken, Some(caller)) if caller.scope.is_full() => Ok(()),
        (Caller::FullToken, Some(_)) => Err(app::token::refuse_scope(ctx).await.into_wire()),
        (Caller::Token | Caller::FullToken, None) => Err(ApiError::new(
            ErrorType::PermissionDenied,
            "This method needs a token, and none was sent. Sign in, or send the header `Authorization: Bearer <token>`.",
        )),
    }
}

/// Calls the use case. A large answer takes room until it has left.
async fn perform(
    server: &Server,
    method: &Method,
    route: Route,
    ctx: Ctx,
    input: Value,
    turns: &mut Vec<Turn>,
) -> Result<Response, ApiError> {
    let repeatable = match method.effect {
        Effect::Create => Repeatable::read(&route.to_string(), &input),
        Effect::Read | Effect::Write => None,
    };
    let room = Arc::clone(&ctx.answer);
    let answer = server.handlers.call(method.name, ctx.repeatable(repeatable), route.id, input).await;
    let text = answer.map_err(Error::into_wire)?;
    // What was done is answered in any case; such answers are counted before it is done.
    match (method.effect, room.grow(text.len())) {
        (Effect::Read, Err(error)) => return Err(error.into_wire()),
        (Effect::Read | Effect::Write | Effect::Create, _) => turns.extend(room.take()),
    }
    Ok(reply::respond(StatusCode::OK, text))
}

/// The two segments of an API route.
struct Route {
    word: String,
    id: Option<Id>,
    verb: String,
}

impl Route {
    /// The route of a request; methods are called by POST alone.
    fn of(request: &Parts) -> Result<Self, ApiError> {
        let path = request.uri.path();
        let route = Self::read(path)?;
        if request.method == HttpMethod::POST { Ok(route) } else { Err(no_such_route(path)) }
    }

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
) -> Result<Option<app::Caller>, ApiError> {
    match bearer(headers)? {
        Some(token) => server.app.authenticate(&token, now).await.map(Some).map_err(Error::into_wire),
        None => Ok(None),
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
