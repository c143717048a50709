//! Slowing down whoever guesses passwords.
//!
//! Failures are counted per account and per origin. After some, each further one makes the next attempt wait longer, up to
//! a limit; time forgives them one by one, so nobody is locked out for good. An account is one, whichever of its names is
//! typed; a name that no account has is counted like one. Whoever signed in from an origin before is counted apart from
//! strangers, so that strangers cannot keep them out.

use std::net::IpAddr;
use std::sync::Arc;

use secrets::sign::Signer;
use store::account::Account;
use store::db::Tx;
use store::sign_in_failure::{self, Count};
use wire::{ApiError, ErrorType};

use crate::context::{App, Ctx};
use crate::error::{Error, Result};
use crate::work::Work;

/// How one kind of subject is slowed down.
struct Limits {
    /// Failures before anybody waits.
    free: i64,
    /// One failure is forgiven in this time, in ms.
    forgive_ms: i64,
    /// The longest wait, in ms.
    longest_ms: i64,
}

const NAME: Limits = Limits { free: 5, forgive_ms: 10 * 60_000, longest_ms: 15 * 60_000 };
const ORIGIN: Limits = Limits { free: 20, forgive_ms: 60_000, longest_ms: 60_000 };
/// The wait after the first failure that is not free, in ms; it doubles with each.
const FIRST_WAIT_MS: i64 = 1000;
/// Why whoever failed too often is turned away.
const FAILED: &str = "There were too many failed attempts to sign in.";
/// How long an origin counts as known, in ms.
const KNOWN_MS: i64 = 90 * 24 * 60 * 60_000;

impl Limits {
    /// The count after one more failure.
    fn failed(&self, before: Option<Count>, now: i64) -> Count {
        let forgiven = |count: Count| count.failures - (now - count.last).max(0) / self.forgive_ms;
        // Beyond this the wait does not grow any more, and forgiveness should not take for ever.
        let failures = before.map_or(0, forgiven).clamp(0, self.free + 20) + 1;
        let doublings = failures - self.free - 1;
        let wait = match u32::try_from(doublings) {
            Err(_) => 0,
            Ok(doublings) => FIRST_WAIT_MS.checked_shl(doublings).unwrap_or(i64::MAX).min(self.longest_ms),
        };
        // Requests that come together do not agree on the time to the millisecond, so no wait must be none for all of them.
        let blocked_until = if wait == 0 { 0 } else { now + wait };
        Count { failures, last: now, blocked_until }
    }
}

/// An attempt to sign in. It counts as failed from its beginning, so that attempts at the same time count, too.
pub(crate) struct Attempt {
    known: String,
    counted: Vec<(String, Count)>,
}

impl Attempt {
    /// Begins an attempt for a name as it was typed.
    ///
    /// # Errors
    /// `RateLimitConditional` with the seconds to wait.
    pub(crate) async fn begin(ctx: &Ctx, name: &str) -> Result<Self> {
        let (app, origin, name) = (Arc::clone(&ctx.app), ctx.request.origin, name.to_owned());
        let now = ctx.now();
        let look = move |tx: &Tx| {
            let subjects = Subjects::of(&app, &counted_as(tx, &name)?, origin);
            let wait = subjects.wait(tx, now)?;
            Ok::<_, Error>((subjects, wait))
        };
        let (subjects, wait) = ctx.app.db.read_inline(look).await?;
        if wait > 0 {
            return Err(too_fast(FAILED, wait));
        }
        let begun = ctx
            .change(move |work| {
                let wait = subjects.wait(work.tx, now)?;
                if wait > 0 {
                    return Err(too_fast(FAILED, wait));
                }
                let mut counted = Vec::new();
                for (subject, limits) in subjects.counted(work.tx, now)? {
                    let count = limits.failed(subjects.count(work.tx, &subject)?, now);
                    sign_in_failure::put(work.tx, &subject, count)?;
                    counted.push((subject, count));
                }
                Ok(Self { known: subjects.known.clone(), counted })
            })
            .await?;
        Ok(begun)
    }

    /// The attempt was no failure after all: it succeeded, and its origin is known from now on.
    pub(crate) fn succeeded(&self, work: &Work<'_>) -> Result<()> {
        self.withdraw(work)?;
        know(work, &self.known)
    }

    /// The attempt was neither: it counts no more.
    pub(crate) fn withdraw(&self, work: &Work<'_>) -> Result<()> {
        for (subject, set) in &self.counted {
            let Some(count) = sign_in_failure::of(work.tx, subject)? else { continue };
            let blocked_until =
                if count.blocked_until == set.blocked_until { 0 } else { count.blocked_until };
            let failures = (count.failures - 1).max(0);
            sign_in_failure::put(work.tx, subject, Count { failures, blocked_until, ..count })?;
        }
        Ok(())
    }
}

/// The origin of the request is known from now on for an account whose owner has just shown to read its letters: strangers
/// who guess cannot keep them out.
pub(crate) fn now_known(work: &Work<'_>, account: &Account) -> Result<()> {
    let subjects = Subjects::of(&work.ctx.app, &normal(account.id.as_str()), work.ctx.request.origin);
    know(work, &subjects.known)
}

fn know(work: &Work<'_>, known: &str) -> Result<()> {
    Ok(sign_in_failure::put(work.tx, known, Count { failures: 0, last: work.now(), blocked_until: 0 })?)
}

/// Forgets the failures of an account, from wherever they came, on the word of an administrator.
pub(crate) fn forgive(work: &Work<'_>, account: &Account) -> Result<()> {
    let lifted = Subjects::of(&work.ctx.app, &normal(account.id.as_str()), None).lifted;
    Ok(sign_in_failure::put(work.tx, &lifted, Count { failures: 0, last: work.now(), blocked_until: 0 })?)
}

/// What an attempt is counted under. All are keyed hashes: what is typed as a name may be a password.
#[derive(Clone)]
struct Subjects {
    name: String,
    known: String,
    /// When an administrator forgave what was counted of the name before, whoever failed.
    lifted: String,
    origin: Option<String>,
}

impl Subjects {
    /// `name` as [`counted_as`] gives it.
    fn of(app: &App, name: &str, origin: Option<IpAddr>) -> Self {
        let signer = signer(app);
        let origin = origin.map(network).unwrap_or_default();
        Self {
            name: signer.sign(&["name", name]),
            known: signer.sign(&["known", name, &origin]),
            lifted: signer.sign(&["lifted", name]),
            origin: (!origin.is_empty()).then(|| signer.sign(&["origin", &origin])),
        }
    }

    /// The subjects that count, with their limits.
    fn counted(&self, tx: &Tx, now: i64) -> Result<Vec<(String, &'static Limits)>> {
        if sign_in_failure::of(tx, &self.known)?.is_some_and(|count| now - count.last < KNOWN_MS) {
            // Not by the origin, which strangers may share.
            return Ok(vec![(self.known.clone(), &NAME)]);
        }
        let mut counted = vec![(self.name.clone(), &NAME)];
        counted.extend(self.origin.iter().map(|origin| (origin.clone(), &ORIGIN)));
        Ok(counted)
    }

    /// What is counted of a subject and not forgiven.
    fn count(&self, tx: &Tx, subject: &str) -> Result<Option<Count>, Error> {
        let count = sign_in_failure::of(tx, subject)?;
        if count.is_none() || self.origin.as_deref() == Some(subject) {
            return Ok(count);
        }
        let lifted = sign_in_failure::of(tx, &self.lifted)?.map(|lifted| lifted.last);
        Ok(count.filter(|count| lifted.is_none_or(|at| count.last > at)))
    }

    /// How long to wait before the next attempt, in ms.
    fn wait(&self, tx: &Tx, now: i64) -> Result<i64, Error> {
        let mut wait = 0;
        for (subject, _) in self.counted(tx, now)? {
            let count = self.count(tx, &subject)?;
            wait = wait.max(count.map_or(0, |count| count.blocked_until - now));
        }
        Ok(wait)
    }
}

pub(super) fn signer(app: &App) -> Signer {
    Signer::new(&app.keys, "sign-in throttle")
}

/// The name that attempts are counted under: the handle of the account, whichever of its names was typed, or what was typed
/// when no account has it.
fn counted_as(tx: &Tx, name: &str) -> Result<String> {
    Ok(match super::named(tx, name)? {
        Some(account) => normal(account.id.as_str()),
        None => normal(name),
    })
}

/// One form of a name that may be written in several ways.
fn normal(name: &str) -> String {
    let name = name.trim().to_lowercase();
    name.strip_prefix("user-").map_or(name.clone(), ToOwned::to_owned)
}

/// An address, or the network that one household or one rented server has under IPv6.
#[must_use]
pub fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
    }
}

pub(super) fn too_fast(why: &str, wait_ms: i64) -> Error {
    let seconds = u64::try_from(wait_ms).unwrap_or(0).div_ceil(1000).max(1);
    ApiError::new(ErrorType::RateLimitConditional, format!("{why} Try again in {seconds} s."))
        .with_details(serde_json::json!({ "retryAfter": seconds }))
        .retry_after(seconds)
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_after_the_free_failures_and_stop_growing() {
        let mut count = None;
        let mut waits = Vec::new();
        for _ in 0..18 {
            let next = NAME.failed(count, 0);
            waits.push(next.blocked_until / 1000);
            count = Some(next);
        }
        assert_eq!(waits[..9], [0, 0, 0, 0, 0, 1, 2, 4, 8]);
        assert_eq!(waits[17], 15 * 60);
    }

    #[test]
    fn a_free_failure_makes_nobody_wait() {
        assert_eq!(NAME.failed(None, 1000).blocked_until, 0);
    }

    #[test]
    fn time_forgives_failures_one_by_one() {
        let count = Count { failures: 8, last: 0, blocked_until: 0 };
        assert_eq!(NAME.failed(Some(count), 3 * NAME.forgive_ms).failures, 6);
        assert_eq!(NAME.failed(Some(count), 300 * NAME.forgive_ms).failures, 1);
        let worst = Count { failures: i64::from(u16::MAX), last: 0, blocked_until: 0 };
        let next = NAME.failed(Some(worst), 0);
        assert!(next.failures < 40 && next.blocked_until == NAME.longest_ms);
    }

    #[test]
    fn the_same_name_and_the_same_network_count_together() {
        assert_eq!(normal(" User-Ada "), normal("ada"));
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
