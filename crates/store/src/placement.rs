//! Placements: a copy of an object in a project, with what belongs to that copy alone (contract: data 4, 6).

mod change;
mod holders;

use std::collections::HashMap;

use policy::{Labels, ObjectClass};
use serde_json::{Map, Value as Json};
use wire::folder::FolderPath;
use wire::id::ObjectId;

use crate::access::Permit;
use crate::batch::in_batches;
use crate::db::{DbError, Row, Sql, Tx, params};
use crate::keys::{AccountKey, FolderKey, ObjectKey, PlacementKey, ProjectKey};
use crate::text::{self, Word};

use change::{add_properties, add_tags};
pub use change::{rename, set_properties, set_tags};
pub use holders::{Holders, projects_of};

/// Where the bytes of a copy are (contract: data 8.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Archival {
    /// Readable.
    Live,
    /// Marked; becomes archived when every copy of its payer is.
    Archival,
    /// In the archive; not readable.
    Archived,
    /// On its way back.
    Unarchiving,
}

impl Word for Archival {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Live, "live"),
        (Self::Archival, "archival"),
        (Self::Archived, "archived"),
        (Self::Unarchiving, "unarchiving"),
    ];
}

/// A copy as it is kept.
#[derive(Debug, Clone)]
pub struct Placement {
    /// Its key.
    pub key: PlacementKey,
    /// The project it lies in.
    pub project: ProjectKey,
    /// The object.
    pub object: ObjectKey,
    /// The folder it lies in.
    pub folder: FolderKey,
    /// The path of that folder.
    pub folder_path: String,
    /// Its name here.
    pub name: String,
    /// Restrictions that it carries from where it came.
    pub labels: Labels,
    /// Made by an execution of this project, and free to be seen by whoever sees those (contract B11.37).
    pub is_output: bool,
    /// Where its bytes are.
    pub archival: Archival,
    /// In the order of adding.
    pub tags: Vec<String>,
    /// Key to value.
    pub properties: Map<String, Json>,
    /// When this copy last changed, in ms.
    pub modified: i64,
    /// When this copy was placed here, in ms.
    pub placed: i64,
}

/// What a new copy starts with. Class, state, hidden and created are taken over from the object.
#[derive(Debug, Clone)]
pub struct NewPlacement<'a> {
    /// The object.
    pub object: ObjectKey,
    /// The folder, of the permit's project.
    pub folder: FolderKey,
    /// Its name here.
    pub name: &'a str,
    /// Restrictions that it carries.
    pub labels: Labels,
    /// In the order of adding.
    pub tags: &'a [String],
    /// Key to value.
    pub properties: &'a Map<String, Json>,
    /// Who places it.
    pub placed_by: AccountKey,
}

/// The columns that [`placement`] reads, in its order.
macro_rules! select_placement {
    ($rest:literal) => {
        concat!(
            "select p.key, p.project, p.object, p.folder, f.path, p.name, p.labels, p.archival, p.tags, p.properties, \
             p.modified, p.placed from placement p join folder f on f.key = p.folder ",
            $rest
        )
    };
}

/// Adds a copy. Fails with `Unique` on `placement.object, placement.project` when the project has one already.
pub fn insert(
    tx: &Tx,
    permit: &Permit<'_>,
    new: &NewPlacement<'_>,
    now: i64,
) -> Result<PlacementKey, DbError> {
    let project = permit.project();
    // What an execution of this project made is an output, unless its bytes must not leave where they came from.
    let key: PlacementKey = tx
        .query_one(
            "insert into placement (project, object, folder, name, class, state, hidden, labels, tags, properties, created, modified, placed, placed_by)
             select $1, key, $3, $4, class, state, hidden,
               $5 + case when created_by_job is not null and created_in = $1 and $10 = 0 then 8 else 0 end,
               $6, $7, created, $8, $8, $9 from object where key = $2 returning key",
            params![
                project,
                new.object,
                new.folder,
                new.name,
                i64::from(ObjectClass::new(new.labels, false).number()),
                text::list(new.tags),
                Json::Object(new.properties.clone()).to_string(),
                now,
                new.placed_by,
                new.labels.no_download
            ],
        )?
        .get(0)?;
    add_tags(tx, project, key, new.tags)?;
    add_properties(tx, project, key, new.properties)?;
    Ok(key)
}

/// The copy of an object in a project.
pub fn find(tx: &Tx, object: ObjectKey, project: ProjectKey) -> Result<Option<Placement>, DbError> {
    tx.query_opt(select_placement!("where p.object = $1 and p.project = $2"), params![object, project])?
        .map(|row| placement(&row))
        .transpose()
}

/// A copy that was found in a project, by its names alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// The copy.
    pub copy: PlacementKey,
    /// The object.
    pub object: ObjectKey,
    /// The object's id.
    pub id: ObjectId,
}

/// The copies directly in a folder, by name; at most `limit`.
pub fn list(tx: &Tx, folder: FolderKey, include_hidden: bool, limit: usize) -> Result<Vec<Present>, DbError> {
    tx.query(
        "select p.key, p.object, o.id from placement p join object o on o.key = p.object
         where p.folder = $1 and p.hidden <= $2 order by p.name, p.object limit $3",
        params![folder, include_hidden, i64::try_from(limit).unwrap_or(i64::MAX)],
    )?
    .iter()
    .map(present_row)
    .collect()
}

/// The copies in a folder and in all below it, in no order; at most `limit`.
pub fn list_subtree(
    tx: &Tx,
    project: ProjectKey,
    path: &FolderPath,
    limit: usize,
) -> Result<Vec<Present>, DbError> {
    let (start, end) = crate::folder::below(path);
    tx.query(
        "select p.key, p.object, o.id from folder f join placement p on p.folder = f.key join object o on o.key = p.object
         where f.project = $1 and f.path >= $2 and f.path < $4 and (f.path = $2 or f.path >= $3) limit $5",
        params![project, path.as_str(), start, end, i64::try_from(limit).unwrap_or(i64::MAX)],
    )?
    .iter()
    .map(present_row)
    .collect()
}

/// Whether anything lies directly in a folder, hidden objects included.
pub fn any_in(tx: &Tx, folder: FolderKey) -> Result<bool, DbError> {
    tx.query_one("select exists (select 1 from placement where folder = $1)", params![folder])?.get(0)
}

/// The copies of these objects in a project, each once, as far as there are such, in no order.
pub fn present(tx: &Tx, project: ProjectKey, ids: &[ObjectId]) -> Result<Vec<Present>, DbError> {
    let mut found = HashMap::with_capacity(ids.len());
    in_batches(ids, |batch| {
        for row in tx.query_sql(&present_in(project, batch))? {
            let present = present_row(&row)?;
            found.insert(present.copy, present);
        }
        Ok(())
    })?;
    Ok(found.into_values().collect())
}

fn present_in(project: ProjectKey, ids: &[ObjectId]) -> Sql {
    let mut sql = Sql::new(
        "select p.key, p.object, o.id from object o join placement p on p.object = o.key and p.project = ",
    );
    sql.bind(project).push(" where o.id in (").bind_list(ids.iter().map(ObjectId::as_str)).push(")");
    sql
}

fn present_row(row: &Row) -> Result<Present, DbError> {
    Ok(Present { copy: row.get(0)?, object: row.get(1)?, id: text::id(row, 2, ObjectId::parse)? })
}

/// Puts copies into a folder of the permit's project; those that lie there already do not change.
pub fn move_to(
    tx: &Tx,
    permit: &Permit<'_>,
    copies: &[Present],
    folder: FolderKey,
    now: i64,
) -> Result<(), DbError> {
    in_batches(copies, |batch| {
        let mut sql = Sql::new("update placement set folder = ");
        sql.bind(folder).push(", modified = case when modified < ").bind(now).push(" then ").bind(now);
        sql.push(" else modified end where project = ").bind(permit.project());
        sql.push(" and folder <> ").bind(folder);
        sql.push(" and key in (").bind_list(batch.iter().map(|present| present.copy)).push(")");
        tx.execute_sql(&sql).map(drop)
    })
}

/// The copies of these objects in a project, as far as there are such. The caller bounds their number.
pub fn of_project(
    tx: &Tx,
    project: ProjectKey,
    objects: &[ObjectKey],
) -> Result<HashMap<ObjectKey, Placement>, DbError> {
    let mut found = HashMap::with_capacity(objects.len());
    in_batches(objects, |batch| {
        let mut sql = Sql::new(select_placement!("where p.project = "));
        sql.bind(project).push(" and p.object in (").bind_list(batch.iter().copied()).push(")");
        for row in tx.query_sql(&sql)? {
            let placement = placement(&row)?;
            found.insert(placement.object, placement);
        }
        Ok(())
    })?;
    Ok(found)
}

/// The copies of an object in these projects, as far as there are such. The caller bounds their number.
pub fn of_object(
    tx: &Tx,
    object: ObjectKey,
    projects: &[ProjectKey],
) -> Result<HashMap<ProjectKey, Placement>, DbError> {
    let mut found = HashMap::with_capacity(projects.len());
    in_batches(projects, |batch| {
        let mut sql = Sql::new(select_placement!("where p.object = "));
        sql.bind(object).push(" and p.project in (").bind_list(batch.iter().copied()).push(")");
        for row in tx.query_sql(&sql)? {
            let placement = placement(&row)?;
            found.insert(placement.project, placement);
        }
        Ok(())
    })?;
    Ok(found)
}

fn placement(row: &Row) -> Result<Placement, DbError> {
    let properties = match text::json(row, 9)? {
        Json::Object(properties) => properties,
        _ => return Err(DbError::Corrupt("the properties of a copy are no hash".into())),
    };
    let class = ObjectClass::from_number(row.get::<u32>(6)?.try_into().unwrap_or(u8::MAX))
        .ok_or_else(|| DbError::Corrupt("the labels of a copy are no set of labels".into()))?;
    Ok(Placement {
        key: row.get(0)?,
        project: row.get(1)?,
        object: row.get(2)?,
        folder: row.get(3)?,
        folder_path: row.get(4)?,
        name: row.get(5)?,
        labels: class.labels(),
        is_output: class.is_output(),
        archival: text::word(row, 7)?,
        tags: text::strings(row, 8)?,
        properties,
        modified: row.get(10)?,
        placed: row.get(11)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::DbKind;
    use crate::db::testing::{TestDatabases, plan};
    use crate::schema::MIGRATIONS;

    /// Objects are found by their ids however many are named, since SQLite is told that projects are larger than that.
    #[tokio::test]
    async fn many_named_objects_are_not_looked_for_in_all_of_a_project() {
        let database = TestDatabases::open(DbKind::Sqlite).await.unwrap();
        database.db.migrate(MIGRATIONS).await.unwrap();
        let ids: Vec<ObjectId> =
            (0..200).map(|number| ObjectId::parse(&format!("file-{number:024}")).unwrap()).collect();
        let sql = present_in(ProjectKey::from_number(1), &ids);
        let plan = database.db.read(move |tx| plan(tx, sql.clone())).await.unwrap();
        assert!(
            plan.contains("SEARCH p USING COVERING INDEX") && plan.contains("(object=? AND project=?)"),
            "{plan}"
        );
        assert!(plan.contains("SEARCH o USING") && plan.contains("(id=?)"), "{plan}");
    }
}
