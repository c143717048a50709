//! Users as others and they themselves see them (contract: identity-and-sharing 2, B7).

mod describe;
mod find;
mod outbox;
mod standing;
mod update;

use policy::SystemAction;
use store::access::SystemPermit;
use store::account::{self, Account, AccountState};
use wire::id::UserId;
use wire::system::{Greet, Greeting, GreetingUpdate, Me, Whoami};

use crate::context::Ctx;
use crate::error::{Error, Result, absent};
use crate::work::Work;

pub use describe::describe;
pub use find::find;
pub use outbox::unsent_mail;
pub use standing::{disable, enable, remove, set_kind};
pub use update::update;

/// `/system/whoami`.
///
/// # Errors
/// None of its own.
pub async fn whoami(ctx: Ctx, input: Whoami) -> Result<Me> {
    let caller = ctx.caller.as_ref().ok_or_else(|| Error::internal("a caller was checked for"))?;
    Ok(Me {
        id: caller.id.clone(),
        client_ip: input.fields.client_ip.then(|| ctx.request.origin.map(|ip| ip.to_string())).flatten(),
    })
}

/// `/system/greet`.
///
/// # Errors
/// None.
pub async fn greet(_: Ctx, _: Greet) -> Result<Greeting> {
    Ok(Greeting { messages: Vec::new(), update: GreetingUpdate { available: false } })
}

impl<'tx> Work<'tx> {
    /// The account of an id.
    ///
    /// # Errors
    /// `ResourceNotFound`.
    pub(crate) fn account(&self, id: &UserId) -> Result<Account> {
        account::by_id(self.tx, id)?.ok_or_else(|| absent(id.as_str()))
    }

    /// Leave to do something about an account.
    ///
    /// # Errors
    /// `Refused`, with the rule that decided.
    pub(crate) fn account_permit(&self, about: &Account, action: SystemAction) -> Result<SystemPermit<'tx>> {
        self.system_permit(action).map_err(|error| match error {
            Error::Refused(mut refused) => {
                refused.subjects.push(about.id.to_string());
                Error::Refused(refused)
            }
            other => other,
        })
    }

    /// The caller's own account, which the route names, with leave to change it.
    ///
    /// # Errors
    /// `ResourceNotFound`; `Refused` when it is somebody else's.
    pub(crate) fn own_account(&self, id: &UserId) -> Result<(Account, SystemPermit<'tx>)> {
        let account = self.account(id)?;
        let own = account.id == self.caller()?.id;
        let permit = self.account_permit(&account, SystemAction::UpdateAccount { own })?;
        Ok((account, permit))
    }
}

/// Whether an account is in use, or may come into use.
pub(crate) fn is_open(account: &Account) -> bool {
    matches!(account.state, AccountState::Active | AccountState::Pending)
}
