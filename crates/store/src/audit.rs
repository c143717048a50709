//! Audit events and the hash-chained log they are folded into.

mod counted;
mod find;
mod log;

use crate::db::{DbError, Tx, params};
use crate::keys::EventKey;
use crate::text::Word;

pub use counted::{Counted, any_counted, count, counted, forget_counted};
pub use find::{Filter, Found, Position, find};
pub use log::{checkpoints, entries, fold, head, last_checkpoint, put_checkpoint};

/// Adds an event to this transaction. It gets its position in the log later, from the sequencer.
pub fn append(tx: &Tx, event: &audit::Event, project: Option<&str>) -> Result<(), DbError> {
    let body = event.encode().map_err(|error| DbError::Other(error.to_string()))?;
    let key: EventKey = tx
        .query_one(
            "insert into audit_event (at, actor, action, outcome, project, body) values ($1, $2, $3, $4, $5, $6) returning key",
            params![
                event.at,
                event.actor.as_ref().map(ToString::to_string),
                event.action.as_str(),
                event.outcome.word(),
                project,
                body
            ],
        )?
        .get(0)?;
    for subject in &event.subjects {
        tx.execute(
            "insert into audit_subject (subject, at, event) values ($1, $2, $3) on conflict (subject, at, event) do nothing",
            params![subject.as_str(), event.at, key],
        )?;
    }
    Ok(())
}

impl Word for audit::Outcome {
    const WORDS: &'static [(Self, &'static str)] = &[(Self::Allowed, "allowed"), (Self::Refused, "refused")];
}
