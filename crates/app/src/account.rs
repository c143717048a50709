//! Accounts as their owners make and keep them (contract: identity-and-sharing 2, 3).

mod activation;
mod by_provider;
mod email;
mod first_user;
mod help;
mod password;
mod provision;
mod second_factor;
mod unused;

pub use activation::{activate, request_reset, reset};
pub use by_provider::activate_by_provider;
pub use email::{confirm as confirm_email, update as update_email};
pub use first_user::create as create_first_user;
pub use help::{resend_activation, reset_mfa, unlock};
pub use password::change as change_password;
pub use provision::new as new_user;
pub use second_factor::{confirm as confirm_otp, disable as disable_otp, start as start_otp};
pub use store::account::Account;
pub(crate) use unused::take_leftovers;

use secrets::code;
use store::account;
use store::keys::AccountKey;
use store::one_time_code::{self, Code, Purpose};
use wire::text::{EmailAddress, Handle, PersonName};
use wire::{ApiError, ErrorType};

use crate::error::{Error, Result};
use crate::work::Work;

/// Finds the code that somebody presents.
///
/// # Errors
/// `InvalidInput` when it is not good, whatever the reason.
pub(crate) fn presented(
    work: &Work<'_>,
    purpose: Purpose,
    secret: code::Purpose,
    typed: &str,
) -> Result<(String, Code)> {
    let hash = code::hash(secret, typed).ok_or_else(bad_code)?;
    let code = one_time_code::find(work.tx, &hash, purpose, work.now())?.ok_or_else(bad_code)?;
    Ok((hash, code))
}

/// Why a code is refused: it does not say whether there ever was one.
pub(crate) fn bad_code() -> Error {
    ApiError::invalid_input(
        "This link does not work: it is not complete, was used already, or is too old. Ask for another one.",
    )
    .into()
}

/// The account that a code belongs to.
pub(crate) fn owner(work: &Work<'_>, code: &Code) -> Result<Account> {
    Ok(account::by_key(work.tx, code.account.ok_or_else(bad_code)?)?)
}

/// Ends every link that was mailed to an account, or waits to be: whoever could read the mail, or was signed in, before
/// the owner secured the account gets nothing out of it after.
pub(crate) fn end_links(work: &Work<'_>, account: AccountKey) -> Result<()> {
    one_time_code::remove_all_of(work.tx, account)?;
    work.withdraw_links(account)
}

/// What a password must not consist of.
fn about(account: &Account) -> Vec<String> {
    let mut about =
        vec![account.handle.clone(), account.first.clone(), account.middle.clone(), account.last.clone()];
    about.extend(account.email.clone());
    about
}

fn too_many_links() -> Error {
    of_kind(
        ErrorType::RateLimitConditional,
        "There were several letters with a link for this account within the last hour. Look for them, or try again later.",
    )
}

fn of_kind(kind: ErrorType, message: impl Into<String>) -> Error {
    ApiError::new(kind, message).into()
}

fn handle(text: &str) -> Result<Handle> {
    Handle::parse(text)
        .map_err(|why| of_kind(ErrorType::UsernameError, format!("The user name cannot be used: {why}.")))
}

fn address(text: &str) -> Result<EmailAddress> {
    EmailAddress::parse(text)
        .map_err(|why| of_kind(ErrorType::EmailError, format!("The e-mail address cannot be used: {why}.")))
}

fn person_name(text: Option<&str>) -> Result<PersonName> {
    PersonName::parse(text.unwrap_or_default())
        .map_err(|why| of_kind(ErrorType::PersonNameError, format!("The name cannot be used: {why}.")))
}

fn username_taken(handle: &Handle) -> Error {
    of_kind(ErrorType::UsernameError, format!("The user name \"{handle}\" is taken. Choose another one."))
}

fn email_taken() -> Error {
    of_kind(ErrorType::EmailError, "There is an account with this e-mail address already. Give another one.")
}
