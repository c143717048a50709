//! The first user of a server: made with a link that the server prints, since nobody is there to invite them.

use secrets::code;
use serde_json::json;
use store::account::{self, AccountState, NewAccount, PlatformKind};
use store::one_time_code::{self, Purpose};
use wire::account::{FirstUser, WhoseAccount};
use wire::id::UserId;

use super::{address, bad_code, handle, presented, username_taken};
use crate::context::{App, Ctx};
use crate::error::{Error, Result};
use crate::event::{Event, EventName};
use crate::links;

/// How long the link works, in ms: a week. A server that is started again prints another.
const LIFE_MS: i64 = 7 * 24 * 60 * 60 * 1000;

impl App {
    /// Whether there is an account already, so that nobody can be the first any more.
    ///
    /// # Errors
    /// The store's.
    pub async fn has_users(&self) -> Result<bool> {
        self.db.read(|tx| Ok::<_, Error>(account::any(tx)?)).await
    }

    /// The link with which the first user makes an account; none when there is an account. Earlier links end.
    ///
    /// # Errors
    /// The store's.
    pub async fn first_user_link(&self) -> Result<Option<String>> {
        let code = code::mint(self.random_bytes());
        let hash = code::hash(code::Purpose::FirstUser, code.expose())
            .ok_or_else(|| Error::internal("a minted code has a hash"))?;
        let now = self.clock.now();
        let needed = self
            .db
            .write(move |tx| {
                if account::any(tx)? {
                    return Ok::<_, Error>(false);
                }
                one_time_code::remove_of_nobody(tx, Purpose::FirstUser)?;
                one_time_code::insert(tx, &hash, Purpose::FirstUser, None, "", now, now + LIFE_MS)?;
                Ok(true)
            })
            .await?;
        Ok(needed.then(|| links::with_code(&self.options, links::FIRST_USER, code.expose())))
    }
}

/// Makes the first account of a server, a platform administrator (contract B7).
///
/// # Errors
/// `InvalidInput` for a code that is not good or a password that is too weak, `UsernameError`, `EmailError`.
pub async fn create(ctx: Ctx, input: FirstUser) -> Result<WhoseAccount> {
    let handle = handle(&input.username)?;
    let email = address(&input.email)?;
    let id = UserId::from_handle(handle.as_str()).ok_or_else(|| username_taken(&handle))?;
    let typed = input.code.clone();
    ctx.look(move |work| presented(work, Purpose::FirstUser, code::Purpose::FirstUser, &typed).map(|_| ()))
        .await?;
    let about = [handle.as_str(), email.as_str(), input.first.as_str(), input.last.as_str()];
    let password_hash = ctx.app.hash_new_password(input.password, &about).await?;
    ctx.change(move |work| {
        let (hash, _) = presented(work, Purpose::FirstUser, code::Purpose::FirstUser, &input.code)?;
        if account::any(work.tx)? || !one_time_code::take(work.tx, &hash, Purpose::FirstUser, None)? {
            return Err(bad_code());
        }
        let first = Some(input.first.as_str()).filter(|name| !name.is_empty()).unwrap_or(handle.as_str());
        let key = account::insert(
            work.tx,
            &NewAccount {
                id: &id,
                handle: handle.as_str(),
                email: Some(&email.canonical()),
                first,
                middle: "",
                last: input.last.as_str(),
                occupation: None,
                kind: PlatformKind::Admin,
                state: AccountState::Active,
                bill_to: id.as_str(),
                created_by: None,
                provisioning_org: None,
                policies: &json!({}),
            },
            work.now(),
        )?;
        account::set_password_hash(work.tx, key, &password_hash)?;
        work.record(Event::done(EventName::UserMade).subject(&id).after(json!({ "kind": "ADMIN" })))?;
        Ok(WhoseAccount { id: id.clone() })
    })
    .await
}
