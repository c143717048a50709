//! Another e-mail address: used once somebody who reads its mail has confirmed it.

use secrets::code;
use serde_json::json;
use store::account;
use store::one_time_code::{self, Purpose};
use wire::account::{CodeAlone, Status, UpdateEmail, WhoseAccount};
use wire::id::UserId;

use super::{address, bad_code, email_taken, end_links, owner, presented, too_many_links};
use crate::context::Ctx;
use crate::error::Result;
use crate::event::{Event, EventName};
use crate::mail_text::Letter;
use crate::sign_in::{self, Credentials};
use crate::user::is_open;

/// `/user-xxxx/updateEmail`: mails a link to the other address. Where somebody else has that already, they are told by mail
/// instead, and the answer is the same: who has an account here is nobody's business.
///
/// # Errors
/// `PermissionDenied` for somebody else's account, `EmailError` for an address that cannot be used or is the present one,
/// `RateLimitConditional`, and those of signing in.
pub async fn update(ctx: Ctx, id: UserId, input: UpdateEmail) -> Result<Status> {
    let name = id.to_string();
    let whose = id.clone();
    ctx.look(move |work| work.own_account(&whose).map(|_| ())).await?;
    let email = address(&input.new_email)?;
    sign_in::prove(&ctx, Credentials { name, password: input.password, otp: input.otp }).await?;
    ctx.change(move |work| {
        let (account, _permit) = work.own_account(&id)?;
        let holder = account::by_email(work.tx, email.as_str())?;
        if holder.as_ref().is_some_and(|holder| holder.key == account.key) {
            return Err(email_taken());
        }
        if input.revoke_child_tokens {
            let but = Some(work.caller()?.token);
            store::token::revoke_all(work.tx, account.key, but, work.now())?;
        }
        if !sign_in::may_send_link(work, &account)? {
            return Err(too_many_links());
        }
        one_time_code::remove_of(work.tx, account.key, Purpose::EmailChange)?;
        match holder {
            None => work.mail(account.key, &Letter::ConfirmAddress { to: email.canonical() })?,
            Some(holder) if sign_in::may_send_link(work, &holder)? => {
                work.mail(holder.key, &Letter::AddressTaken)?;
            }
            Some(_) => {}
        }
        work.record(
            Event::done(EventName::UserEmailAsked)
                .subject(&account.id)
                .after(json!({ "tokensEnded": input.revoke_child_tokens })),
        )?;
        Ok(Status::success(format!(
            "A link is on its way to {email}. The address is used once you follow it."
        )))
    })
    .await
}

/// Begins to use another address, with the code that was mailed to it.
///
/// # Errors
/// `InvalidInput` for a code that is not good, `EmailError` when somebody else took the address meanwhile.
pub async fn confirm(ctx: Ctx, input: CodeAlone) -> Result<WhoseAccount> {
    ctx.change(move |work| {
        let (hash, code) = presented(work, Purpose::EmailChange, code::Purpose::EmailChange, &input.code)?;
        let account = owner(work, &code)?;
        if !is_open(&account) || !one_time_code::take(work.tx, &hash, Purpose::EmailChange, code.account)? {
            return Err(bad_code());
        }
        if account::by_email(work.tx, &code.detail)?.is_some() {
            return Err(email_taken());
        }
        // Links that went to the earlier address end with it.
        end_links(work, account.key)?;
        account::set_email(work.tx, account.key, &code.detail)?;
        if let Some(before) = account.email {
            work.mail(account.key, &Letter::AddressChanged { to: before })?;
        }
        work.record(Event::done(EventName::UserEmailChanged).subject(&account.id))?;
        Ok(WhoseAccount { id: account.id })
    })
    .await
}
