//! How many requests are worked on at once, and how many of them, and calls, are one account's or one network's.
//!
//! A request has a place until its answer has left, and its answer keeps the turns that it was let in by ([`keep`]): of the
//! account that it is for, else of the network that it came from. So nobody fills the room, however slowly they send or
//! take.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use app::turns::{Turn, Turns};
use app::{AccountKey, Error};
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::{Extensions, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wire::{ApiError, ErrorType};

use super::{reply, request};
use crate::Server;
use crate::meter::Present;

/// Seconds after which a client that was turned away comes back.
const BUSY_RETRY_SECONDS: u64 = 1;
/// Calls of one account that are worked on at once, their bodies' arrival included; an eighth of the room by default.
const CALLS_OF_ONE: u32 = 128;
/// The part of the room that requests may take that are no account's.
const STRANGERS_PART: usize = 4;
/// The part of it that those of one network may take.
const NETWORKS_PART: usize = 8;
/// Over how long calls are counted, in ms: an account may save up this much of its rate and spend it at once.
const WINDOW_MS: i64 = 10_000;
/// So many accounts are remembered before those who have been quiet are forgotten.
const REMEMBERED: usize = 10_000;

/// Room for so many requests at once.
pub(crate) struct Room(Arc<Semaphore>);

impl Room {
    /// Room for this many, at least one.
    pub(crate) fn new(requests: usize) -> Self {
        Self(Arc::new(Semaphore::new(requests.clamp(1, Semaphore::MAX_PERMITS))))
    }
}

/// Lets a request in, or asks it to come back. It holds its place until its answer has left.
pub(super) async fn admit(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response {
    let Ok(place) = Arc::clone(&server.room.0).try_acquire_owned() else {
        return reply::error(&busy());
    };
    let in_flight = server.meter.request();
    let network = match network(request.extensions()) {
        Ok(network) => network,
        Err(error) => return reply::error(&error),
    };
    let mut response = next.run(request).await;
    // Who was asked to come back takes a sentence along, and nothing else.
    if matches!(response.status(), StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        return response;
    }
    let kept = match response.extensions_mut().remove::<Kept>() {
        Some(kept) => kept,
        None => match stranger(&server, network).await {
            Ok(turn) => Kept(vec![turn]),
            Err(error) => return reply::error(&error),
        },
    };
    response.map(|body| Body::new(Held { body, held: Arc::new((place, in_flight, kept)) }))
}

/// Lets a request of a page in: until it is answered it is nobody's.
pub(crate) async fn admit_stranger(
    State(server): State<Arc<Server>>,
    request: Request,
    next: Next,
) -> Response {
    match stranger_turn(&server, request.extensions()).await {
        Ok(turn) => {
            let mut response = next.run(request).await;
            keep(&mut response, turn);
            response
        }
        Err(error) => reply::error(&error),
    }
}

/// The turns that an answer keeps until it has left.
#[derive(Debug, Clone, Default)]
struct Kept(Vec<Turn>);

/// Lets an answer keep a turn until it has left.
pub(super) fn keep(response: &mut Response, turn: Turn) {
    response.extensions_mut().get_or_insert_default::<Kept>().0.push(turn);
}

/// What a request holds until its answer has left.
type Holding = Arc<(OwnedSemaphorePermit, Present, Kept)>;

/// A body that holds on until it has left.
struct Held {
    body: Body,
    held: Holding,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        Poll::Ready(frame.map(|frame| Ok(frame?.map_data(|bytes| Piece::of(bytes, &self.held)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Bytes of an answer. A body is done once its last piece waits to be written; that piece holds on until it is.
struct Piece {
    bytes: Bytes,
    _held: Holding,
}

impl Piece {
    fn of(bytes: Bytes, held: &Holding) -> Bytes {
        Bytes::from_owner(Self { bytes, _held: Arc::clone(held) })
    }
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

fn busy() -> ApiError {
    ApiError::new(
        ErrorType::ServiceUnavailable,
        "The server is working on as many requests as it takes at once. Try again in a moment.",
    )
    .retry_after(BUSY_RETRY_SECONDS)
}

/// Turns of requests that are no account's, by network, in a room for this many requests.
pub(crate) fn strangers(requests: usize) -> Turns<String> {
    let part = |part: usize| u32::try_from(requests / part).unwrap_or(u32::MAX >> 1).max(1);
    Turns::new(part(STRANGERS_PART), part(NETWORKS_PART))
}

/// Takes a turn for a request that is no account's, or asks it to come back.
///
/// # Errors
/// `ServiceUnavailable`; a fault of ours where it is not known where the request came from.
pub(super) async fn stranger_turn(server: &Server, extensions: &Extensions) -> Result<Turn, ApiError> {
    stranger(server, network(extensions)?).await
}

async fn stranger(server: &Server, network: String) -> Result<Turn, ApiError> {
    server.strangers.take(network, 1, Duration::ZERO).await.ok_or_else(busy)
}

/// The network that a request came from.
fn network(extensions: &Extensions) -> Result<String, ApiError> {
    request::origin(extensions).map(app::sign_in::network).map_err(Error::into_wire)
}

/// Turns of calls that are worked on, without bound for all accounts together, which have [`Room`].
pub(crate) fn calls() -> Turns {
    Turns::new(u32::MAX, CALLS_OF_ONE)
}

/// Takes a turn for a call of an account, or asks it to come back: it must not wait here and hold the room of others.
///
/// # Errors
/// `RateLimitConditional`.
pub(super) async fn take_turn(server: &Server, account: AccountKey) -> Result<Turn, ApiError> {
    server.calls.take(account, 1, Duration::ZERO).await.ok_or_else(|| {
        ApiError::new(
            ErrorType::RateLimitConditional,
            format!(
                "{CALLS_OF_ONE} calls of this account are being worked on already. Try again in a moment."
            ),
        )
        .retry_after(BUSY_RETRY_SECONDS)
    })
}

/// Calls of each account lately (contract: identity-and-sharing 1, rate).
pub(crate) struct Rates {
    per_second: u32,
    /// Account to the time, in ms, at which all that it has spent is earned again.
    earned_at: Mutex<HashMap<AccountKey, i64>>,
}

impl Rates {
    /// So many calls a second of each account; 0 is no limit.
    pub(crate) fn new(per_second: u32) -> Self {
        Self { per_second, earned_at: Mutex::default() }
    }

    /// Counts a call of an account.
    ///
    /// # Errors
    /// `RateLimitConditional` when it makes too many.
    pub(crate) fn call(&self, account: AccountKey, now_ms: i64) -> Result<(), ApiError> {
        if self.per_second == 0 {
            return Ok(());
        }
        // A call costs as many microseconds as pass between two at the allowed rate.
        let cost = 1_000_000 / i64::from(self.per_second);
        let now = now_ms.saturating_mul(1000);
        let mut earned_at = self.earned_at.lock().unwrap_or_else(PoisonError::into_inner);
        if earned_at.len() >= REMEMBERED {
            earned_at.retain(|_, at| *at > now);
        }
        let at = earned_at.entry(account).or_insert(now);
        let after = (*at).max(now).saturating_add(cost);
        if after - now <= WINDOW_MS * 1000 {
            *at = after;
            return Ok(());
        }
        let wait = u64::try_from((after - now - WINDOW_MS * 1000).div_euclid(1_000_000) + 1).unwrap_or(1);
        Err(ApiError::new(
            ErrorType::RateLimitConditional,
            format!(
                "This account makes more than the {} calls a second that the server allows. Wait {wait} s, or make fewer, larger calls.",
                self.per_second
            ),
        )
        .retry_after(wait))
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;
    use crate::Meter;

    #[tokio::test]
    async fn an_answer_holds_on_until_its_bytes_are_gone() {
        let room = Arc::new(Semaphore::new(1));
        let place = Arc::clone(&room).try_acquire_owned().unwrap();
        let held = Arc::new((place, Meter::default().request(), Kept::default()));
        let mut body = Body::new(Held { body: Body::from("bytes"), held });
        let last = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert!(body.frame().await.is_none());
        drop(body);
        assert_eq!(room.available_permits(), 0);
        assert_eq!(last, "bytes");
        drop(last);
        assert_eq!(room.available_permits(), 1);
    }

    #[test]
    fn an_account_spends_what_it_earns_and_no_more() {
        let rates = Rates::new(2);
        let (one, two) = (AccountKey::from_number(1), AccountKey::from_number(2));
        let start = 1_000_000;
        for _ in 0..20 {
            rates.call(one, start).unwrap();
        }
        let refused = rates.call(one, start).unwrap_err();
        assert_eq!(refused.kind, ErrorType::RateLimitConditional);
        assert_eq!(refused.retry_after, Some(1));
        rates.call(two, start).unwrap();
        assert!(rates.call(one, start + 499).is_err());
        rates.call(one, start + 500).unwrap();
        assert!(rates.call(one, start + 500).is_err());
        for _ in 0..20 {
            rates.call(one, start + 60_000).unwrap();
        }
        assert!(rates.call(one, start + 60_000).is_err());
    }

    #[test]
    fn who_has_been_quiet_is_forgotten() {
        let rates = Rates::new(1000);
        for account in 0..50_000 {
            rates.call(AccountKey::from_number(account), account * 10).unwrap();
        }
        assert!(rates.earned_at.lock().unwrap().len() <= REMEMBERED);
    }
}
