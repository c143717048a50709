//! Slowing down whoever makes this server write letters.
//!
//! Such letters go to people who did not ask for them, on the word of a stranger. Each account is sent few, so that
//! nobody's mailbox is flooded, and each origin may ask for few, so that nobody tries out a list of addresses.

use policy::SystemAction;
use store::account::Account;
use store::sign_in_failure::{self, Count};

use super::throttle::{network, signer, too_fast};
use crate::error::Result;
use crate::work::Work;

/// How often something may happen.
struct Rate {
    /// So often at once.
    at_once: i64,
    /// Then once in this time, in ms.
    every_ms: i64,
}

/// Letters with links to one account.
const LETTERS: Rate = Rate { at_once: 3, every_ms: 20 * 60_000 };
/// Letters about invitations to one account, and about self-invitations; the notifications in the pages tell of all.
const INVITATIONS: Rate = Rate { at_once: 20, every_ms: 3 * 60_000 };
/// Letters to people who have no password yet, on the word of one caller.
const ACTIVATIONS: Rate = Rate { at_once: 50, every_ms: 60_000 };
/// Requests from one origin that may make a letter.
const ASKED: Rate = Rate { at_once: 20, every_ms: 60_000 };

impl Rate {
    /// The count after once more; none when that would be too often.
    fn spend(&self, before: Option<Count>, now: i64) -> Option<Count> {
        let before = before.unwrap_or(Count { failures: 0, last: now, blocked_until: 0 });
        let regained = ((now - before.last).max(0) / self.every_ms).min(before.failures);
        let spent = before.failures - regained;
        // The time that has begun to count for the next one goes on counting.
        let last = if spent == 0 { now } else { before.last + regained * self.every_ms };
        (spent < self.at_once).then_some(Count { failures: spent + 1, last, blocked_until: 0 })
    }
}

fn spend(work: &Work<'_>, rate: &Rate, what: &[&str]) -> Result<bool> {
    let subject = signer(&work.ctx.app).sign(what);
    let after = rate.spend(sign_in_failure::of(work.tx, &subject)?, work.now());
    if let Some(count) = after {
        sign_in_failure::put(work.tx, &subject, count)?;
    }
    Ok(after.is_some())
}

/// Whether an account may be sent another letter with a link now; if so, it counts.
pub(crate) fn may_send_link(work: &Work<'_>, account: &Account) -> Result<bool> {
    spend(work, &LETTERS, &["letter", account.id.as_str()])
}

/// Whether an account may be sent another letter about an invitation now; if so, it counts. They are counted apart, so that
/// whoever invites somebody does not use up the letters that let them in again.
pub(crate) fn may_send_invitation(work: &Work<'_>, account: &Account) -> Result<bool> {
    spend(work, &INVITATIONS, &["invitation", account.id.as_str()])
}

/// Whether an administrator may be sent another letter about people who let themselves in; if so, it counts. They are
/// counted apart, so that nobody comes in unseen behind many invitations.
pub(crate) fn may_send_self_invitation(work: &Work<'_>, account: &Account) -> Result<bool> {
    spend(work, &INVITATIONS, &["self-invitation", account.id.as_str()])
}

/// Counts a letter to somebody who has no password yet, on the caller's word. Platform administrators are not counted.
///
/// # Errors
/// `RateLimitConditional` when the caller had too many written.
pub(crate) fn activation_asked(work: &Work<'_>) -> Result<()> {
    let by = &work.caller()?.id;
    if work.system_allows(SystemAction::Administer)?
        || spend(work, &ACTIVATIONS, &["activation", by.as_str()])?
    {
        return Ok(());
    }
    Err(too_fast("There were too many activation links on your word.", ACTIVATIONS.every_ms))
}

/// Counts a stranger's request that may make a letter.
///
/// # Errors
/// `RateLimitConditional` when there were too many from the same origin.
pub(crate) fn stranger_asks(work: &Work<'_>) -> Result<()> {
    let Some(origin) = work.ctx.request.origin.map(network) else { return Ok(()) };
    if spend(work, &ASKED, &["asked", &origin])? {
        return Ok(());
    }
    Err(too_fast("There were too many requests like this from your address.", ASKED.every_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_at_once_and_then_one_in_a_while() {
        let rate = Rate { at_once: 3, every_ms: 100 };
        let mut count = None;
        let mut allowed = |now: i64| {
            let after = rate.spend(count, now);
            count = after.or(count);
            after.is_some()
        };
        let answers: Vec<bool> = [0, 10, 20, 30, 99, 100, 150, 199, 200, 250].map(&mut allowed).into();
        assert_eq!(answers, [true, true, true, false, false, true, false, false, true, false]);
        assert_eq!([2000, 2000, 2000, 2000].map(&mut allowed), [true, true, true, false]);
    }
}
