//! Searching the events, newest first.

use crate::db::{DbError, Row, Sql, Tx};
use crate::keys::EventKey;

/// Which events are wanted; everything that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// By this actor.
    pub actor: Option<String>,
    /// That concern this entity.
    pub subject: Option<String>,
    /// With this action.
    pub action: Option<String>,
    /// With this outcome.
    pub outcome: Option<String>,
    /// In this project.
    pub project: Option<String>,
    /// In projects that this account pays for, or that concern it.
    pub payer: Option<String>,
    /// At or after, in ms.
    pub after: Option<i64>,
    /// At or before, in ms.
    pub before: Option<i64>,
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Time of the last event, in ms.
    pub at: i64,
    /// Its key.
    pub key: i64,
}

/// An event that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Where it stands in the order of this search.
    pub position: Position,
    /// Its place in the log; none for the moment before it is folded in.
    pub place: Option<i64>,
    /// Its text.
    pub body: String,
}

/// How many events are looked at together at least, and at most, where not each of them fits.
const WINDOWS: (usize, usize) = (512, 16_384);

/// Up to `want` events after a position, newest first; and the position behind which there may be more. It ends before it
/// found so many when `over` says that the time is over.
///
/// Where a project or a payer is named, its events alone are looked at, whatever else is asked: whoever may read a part of
/// the log neither makes the database go through the rest, nor learns from the time it takes how much there is.
pub fn find(
    tx: &Tx,
    filter: &Filter,
    after: Option<Position>,
    want: usize,
    over: &dyn Fn() -> bool,
) -> Result<(Vec<Found>, Option<Position>), DbError> {
    let search = Search::of(filter);
    let (mut found, mut after) = (Vec::new(), after);
    let mut length = if search.tested.is_empty() { want } else { WINDOWS.0.max(want) };
    loop {
        let left = want - found.len();
        let rows = tx.query_sql(&search.matches(after, length, left))?;
        for row in &rows {
            found.push(Found { position: position(row)?, place: row.get(2)?, body: row.get(3)? });
        }
        if rows.len() == left {
            let rest = found.last().map(|last| last.position);
            return Ok((found, rest));
        }
        let end = if search.tested.is_empty() { None } else { tx.query_opt_sql(&search.end(after, length))? };
        let Some(end) = end else { return Ok((found, None)) };
        after = Some(position(&end)?);
        if over() {
            return Ok((found, after));
        }
        length = WINDOWS.1.min(length * 4);
    }
}

fn position(row: &Row) -> Result<Position, DbError> {
    let key: EventKey = row.get(0)?;
    Ok(Position { key: key.number(), at: row.get(1)? })
}

/// What is known about events that are looked for: one thing whose index is read, in windows of a known length, and those
/// that each event of a window is tested for.
struct Search<'a> {
    filter: &'a Filter,
    driver: Option<(Asked, &'a str)>,
    tested: Vec<(Asked, &'a str)>,
}

/// What can be asked of an event; what leaves the fewest, and what a reader is cut to, comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Project,
    Payer,
    Subject,
    Actor,
    Action,
    Outcome,
}

impl<'a> Search<'a> {
    fn of(filter: &'a Filter) -> Self {
        let asked = [
            (Asked::Project, &filter.project),
            (Asked::Payer, &filter.payer),
            (Asked::Subject, &filter.subject),
            (Asked::Actor, &filter.actor),
            (Asked::Action, &filter.action),
            (Asked::Outcome, &filter.outcome),
        ];
        let mut asked: Vec<_> =
            asked.into_iter().filter_map(|(what, value)| Some((what, value.as_deref()?))).collect();
        // No index holds outcomes.
        let driven = asked.first().is_some_and(|(what, _)| *what != Asked::Outcome);
        let driver = driven.then(|| asked.remove(0));
        Self { filter, driver, tested: asked }
    }

    /// The events of a window that fit, at most `limit`.
    fn matches(&self, after: Option<Position>, length: usize, limit: usize) -> Sql {
        let mut sql = Sql::new("select e.key, e.at, e.position, e.body from (");
        self.window(
            &mut sql,
            "e.key, e.at, e.position, e.body, e.project, e.actor, e.action, e.outcome",
            after,
            length,
        );
        sql.push(") e where 1 = 1");
        for (what, value) in &self.tested {
            push_test(&mut sql, *what, value);
        }
        sql.push(" order by e.at desc, e.key desc limit ").bind(count(limit));
        sql
    }

    /// The last event of a window; no row when none stands behind the window.
    fn end(&self, after: Option<Position>, length: usize) -> Sql {
        let mut sql = Sql::new("select e.key, e.at from (");
        self.window(&mut sql, "e.key, e.at", after, length);
        sql.push(") e order by e.at desc, e.key desc limit 1 offset ").bind(count(length.saturating_sub(1)));
        sql
    }

    /// Appends a select of the next `length` events, newest first.
    fn window(&self, sql: &mut Sql, columns: &'static str, after: Option<Position>, length: usize) {
        sql.push("select ").push(columns);
        // An event's time and key stand beside its subjects, in the order that is wanted.
        let by_subject = matches!(self.driver, Some((Asked::Subject, _)));
        sql.push(if by_subject {
            " from audit_subject s cross join audit_event e where e.key = s.event"
        } else {
            " from audit_event e where 1 = 1"
        });
        match self.driver {
            Some((Asked::Subject, subject)) => {
                sql.push(" and s.subject = ").bind(subject);
            }
            Some((what, value)) => push_test(sql, what, value),
            None => {}
        }
        if let Some(at) = self.filter.after {
            sql.push(if by_subject { " and s.at >= " } else { " and e.at >= " }).bind(at);
        }
        // The position, too, is an end of the range, which an index can use.
        let before = [self.filter.before, after.map(|position| position.at)].into_iter().flatten().min();
        if let Some(at) = before {
            sql.push(if by_subject { " and s.at <= " } else { " and e.at <= " }).bind(at);
        }
        if let Some(position) = after {
            sql.push(if by_subject { " and (s.at, s.event) < (" } else { " and (e.at, e.key) < (" });
            sql.bind_list([position.at, position.key]).push(")");
        }
        sql.push(if by_subject {
            " order by s.at desc, s.event desc limit "
        } else {
            " order by e.at desc, e.key desc limit "
        });
        sql.bind(count(length));
    }
}

/// Appends that an event `e` is as asked.
fn push_test(sql: &mut Sql, what: Asked, value: &str) {
    match what {
        Asked::Project => sql.push(" and e.project = ").bind(value),
        Asked::Payer => sql
            .push(" and e.key in (select o.key from audit_event o where o.project in (select j.id from project j where j.bill_to = ")
            .bind(value)
            .push(") union select s.event from audit_subject s where s.subject = ")
            .bind(value)
            .push(")"),
        Asked::Subject => sql
            .push(" and exists (select 1 from audit_subject s where s.subject = ")
            .bind(value)
            .push(" and s.at = e.at and s.event = e.key)"),
        Asked::Actor => sql.push(" and e.actor = ").bind(value),
        Asked::Action => sql.push(" and e.action = ").bind(value),
        Asked::Outcome => sql.push(" and e.outcome = ").bind(value),
    };
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::DbKind;
    use crate::db::testing::{TestDatabases, plan};
    use crate::schema::MIGRATIONS;

    /// Whatever else is asked, the events of the project or payer are all that is gone through (F474).
    #[tokio::test]
    async fn a_part_of_the_log_is_read_alone() {
        let database = TestDatabases::open(DbKind::Sqlite).await.unwrap();
        database.db.migrate(MIGRATIONS).await.unwrap();
        let text = || Some("x".to_owned());
        for filter in [
            Filter { project: text(), ..Filter::default() },
            Filter { project: text(), action: text(), ..Filter::default() },
            Filter { project: text(), actor: text(), subject: text(), after: Some(1), ..Filter::default() },
            Filter { payer: text(), ..Filter::default() },
            Filter { payer: text(), action: text(), ..Filter::default() },
            Filter { payer: text(), actor: text(), subject: text(), before: Some(1), ..Filter::default() },
        ] {
            for after in [None, Some(Position { at: 5, key: 5 })] {
                let search = Search::of(&filter);
                for sql in [search.matches(after, 100, 10), search.end(after, 100)] {
                    let plan = database.db.read(move |tx| plan(tx, sql.clone())).await.unwrap();
                    let plan = plan.replace("COVERING ", "");
                    let alone = plan.contains("e USING INDEX audit_event_project (project=?")
                        || plan.contains("e USING INTEGER PRIMARY KEY (rowid=?)")
                            && plan.contains("o USING INDEX audit_event_project (project=?)");
                    // The window itself is gone through once it is made.
                    let others =
                        plan.lines().any(|step| step.starts_with("SCAN") && !step.starts_with("SCAN e"));
                    assert!(alone && !others, "{filter:?}:\n{plan}");
                }
            }
        }
    }

    /// A search whose time is over goes on where it ended, in another transaction, and passes nothing over (F474).
    #[tokio::test]
    async fn a_search_goes_on_behind_its_window() {
        let database = TestDatabases::open(DbKind::Sqlite).await.unwrap();
        database.db.migrate(MIGRATIONS).await.unwrap();
        let count = 3 * WINDOWS.0 + 5;
        let wanted = [0, 7, WINDOWS.0, 2 * WINDOWS.0, count - 1];
        let append = move |tx: &Tx| {
            for number in 0..count {
                let action = if wanted.contains(&number) { "thing.sought" } else { "thing.other" };
                let at = i64::try_from(number / 10).unwrap();
                let mut event = audit::Event::new(at, "Test", action, audit::Outcome::Allowed);
                event.subjects = vec!["project-000000000000000000000000".to_owned()];
                super::super::append(tx, &event, Some("project-000000000000000000000000"))?;
            }
            Ok::<_, DbError>(())
        };
        database.db.write(append).await.unwrap();
        let project = Some("project-000000000000000000000000".to_owned());
        let filters = [
            Filter { project: project.clone(), action: Some("thing.sought".into()), ..Filter::default() },
            Filter { subject: project.clone(), action: Some("thing.sought".into()), ..Filter::default() },
            Filter { project, ..Filter::default() },
        ];
        for (filter, expected) in filters.into_iter().zip([wanted.len(), wanted.len(), count]) {
            for want in [2, 1000] {
                let (mut found, mut after, mut turns) = (Vec::new(), None, 0);
                loop {
                    let filter = filter.clone();
                    let look = move |tx: &Tx| find(tx, &filter, after, want, &|| true);
                    let (part, rest) = database.db.read(look).await.unwrap();
                    assert!(part.len() <= want);
                    found.extend(part.iter().map(|found| (found.position.at, found.position.key)));
                    turns += 1;
                    after = rest;
                    if after.is_none() {
                        break;
                    }
                }
                assert_eq!(found.len(), expected, "{filter:?}");
                assert!(found.is_sorted_by(|one, next| one > next), "{filter:?}");
                assert!(turns > 1, "{filter:?}");
            }
        }
    }
}
