//! Collecting what nobody can reach any more: the contents of destroyed projects, objects without a copy, and bytes
//! without an object. Each step is small and can be repeated.

use wire::id::ContainerId;

use crate::batch::in_batches;
use crate::db::{DbError, FromValue, Sql, Tx, params};
use crate::keys::{BlobKey, ObjectKey, PlacementKey, ProjectKey};
use crate::project;

/// Bytes that nothing refers to any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoomedBlob {
    /// Its key.
    pub key: BlobKey,
    /// Its name in the store of bytes.
    pub id: String,
}

/// The key of a project that was destroyed; none when there is no such project or it lives.
pub fn destroyed_project(tx: &Tx, id: &ContainerId) -> Result<Option<ProjectKey>, DbError> {
    tx.query_opt("select key from project where id = $1 and destroyed is not null", params![id.as_str()])?
        .map(|row| row.get(0))
        .transpose()
}

/// Removes up to `limit` copies from a destroyed project, and says of which objects they were.
pub fn empty_destroyed(tx: &Tx, project: ProjectKey, limit: u32) -> Result<Vec<ObjectKey>, DbError> {
    let rows = tx.query(
        "select p.key, p.object from placement p join project j on j.key = p.project
         where p.project = $1 and j.destroyed is not null limit $2",
        params![project, limit],
    )?;
    let copies = rows.iter().map(|row| row.get(0)).collect::<Result<Vec<PlacementKey>, _>>()?;
    delete_copies(tx, &copies)?;
    rows.iter().map(|row| row.get(1)).collect()
}

/// Removes up to `limit` folders from a destroyed project that is empty of copies, the deepest first. Says how many went.
pub fn fell_destroyed(tx: &Tx, project: ProjectKey, limit: u32) -> Result<u64, DbError> {
    // A path sorts before all paths below it.
    tx.execute(
        "delete from folder where key in (select f.key from folder f join project j on j.key = f.project
           where f.project = $1 and j.destroyed is not null order by f.path desc limit $2)",
        params![project, limit],
    )
}

/// Forgets everything about a destroyed project but that it was: the row stays, so that its id and key keep their meaning.
pub fn forget_destroyed(tx: &Tx, project: ProjectKey) -> Result<(), DbError> {
    let cleared = tx.execute(
        "update project set name = '', summary = '', description = '', tags = '[]', properties = '{}',
           allowed_executables = null, isolated_browsing_options = null
         where key = $1 and destroyed is not null",
        params![project],
    )?;
    if cleared == 0 {
        return Ok(());
    }
    for statement in [
        "delete from project_tag where project = $1",
        "delete from project_usage where project = $1",
        "delete from project_property where project = $1",
        "delete from project_grant where project = $1",
        "delete from notice_acceptance where project = $1",
    ] {
        tx.execute(statement, params![project])?;
    }
    Ok(())
}

/// Deletes those of these objects that have no copy left, and dooms the bytes that nothing refers to any more. Says which
/// other files use bytes that the deleted ones used.
pub fn delete_without_copies(tx: &Tx, objects: &[ObjectKey]) -> Result<Vec<ObjectKey>, DbError> {
    let mut gone: Vec<ObjectKey> = Vec::new();
    in_batches(objects, |batch| {
        let mut sql = Sql::new("select key from object where key in (");
        sql.bind_list(batch.iter().copied());
        sql.push(") and not exists (select 1 from placement where placement.object = object.key)");
        gather(tx, &sql, &mut gone)
    })?;
    let mut blobs: Vec<BlobKey> = Vec::new();
    in_batches(&gone, |batch| {
        let mut sql = Sql::new(
            "select distinct stored_blob from file_part where stored_blob is not null and object in (",
        );
        sql.bind_list(batch.iter().copied()).push(")");
        gather(tx, &sql, &mut blobs)?;
        for statement in [
            "delete from file_part where object in (",
            "delete from object_details where object in (",
            "delete from object_type where object in (",
            "delete from object_link where object in (",
            "delete from executable where object in (",
            "delete from object where key in (",
        ] {
            let mut sql = Sql::new(statement);
            tx.execute_sql(sql.bind_list(batch.iter().copied()).push(")"))?;
        }
        Ok(())
    })?;
    doom_unused(tx, &blobs)?;
    let mut sharing: Vec<ObjectKey> = Vec::new();
    in_batches(&blobs, |batch| {
        let mut sql = Sql::new("select distinct object from file_part where stored_blob in (");
        sql.bind_list(batch.iter().copied()).push(")");
        gather(tx, &sql, &mut sharing)
    })?;
    Ok(sharing)
}

/// Adds the first column of every row to a list.
fn gather<T: FromValue>(tx: &Tx, sql: &Sql, into: &mut Vec<T>) -> Result<(), DbError> {
    for row in tx.query_sql(sql)? {
        into.push(row.get(0)?);
    }
    Ok(())
}

/// Marks those of these blobs to which no part of a file refers. From then on nothing may refer to them: whoever looks
/// for bytes to share takes blobs of the state `stored` only.
pub fn doom_unused(tx: &Tx, blobs: &[BlobKey]) -> Result<(), DbError> {
    in_batches(blobs, |batch| {
        let mut sql = Sql::new("update stored_blob set state = 'doomed' where key in (");
        sql.bind_list(batch.iter().copied());
        sql.push(") and not exists (select 1 from file_part where file_part.stored_blob = stored_blob.key)");
        tx.execute_sql(&sql).map(drop)
    })
}

/// Doomed blobs after a key, oldest first; at most `limit`.
pub fn doomed(tx: &Tx, after: Option<BlobKey>, limit: u32) -> Result<Vec<DoomedBlob>, DbError> {
    tx.query(
        "select key, id from stored_blob where state = 'doomed' and key > $1 order by key limit $2",
        params![after.map_or(0, BlobKey::number), limit],
    )?
    .iter()
    .map(|row| Ok(DoomedBlob { key: row.get(0)?, id: row.get(1)? }))
    .collect()
}

/// Forgets doomed blobs whose bytes are gone.
pub fn forget_blobs(tx: &Tx, blobs: &[BlobKey]) -> Result<(), DbError> {
    in_batches(blobs, |batch| {
        let mut sql = Sql::new("delete from stored_blob where state = 'doomed' and key in (");
        sql.bind_list(batch.iter().copied());
        sql.push(") and not exists (select 1 from file_part where file_part.stored_blob = stored_blob.key)");
        tx.execute_sql(&sql).map(drop)
    })
}

/// Deletes copies with all that belongs to them alone.
pub(crate) fn delete_copies(tx: &Tx, copies: &[PlacementKey]) -> Result<(), DbError> {
    in_batches(copies, |batch| {
        for statement in [
            "delete from placement_tag where placement in (",
            "delete from placement_property where placement in (",
            "delete from placement_source where placement in (",
        ] {
            let mut sql = Sql::new(statement);
            tx.execute_sql(sql.bind_list(batch.iter().copied()).push(")"))?;
        }
        let mut those = Sql::new("p.key in (");
        those.bind_list(batch.iter().copied()).push(")");
        let mut sql = Sql::new("delete from placement where key in (");
        sql.bind_list(batch.iter().copied()).push(")");
        project::in_step(tx, &those, || tx.execute_sql(&sql).map(drop))
    })
}
