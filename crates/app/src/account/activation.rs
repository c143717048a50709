//! Passwords by mailed link: the first one, and another one after the first was forgotten.

use secrets::code;
use store::account::{self, AccountState};
use store::one_time_code::{self, Purpose};
use wire::account::{CodeAndPassword, Status, WhichAccount, WhoseAccount};

use super::{about, bad_code, owner, presented};
use crate::context::Ctx;
use crate::error::Result;
use crate::event::{Event, EventName};
use crate::mail_text::Letter;
use crate::sign_in;
use crate::work::Work;

/// Letters with a link that an account is sent within [`LETTERS_WITHIN_MS`].
const MAX_LETTERS: i64 = 3;
/// See [`MAX_LETTERS`], in ms.
const LETTERS_WITHIN_MS: i64 = 60 * 60 * 1000;

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

/// Mails a link for another password, or for the first one where that was never set. The answer does not tell whether
/// there is such an account.
///
/// # Errors
/// The store's.
pub async fn request_reset(ctx: Ctx, input: WhichAccount) -> Result<Status> {
    ctx.change(move |work| {
        if let Some((account, _)) = sign_in::find(work, &input.username_or_email)? {
            match account.state {
                AccountState::Active => send(work, account.key, &Letter::PasswordReset)?,
                AccountState::Pending => send(work, account.key, &Letter::Activation { by: None })?,
                AccountState::Disabled | AccountState::Removed => {}
            }
        }
        Ok(Status::success(
            "If there is such an account, a link is on its way to its e-mail address. At most three an hour are sent.",
        ))
    })
    .await
}

fn send(work: &Work<'_>, account: store::keys::AccountKey, letter: &Letter) -> Result<()> {
    let since = work.now() - LETTERS_WITHIN_MS;
    if store::outbox::written_since(work.tx, account, since)? >= MAX_LETTERS {
        return Ok(());
    }
    work.mail(account, letter)
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
        if purpose == Purpose::Activation {
            work.record(Event::done(EventName::UserActivated).subject(&account.id))?;
        } else {
            store::token::revoke_all(work.tx, account.key, None, work.now())?;
            work.mail(account.key, &Letter::PasswordChanged)?;
            work.record(Event::done(EventName::UserPasswordReset).subject(&account.id))?;
        }
        Ok(WhoseAccount { id: account.id })
    })
    .await
}
