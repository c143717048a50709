//! Who is meant by the text of an input: a user id, a handle, an e-mail address, an organisation id, or `PUBLIC`.

use store::account::{self, Account, AccountState};
use store::grant::Principal;
use store::keys::OrgKey;
use store::org;
use wire::id::{OrgId, UserId};
use wire::{ApiError, ErrorType};

use crate::error::Result;
use crate::work::Work;

/// Somebody whom an entry of a project may name.
#[derive(Debug, Clone)]
pub(crate) enum Party {
    /// One person.
    User(Box<Account>),
    /// Every member of an organisation.
    Org(OrgKey, OrgId),
    /// Everybody with an account.
    Public,
}

impl Party {
    /// Finds out who is meant.
    ///
    /// # Errors
    /// `ResourceNotFound` when nobody is.
    pub(crate) fn find(work: &Work<'_>, text: &str) -> Result<Self> {
        if text == "PUBLIC" {
            return Ok(Self::Public);
        }
        if let Some(id) = OrgId::parse(text) {
            let key = org::key_of(work.tx, &id)?.ok_or_else(|| unknown(text))?;
            return Ok(Self::Org(key, id));
        }
        account(work, text).map(|account| Self::User(Box::new(account)))
    }

    /// As grants name it.
    pub(crate) fn principal(&self) -> Principal {
        match self {
            Self::User(account) => Principal::User(account.key, account.id.clone()),
            Self::Org(key, id) => Principal::Org(*key, id.clone()),
            Self::Public => Principal::Public,
        }
    }
}

/// The person who is meant by a user id, a handle or an e-mail address. Closed accounts are nobody.
///
/// Whose an e-mail address is, is nobody's business: this is for what leaves a trace with its owner, such as an invitation.
///
/// # Errors
/// `ResourceNotFound`.
pub(crate) fn account(work: &Work<'_>, text: &str) -> Result<Account> {
    if !text.contains('@') {
        return account_by_name(work, text);
    }
    present(account::by_email(work.tx, text)?, text)
}

/// As [`account`], by a user id or a handle only.
///
/// # Errors
/// `ResourceNotFound`.
pub(crate) fn account_by_name(work: &Work<'_>, text: &str) -> Result<Account> {
    let found = match user_id(text) {
        Some(id) => account::by_id(work.tx, &id)?,
        None => None,
    };
    present(found, text)
}

fn present(found: Option<Account>, text: &str) -> Result<Account> {
    let found = found.filter(|account| account.state != AccountState::Removed);
    Ok(found.ok_or_else(|| unknown(text))?)
}

/// Whether a text names this user by id or handle.
pub(crate) fn names(text: &str, user: &UserId) -> bool {
    user_id(text).is_some_and(|id| id == *user)
}

fn user_id(text: &str) -> Option<UserId> {
    UserId::parse(text).or_else(|| UserId::from_handle(text))
}

fn unknown(text: &str) -> ApiError {
    ApiError::new(
        ErrorType::ResourceNotFound,
        format!(
            "There is no user or organisation \"{text}\". Check the spelling, or ask for an account to be made first."
        ),
    )
}
