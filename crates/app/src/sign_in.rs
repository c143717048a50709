//! Signing in: proving who one is, and who a token speaks for (contract: identity-and-sharing 3).

mod asking;
mod link;
mod steps;
mod throttle;

use secrets::totp::Seed;
use store::account::{self, Account, AccountState};
use store::second_factor;
use store::token::Purpose;
use wire::id::UserId;
use wire::user::{AuthToken, NewAuthToken, TokenScope};
use wire::{ApiError, ErrorType};

use crate::context::{App, Ctx};
use crate::error::{Error, Result, no_token};
use crate::event::{Event, EventName};
use crate::token::{self, Wish};
use crate::work::Work;

pub(crate) use asking::{
    activation_asked, may_send_invitation, may_send_link, may_send_self_invitation, stranger_asks,
};
pub use link::check_link;
pub use steps::{Step, check_password, check_second_factor};
pub use throttle::network;
pub(crate) use throttle::{Attempt, forgive, now_known};

/// What a person shows to prove who they are.
#[derive(Clone)]
pub struct Credentials {
    /// Handle, user id or e-mail address.
    pub name: String,
    /// The password.
    pub password: String,
    /// The second factor: the digits of the authenticator, or a backup code.
    pub otp: Option<String>,
}

/// `/system/newAuthToken`.
///
/// # Errors
/// `UsernameOrPasswordError`, `OTPRequiredError`, `OTPMismatchError`, `RateLimitConditional`; with a token,
/// `PermissionDenied` unless it is of full scope.
pub async fn new_auth_token(ctx: Ctx, input: NewAuthToken) -> Result<AuthToken> {
    if ctx.caller.is_some() {
        return token::narrower(ctx, input).await;
    }
    let (Some(name), Some(password)) = (input.username, input.password) else {
        return Err(ApiError::invalid_input("Send `username` and `password`.").into());
    };
    let wish = Wish {
        purpose: Purpose::Login,
        label: input.label,
        scope: TokenScope::FULL,
        expires: token::end_of(&ctx, input.expires)?,
    };
    with_password(ctx, Credentials { name, password, otp: input.otp }, wish).await
}

/// Signs in: credentials for a token.
///
/// # Errors
/// `UsernameOrPasswordError`, `OTPRequiredError`, `OTPMismatchError`, `RateLimitConditional`.
pub async fn with_password(ctx: Ctx, credentials: Credentials, wish: Wish) -> Result<AuthToken> {
    let account = prove(&ctx, credentials).await?;
    token::issue(&ctx, account, wish).await
}

/// Checks credentials. Whether there is no such account, no such password, or an account that is not active, the answer
/// and the work are the same. A second factor that was accepted is used up.
///
/// # Errors
/// `UsernameOrPasswordError`, `OTPRequiredError`, `OTPMismatchError`, `RateLimitConditional`.
pub(crate) async fn prove(ctx: &Ctx, credentials: Credentials) -> Result<Account> {
    match check(ctx, credentials).await? {
        (account, Factor::Accepted) => Ok(account),
        (_, Factor::Missing) => Err(ApiError::new(
            ErrorType::OtpRequiredError,
            "This account needs a second factor. Send the code of the authenticator as `otp`.",
        )
        .into()),
        (_, Factor::Wrong) => Err(wrong_factor()),
    }
}

/// As [`prove`], with what came of the second factor as an answer: the password is right in any case.
async fn check(ctx: &Ctx, credentials: Credentials) -> Result<(Account, Factor)> {
    let Credentials { name, password, otp } = credentials;
    let attempt = Attempt::begin(ctx, &name).await?;
    let found = ctx.look(move |work| find(work, &name)).await?;
    let hash = found.as_ref().and_then(|(_, hash)| hash.clone());
    let (matches, renewed) = ctx.app.check_password(password, hash).await?;
    let account = match found {
        Some((account, _)) if matches && account.state == AccountState::Active => account,
        found => {
            let account = found.map(|(account, _)| account.id);
            ctx.change(move |work| {
                let event = Event::refusal(EventName::SignInPasswordRefused);
                work.record_or_count(account.iter().fold(event, |event, id| event.subject(id)))
            })
            .await?;
            return Err(ApiError::new(
                ErrorType::UsernameOrPasswordError,
                "The user name or the password is wrong, or the account is not active. Check both, or reset the password.",
            )
            .into());
        }
    };
    ctx.change(move |work| {
        let account = work.still_proved(&account)?;
        let factor = second_step(work, &account, otp.as_deref())?;
        match factor {
            Factor::Accepted => {
                attempt.succeeded(work)?;
                if let Some(hash) = &renewed {
                    account::set_password_hash(work.tx, account.key, hash)?;
                }
            }
            Factor::Missing => attempt.withdraw(work)?,
            Factor::Wrong => {
                work.record(Event::refusal(EventName::SignInSecondFactorRefused).subject(&account.id))?;
            }
        }
        Ok((account, factor))
    })
    .await
}

impl Work<'_> {
    /// The account of somebody who has shown who they are, as it is now.
    ///
    /// # Errors
    /// `UsernameOrPasswordError` when what they showed has become worthless meanwhile: the password or the second factor
    /// is another one, the account was stopped, or its owner has ended everything.
    pub(crate) fn still_proved(&self, proved: &Account) -> Result<Account> {
        let now = account::by_key(self.tx, proved.key)?;
        if now.state == AccountState::Active && now.epoch == proved.epoch {
            return Ok(now);
        }
        Err(ApiError::new(
            ErrorType::UsernameOrPasswordError,
            "The account was changed while you signed in. Sign in again.",
        )
        .into())
    }
}

fn wrong_factor() -> Error {
    ApiError::new(
        ErrorType::OtpMismatchError,
        "The code is wrong, or was used before. Wait for the next one, or use a backup code.",
    )
    .into()
}

/// How the second step of a sign-in went.
#[derive(Clone, Copy)]
enum Factor {
    /// It was right, or none is needed.
    Accepted,
    /// One is needed.
    Missing,
    /// It was wrong.
    Wrong,
}

/// Checks the second factor and uses it up.
fn second_step(work: &Work<'_>, account: &Account, otp: Option<&str>) -> Result<Factor> {
    let kept = second_factor::of(work.tx, account.key)?;
    let Some(sealed) = kept.secret else { return Ok(Factor::Accepted) };
    let Some(typed) = otp.filter(|typed| !typed.trim().is_empty()) else { return Ok(Factor::Missing) };
    let seed = open_seed(&work.ctx.app, &account.id, &sealed)?;
    if let Some(step) = seed.verify(typed, work.now(), Some(kept.last_step)) {
        let fresh = second_factor::use_step(work.tx, account.key, step)?;
        return Ok(if fresh { Factor::Accepted } else { Factor::Wrong });
    }
    let hashes = second_factor::backup_hashes(work.tx, account.key)?;
    let Some(hash) = secrets::backup::find(&hashes, typed).and_then(|place| hashes.get(place)) else {
        return Ok(Factor::Wrong);
    };
    let fresh = second_factor::use_backup(work.tx, account.key, hash)?;
    if fresh {
        work.record(Event::done(EventName::SecondFactorBackupUsed).subject(&account.id))?;
    }
    Ok(if fresh { Factor::Accepted } else { Factor::Wrong })
}

/// Opens a sealed seed of the second factor.
pub(crate) fn open_seed(app: &App, owner: &UserId, sealed: &str) -> Result<Seed> {
    let bytes = app.keys.open(&seal_purpose(owner), sealed).map_err(Error::internal)?;
    Seed::from_bytes(&bytes).map_err(Error::internal)
}

/// What the seed of an account is sealed for.
pub(crate) fn seal_purpose(owner: &UserId) -> String {
    format!("totp {owner}")
}

/// The account of a handle, a user id or an e-mail address, with its password hash.
pub(crate) fn find(work: &Work<'_>, name: &str) -> Result<Option<(Account, Option<String>)>> {
    let Some(account) = named(work.tx, name)? else { return Ok(None) };
    let hash = account::password_hash(work.tx, account.key)?;
    Ok(Some((account, hash)))
}

/// The account of a handle, a user id or an e-mail address.
fn named(tx: &store::db::Tx, name: &str) -> Result<Option<Account>> {
    Ok(match UserId::parse(name).or_else(|| UserId::from_handle(name)) {
        Some(id) => account::by_id(tx, &id)?,
        None => account::by_email(tx, name)?,
    })
}

impl App {
    /// Who a bearer token speaks for.
    ///
    /// # Errors
    /// `InvalidAuthentication` for a token that is unknown, revoked or expired, or whose owner is not active.
    pub async fn authenticate(&self, token: &str, now: i64) -> Result<store::access::Caller> {
        let signature = secrets::token::signature(token);
        let found = self
            .db
            .read_inline(move |tx| Ok::<_, Error>(store::token::usable(tx, &signature, now)?))
            .await?
            .filter(|(token, _)| token.purpose != Purpose::Session);
        let Some((token, account)) = found else {
            return Err(no_token());
        };
        self.memory.token_uses.note(&token, now);
        Ok(store::access::Caller::new(token, account))
    }
}
