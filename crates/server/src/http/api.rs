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
use axum::http::{HeaderMap, Method as HttpMethod, StatusCode, header};
use axum::response::Response;
use percent_encoding::percent_decode_str;
use wire::method::{Caller, Effect, Method, RouteSubject};
use wire::{ApiError, ErrorType, Id, MethodName};

use super::request::{Called, info};
use super::{admission, body, reply};
use crate::Server;
use crate::meter::TurnedAway;

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

async fn answer(
    server: Arc<Server>,
    request: Request,
    called: &mut Called,
    turns: &mut Vec<Turn>,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let route = Route::read(parts.uri.path())?;
    if parts.method != HttpMethod::POST {
        return Err(no_such_route(parts.uri.path()));
    }
    called.method = route.method().map(|method| method.name);
    let mut request = RequestInfo {
        headers: (route.method().map(|method| method.name) == Some(MethodName::SystemHeaders))
            .then(|| Arc::new(seen_headers(&parts.headers))),
        ..info(&server, &parts.extensions)
    };
    // The token is looked at first, so that strangers cannot make the server hold large bodies; its error comes after
    // those of the body (contract: data 2.1).
    let mut caller = authenticate(&server, &parts.headers, request.now).await;
    let sender = caller.as_ref().ok().and_then(Option::as_ref);
    turns.push(match sender {
        Some(caller) => admission::take_turn(&server, caller.account).await?,
        None => admission::stranger_turn(&server, &parts.extensions).await?,
    });
    // This room is held until there is an answer, since the input lives that long.
    let body::Body { bytes, room: _room } = body::read(&server, body, sender).await?;
    let content_type =
        parts.headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or("unreadable"));
    let input = match bytes {
        Ok(bytes) => Ok(wire::json::parse_body(content_type, &bytes)?),
        Err(too_large) => Err(too_large),
    };
    let now = server.app.clock.now();
    if now - request.now > SLOW_BODY_MS {
        request.now = now;
        caller = authenticate(&server, &parts.headers, now).await;
    }
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
            let ctx = Ctx::new(Arc::clone(&server.app), caller, request, method.name);
            return Err(app::token::refuse_scope(&ctx).await.into_wire());
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
    let account = caller.as_ref().map(|caller| caller.account);
    let ctx = Ctx::new(Arc::clone(&server.app), caller, request, method.name).repeatable(repeatable);
    let answer = server.handlers.call(method.name, ctx, route.id, input).await;
    let text = answer.map_err(Error::into_wire)?.to_string();
    if let (Effect::Read, Some(account)) = (method.effect, account) {
        turns.extend(body::answer_room(&server, account, text.len()).await?);
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
