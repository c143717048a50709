//! Changes of what belongs to one copy alone. They touch no other copy (contract: data 6).

use serde_json::{Map, Value as Json};

use crate::access::Permit;
use crate::db::{DbError, Sql, Tx, params};
use crate::keys::{PlacementKey, ProjectKey};
use crate::object::BATCH;
use crate::text;

/// Gives the permit's copy another name.
pub fn rename(tx: &Tx, permit: &Permit<'_>, name: &str, now: i64) -> Result<(), DbError> {
    let copy = changed(tx, permit, now)?;
    tx.execute("update placement set name = $2 where key = $1", params![copy, name])?;
    Ok(())
}

/// Replaces the tags of the permit's copy.
pub fn set_tags(tx: &Tx, permit: &Permit<'_>, tags: &[String], now: i64) -> Result<(), DbError> {
    let copy = changed(tx, permit, now)?;
    tx.execute("update placement set tags = $2 where key = $1", params![copy, text::list(tags)])?;
    tx.execute("delete from placement_tag where placement = $1", params![copy])?;
    add_tags(tx, permit.project(), copy, tags)
}

/// Replaces the properties of the permit's copy. Every value is a string.
pub fn set_properties(
    tx: &Tx,
    permit: &Permit<'_>,
    properties: &Map<String, Json>,
    now: i64,
) -> Result<(), DbError> {
    let copy = changed(tx, permit, now)?;
    let written = Json::Object(properties.clone()).to_string();
    tx.execute("update placement set properties = $2 where key = $1", params![copy, written])?;
    tx.execute("delete from placement_property where placement = $1", params![copy])?;
    add_properties(tx, permit.project(), copy, properties)
}

/// The copy that a permit is for, now marked as changed. Clocks may step back; `modified` does not.
fn changed(tx: &Tx, permit: &Permit<'_>, now: i64) -> Result<PlacementKey, DbError> {
    tx.query_one(
        "update placement set modified = case when modified < $3 then $3 else modified end
         where object = $1 and project = $2 returning key",
        params![permit.object()?, permit.project(), now],
    )?
    .get(0)
}

/// Adds the rows that searches by tag use.
pub(super) fn add_tags(
    tx: &Tx,
    project: ProjectKey,
    copy: PlacementKey,
    tags: &[String],
) -> Result<(), DbError> {
    for batch in tags.chunks(BATCH) {
        let mut sql = Sql::new("insert into placement_tag (tag, project, placement) values ");
        for (place, tag) in batch.iter().enumerate() {
            sql.push(if place == 0 { "(" } else { ", (" }).bind(tag).push(", ");
            sql.bind(project).push(", ").bind(copy).push(")");
        }
        tx.execute_sql(&sql)?;
    }
    Ok(())
}

/// Adds the rows that searches by property use.
pub(super) fn add_properties(
    tx: &Tx,
    project: ProjectKey,
    copy: PlacementKey,
    properties: &Map<String, Json>,
) -> Result<(), DbError> {
    let entries: Vec<_> = properties.iter().collect();
    for batch in entries.chunks(BATCH) {
        let mut sql = Sql::new("insert into placement_property (name, value, project, placement) values ");
        for (place, (name, value)) in batch.iter().enumerate() {
            sql.push(if place == 0 { "(" } else { ", (" }).bind(*name).push(", ");
            sql.bind(value.as_str().unwrap_or_default()).push(", ");
            sql.bind(project).push(", ").bind(copy).push(")");
        }
        tx.execute_sql(&sql)?;
    }
    Ok(())
}
