//! What the database holds, to prove that a refused call changed nothing.

use std::collections::{BTreeMap, BTreeSet};

use store::db::testing::dump;

use super::World;

/// Tables that a refused call may add to, since what happened is recorded also when the answer was no, and those that the
/// server's periodic jobs work off meanwhile.
const RECORDS: &[&str] = &[
    "audit_event",
    "audit_subject",
    "audit_log",
    "audit_checkpoint",
    "audit_counted",
    "sign_in_failure",
    "server_option",
    "outbox",
    "background_task",
    "one_time_code",
];
/// Columns that say when something was last used.
const LAST_USED: &[&str] = &["last_used"];

/// Everything in the database but records of what happened.
#[derive(Debug, PartialEq, Eq)]
pub struct Snapshot(BTreeMap<String, Vec<String>>);

impl World {
    /// What the database holds now.
    pub async fn snapshot(&self) -> Snapshot {
        let tables = dump(&self.app().db).await.unwrap();
        Snapshot(
            tables
                .into_iter()
                .filter(|(table, _)| !RECORDS.contains(&table.as_str()))
                .map(|(table, rows)| {
                    let kept = rows.into_iter().map(|mut row| {
                        row.retain(|(column, _)| !LAST_USED.contains(&column.as_str()));
                        format!("{row:?}")
                    });
                    (table, kept.collect())
                })
                .collect(),
        )
    }
}

impl Snapshot {
    /// Which rows came or went, for the message of a failing test; empty when nothing did.
    pub fn changes_to(&self, later: &Self) -> Vec<String> {
        let rows = |snapshot: &Self| -> BTreeSet<String> {
            snapshot
                .0
                .iter()
                .flat_map(|(table, rows)| rows.iter().map(move |row| format!("{table}: {row}")))
                .collect()
        };
        let (before, after) = (rows(self), rows(later));
        let gone = before.difference(&after).map(|row| format!("- {row}"));
        gone.chain(after.difference(&before).map(|row| format!("+ {row}"))).collect()
    }
}
