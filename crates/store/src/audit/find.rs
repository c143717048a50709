//! Searching the events, newest first.

use crate::db::{DbError, Sql, Tx};
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

/// Up to `limit` events after a position, newest first.
///
/// Where a project or a payer is named, its events alone are looked at, whatever else is asked: whoever may read a part of
/// the log neither makes the database go through the rest, nor learns from the time it takes how much there is.
pub fn find(tx: &Tx, filter: &Filter, after: Option<Position>, limit: i64) -> Result<Vec<Found>, DbError> {
    tx.query_sql(&statement(filter, after, limit))?
        .iter()
        .map(|row| {
            let key: EventKey = row.get(0)?;
            Ok(Found {
                position: Position { at: row.get(1)?, key: key.number() },
                place: row.get(2)?,
                body: row.get(3)?,
            })
        })
        .collect()
}

fn statement(filter: &Filter, after: Option<Position>, limit: i64) -> Sql {
    let mut sql = Sql::new("select e.key, e.at, e.position, e.body from audit_event e where 1 = 1");
    if let Some(project) = &filter.project {
        sql.push(" and e.project = ").bind(project.as_str());
    }
    if let Some(payer) = &filter.payer {
        sql.push(" and e.key in (select o.key from audit_event o where o.project in (select j.id from project j where j.bill_to = ")
            .bind(payer.as_str());
        sql.push(") union select s.event from audit_subject s where s.subject = ").bind(payer.as_str());
        sql.push(")");
    }
    let is_part = filter.project.is_some() || filter.payer.is_some();
    // No index holds the longer expression, so that the one of the part is taken.
    let mut equal = |whole: &'static str, part: &'static str, value: &Option<String>| {
        if let Some(value) = value {
            sql.push(if is_part { part } else { whole }).bind(value.as_str());
        }
    };
    equal(" and e.actor = ", " and e.actor || '' = ", &filter.actor);
    equal(" and e.action = ", " and e.action || '' = ", &filter.action);
    equal(" and e.outcome = ", " and e.outcome = ", &filter.outcome);
    if let Some(subject) = &filter.subject {
        if is_part {
            sql.push(" and exists (select 1 from audit_subject s where s.subject = ").bind(subject.as_str());
            sql.push(" and s.at = e.at and s.event = e.key)");
        } else {
            sql.push(" and e.key in (select s.event from audit_subject s where s.subject = ")
                .bind(subject.as_str());
            sql.push(")");
        }
    }
    if let Some(at) = filter.after {
        sql.push(" and e.at >= ").bind(at);
    }
    if let Some(at) = filter.before {
        sql.push(" and e.at <= ").bind(at);
    }
    if let Some(position) = after {
        sql.push(" and (e.at < ").bind(position.at);
        sql.push(" or (e.at = ").bind(position.at);
        sql.push(" and e.key < ").bind(position.key);
        sql.push("))");
    }
    sql.push(" order by e.at desc, e.key desc limit ").bind(limit);
    sql
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
                let sql = statement(&filter, after, 10);
                let plan = database.db.read(move |tx| plan(tx, sql.clone())).await.unwrap();
                let alone = plan.contains("e USING INDEX audit_event_project (project=?")
                    || plan.contains("e USING INTEGER PRIMARY KEY (rowid=?)")
                        && plan.contains("o USING COVERING INDEX audit_event_project (project=?)");
                assert!(alone && !plan.contains("SCAN"), "{filter:?}:\n{plan}");
            }
        }
    }
}
