//! Activating an account without a password: its owner signs in with a provider.

use secrets::code;
use store::account::{self, Account, AccountState};
use store::external_identity;
use store::one_time_code::{self, Purpose};

use super::{bad_code, owner, presented};
use crate::context::Ctx;
use crate::error::Result;
use crate::event::{Event, EventName};
use crate::external::{Person, taken};

/// Links an account with a person at a provider, with the code of the activation letter. The account is in use from then
/// on, and signed in to with that provider (F018).
///
/// # Errors
/// `InvalidInput` for a code that is not good; `InvalidState` when that person is linked with another account.
pub async fn activate_by_provider(ctx: &Ctx, typed: String, person: Person) -> Result<Account> {
    ctx.change(move |work| {
        let (hash, code) = presented(work, Purpose::Activation, code::Purpose::Activation, &typed)?;
        let account = owner(work, &code)?;
        if account.state != AccountState::Pending {
            return Err(bad_code());
        }
        if external_identity::account_of(work.tx, &person.issuer, &person.subject)?.is_some() {
            return Err(taken());
        }
        if !one_time_code::take(work.tx, &hash, Purpose::Activation, code.account)? {
            return Err(bad_code());
        }
        account::activate_without_password(work.tx, account.key)?;
        external_identity::insert(work.tx, account.key, &person.issuer, &person.subject, work.now())?;
        work.record(Event::done(EventName::UserActivated).subject(&account.id))?;
        work.record(Event::done(EventName::IdentityLinked).subject(&account.id).after(person.event()))?;
        Ok(account::by_key(work.tx, account.key)?)
    })
    .await
}
