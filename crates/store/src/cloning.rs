//! Copying placements from one project to another: no bytes move, and the objects stay the same (contract: data 4).

use std::collections::HashSet;

use policy::{Labels, ObjectClass};
use wire::folder::FolderPath;
use wire::id::{ContainerId, ObjectId};

use crate::access::Permit;
use crate::batch::in_batches;
use crate::db::{DbError, Row, Sql, Tx, params};
use crate::folder::below;
use crate::keys::{AccountKey, FolderKey, ObjectKey, PlacementKey, ProjectKey};
use crate::object::ObjectState;
use crate::placement::Archival;
use crate::project;
use crate::text;

/// A copy that may be cloned.
#[derive(Debug, Clone)]
pub struct Source {
    /// The copy.
    pub copy: PlacementKey,
    /// The object.
    pub object: ObjectKey,
    /// The object's id.
    pub id: ObjectId,
    /// The folder it lies in.
    pub folder: FolderKey,
    /// Where the object is in its life.
    pub state: ObjectState,
    /// Its labels, and whether it is an output of its project.
    pub class: ObjectClass,
    /// Where its bytes are.
    pub archival: Archival,
}

/// Where copies are cloned to, and what they get on the way.
#[derive(Debug, Clone)]
pub struct Target<'a> {
    /// The project they come from.
    pub from: &'a ContainerId,
    /// A folder of the permit's project.
    pub folder: FolderKey,
    /// What the source project's flags say now; each copy keeps its own labels besides.
    pub labels: Labels,
    /// Who clones.
    pub by: AccountKey,
}

/// The columns that [`source`] reads, in its order.
macro_rules! select_source {
    ($rest:literal) => {
        concat!("select p.key, p.object, o.id, p.folder, p.state, p.labels, p.archival ", $rest)
    };
}

/// The copies of these objects in a project, each once, as far as there are such.
pub fn named(tx: &Tx, project: ProjectKey, ids: &[ObjectId]) -> Result<Vec<Source>, DbError> {
    let mut found = Found::default();
    in_batches(ids, |batch| {
        let mut sql = Sql::new(select_source!(
            "from object o cross join placement p where p.object = o.key and p.project = "
        ));
        sql.bind(project).push(" and o.id in (").bind_list(batch.iter().map(ObjectId::as_str)).push(")");
        found.add(&tx.query_sql(&sql)?)
    })?;
    Ok(found.copies)
}

/// The visible copies in a folder and in all below it; at most `limit`.
pub fn visible_below(
    tx: &Tx,
    project: ProjectKey,
    path: &FolderPath,
    limit: usize,
) -> Result<Vec<Source>, DbError> {
    let (start, end) = below(path);
    tx.query(
        select_source!(
            "from folder f join placement p on p.folder = f.key and p.hidden = 0 join object o on o.key = p.object
             where f.project = $1 and f.path >= $2 and f.path < $4 and (f.path = $2 or f.path >= $3) limit $5"
        ),
        params![project, path.as_str(), start, end, i64::try_from(limit).unwrap_or(i64::MAX)],
    )?
    .iter()
    .map(source)
    .collect()
}

/// The copies of a project that these objects take along: hidden ones that they link to, and what belongs to an executable;
/// each once.
pub fn taken_along(tx: &Tx, project: ProjectKey, objects: &[ObjectKey]) -> Result<Vec<Source>, DbError> {
    let mut found = Found::default();
    in_batches(objects, |batch| found.add(&tx.query_sql(&taken_along_by(project, batch))?))?;
    Ok(found.copies)
}

/// In `cross join`s, which SQLite takes in the order of the text: along the links, never through the project.
pub(crate) fn taken_along_by(project: ProjectKey, objects: &[ObjectKey]) -> Sql {
    let mut sql = Sql::new(select_source!(
        "from object_link l cross join object o cross join placement p
         where o.id = l.target and p.object = o.key and (p.hidden = 1 or l.bundled = 1) and p.project = "
    ));
    sql.bind(project).push(" and l.object in (").bind_list(objects.iter().copied()).push(")");
    sql
}

/// The folders at and below a path, in the order of their bytes; at most `limit`.
pub fn folders_below(
    tx: &Tx,
    project: ProjectKey,
    path: &FolderPath,
    limit: usize,
) -> Result<Vec<(FolderKey, String)>, DbError> {
    let (start, end) = below(path);
    tx.query(
        "select key, path from folder where project = $1 and path >= $2 and path < $4 and (path = $2 or path >= $3)
         order by path limit $5",
        params![project, path.as_str(), start, end, i64::try_from(limit).unwrap_or(i64::MAX)],
    )?
    .iter()
    .map(|row| Ok((row.get(0)?, row.get(1)?)))
    .collect()
}

/// Which of these objects have a copy in a project.
pub fn already_in(
    tx: &Tx,
    project: ProjectKey,
    objects: &[ObjectKey],
) -> Result<HashSet<ObjectKey>, DbError> {
    let mut found = HashSet::new();
    in_batches(objects, |batch| {
        let mut sql = Sql::new("select object from placement where project = ");
        sql.bind(project).push(" and object in (").bind_list(batch.iter().copied()).push(")");
        for row in tx.query_sql(&sql)? {
            found.insert(row.get(0)?);
        }
        Ok(())
    })?;
    Ok(found)
}

/// How many tags and properties these copies have together.
pub fn count_metadata(tx: &Tx, copies: &[PlacementKey]) -> Result<usize, DbError> {
    let mut count = 0;
    in_batches(copies, |batch| {
        for table in ["placement_tag", "placement_property"] {
            let mut sql = Sql::new("select count(*) from ");
            sql.push(table).push(" where placement in (").bind_list(batch.iter().copied()).push(")");
            for row in tx.query_sql(&sql)? {
                count += row.get::<u32>(0)? as usize;
            }
        }
        Ok(())
    })?;
    Ok(count)
}

/// Places the objects of these copies in the permit's project too, with the name, tags and properties that each copy
/// has now. None of them may have a copy there yet.
pub fn clone_copies(
    tx: &Tx,
    permit: &Permit<'_>,
    copies: &[PlacementKey],
    target: &Target<'_>,
    now: i64,
) -> Result<(), DbError> {
    let project = permit.project();
    let labels = i64::from(ObjectClass::new(target.labels, false).number());
    in_batches(copies, |batch| {
        // 7 keeps the labels and drops whether the copy is an output: that depends on the project it lies in.
        let mut sql = Sql::new(
            "insert into placement (project, object, folder, name, class, state, hidden, labels, archival, tags, properties,
               created, modified, placed, placed_by) select ",
        );
        sql.bind(project).push(", s.object, ").bind(target.folder);
        sql.push(", s.name, s.class, s.state, s.hidden, ((s.labels & 7) | ").bind(labels);
        sql.push(") + case when o.created_by_job is not null and o.created_in = ").bind(project);
        sql.push(" and ((s.labels | ").bind(labels).push(") & 1) = 0 then 8 else 0 end");
        sql.push(", s.archival, s.tags, s.properties, s.created, ");
        sql.bind(now).push(", ").bind(now).push(", ").bind(target.by);
        sql.push(" from placement s join object o on o.key = s.object where s.key in (");
        sql.bind_list(batch.iter().copied()).push(")");
        let mut those = Sql::new("p.project = ");
        those.bind(project).push(" and p.object in (select s.object from placement s where s.key in (");
        those.bind_list(batch.iter().copied()).push("))");
        project::in_step(tx, &those, || tx.execute_sql(&sql))?;

        let mut sql =
            Sql::new("insert into placement_tag (tag, project, placement) select t.tag, n.project, n.key");
        tx.execute_sql(
            sql.push(" from placement_tag t join placement s on s.key = t.placement")
                .push_sql(copied(project, batch)),
        )?;
        let mut sql = Sql::new(
            "insert into placement_property (name, value, project, placement) select t.name, t.value, n.project, n.key",
        );
        tx.execute_sql(
            sql.push(" from placement_property t join placement s on s.key = t.placement")
                .push_sql(copied(project, batch)),
        )?;
        let mut sql = Sql::new(
            "insert into placement_source (placement, source_project, source_object, how, at) select n.key, ",
        );
        sql.bind(target.from.as_str()).push(", o.id, 'clone', ").bind(now);
        sql.push(" from placement s join object o on o.key = s.object").push_sql(copied(project, batch));
        tx.execute_sql(&sql)?;
        Ok(())
    })
}

/// The end of a statement over the new copies `n` of the source copies `s`.
fn copied(project: ProjectKey, batch: &[PlacementKey]) -> Sql {
    let mut sql = Sql::new(" join placement n on n.object = s.object and n.project = ");
    sql.bind(project).push(" where s.key in (").bind_list(batch.iter().copied()).push(")");
    sql
}

/// Copies found so far, each once.
#[derive(Default)]
struct Found {
    copies: Vec<Source>,
    known: HashSet<PlacementKey>,
}

impl Found {
    fn add(&mut self, rows: &[Row]) -> Result<(), DbError> {
        for row in rows {
            let copy = source(row)?;
            if self.known.insert(copy.copy) {
                self.copies.push(copy);
            }
        }
        Ok(())
    }
}

fn source(row: &Row) -> Result<Source, DbError> {
    let class = u8::try_from(row.get::<i64>(5)?).ok().and_then(ObjectClass::from_number);
    Ok(Source {
        copy: row.get(0)?,
        object: row.get(1)?,
        id: text::id(row, 2, ObjectId::parse)?,
        folder: row.get(3)?,
        state: text::word(row, 4)?,
        class: class.ok_or_else(|| DbError::Corrupt("the labels of a copy are no set of labels".into()))?,
        archival: text::word(row, 6)?,
    })
}
