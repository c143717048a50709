//! Many exact names at once (contract: data 10.2).

use std::collections::HashMap;

use wire::folder::FolderPath;

use super::{Filters, Place};
use crate::batch::in_batches;
use crate::db::{DbError, Sql, Tx};
use crate::keys::{ObjectKey, ProjectKey};

/// The objects of each name, in the order of the places, what changed last first.
pub type Named = HashMap<String, Vec<(ProjectKey, ObjectKey)>>;

/// Finds the copies that have one of these names and lie directly in the folder at a path, in these places: those of one
/// batch of a [`Walk`](crate::access::Walk), at most 200. None when there are more than `limit`.
pub fn resolve(
    tx: &Tx,
    filters: &Filters,
    places: &[Place],
    folder: &FolderPath,
    names: &[&str],
    limit: usize,
) -> Result<Option<Named>, DbError> {
    let mut found = Named::new();
    let mut left = limit;
    let mut too_many = false;
    in_batches(names, |batch| {
        let rows = tx.query_sql(&statement(filters, places, folder, batch, left + 1))?;
        too_many |= rows.len() > left;
        left = left.saturating_sub(rows.len());
        for row in rows {
            found.entry(row.get(0)?).or_default().push((row.get(1)?, row.get(2)?));
        }
        Ok(())
    })?;
    Ok((!too_many).then_some(found))
}

pub(super) fn statement(
    filters: &Filters,
    places: &[Place],
    folder: &FolderPath,
    names: &[&str],
    limit: usize,
) -> Sql {
    let mut sql = Sql::new(
        "select p.name, p.project, p.object from folder f cross join placement p
         where f.path = ",
    );
    sql.bind(folder.as_str());
    sql.push(" and f.project in (").bind_list(places.iter().map(|place| place.project));
    sql.push(") and p.folder = f.key and p.name in (").bind_list(names.iter().copied()).push(")");
    // The index by folder has `hidden` before the name.
    sql.push(match filters.hidden {
        Some(true) => " and p.hidden in (1)",
        Some(false) => " and p.hidden in (0)",
        None => " and p.hidden in (0, 1)",
    });
    filters.push(&mut sql);
    filters.push_visible(&mut sql, places);
    sql.push(" order by p.project desc, p.modified desc, p.key desc limit ").bind(super::count(limit));
    sql
}
