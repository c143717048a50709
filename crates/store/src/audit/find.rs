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
pub fn find(tx: &Tx, filter: &Filter, after: Option<Position>, limit: i64) -> Result<Vec<Found>, DbError> {
    let mut sql = Sql::new("select e.key, e.at, e.position, e.body from audit_event e where 1 = 1");
    let mut equal = |column: &'static str, value: &Option<String>| {
        if let Some(value) = value {
            sql.push(" and ").push(column).push(" = ").bind(value.as_str());
        }
    };
    equal("e.actor", &filter.actor);
    equal("e.action", &filter.action);
    equal("e.outcome", &filter.outcome);
    equal("e.project", &filter.project);
    if let Some(subject) = &filter.subject {
        sql.push(" and e.key in (select s.event from audit_subject s where s.subject = ")
            .bind(subject.as_str());
        sql.push(")");
    }
    if let Some(payer) = &filter.payer {
        sql.push(" and (e.project in (select j.id from project j where j.bill_to = ").bind(payer.as_str());
        sql.push(") or e.key in (select s.event from audit_subject s where s.subject = ")
            .bind(payer.as_str());
        sql.push("))");
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
    tx.query_sql(&sql)?
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
