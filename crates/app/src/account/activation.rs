//! Passwords by mailed link: the first one, and another one after the first was forgotten.

use secrets::code;
use store::account::{self, AccountState};
use store::one_time_code::{self, Purpose};
use wire::account::{CodeAndPassword, RequestReset, Status, WhoseAccount};

use super::{about, bad_code, end_links, owner, presented};
use crate::context::Ctx;
use crate::error::Result;
use crate::event::{Event, EventName};
use crate::mail_text::Letter;
use crate::sign_in;

/// Sets the first password of an account, with the code of the mailed link. The account is in use from then on
/// (F017, F018).
///
/// # Errors
/// `InvalidInput` for a code that is not good, or a password that is too weak; the code then stays good.
pub async fn activate(ctx: Ctx, input: CodeAndPassword) -> Result<WhoseAccount> {
    set_password(ctx, input, Purpose::Activation, code::Purpose::Activation).await
}

/// Sets another password, with the code of the mailed link. Every token and session of the account ends.
///
/// # Errors
/// As [`activate`].
pub async fn reset(ctx: Ctx, input: CodeAndPassword) -> Result<WhoseAccount> {
    set_password(ctx, input, Purpose::PasswordReset, code::Purpose::PasswordReset).await
}

/// Mails a link for another password, or for the first one where that was never set. Neither the answer nor the work
/// tells whether there is such an account: something is written in any case.
///
/// # Errors
/// `RateLimitConditional` for whoever asks too often.
pub async fn request_reset(ctx: Ctx, input: RequestReset) -> Result<Status> {
    ctx.change(move |work| {
        sign_in::stranger_asks(work)?;
        let mut event = Event::done(EventName::UserPasswordResetAsked);
        if let Some((account, _)) = sign_in::find(work, &input.username_or_email)? {
            event = event.subject(&account.id);
            let letter = match account.state {
                AccountState::Active => Some(Letter::PasswordReset),
                AccountState::Pending => Some(Letter::Activation { by: None }),
                AccountState::Disabled | AccountState::Removed => None,
            };
            if let Some(letter) = letter
                && sign_in::may_send_link(work, &account)?
            {
                work.mail(account.key, &letter)?;
            }
        }
        work.record_or_count(event)?;
        Ok(Status::success(
            "If there is such an account, a link is on its way to its e-mail address. Only a few an hour are sent.",
        ))
    })
    .await
}

async fn set_password(
    ctx: Ctx,
    input: CodeAndPassword,
    purpose: Purpose,
    secret: code::Purpose,
) -> Result<WhoseAccount> {
    let CodeAndPassword { code: typed, password } = input;
    let look = typed.clone();
    let about = ctx
        .look(move |work| {
            let (_, code) = presented(work, purpose, secret, &look)?;
            Ok(about(&owner(work, &code)?))
        })
        .await?;
    let about: Vec<&str> = about.iter().map(String::as_str).collect();
    let password_hash = ctx.app.hash_new_password(password, &about).await?;
    ctx.change(move |work| {
        let (hash, code) = presented(work, purpose, secret, &typed)?;
        let account = owner(work, &code)?;
        let fits = match purpose {
            Purpose::Activation => account.state == AccountState::Pending,
            _ => account.state == AccountState::Active,
        };
        if !fits || !one_time_code::take(work.tx, &hash, purpose, code.account)? {
            return Err(bad_code());
        }
        account::activate(work.tx, account.key, &password_hash)?;
        sign_in::now_known(work, &account)?;
        if purpose == Purpose::Activation {
            work.record(Event::done(EventName::UserActivated).subject(&account.id))?;
        } else {
            end_links(work, account.key)?;
            store::token::revoke_all(work.tx, account.key, None, work.now())?;
            work.mail(account.key, &Letter::PasswordChanged)?;
            work.record(Event::done(EventName::UserPasswordReset).subject(&account.id))?;
        }
        Ok(WhoseAccount { id: account.id })
    })
    .await
}
