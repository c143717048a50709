//! Where the bytes of copies are: marking copies, and settling what follows for their objects (contract: data 8.4).
//!
//! The state belongs to the copy, the bytes to the object. Per payer, copies are archived together or not at all; the
//! bytes lie in the archive while every copy of every payer is archived.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use wire::folder::FolderPath;
use wire::id::{ContainerId, FileId, ObjectId};

use crate::access::Permit;
use crate::batch::in_batches;
use crate::db::{DbError, Row, Sql, Tx, params};
use crate::folder::below;
use crate::keys::{BlobKey, ObjectKey, PlacementKey, ProjectKey};
use crate::object::ObjectState;
use crate::placement::Archival;
use crate::project;
use crate::text::{self, Word};

/// A copy of a file, as far as archiving goes.
#[derive(Debug, Clone)]
pub struct FileCopy {
    /// The file.
    pub object: ObjectKey,
    /// Its id.
    pub id: ObjectId,
    /// Where it is in its life.
    pub state: ObjectState,
    /// Where the bytes of this copy are.
    pub archival: Archival,
    /// Bytes.
    pub size: i64,
}

/// Bytes to move, so that they lie where they belong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The blob.
    pub blob: BlobKey,
    /// Its name in the store of bytes.
    pub id: String,
    /// Into the archive, or back.
    pub into_archive: bool,
}

/// A copy whose state was settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The project it lies in.
    pub project: ContainerId,
    /// The state it has now.
    pub archival: Archival,
}

/// The columns that [`file`] reads, in its order.
macro_rules! select_file {
    ($rest:literal) => {
        concat!("select p.object, o.id, p.state, p.archival, coalesce(o.size, 0) ", $rest)
    };
}

/// The copies of these files in a project, each once, as far as there are such.
pub fn named(tx: &Tx, project: ProjectKey, ids: &[FileId]) -> Result<Vec<FileCopy>, DbError> {
    let mut found: BTreeMap<ObjectKey, FileCopy> = BTreeMap::new();
    in_batches(ids, |batch| {
        let mut sql =
            Sql::new(select_file!("from object o join placement p on p.object = o.key and p.project = "));
        sql.bind(project).push(" where o.id in (").bind_list(batch.iter().map(FileId::as_str)).push(")");
        for row in tx.query_sql(&sql)? {
            let copy = file(&row)?;
            found.insert(copy.object, copy);
        }
        Ok(())
    })?;
    Ok(found.into_values().collect())
}

/// The copies of closed files in a folder, hidden ones included, whose state is one of these; at most `limit`.
pub fn in_folder(
    tx: &Tx,
    project: ProjectKey,
    path: &FolderPath,
    recurse: bool,
    states: &[Archival],
    limit: usize,
) -> Result<Vec<FileCopy>, DbError> {
    let (start, end) = below(path);
    let mut sql = Sql::new(select_file!(
        "from folder f join placement p on p.folder = f.key and p.class = 'file' and p.state = 'closed'
         join object o on o.key = p.object where f.project = "
    ));
    sql.bind(project);
    if recurse {
        sql.push(" and f.path >= ").bind(path.as_str()).push(" and f.path < ").bind(end);
        sql.push(" and (f.path = ").bind(path.as_str()).push(" or f.path >= ").bind(start).push(")");
    } else {
        sql.push(" and f.path = ").bind(path.as_str());
    }
    sql.push(" and p.archival in (").bind_list(states.iter().map(|state| state.word()));
    sql.push(") limit ").bind(i64::try_from(limit).unwrap_or(i64::MAX));
    tx.query_sql(&sql)?.iter().map(file).collect()
}

/// Marks live copies for the archive: those of these files in the permit's project, or in every project of its payer.
/// Says which files have a copy that was marked, by project.
pub fn mark(
    tx: &Tx,
    permit: &Permit<'_>,
    files: &[ObjectKey],
    all_copies: bool,
) -> Result<BTreeMap<ContainerId, BTreeSet<ObjectKey>>, DbError> {
    let mut marked = BTreeMap::new();
    in_batches(files, |batch| {
        let mut sql =
            Sql::new("update placement set archival = 'archival' where archival = 'live' and object in (");
        sql.bind_list(batch.iter().copied()).push(") and ");
        of_payer(&mut sql, permit.project(), all_copies);
        sql.push(RETURNING);
        by_project(tx, &sql, &mut marked)
    })?;
    Ok(marked)
}

/// Asks for the permit's project's copies of these files back. Where the bytes never left, the copy is live at once,
/// which cancels the archiving; otherwise it waits for them, and the payer's other copies are no longer archived but
/// marked. Says which files have such another copy, by project.
pub fn unmark(
    tx: &Tx,
    permit: &Permit<'_>,
    files: &[ObjectKey],
) -> Result<BTreeMap<ContainerId, BTreeSet<ObjectKey>>, DbError> {
    let mut changed = BTreeMap::new();
    in_batches(files, |batch| {
        let mut sql = Sql::new(
            "update placement set archival = case when archival = 'archived' or exists (
               select 1 from file_part q join stored_blob b on b.key = q.stored_blob
               where q.object = placement.object and b.tier = 'archive') then 'unarchiving' else 'live' end
             where archival in ('archival', 'archived') and project = ",
        );
        sql.bind(permit.project()).push(" and object in (").bind_list(batch.iter().copied()).push(")");
        let mut others = Sql::new(
            "update placement set archival = 'archival' where archival = 'archived' and object in (",
        );
        others.bind_list(batch.iter().copied()).push(") and ");
        of_payer(&mut others, permit.project(), true);
        others.push(RETURNING);
        let mut those = Sql::new("p.object in (");
        those.bind_list(batch.iter().copied()).push(")");
        project::in_step(tx, &those, || {
            tx.execute_sql(&sql)?;
            by_project(tx, &others, &mut changed)
        })
    })?;
    Ok(changed)
}

/// What a change of copies answers for [`by_project`].
const RETURNING: &str = " returning (select j.id from project j where j.key = placement.project), object";

/// Changes copies, and adds whose copy in which project that were.
fn by_project(
    tx: &Tx,
    change: &Sql,
    changed: &mut BTreeMap<ContainerId, BTreeSet<ObjectKey>>,
) -> Result<(), DbError> {
    for row in tx.query_sql(change)? {
        changed.entry(text::id(&row, 0, ContainerId::parse)?).or_default().insert(row.get(1)?);
    }
    Ok(())
}

/// `project` is this one, or any one that the same account pays for.
fn of_payer(sql: &mut Sql, project: ProjectKey, all: bool) {
    if all {
        sql.push("project in (select key from project where destroyed is null and bill_to = (select bill_to from project where key = ");
        sql.bind(project).push("))");
    } else {
        sql.push("project = ").bind(project);
    }
}

/// Which of these objects have a copy anywhere that is not simply live.
pub fn not_live(tx: &Tx, objects: &[ObjectKey]) -> Result<Vec<ObjectKey>, DbError> {
    let mut found = HashSet::new();
    in_batches(objects, |batch| {
        let mut sql =
            Sql::new("select distinct object from placement where archival <> 'live' and object in (");
        sql.bind_list(batch.iter().copied()).push(")");
        for row in tx.query_sql(&sql)? {
            found.insert(row.get(0)?);
        }
        Ok(())
    })?;
    Ok(found.into_iter().collect())
}

/// Files of a project with a copy there that is not simply live, after this one in the order of keys; at most `limit`.
pub fn not_live_in(
    tx: &Tx,
    project: ProjectKey,
    after: i64,
    limit: usize,
) -> Result<Vec<ObjectKey>, DbError> {
    tx.query(
        "select object from placement where project = $1 and class = 'file' and archival <> 'live' and object > $2
         order by object limit $3",
        params![project, after, i64::try_from(limit).unwrap_or(i64::MAX)],
    )?
    .iter()
    .map(|row| row.get(0))
    .collect()
}

/// Brings the states of a file's copies in line, and says which bytes have to move before [`arrived`].
///
/// Per payer: when every copy is marked or archived, all are archived; otherwise none is. Bytes that go into the archive
/// count as being there from now on, so that no new file comes to share them.
pub fn settle(tx: &Tx, file: ObjectKey) -> Result<(Vec<Settled>, Vec<Move>), DbError> {
    let mut by_payer: BTreeMap<String, Vec<(PlacementKey, ContainerId, Archival)>> = BTreeMap::new();
    for row in tx.query(
        "select j.bill_to, p.key, j.id, p.archival from placement p join project j on j.key = p.project
         where p.object = $1 and j.destroyed is null",
        params![file],
    )? {
        let copy = (row.get(1)?, text::id(&row, 2, ContainerId::parse)?, text::word(&row, 3)?);
        by_payer.entry(row.get(0)?).or_default().push(copy);
    }
    let mut settled = Vec::new();
    let mut archived = !by_payer.is_empty();
    for copies in by_payer.into_values() {
        let wanted =
            copies.iter().all(|(_, _, state)| matches!(state, Archival::Archival | Archival::Archived));
        archived &= wanted;
        let (from, to) = if wanted {
            (Archival::Archival, Archival::Archived)
        } else {
            (Archival::Archived, Archival::Archival)
        };
        for (copy, lies_in, state) in copies {
            if state == from {
                let mut this = Sql::new("p.key = ");
                this.bind(copy);
                project::in_step(tx, &this, || {
                    tx.execute("update placement set archival = $2 where key = $1", params![copy, to.word()])
                })?;
                settled.push(Settled { project: lies_in, archival: to });
            }
        }
    }
    Ok((settled, moves(tx, file, archived)?))
}

/// The bytes of a file that are not where they belong.
fn moves(tx: &Tx, file: ObjectKey, archived: bool) -> Result<Vec<Move>, DbError> {
    if archived {
        // Bytes that another file uses too stay as long as that one needs them.
        tx.execute(
            "update stored_blob set tier = 'archive' where tier = 'live' and state <> 'doomed'
               and key in (select stored_blob from file_part where object = $1)
               and not exists (select 1 from file_part q join placement p on p.object = q.object
                 join project j on j.key = p.project and j.destroyed is null
                 where q.stored_blob = stored_blob.key and p.archival <> 'archived')",
            params![file],
        )?;
    }
    tx.query(
        "select distinct b.key, b.id from file_part q join stored_blob b on b.key = q.stored_blob
         where q.object = $1 and b.tier = 'archive' order by b.key",
        params![file],
    )?
    .iter()
    .map(|row| Ok(Move { blob: row.get(0)?, id: row.get(1)?, into_archive: archived }))
    .collect()
}

/// Notes that bytes are back from the archive. Says which copies of the file are live by it.
pub fn arrived(tx: &Tx, file: ObjectKey, blobs: &[BlobKey]) -> Result<Vec<Settled>, DbError> {
    in_batches(blobs, |batch| {
        let mut sql = Sql::new("update stored_blob set tier = 'live' where tier = 'archive' and key in (");
        sql.bind_list(batch.iter().copied()).push(")");
        tx.execute_sql(&sql).map(drop)
    })?;
    let rows = tx.query(
        "update placement set archival = 'live' where object = $1 and archival = 'unarchiving'
           and not exists (select 1 from file_part q join stored_blob b on b.key = q.stored_blob
             where q.object = $1 and b.tier = 'archive')
         returning (select j.id from project j where j.key = placement.project)",
        params![file],
    )?;
    rows.iter()
        .map(|row| Ok(Settled { project: text::id(row, 0, ContainerId::parse)?, archival: Archival::Live }))
        .collect()
}

/// The id of a file that is still there.
pub fn id_of(tx: &Tx, file: ObjectKey) -> Result<Option<ObjectId>, DbError> {
    tx.query_opt("select id from object where key = $1", params![file])?
        .map(|row| text::id(&row, 0, ObjectId::parse))
        .transpose()
}

fn file(row: &Row) -> Result<FileCopy, DbError> {
    Ok(FileCopy {
        object: row.get(0)?,
        id: text::id(row, 1, ObjectId::parse)?,
        state: text::word(row, 2)?,
        archival: text::word(row, 3)?,
        size: row.get(4)?,
    })
}
