//! How many requests are worked on at once, and how many calls one account makes.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use app::turns::{Turn, Turns};
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Frame, SizeHint};
use store::keys::AccountKey;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wire::{ApiError, ErrorType};

use super::reply;
use crate::Server;
use crate::meter::{Present, TurnedAway};

/// Seconds after which a client that was turned away comes back.
const BUSY_RETRY_SECONDS: u64 = 1;
/// Calls of one account that are worked on at once, their bodies' arrival included; an eighth of the room by default.
const CALLS_OF_ONE: u32 = 128;
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
        server.meter.turned_away(TurnedAway::Busy);
        let error = ApiError::new(
            ErrorType::ServiceUnavailable,
            "The server is working on as many requests as it takes at once. Try again in a moment.",
        );
        return reply::error(&error.retry_after(BUSY_RETRY_SECONDS));
    };
    let in_flight = server.meter.request();
    next.run(request).await.map(|body| Body::new(Held { body, _held: (place, in_flight) }))
}

/// A body that holds a request's place until it has left.
struct Held {
    body: Body,
    _held: (OwnedSemaphorePermit, Present),
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
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
        server.meter.turned_away(TurnedAway::Rate);
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
    use super::*;

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
