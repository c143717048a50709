//! Accounts that people asked for themselves and never activated (F018).
//!
//! Whoever asks for one with an address that somebody else has gets an account without an address, so that the answer does
//! not tell whose the address is. All such accounts end alike, so that their end does not tell it either.

use serde_json::json;
use store::account;
use store::db::Tx;
use store::keys::AccountKey;

use crate::context::App;
use crate::error::{Error, Result};
use crate::event::{Event, EventName};

/// How long an account waits for its activation, in ms: two weeks. A letter is tried for five days, and the link in it
/// works for seven.
const WAITS_MS: i64 = 14 * 24 * 60 * 60 * 1000;
/// Grants and memberships that one transaction takes away.
const LEFTOVERS_AT_ONCE: u32 = 200;
/// What the audit log calls this job.
const JOB: &str = "ForgetUnusedAccounts";

impl App {
    /// Removes accounts that people asked for themselves and did not activate in time, with what others gave them
    /// meanwhile. Their names and addresses are free again. A periodic job.
    ///
    /// # Errors
    /// The store's.
    pub async fn forget_unused_accounts(&self) -> Result<()> {
        let now = self.clock.now();
        let before = now - WAITS_MS;
        while self.db.read(move |tx| Ok::<_, Error>(account::unused(tx, before)?.is_some())).await? {
            self.db
                .write(move |tx| {
                    let Some((key, user)) = account::unused(tx, before)? else { return Ok::<_, Error>(()) };
                    if take_leftovers(tx, key, &user, JOB, now)? {
                        return Ok(());
                    }
                    account::erase_unused(tx, key)?;
                    Event::done(EventName::UserExpired).subject(&user).write_own(tx, JOB, now)
                })
                .await?;
        }
        Ok(())
    }
}

/// Takes away some of what an account holds in projects and organisations; false when it holds nothing any more.
pub(crate) fn take_leftovers(tx: &Tx, key: AccountKey, user: &str, job: &str, now: i64) -> Result<bool> {
    let grants = account::take_leftover_grants(tx, key, LEFTOVERS_AT_ONCE)?;
    let memberships = account::take_leftover_memberships(tx, key, LEFTOVERS_AT_ONCE)?;
    let any = !grants.is_empty() || !memberships.is_empty();
    for (project, role) in grants {
        Event::done(EventName::MemberRemoved)
            .project(&project)
            .subject(&user)
            .before(json!({ "level": role }))
            .write_own(tx, job, now)?;
    }
    for (org, level) in memberships {
        Event::done(EventName::OrgMemberRemoved)
            .subject(&org)
            .subject(&user)
            .before(json!({ "level": level }))
            .write_own(tx, job, now)?;
    }
    Ok(any)
}
