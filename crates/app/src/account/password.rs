//! Another password, by whoever knows the present one.

use store::account;
use wire::account::ChangePassword;
use wire::answer::Made;
use wire::id::UserId;

use super::{about, end_links};
use crate::context::Ctx;
use crate::error::Result;
use crate::event::{Event, EventName};
use crate::mail_text::Letter;
use crate::sign_in::{self, Credentials};

/// `/user-xxxx/changePassword`: every other token and session of the account ends.
///
/// # Errors
/// `PermissionDenied` for somebody else's account, `InvalidInput` for a password that is too weak, and those of signing
/// in.
pub async fn change(ctx: Ctx, id: UserId, input: ChangePassword) -> Result<Made> {
    let whose = id.clone();
    let about = ctx.look(move |work| Ok(about(&work.own_account(&whose)?.0))).await?;
    let credentials = Credentials { name: id.to_string(), password: input.password, otp: input.otp };
    sign_in::prove(&ctx, credentials).await?;
    let about: Vec<&str> = about.iter().map(String::as_str).collect();
    let hash = ctx.app.hash_new_password(input.new_password, &about).await?;
    ctx.change(move |work| {
        let (account, _permit) = work.own_account(&id)?;
        account::set_password_hash(work.tx, account.key, &hash)?;
        end_links(work, account.key)?;
        store::token::revoke_all(work.tx, account.key, Some(work.caller()?.token), work.now())?;
        work.mail(account.key, &Letter::PasswordChanged)?;
        work.record(Event::done(EventName::UserPasswordChanged).subject(&account.id))?;
        Ok(Made::new(account.id))
    })
    .await
}
