//! Removing copies and folders, and the hidden copies that nothing visible reaches any more (contract: data 3.3, 3.4).

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use wire::folder::FolderPath;
use wire::id::ObjectId;

use crate::access::Permit;
use crate::batch::in_batches;
use crate::collect::delete_copies;
use crate::db::{DbError, Sql, Tx, params};
use crate::folder::below;
use crate::keys::{FolderKey, ObjectKey, PlacementKey, ProjectKey};
use crate::placement::Present;
use crate::text;

/// How many links deep one transaction follows: each takes statements of its own, so a chain costs most.
const MOST_ROUNDS: usize = 500;

/// What a cascade did.
#[derive(Debug, Clone, Default)]
pub struct Cascade {
    /// The hidden copies that were removed.
    pub removed: Vec<Present>,
    /// Whether there was nothing more to look at. Otherwise the cascade goes on from the same objects and from those
    /// that were removed.
    pub complete: bool,
}

/// Removes copies from the permit's project. The objects stay until they are collected.
pub fn remove(tx: &Tx, permit: &Permit<'_>, copies: &[Present]) -> Result<(), DbError> {
    let mut own: Vec<PlacementKey> = Vec::with_capacity(copies.len());
    in_batches(copies, |batch| {
        let mut sql = Sql::new("select key from placement where project = ");
        sql.bind(permit.project());
        sql.push(" and key in (").bind_list(batch.iter().map(|present| present.copy)).push(")");
        for row in tx.query_sql(&sql)? {
            own.push(row.get(0)?);
        }
        Ok(())
    })?;
    delete_copies(tx, &own)
}

/// Removes one empty folder of the permit's project.
pub fn remove_folder(tx: &Tx, permit: &Permit<'_>, folder: FolderKey) -> Result<(), DbError> {
    tx.execute("delete from folder where key = $1 and project = $2", params![folder, permit.project()])?;
    Ok(())
}

/// Removes up to `limit` of the folders at and below a path, the deepest first; the root itself stays. No copies may lie
/// in them. Says how many went.
pub fn remove_folders(tx: &Tx, permit: &Permit<'_>, path: &FolderPath, limit: usize) -> Result<u64, DbError> {
    let (start, end) = below(path);
    // A path sorts before all paths below it.
    tx.execute(
        "delete from folder where key in (select key from folder where project = $1 and path >= $2 and path < $4
           and (path = $2 or path >= $3) and path <> '/' order by path desc limit $5)",
        params![permit.project(), path.as_str(), start, end, i64::try_from(limit).unwrap_or(i64::MAX)],
    )
}

/// Removes the hidden copies of a project that were linked to, directly or through hidden ones, from objects whose
/// copies have just been removed there, and that no visible copy of the project reaches through links any more.
///
/// A link is followed where both ends lie in the project; it leads on through hidden objects only, since a visible one
/// stands for itself. At most about `limit` copies are looked at.
pub fn cascade(tx: &Tx, permit: &Permit<'_>, gone: &[ObjectKey], limit: usize) -> Result<Cascade, DbError> {
    cascade_in(tx, permit.project(), gone, limit)
}

/// As [`cascade`], for the part that goes on in the background after its transaction decided it.
pub fn cascade_in(
    tx: &Tx,
    project: ProjectKey,
    gone: &[ObjectKey],
    limit: usize,
) -> Result<Cascade, DbError> {
    let (doubtful, complete) = hidden_below(tx, project, gone, limit)?;
    if doubtful.is_empty() {
        return Ok(Cascade { removed: Vec::new(), complete });
    }
    let held = reached(tx, project, &doubtful)?;
    let removed: Vec<Present> =
        doubtful.into_iter().filter(|(object, _)| !held.contains(object)).map(|(_, copy)| copy).collect();
    delete_copies(tx, &removed.iter().map(|copy| copy.copy).collect::<Vec<_>>())?;
    // When nothing of a part could be removed, going on would look at the same part again.
    let complete = complete || removed.is_empty();
    Ok(Cascade { removed, complete })
}

/// The hidden copies of the project that these objects link to, directly or through hidden ones; and whether these are
/// all of them.
fn hidden_below(
    tx: &Tx,
    project: ProjectKey,
    from: &[ObjectKey],
    limit: usize,
) -> Result<(HashMap<ObjectKey, Present>, bool), DbError> {
    let mut found: HashMap<ObjectKey, Present> = HashMap::new();
    let (mut frontier, mut rounds) = (from.to_vec(), 0);
    while !frontier.is_empty() {
        let mut next = Vec::new();
        in_batches(&frontier, |batch| {
            for row in tx.query_sql(&hidden_linked_from(project, batch))? {
                let copy = Present {
                    copy: row.get(0)?,
                    object: row.get(1)?,
                    id: text::id(&row, 2, ObjectId::parse)?,
                };
                if let Entry::Vacant(new) = found.entry(copy.object) {
                    next.push(copy.object);
                    new.insert(copy);
                }
            }
            Ok(())
        })?;
        rounds += 1;
        if (found.len() >= limit || rounds == MOST_ROUNDS) && !next.is_empty() {
            return Ok((found, false));
        }
        frontier = next;
    }
    Ok((found, true))
}

/// The hidden copies of the project that some objects link to.
///
/// The joins of this file are `cross join`s, which SQLite takes in the order of the text: from the few objects along
/// their links, and never through all the hidden copies of the project.
fn hidden_linked_from(project: ProjectKey, objects: &[ObjectKey]) -> Sql {
    let mut sql = Sql::new(
        "select distinct p.key, p.object, o.id from object_link l cross join object o cross join placement p
         where o.id = l.target and p.object = o.key and p.hidden = 1 and p.project = ",
    );
    sql.bind(project).push(" and l.object in (").bind_list(objects.iter().copied()).push(")");
    sql
}

/// Which of these hidden copies a visible copy of the project reaches; all of them where that takes too many rounds to
/// tell, so that nothing goes which might be reached.
fn reached(
    tx: &Tx,
    project: ProjectKey,
    doubtful: &HashMap<ObjectKey, Present>,
) -> Result<HashSet<ObjectKey>, DbError> {
    // Upwards: who links to them, and to those, as far as hidden ones go.
    let mut linked_from: HashMap<ObjectKey, Vec<ObjectKey>> = HashMap::new();
    let mut seen: HashSet<ObjectKey> = doubtful.keys().copied().collect();
    let mut held: HashSet<ObjectKey> = HashSet::new();
    let mut frontier: Vec<ObjectKey> = seen.iter().copied().collect();
    let mut rounds = 0;
    while !frontier.is_empty() {
        held.extend(linked_by_visible(tx, project, &frontier)?);
        // What a visible copy links to needs no further support.
        frontier.retain(|object| !held.contains(object));
        let mut next = Vec::new();
        for (source, target) in hidden_links_to(tx, project, &frontier)? {
            linked_from.entry(source).or_default().push(target);
            if seen.insert(source) {
                next.push(source);
            }
        }
        rounds += 1;
        if rounds == MOST_ROUNDS && !next.is_empty() {
            return Ok(doubtful.keys().copied().collect());
        }
        frontier = next;
    }
    // Downwards again from what is held.
    let mut frontier: Vec<ObjectKey> = held.iter().copied().collect();
    while let Some(source) = frontier.pop() {
        for target in linked_from.remove(&source).unwrap_or_default() {
            if held.insert(target) {
                frontier.push(target);
            }
        }
    }
    Ok(held)
}

/// Which of these objects a visible copy of the project links to.
fn linked_by_visible(tx: &Tx, project: ProjectKey, objects: &[ObjectKey]) -> Result<Vec<ObjectKey>, DbError> {
    let mut found = Vec::new();
    in_batches(objects, |batch| {
        for row in tx.query_sql(&visibly_linked(project, batch))? {
            found.push(row.get(0)?);
        }
        Ok(())
    })?;
    Ok(found)
}

fn visibly_linked(project: ProjectKey, objects: &[ObjectKey]) -> Sql {
    let mut sql = Sql::new(
        "select o.key from object o where exists (select 1 from object_link l cross join placement p
           where l.target = o.id and p.object = l.object and p.hidden = 0 and p.project = ",
    );
    sql.bind(project).push(") and o.key in (").bind_list(objects.iter().copied()).push(")");
    sql
}

/// The links to these objects from hidden copies of the project: source and target.
fn hidden_links_to(
    tx: &Tx,
    project: ProjectKey,
    objects: &[ObjectKey],
) -> Result<Vec<(ObjectKey, ObjectKey)>, DbError> {
    let mut found = Vec::new();
    in_batches(objects, |batch| {
        for row in tx.query_sql(&hidden_links(project, batch))? {
            found.push((row.get(0)?, row.get(1)?));
        }
        Ok(())
    })?;
    Ok(found)
}

fn hidden_links(project: ProjectKey, objects: &[ObjectKey]) -> Sql {
    let mut sql = Sql::new(
        "select l.object, o.key from object o cross join object_link l cross join placement p
         where l.target = o.id and p.object = l.object and p.hidden = 1 and p.project = ",
    );
    sql.bind(project).push(" and o.key in (").bind_list(objects.iter().copied()).push(")");
    sql
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::DbKind;
    use crate::db::testing::{TestDatabases, plan};
    use crate::schema::MIGRATIONS;

    /// What a removal or a clone looks at follows from the objects it is about, not from the size of the project.
    #[tokio::test]
    async fn links_are_followed_and_projects_never_gone_through() {
        let database = TestDatabases::open(DbKind::Sqlite).await.unwrap();
        database.db.migrate(MIGRATIONS).await.unwrap();
        let (project, objects) = (ProjectKey::from_number(1), [ObjectKey::from_number(1)]);
        for statement in [
            hidden_linked_from(project, &objects),
            visibly_linked(project, &objects),
            hidden_links(project, &objects),
            crate::cloning::taken_along_by(project, &objects),
        ] {
            let plan = database.db.read(move |tx| plan(tx, statement.clone())).await.unwrap();
            let by_object = plan
                .lines()
                .filter(|line| line.contains("SEARCH p "))
                .all(|line| line.contains("(object=? AND project=?)"));
            assert!(by_object && plan.contains("SEARCH p ") && !plan.contains("SCAN"), "{plan}");
        }
    }
}
