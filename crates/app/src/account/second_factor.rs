//! Setting up and ending one's own second factor.

use secrets::totp::Seed;
use secrets::{backup, seal};
use store::account;
use store::keys::AccountKey;
use store::second_factor;
use wire::account::{ConfirmOtp, DisableOtp, OtpConfirmed, OtpStarted};
use wire::answer::{Made, NoKeys};
use wire::id::UserId;
use wire::{ApiError, ErrorType};

use crate::context::Ctx;
use crate::error::{Error, Result};
use crate::event::{Event, EventName};
use crate::mail_text::Letter;
use crate::sign_in::{self, Attempt, Credentials, open_seed, seal_purpose};
use crate::work::Work;

/// `/user-xxxx/startOTP`: makes a secret for an authenticator. It is used once a code of it was confirmed.
///
/// # Errors
/// `PermissionDenied` for somebody else's account; `InvalidState` while a second factor is on.
pub async fn start(ctx: Ctx, id: UserId, _: NoKeys) -> Result<OtpStarted> {
    let seed = Seed::new(ctx.app.random_bytes());
    let nonce: [u8; seal::NONCE_LEN] = ctx.app.random_bytes();
    let sealed = ctx.app.keys.seal(&seal_purpose(&id), seed.as_bytes(), nonce).map_err(Error::internal)?;
    let server = ctx.app.options.public_url.clone();
    let account = ctx
        .change(move |work| {
            let (account, permit) = work.own_account(&id)?;
            if second_factor::of(work.tx, account.key)?.secret.is_some() {
                return Err(ApiError::new(
                    ErrorType::InvalidState,
                    "Your second factor is on already. Switch it off first to set up another authenticator.",
                )
                .into());
            }
            second_factor::begin(work.tx, &permit, account.key, &sealed)?;
            work.record(Event::done(EventName::SecondFactorBegun).subject(&account.id))?;
            Ok(account)
        })
        .await?;
    // A colon would end the name in the address.
    let issuer = server.split_once("://").map_or(server.as_str(), |(_, host)| host).replace(':', " ");
    let uri = seed.uri(&format!("Operon {issuer}"), &account.handle).map_err(Error::internal)?;
    Ok(OtpStarted { id: account.id, secret: seed.base32().expose().to_owned(), uri: uri.expose().to_owned() })
}

/// `/user-xxxx/confirmOTP`: switches the second factor on, and answers backup codes, once.
///
/// # Errors
/// `PermissionDenied` for somebody else's account; `InvalidState` when nothing was begun; `UsernameOrPasswordError` without
/// the account's password, where it has one: whoever holds a token alone could lock the owner out; `OTPMismatchError`,
/// `RateLimitConditional`.
pub async fn confirm(ctx: Ctx, id: UserId, input: ConfirmOtp) -> Result<OtpConfirmed> {
    let random: [[u8; backup::CODE_LEN]; backup::COUNT] = std::array::from_fn(|_| ctx.app.random_bytes());
    let codes = backup::mint(&random);
    let hashes = backup::hashes(&codes);
    let whose = id.clone();
    let has_password = ctx
        .look(move |work| {
            let (account, _) = work.own_account(&whose)?;
            begun(work, account.key)?;
            Ok(account::password_hash(work.tx, account.key)?.is_some())
        })
        .await?;
    if has_password {
        let password = input.password.clone().unwrap_or_default();
        sign_in::prove(&ctx, Credentials { name: id.to_string(), password, otp: None }).await?;
    }
    let attempt = Attempt::begin(&ctx, &format!("confirm {id}")).await?;
    let id = ctx
        .change(move |work| {
            let (account, permit) = work.own_account(&id)?;
            let sealed = begun(work, account.key)?;
            let seed = open_seed(&work.ctx.app, &account.id, &sealed)?;
            let Some(step) = seed.verify(&input.otp, work.now(), None) else {
                return Err(ApiError::new(
                    ErrorType::OtpMismatchError,
                    "The code is wrong. Wait for the next one, and check the clock of the device that shows it.",
                )
                .into());
            };
            attempt.withdraw(work)?;
            second_factor::switch_on(work.tx, &permit, account.key, step, &hashes)?;
            work.mail(account.key, &Letter::SecondFactor { on: true, by: None })?;
            work.record(Event::done(EventName::SecondFactorEnabled).subject(&account.id))?;
            Ok(account.id)
        })
        .await?;
    Ok(OtpConfirmed { id, backup_codes: codes.iter().map(|code| code.expose().to_owned()).collect() })
}

/// The sealed secret of the second factor that is being set up.
fn begun(work: &Work<'_>, account: AccountKey) -> Result<String> {
    second_factor::of(work.tx, account)?.pending.ok_or_else(|| {
        ApiError::new(
            ErrorType::InvalidState,
            "No second factor is being set up. Begin with /user-xxxx/startOTP.",
        )
        .into()
    })
}

/// `/user-xxxx/disableOTP`: switches the second factor off.
///
/// # Errors
/// `PermissionDenied` for somebody else's account; `InvalidState` when it is off; those of signing in.
pub async fn disable(ctx: Ctx, id: UserId, input: DisableOtp) -> Result<Made> {
    let whose = id.clone();
    ctx.look(move |work| {
        let (account, _) = work.own_account(&whose)?;
        match second_factor::of(work.tx, account.key)?.secret {
            Some(_) => Ok(()),
            None => Err(ApiError::new(ErrorType::InvalidState, "Your second factor is off already.").into()),
        }
    })
    .await?;
    let credentials = Credentials { name: id.to_string(), password: input.password, otp: Some(input.otp) };
    sign_in::prove(&ctx, credentials).await?;
    ctx.change(move |work| {
        let (account, permit) = work.own_account(&id)?;
        second_factor::switch_off(work.tx, &permit, account.key)?;
        work.mail(account.key, &Letter::SecondFactor { on: false, by: None })?;
        work.record(Event::done(EventName::SecondFactorDisabled).subject(&account.id))?;
        Ok(Made::new(account.id))
    })
    .await
}
