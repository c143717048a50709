//! What people are told in the application itself (contract: identity-and-sharing 10).

use serde_json::Value as Json;

use crate::db::{DbError, Tx, params};
use crate::keys::AccountKey;

/// Something to tell one person.
#[derive(Debug, Clone)]
pub struct NewNotification<'a> {
    /// Who is told.
    pub account: AccountKey,
    /// What happened, such as `project.invite`.
    pub kind: &'static str,
    /// The sentence for the person; never elided.
    pub text: &'a str,
    /// The project it happened in, if in one.
    pub project: Option<&'a str>,
    /// The ids of everything else that it speaks of.
    pub entities: &'a [&'a str],
}

/// Adds an unread notification.
pub fn insert(tx: &Tx, new: &NewNotification<'_>, now: i64) -> Result<(), DbError> {
    tx.execute(
        "insert into notification (account, kind, text, project, entities, at) values ($1, $2, $3, $4, $5, $6)",
        params![
            new.account,
            new.kind,
            new.text,
            new.project,
            Json::from(new.entities.to_vec()).to_string(),
            now
        ],
    )?;
    Ok(())
}
