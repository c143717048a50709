//! Signed-in browsers (contract: identity-and-sharing 3, F474).
//!
//! A session is a token with a purpose of its own: the browser holds its text in a cookie, the database its hash. API
//! routes never accept it. It ends when nothing was asked for a while, when its day is over, when its owner signs out,
//! and with everything that ends the owner's tokens: another password, a disabled account.

use secrets::Secret;
use serde::{Deserialize, Serialize};
use store::access::Caller;
use store::account::Account;
use store::org;
use store::token::{self, NewToken, Purpose, Token};
use wire::user::TokenScope;

use crate::context::{App, Ctx};
use crate::error::{Error, Result};
use crate::event::{Event, EventName};

/// A session ends after so long without a request, in ms, unless an organisation of its owner says otherwise (contract:
/// identity-and-sharing 4.2, `autoLogoutAfter`).
pub const IDLE_MS: i64 = 15 * 60_000;
/// A session ends so long after its sign-in, whatever happens, in ms.
pub const LIFE_MS: i64 = 12 * 3_600_000;
/// The use of a session is noted at most this often, in ms.
const NOTED_EVERY_MS: i64 = 60_000;

/// A signed-in browser.
#[derive(Debug, Clone)]
pub struct Session {
    /// Who is signed in.
    pub account: Account,
    /// The same, as the use cases want it.
    pub caller: Caller,
}

/// How somebody showed who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Proof {
    /// By the password of the account.
    Password,
    /// By a sign-in provider that is linked with the account.
    Provider,
    /// By a one-time link that the operator gave them.
    Link,
}

/// Begins a session and answers the text of its token. An earlier session of the same browser ends: a sign-in never
/// goes on with a token that was there before. `account` is as it was when its owner showed who they are.
///
/// # Errors
/// `UsernameOrPasswordError` when that has become worthless meanwhile.
pub async fn begin(ctx: &Ctx, account: Account, proof: Proof, earlier: Option<&Session>) -> Result<Secret> {
    let secret = secrets::token::mint(ctx.app.random_bytes());
    let signature = secrets::token::signature(secret.expose());
    let earlier = earlier.map(|session| (session.account.key, session.caller.signature.clone()));
    ctx.change(move |work| {
        let now = work.now();
        let account = work.still_proved(&account)?;
        if let Some((account, signature)) = &earlier {
            token::revoke_by_signature(work.tx, *account, signature, now)?;
        }
        token::insert(
            work.tx,
            &NewToken {
                signature: &signature,
                account: account.key,
                purpose: Purpose::Session,
                label: "",
                scope: &TokenScope::FULL,
                expires: Some(now + LIFE_MS),
                parent: None,
            },
            now,
        )?;
        let by = match proof {
            Proof::Password => "password",
            Proof::Provider => "provider",
            Proof::Link => "link",
        };
        work.record(
            Event::done(EventName::SessionBegun)
                .subject(&account.id)
                .after(serde_json::json!({ "proof": by })),
        )
    })
    .await?;
    Ok(secret)
}

/// Signs out: ends the session that asks.
///
/// # Errors
/// The store's.
pub async fn end(ctx: Ctx) -> Result<()> {
    ctx.change(move |work| {
        let caller = work.caller()?;
        if token::revoke_by_signature(work.tx, caller.account, &caller.signature, work.now())? {
            work.record(Event::done(EventName::SessionEnded).subject(&caller.id))?;
        }
        Ok(())
    })
    .await
}

/// Signs out everywhere: ends every session and every token that signing in from a client gave. Tokens that were made
/// for programs stay; they are ended one by one.
///
/// # Errors
/// The store's.
pub async fn end_all(ctx: Ctx) -> Result<()> {
    ctx.change(move |work| {
        let caller = work.caller()?;
        let sessions = token::revoke_purpose(work.tx, caller.account, Purpose::Session, work.now())?;
        let logins = token::revoke_purpose(work.tx, caller.account, Purpose::Login, work.now())?;
        work.record(
            Event::done(EventName::SessionAllEnded)
                .subject(&caller.id)
                .after(serde_json::json!({ "sessions": sessions, "logins": logins })),
        )
    })
    .await
}

/// Whether a session that was used last, or begun, at this time is still awake.
fn is_awake(token: &Token, idle_ms: i64, now: i64) -> bool {
    now < token.last_used.unwrap_or(token.created).saturating_add(idle_ms)
}

impl App {
    /// The session of a cookie, if it has not ended, and notes that it was used.
    ///
    /// # Errors
    /// The store's.
    pub async fn session(&self, text: &str, now: i64) -> Result<Option<Session>> {
        let signature = secrets::token::signature(text);
        let found = self.db.read_inline(move |tx| {
            let Some((token, account)) = token::usable(tx, &signature, now)? else { return Ok(None) };
            let idle_ms = org::auto_logout_after(tx, account.key)?.unwrap_or(IDLE_MS);
            let good = token.purpose == Purpose::Session && is_awake(&token, idle_ms, now);
            Ok::<_, Error>(good.then_some((token, account)))
        });
        let Some((token, account)) = found.await? else { return Ok(None) };
        if now >= token.last_used.unwrap_or(token.created).saturating_add(NOTED_EVERY_MS) {
            let key = token.key;
            self.db.write(move |tx| Ok::<_, Error>(token::used(tx, key, now)?)).await?;
        }
        Ok(Some(Session { caller: Caller::new(token, account.clone()), account }))
    }
}
