//! Methods about the connection itself, by which clients test how they behave (contract: data 2.2).

use wire::answer::NoInput;
use wire::system::{ComeBackLater, CurrentTime, Headers};
use wire::{ApiError, ErrorType};

use crate::context::Ctx;
use crate::error::Result;

/// Seconds that a caller who is turned away is asked to wait.
const RETRY_SECONDS: u64 = 2;

/// `/system/headers`: what the server received.
///
/// # Errors
/// None.
pub async fn headers(ctx: Ctx, _: NoInput) -> Result<Headers> {
    Ok(Headers(ctx.request.headers.map(|headers| (*headers).clone()).unwrap_or_default()))
}

/// `/system/comeBackLater`: the time, or a refusal until the time that was asked for.
///
/// # Errors
/// `ServiceUnavailable` before that time.
pub async fn come_back_later(ctx: Ctx, input: ComeBackLater) -> Result<CurrentTime> {
    if input.wait_until.is_some_and(|until| ctx.now() < until.0) {
        let error = ApiError::new(
            ErrorType::ServiceUnavailable,
            "You asked to be turned away until a time that has not come yet.",
        );
        return Err(if input.set_retry_after { error.retry_after(RETRY_SECONDS) } else { error }.into());
    }
    Ok(CurrentTime { current_time: ctx.now() })
}
