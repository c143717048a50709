//! Placements: a copy of an object in a project, with what belongs to that copy alone (contract: data 4, 6).

use policy::Labels;
use serde_json::{Map, Value as Json};
use wire::id::{ContainerId, ObjectId};

use crate::access::Permit;
use crate::batch::in_batches;
use crate::db::{DbError, Row, Sql, Tx, params};
use crate::keys::{AccountKey, FolderKey, ObjectKey, PlacementKey, ProjectKey};
use crate::object::ObjectState;
use crate::text::{self, Word};

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
    let key: PlacementKey = tx
        .query_one(
            "insert into placement (project, object, folder, name, class, state, hidden, labels, tags, properties, created, modified, placed, placed_by)
             select $1, key, $3, $4, class, state, hidden, $5, $6, $7, created, $8, $8, $9 from object where key = $2 returning key",
            params![
                project,
                new.object,
                new.folder,
                new.name,
                label_bits(new.labels),
                Json::from(new.tags.to_vec()).to_string(),
                Json::Object(new.properties.clone()).to_string(),
                now,
                new.placed_by
            ],
        )?
        .get(0)?;
    index_tags(tx, project, key, new.tags)?;
    index_properties(tx, project, key, new.properties)?;
    Ok(key)
}

/// The copy of an object in a project.
pub fn find(tx: &Tx, object: ObjectKey, project: ProjectKey) -> Result<Option<Placement>, DbError> {
    tx.query_opt(select_placement!("where p.object = $1 and p.project = $2"), params![object, project])?
        .map(|row| placement(&row))
        .transpose()
}

/// The objects directly in a folder, by name; at most `limit`.
pub fn list(
    tx: &Tx,
    folder: FolderKey,
    include_hidden: bool,
    limit: usize,
) -> Result<Vec<ObjectId>, DbError> {
    tx.query(
        "select o.id from placement p join object o on o.key = p.object
         where p.folder = $1 and p.hidden <= $2 order by p.name, p.object limit $3",
        params![folder, include_hidden, i64::try_from(limit).unwrap_or(i64::MAX)],
    )?
    .iter()
    .map(|row| text::id(row, 0, ObjectId::parse))
    .collect()
}

/// Which of these objects have a copy in a project, in no order. An id that comes twice is found once or twice.
pub fn present(
    tx: &Tx,
    project: ProjectKey,
    ids: &[ObjectId],
) -> Result<Vec<(ObjectId, PlacementKey)>, DbError> {
    let mut found = Vec::with_capacity(ids.len());
    in_batches(ids, |batch| {
        let mut sql = Sql::new(
            "select o.id, p.key from object o join placement p on p.object = o.key and p.project = ",
        );
        sql.bind(project).push(" where o.id in (").bind_list(batch.iter().map(ObjectId::as_str)).push(")");
        for row in tx.query_sql(&sql)? {
            found.push((text::id(&row, 0, ObjectId::parse)?, row.get(1)?));
        }
        Ok(())
    })?;
    Ok(found)
}

/// Puts copies into a folder of the permit's project; those that lie there already do not change.
pub fn move_to(
    tx: &Tx,
    permit: &Permit<'_>,
    copies: &[PlacementKey],
    folder: FolderKey,
    now: i64,
) -> Result<(), DbError> {
    in_batches(copies, |batch| {
        let mut sql = Sql::new("update placement set folder = ");
        sql.bind(folder).push(", modified = ").bind(now).push(" where project = ").bind(permit.project());
        sql.push(" and folder <> ").bind(folder);
        sql.push(" and key in (").bind_list(batch.iter().copied()).push(")");
        tx.execute_sql(&sql).map(drop)
    })
}

/// Every project that holds a copy of an object, oldest copy first. An object has at most as many copies as clones
/// were ever made of it; the cap keeps one decision bounded.
pub fn projects_of(tx: &Tx, object: ObjectKey) -> Result<Vec<ContainerId>, DbError> {
    tx.query(
        "select j.id from placement p join project j on j.key = p.project
         where p.object = $1 and j.destroyed is null order by p.key limit 10000",
        params![object],
    )?
    .iter()
    .map(|row| text::id(row, 0, ContainerId::parse))
    .collect()
}

/// Replaces the rows that searches by tag use.
pub(crate) fn index_tags(
    tx: &Tx,
    project: ProjectKey,
    key: PlacementKey,
    tags: &[String],
) -> Result<(), DbError> {
    tx.execute("delete from placement_tag where placement = $1", params![key])?;
    for tag in tags {
        tx.execute(
            "insert into placement_tag (tag, project, placement) values ($1, $2, $3)",
            params![tag.as_str(), project, key],
        )?;
    }
    Ok(())
}

/// Replaces the rows that searches by property use.
pub(crate) fn index_properties(
    tx: &Tx,
    project: ProjectKey,
    key: PlacementKey,
    properties: &Map<String, Json>,
) -> Result<(), DbError> {
    tx.execute("delete from placement_property where placement = $1", params![key])?;
    for (name, value) in properties {
        tx.execute(
            "insert into placement_property (name, value, project, placement) values ($1, $2, $3, $4)",
            params![name.as_str(), value.as_str().unwrap_or_default(), project, key],
        )?;
    }
    Ok(())
}

/// Labels as the bits that a placement keeps: noDownload 1, noCopy 2, phi 4.
#[must_use]
pub fn label_bits(labels: Labels) -> i64 {
    i64::from(labels.no_download) | i64::from(labels.no_copy) << 1 | i64::from(labels.phi) << 2
}

/// The labels of the bits.
#[must_use]
pub fn labels(bits: i64) -> Labels {
    Labels { no_download: bits & 1 != 0, no_copy: bits & 2 != 0, phi: bits & 4 != 0 }
}

impl From<ObjectState> for policy::ObjectState {
    fn from(state: ObjectState) -> Self {
        match state {
            ObjectState::Open => Self::Open,
            ObjectState::Closing => Self::Closing,
            ObjectState::Closed => Self::Closed,
        }
    }
}

fn placement(row: &Row) -> Result<Placement, DbError> {
    let properties = match text::json(row, 9)? {
        Json::Object(properties) => properties,
        _ => return Err(DbError::Corrupt("the properties of a copy are no hash".into())),
    };
    Ok(Placement {
        key: row.get(0)?,
        project: row.get(1)?,
        object: row.get(2)?,
        folder: row.get(3)?,
        folder_path: row.get(4)?,
        name: row.get(5)?,
        labels: labels(row.get(6)?),
        archival: text::word(row, 7)?,
        tags: text::strings(row, 8)?,
        properties,
        modified: row.get(10)?,
        placed: row.get(11)?,
    })
}
