//! Signing in with a one-time link, for people whom the operator knows: on a demonstration, or when the mail is down.

use std::sync::Arc;

use secrets::code;
use store::account::{self, AccountState};
use store::one_time_code::{self, Purpose};
use store::second_factor;
use wire::id::UserId;

use super::Step;
use crate::account::{bad_code, owner, presented};
use crate::context::{App, Ctx};
use crate::error::{Error, Result, absent};
use crate::event::{Event, EventName};
use crate::links;

/// How long a link works, in ms: a day.
const LIFE_MS: i64 = 24 * 60 * 60 * 1000;

impl App {
    /// A link with which a user signs in once. Only for whoever holds the server: the link stands for the password, and
    /// the second factor is still asked for where it is on. Earlier links of the user end.
    ///
    /// # Errors
    /// `ResourceNotFound` unless there is such an active user.
    pub async fn sign_in_link(self: &Arc<Self>, user: &UserId) -> Result<String> {
        let code = code::mint(self.random_bytes());
        let hash = code::hash(code::Purpose::SignIn, code.expose())
            .ok_or_else(|| Error::internal("a minted code has a hash"))?;
        let user = user.clone();
        Ctx::own(self, "operator")
            .change(move |work| {
                let account = account::by_id(work.tx, &user)?
                    .filter(|account| account.state == AccountState::Active)
                    .ok_or_else(|| absent(user.as_str()))?;
                let (now, of) = (work.now(), Some(account.key));
                one_time_code::remove_of(work.tx, account.key, Purpose::SignIn)?;
                one_time_code::insert(work.tx, &hash, Purpose::SignIn, of, "", now, now + LIFE_MS)?;
                work.record(Event::done(EventName::SignInLinkMade).subject(&account.id))
            })
            .await?;
        Ok(links::with_code(&self.options, links::SIGN_IN, code.expose()))
    }
}

/// The first step of a sign-in, by the code of such a link; the code is used up.
///
/// # Errors
/// `InvalidInput` for a code that is not good.
pub async fn check_link(ctx: &Ctx, typed: String) -> Result<Step> {
    ctx.change(move |work| {
        let (hash, code) = presented(work, Purpose::SignIn, code::Purpose::SignIn, &typed)?;
        let account = owner(work, &code)?;
        if account.state != AccountState::Active
            || !one_time_code::take(work.tx, &hash, Purpose::SignIn, code.account)?
        {
            return Err(bad_code());
        }
        work.record(Event::done(EventName::SignInLinkUsed).subject(&account.id))?;
        let has_second_factor = second_factor::of(work.tx, account.key)?.secret.is_some();
        Ok(if has_second_factor { Step::SecondFactor(account) } else { Step::Done(account) })
    })
    .await
}
