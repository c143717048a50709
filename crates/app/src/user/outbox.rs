//! Letters that could not be sent, for whoever can mend that.

use policy::SystemAction;
use store::keys::OutboxKey;
use store::{account, outbox};
use wire::account::{FindUnsentMail, UnsentMail};
use wire::answer::Page;

use crate::context::Ctx;
use crate::error::Result;
use crate::paging::{cut, start};

/// `/system/findUnsentMail`: letters that were given up within the last 30 days, oldest first.
///
/// # Errors
/// `PermissionDenied` unless a platform administrator asks; `InvalidInput` for a `starting` that is no `next`.
pub async fn unsent_mail(ctx: Ctx, input: FindUnsentMail) -> Result<Page<UnsentMail>> {
    let after = start(&ctx, input.starting.as_ref())?.map(OutboxKey::from_number);
    let limit = input.limit.get();
    ctx.look(move |work| {
        work.system_permit(SystemAction::Administer)?;
        let mut found = outbox::undelivered(work.tx, after, limit + 1)?;
        let next = cut(work.ctx, &mut found, limit, |item| item.key.number())?;
        let mut results = Vec::new();
        for item in found {
            let reader = item.account.map(|key| account::by_key(work.tx, key)).transpose()?;
            results.push(UnsentMail {
                user: reader.map(|account| account.id),
                letter: item.payload.get("letter").and_then(|name| name.as_str()).unwrap_or("").to_owned(),
                written: item.created,
                given_up: item.given_up,
                attempts: item.attempts,
                why: item.failure,
            });
        }
        Ok(Page { results, next })
    })
    .await
}
