//! Which projects hold copies of an object, as far as somebody may care.

use std::collections::HashSet;

use crate::access::{Caller, Settings, in_question, in_question_of_member};
use crate::batch::in_batches;
use crate::db::{DbError, Sql, Tx};
use crate::keys::{ObjectKey, ProjectKey};

/// The most copies of one object that are looked through.
const MOST_COPIES: usize = 100_000;
/// Up to so many copies of an object are all answered; of more, only those in projects that come into question for somebody.
const FEW_COPIES: usize = 100;

/// Where copies of some objects lie.
#[derive(Debug, Default)]
pub struct Holders {
    /// Each object with a project that holds it: for each object the oldest copy first.
    pub placed: Vec<(ObjectKey, ProjectKey)>,
    /// The objects of which copies were left out that somebody could reach by PUBLIC or as the platform's administrator
    /// alone, because they are too many.
    pub left_out: HashSet<ObjectKey>,
}

/// The projects that hold copies of these objects. Of an object with very many copies, only those in projects that come
/// into question for the caller: what strangers copy is not looked through; and when more than a hundred thousand come into
/// question, only those that the caller could reach as a member. None when those are as many. The caller bounds the
/// number of objects.
pub fn projects_of(
    tx: &Tx,
    caller: &Caller,
    settings: &Settings,
    objects: &[ObjectKey],
) -> Result<Option<Holders>, DbError> {
    let mut found = Holders::default();
    let most = FEW_COPIES + 2 * objects.len();
    in_batches(objects, |batch| {
        let mut sql = Sql::new("select p.object, p.project from placement p where p.object in (");
        sql.bind_list(batch.iter().copied()).push(") order by p.object, p.key limit ");
        sql.bind(count((most + 1).saturating_sub(found.placed.len())));
        for row in tx.query_sql(&sql)? {
            found.placed.push((row.get(0)?, row.get(1)?));
        }
        Ok(())
    })?;
    if found.placed.len() <= most {
        return Ok(Some(found));
    }
    found.placed.clear();
    for object in objects {
        let Some((projects, all)) = projects_of_one(tx, caller, settings, *object)? else { return Ok(None) };
        found.placed.extend(projects.into_iter().map(|project| (*object, project)));
        if !all {
            found.left_out.insert(*object);
        }
    }
    Ok(Some(found))
}

/// The projects that hold an object, and whether they are all that come into question.
fn projects_of_one(
    tx: &Tx,
    caller: &Caller,
    settings: &Settings,
    object: ObjectKey,
) -> Result<Option<(Vec<ProjectKey>, bool)>, DbError> {
    let few = projects(tx, &copies_of(object, FEW_COPIES + 1))?;
    if few.len() <= FEW_COPIES {
        return Ok(Some((few, true)));
    }
    let all = match in_question(caller, settings) {
        Some(in_question) => projects(tx, &copies_in(object, in_question))?,
        None => projects(tx, &copies_of(object, MOST_COPIES + 1))?,
    };
    if all.len() <= MOST_COPIES {
        return Ok(Some((all, true)));
    }
    let own = projects(tx, &copies_in(object, in_question_of_member(caller)))?;
    Ok((own.len() <= MOST_COPIES).then_some((own, false)))
}

fn copies_of(object: ObjectKey, most: usize) -> Sql {
    let mut sql = Sql::new("select p.project from placement p where p.object = ");
    sql.bind(object).push(" order by p.key limit ").bind(count(most));
    sql
}

/// In a `cross join`, which SQLite takes in the order of the text: from the projects to their copies. No more are sorted
/// than are looked through.
fn copies_in(object: ObjectKey, in_question: Sql) -> Sql {
    let mut sql = Sql::new("select h.project from (select c.key as key, c.project as project from (");
    sql.push_sql(in_question).push(") q cross join placement c where c.project = q.key and c.object = ");
    sql.bind(object).push(" limit ").bind(count(MOST_COPIES + 1)).push(") h order by h.key");
    sql
}

fn projects(tx: &Tx, sql: &Sql) -> Result<Vec<ProjectKey>, DbError> {
    tx.query_sql(sql)?.iter().map(|row| row.get(0)).collect()
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::DbKind;
    use crate::db::testing::{TestDatabases, plan};
    use crate::schema::MIGRATIONS;

    /// However many strangers copy an object, whoever looks at it goes through projects of their own.
    #[tokio::test]
    async fn copies_of_strangers_are_not_looked_through() {
        let database = TestDatabases::open(DbKind::Sqlite).await.unwrap();
        database.db.migrate(MIGRATIONS).await.unwrap();
        let caller = Caller::of_tests();
        let settings = Settings {
            admin_access: policy::AdminAccess::Implicit,
            read_only_cap: policy::ReadOnlyCap::CollaboratorView,
            now: 0,
        };
        for projects in [in_question(&caller, &settings).unwrap(), in_question_of_member(&caller)] {
            let sql = copies_in(ObjectKey::from_number(1), projects);
            let plan = database.db.read(move |tx| plan(tx, sql.clone())).await.unwrap();
            assert!(plan.contains("SEARCH c USING COVERING INDEX"), "{plan}");
            assert!(plan.contains("(object=? AND project=?)") && !plan.contains("SCAN c"), "{plan}");
            assert!(!plan.contains("SCAN p") && !plan.contains("SCAN g"), "{plan}");
        }
        let admin = Caller { kind: policy::PlatformKind::Admin, ..caller };
        assert!(in_question(&admin, &settings).is_none());
    }
}
