//! Floods: what is counted, beyond the events that stand in the log one by one, becomes one event a minute (design 7).
//!
//! Each occurrence is a row, written before it is answered, so that a stop of the server at any point loses none. The rows
//! of a minute are added up while they come, so that few are left when it is over.

use std::collections::BTreeMap;

use store::audit::{self, Counted};
use store::db::Tx;
use store::keys::CountedKey;
use store::text::Word;
use wire::Id;

use crate::context::App;
use crate::error::{Error, Result};
use crate::event::Event;

/// Rows that one transaction adds up; bounds how long the writer is held.
const AT_ONCE: usize = 1000;
/// Projects of one account and minute that have an event of their own. What happened in others comes together in one that
/// names none, so that a flood in very many projects is none of events.
const PROJECTS: usize = 20;
/// How long a minute is, in ms.
const MINUTE_MS: i64 = 60_000;

impl App {
    /// Writes one event for each account, kind of event, project and minute that is over, or for `all` minutes; adds up
    /// what there is of the running one.
    ///
    /// # Errors
    /// The store's. What was not written yet stays counted.
    pub(super) async fn write_counted(&self, all: bool) -> Result<()> {
        if !self.db.read(|tx| Ok::<_, Error>(audit::any_counted(tx)?)).await? {
            return Ok(());
        }
        let running = if all { i64::MAX } else { minute(self.clock.now()) };
        let mut after = None;
        loop {
            let added = self.db.write(move |tx| add_up(tx, after, running)).await?;
            if added.is_none() {
                return Ok(());
            }
            after = added;
        }
    }
}

/// The number of the minute of a time.
fn minute(at: i64) -> i64 {
    at.div_euclid(MINUTE_MS)
}

/// Rows about one thing, and what they come to together.
struct Group {
    sum: Counted,
    rows: Vec<CountedKey>,
}

/// Adds up the next rows behind a key; those of minutes before the running one become events. Answers behind which row
/// there may be more.
fn add_up(tx: &Tx, after: Option<CountedKey>, running: i64) -> Result<Option<CountedKey>> {
    let rows = audit::counted(tx, after, AT_ONCE)?;
    let last = rows.last().map(|(key, _)| *key).filter(|_| rows.len() == AT_ONCE);
    for Group { sum, rows } in groups(rows) {
        if minute(sum.since) < running {
            let actor = sum.actor.as_deref().and_then(Id::parse);
            Event::of_counted(&sum).write_about(tx, "CountEvents", actor, sum.until)?;
        } else if rows.len() > 1 {
            audit::count(tx, &sum)?;
        } else {
            continue;
        }
        audit::forget_counted(tx, &rows)?;
    }
    Ok(last)
}

fn groups(rows: Vec<(CountedKey, Counted)>) -> impl Iterator<Item = Group> {
    let mut groups: BTreeMap<_, BTreeMap<Option<String>, Group>> = BTreeMap::new();
    for (key, mut row) in rows {
        let what = (minute(row.since), row.actor.clone(), row.action.clone(), row.outcome.word());
        let projects = groups.entry(what).or_default();
        if projects.len() >= PROJECTS && !projects.contains_key(&row.project) {
            row.project = None;
        }
        match projects.get_mut(&row.project) {
            Some(group) => {
                group.rows.push(key);
                group.sum.count += row.count;
                group.sum.since = group.sum.since.min(row.since);
                group.sum.until = group.sum.until.max(row.until);
            }
            None => {
                projects.insert(row.project.clone(), Group { sum: row, rows: vec![key] });
            }
        }
    }
    groups.into_values().flat_map(BTreeMap::into_values)
}

#[cfg(test)]
mod tests {
    use ::audit::Outcome;

    use super::*;

    fn row(key: i64, project: Option<usize>, at: i64) -> (CountedKey, Counted) {
        let counted = Counted {
            actor: Some("user-eve".to_owned()),
            action: "access.refused".to_owned(),
            outcome: Outcome::Refused,
            project: project.map(|number| format!("project-{number:03}")),
            count: 1,
            since: at,
            until: at,
        };
        (CountedKey::from_number(key), counted)
    }

    #[test]
    fn rows_of_one_minute_and_project_come_together() {
        let rows = vec![row(1, Some(1), 5), row(2, Some(1), 7), row(3, Some(1), MINUTE_MS), row(4, None, 6)];
        let sums: Vec<_> = groups(rows)
            .map(|group| (group.sum.project, group.sum.count, group.sum.since, group.sum.until))
            .collect();
        let one = Some("project-001".to_owned());
        assert_eq!(sums, [(None, 1, 6, 6), (one.clone(), 2, 5, 7), (one, 1, MINUTE_MS, MINUTE_MS)]);
    }

    #[test]
    fn a_flood_in_very_many_projects_is_none_of_events() {
        let rows: Vec<_> =
            (0..900).map(|number| row(1, Some(usize::try_from(number).unwrap()), number)).collect();
        let sums: Vec<_> = groups(rows).map(|group| group.sum.count).collect();
        assert_eq!((sums.len(), sums.iter().sum::<i64>()), (PROJECTS + 1, 900));
    }
}
