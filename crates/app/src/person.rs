//! What lists show of a person to anybody.

use store::account::Account;
use wire::answer::Described;
use wire::fields::{Description, Fields};

/// Id, class, names and handle, as far as they are wanted (contract: identity-and-sharing 4.3).
pub(crate) fn describe(account: &Account, fields: &Fields) -> Described {
    let mut out = Description::new(fields, account.id.as_id());
    out.by_default("class", || "user")
        .by_default("first", || account.first.as_str())
        .by_default("middle", || account.middle.as_str())
        .by_default("last", || account.last.as_str())
        .by_default("handle", || account.handle.as_str());
    out.finish()
}
