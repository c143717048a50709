//! Signing in on a page, one step after the other.

use store::account::{self, Account, AccountState};
use wire::id::UserId;

use super::{Attempt, Credentials, Factor, check, second_step, wrong_factor};
use crate::context::Ctx;
use crate::error::Result;
use crate::event::{Event, EventName};

/// Where a sign-in is after its first step.
#[derive(Debug, Clone)]
pub enum Step {
    /// Nothing more is needed.
    Done(Account),
    /// The second factor of the account is asked for.
    SecondFactor(Account),
}

/// The first step: name and password.
///
/// # Errors
/// `UsernameOrPasswordError`, `RateLimitConditional`.
pub async fn check_password(ctx: &Ctx, name: String, password: String) -> Result<Step> {
    match check(ctx, Credentials { name, password, otp: None }).await? {
        (account, Factor::Accepted) => Ok(Step::Done(account)),
        (account, Factor::Missing | Factor::Wrong) => Ok(Step::SecondFactor(account)),
    }
}

/// The second step: the code of the authenticator, or a backup code, of somebody who has done the first. Failures count
/// like those of the first. None when the account is not active any more, or its `epoch` has changed since the first
/// step, by another password, say.
///
/// # Errors
/// `OTPMismatchError`, `RateLimitConditional`.
pub async fn check_second_factor(
    ctx: &Ctx,
    user: &str,
    epoch: i64,
    typed: String,
) -> Result<Option<Account>> {
    let Some(id) = UserId::parse(user) else { return Ok(None) };
    let attempt = Attempt::begin(ctx, user).await?;
    let checked = ctx
        .change(move |work| {
            let found = account::by_id(work.tx, &id)?;
            let Some(account) =
                found.filter(|found| found.state == AccountState::Active && found.epoch == epoch)
            else {
                attempt.withdraw(work)?;
                return Ok(None);
            };
            let factor = second_step(work, &account, Some(&typed))?;
            match factor {
                Factor::Accepted => attempt.succeeded(work)?,
                Factor::Missing | Factor::Wrong => {
                    work.record(Event::refusal(EventName::SignInSecondFactorRefused).subject(&account.id))?;
                }
            }
            Ok(Some((account, factor)))
        })
        .await?;
    match checked {
        None => Ok(None),
        Some((account, Factor::Accepted)) => Ok(Some(account)),
        Some(_) => Err(wrong_factor()),
    }
}
