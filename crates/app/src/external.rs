//! Accounts and the people that sign-in providers know (contract: identity-and-sharing 3, F016).
//!
//! A person is known by issuer and subject alone: an e-mail address changes hands, and not every provider checks it. So a
//! link is made only by somebody who has shown that the account is theirs: by being signed in, or by the code of the
//! activation letter.

use serde_json::{Value as Json, json};
use store::account::{self, AccountState};
use store::external_identity;
use store::second_factor;
use wire::{ApiError, ErrorType};

pub use store::external_identity::Link;

use crate::context::Ctx;
use crate::error::Result;
use crate::event::{Event, EventName};
use crate::mail_text::Letter;
use crate::sign_in::Step;
use crate::work::Work;

/// Most links of one account.
pub const MAX_LINKS: usize = 20;

/// A person as a provider knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The provider.
    pub issuer: String,
    /// The person's id there.
    pub subject: String,
}

impl Person {
    /// As the audit log keeps it: the provider, and nothing that tells who it is there.
    pub(crate) fn event(&self) -> Json {
        json!({ "issuer": self.issuer })
    }
}

/// What somebody sees of their own account.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Whether the second factor is on.
    pub second_factor: bool,
    /// Whether there is a password to sign in with.
    pub password: bool,
    /// The people at providers that the account is linked with.
    pub links: Vec<Link>,
}

/// How the caller may sign in.
///
/// # Errors
/// `PermissionDenied` without a caller.
pub async fn overview(ctx: Ctx) -> Result<Overview> {
    ctx.look(|work| {
        let caller = work.caller()?;
        Ok(Overview {
            second_factor: second_factor::of(work.tx, caller.account)?.secret.is_some(),
            password: account::password_hash(work.tx, caller.account)?.is_some(),
            links: links(work)?,
        })
    })
    .await
}

fn links(work: &Work<'_>) -> Result<Vec<Link>> {
    let most = u32::try_from(MAX_LINKS).unwrap_or(u32::MAX);
    Ok(external_identity::of_account(work.tx, work.caller()?.account, most)?)
}

/// Signs in somebody whom a provider vouches for. None when no account is linked with that person, or the account is
/// not active: the two answer alike. The provider is the first factor only: an account whose second factor is on
/// still asks for it, since a provider that was broken into must not open the account.
///
/// # Errors
/// The store's.
pub async fn sign_in(ctx: &Ctx, person: Person) -> Result<Option<Step>> {
    ctx.change(move |work| {
        let key = external_identity::account_of(work.tx, &person.issuer, &person.subject)?;
        let account = key.map(|key| account::by_key(work.tx, key)).transpose()?;
        let Some(account) = account.filter(|account| account.state == AccountState::Active) else {
            work.record(Event::refusal(EventName::SignInProviderRefused).after(person.event()))?;
            return Ok(None);
        };
        let factor = second_factor::of(work.tx, account.key)?.secret.is_some();
        Ok(Some(if factor { Step::SecondFactor(account) } else { Step::Done(account) }))
    })
    .await
}

/// Links the caller's account with a person at a provider.
///
/// # Errors
/// `InvalidState` when that person is linked with another account, or the caller has as many links as there may be.
pub async fn link(ctx: Ctx, person: Person) -> Result<()> {
    ctx.change(move |work| {
        let caller = work.caller()?;
        match external_identity::account_of(work.tx, &person.issuer, &person.subject)? {
            Some(account) if account == caller.account => return Ok(()),
            Some(_) => return Err(taken()),
            None if links(work)?.len() >= MAX_LINKS => {
                return Err(ApiError::new(
                    ErrorType::InvalidState,
                    format!("The account is linked with {MAX_LINKS} identities already. Remove one first."),
                )
                .into());
            }
            None => {}
        }
        external_identity::insert(work.tx, caller.account, &person.issuer, &person.subject, work.now())?;
        work.mail(caller.account, &Letter::Identity { issuer: person.issuer.clone(), linked: true })?;
        work.record(Event::done(EventName::IdentityLinked).subject(&caller.id).after(person.event()))
    })
    .await
}

/// Removes a link of the caller's account.
///
/// # Errors
/// `InvalidState` when it is the only way to sign in, `ResourceNotFound` when there is no such link.
pub async fn unlink(ctx: Ctx, person: Person) -> Result<()> {
    ctx.change(move |work| {
        let caller = work.caller()?;
        if !external_identity::remove(work.tx, caller.account, &person.issuer, &person.subject)? {
            return Err(ApiError::new(
                ErrorType::ResourceNotFound,
                "The account is not linked with that identity. It may have been removed already.",
            )
            .into());
        }
        if links(work)?.is_empty() && account::password_hash(work.tx, caller.account)?.is_none() {
            return Err(ApiError::new(
                ErrorType::InvalidState,
                "This identity is the only way to sign in to the account. Set a password first, with “forgot password”.",
            )
            .into());
        }
        work.mail(caller.account, &Letter::Identity { issuer: person.issuer.clone(), linked: false })?;
        work.record(Event::done(EventName::IdentityUnlinked).subject(&caller.id).before(person.event()))
    })
    .await
}

/// The person is linked with another account.
pub(crate) fn taken() -> crate::Error {
    ApiError::new(
        ErrorType::InvalidState,
        "That identity is linked with another account of this server. Sign in with it and remove it there first.",
    )
    .into()
}
