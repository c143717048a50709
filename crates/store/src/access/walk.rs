//! Walking over the projects that somebody may reach, a batch at a time, with the access to each.

use wire::id::OrgId;

use super::facts::{Person, gather};
use super::{Access, Caller, Settings};
use crate::db::{DbError, Sql, Tx, Value};
use crate::keys::ProjectKey;
use crate::project::{self, Filter, Project};

/// How many projects are loaded at once at most: enough to keep the statements few.
const BATCH: usize = 200;
/// How many are loaded first, since most pages are full after a few; each further time it is twice as many.
const FIRST_BATCH: usize = 25;

/// Which projects come into question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Those that a grant, the caller's membership in the paying organisation, or the caller's kind could open.
    OfCaller,
    /// The same without those that PUBLIC alone could open: a search that names no project passes these by (contract:
    /// identity-and-sharing 6.3).
    OfMember,
    /// All of the platform.
    Everything,
    /// Those that an organisation pays for.
    BilledTo(OrgId),
}

/// A walk over projects by their key, which is the order in which they were made.
///
/// It yields what comes into question and fulfils the filter. Whether the caller may know of a project is for the
/// decision to say, which every user of this asks: this only leaves out what the decision could never allow.
pub struct Walk<'a> {
    caller: &'a Caller,
    settings: &'a Settings,
    filter: &'a Filter,
    reach: Reach,
    after: Option<ProjectKey>,
    newest_first: bool,
    batch: usize,
    over: &'a dyn Fn() -> bool,
    stopped: bool,
    ended: bool,
}

impl<'a> Walk<'a> {
    /// Starts behind a project, or at the first one.
    #[must_use]
    pub fn new(
        caller: &'a Caller,
        settings: &'a Settings,
        filter: &'a Filter,
        reach: Reach,
        after: Option<ProjectKey>,
    ) -> Self {
        let own = matches!(reach, Reach::OfCaller | Reach::OfMember);
        let reach = if own && sees_everything(caller, settings) { Reach::Everything } else { reach };
        Self {
            caller,
            settings,
            filter,
            reach,
            after,
            newest_first: false,
            batch: FIRST_BATCH,
            over: &|| false,
            stopped: false,
            ended: false,
        }
    }

    /// Walks from the project that was made last to the first.
    #[must_use]
    pub fn newest_first(self, newest_first: bool) -> Self {
        Self { newest_first, ..self }
    }

    /// Goes on where another walk ended that gave out so many batches.
    #[must_use]
    pub fn after_batches(self, given: u32) -> Self {
        let batch = FIRST_BATCH.checked_shl(given).unwrap_or(BATCH).clamp(FIRST_BATCH, BATCH);
        Self { batch, ..self }
    }

    /// Stops when this says that the time is over, but not before it has looked at one project.
    #[must_use]
    pub fn until(self, over: &'a dyn Fn() -> bool) -> Self {
        Self { over, ..self }
    }

    /// The project behind which a walk that was stopped goes on; none when it came to its end.
    #[must_use]
    pub fn rest(&self) -> Option<ProjectKey> {
        if self.stopped { self.after } else { None }
    }

    /// The next projects; empty at the end, and once the walk was stopped.
    pub fn next(&mut self, tx: &Tx) -> Result<Vec<(Project, Access)>, DbError> {
        while !self.ended {
            let batch = project::of_sql(tx, &self.statement())?;
            self.ended = batch.len() < self.batch;
            self.batch = BATCH.min(2 * self.batch);
            let mut found = Vec::new();
            for project in batch {
                self.after = Some(project.key);
                if self.filter.finishes(&project.name) {
                    found.push(project);
                }
                // The worst patterns take long over one name.
                if (self.over)() {
                    (self.stopped, self.ended) = (true, true);
                    break;
                }
            }
            if !found.is_empty() {
                let facts = gather(tx, &Person::calling(self.caller), self.settings, &found)?;
                return Ok(found
                    .into_iter()
                    .zip(facts)
                    .map(|(project, facts)| {
                        let access = Access::of(&project, facts);
                        (project, access)
                    })
                    .collect());
            }
        }
        Ok(Vec::new())
    }

    /// The keys come from one bounded branch for each way to reach a project, each read from an index in the order of
    /// the keys, so that a batch costs as much at the end of a long walk as at its beginning.
    fn statement(&self) -> Sql {
        let mut sql = project::select_where("key in (");
        for (number, way) in ways(self.caller, &self.reach).into_iter().enumerate() {
            if number > 0 {
                sql.push(" union ");
            }
            self.branch(&mut sql, way);
        }
        sql.push(if self.newest_first { ") order by key desc limit " } else { ") order by key limit " });
        sql.bind(count(self.batch));
        sql
    }

    /// The first keys of one way to reach projects. `distinct`, since a limit that counted a project twice would end
    /// the branch too early.
    fn branch(&self, sql: &mut Sql, way: Way) {
        sql.push("select way.key from (select distinct p.key as key from ");
        way.push(sql);
        if let Some(after) = self.after {
            sql.push(if self.newest_first { " and p.key < " } else { " and p.key > " }).bind(after);
        }
        self.filter.push(sql);
        sql.push(if self.newest_first { " order by 1 desc limit " } else { " order by 1 limit " });
        sql.bind(count(self.batch)).push(") way");
    }
}

/// One way in which projects come into question: the end of a statement over projects `p`.
struct Way {
    start: &'static str,
    bound: Option<Value>,
    end: &'static str,
}

impl Way {
    fn push(self, sql: &mut Sql) {
        sql.push(self.start);
        if let Some(bound) = self.bound {
            sql.bind(bound);
        }
        sql.push(self.end).push(" and p.destroyed is null and p.class = 'project'");
    }
}

fn ways(caller: &Caller, reach: &Reach) -> Vec<Way> {
    let account = || Some(Value::from(caller.account));
    match reach {
        Reach::Everything => vec![Way { start: "project p where 1 = 1", bound: None, end: "" }],
        Reach::BilledTo(org) => {
            let bound = Some(org.as_str().into());
            vec![Way { start: "project p where p.bill_to = ", bound, end: "" }]
        }
        Reach::OfCaller | Reach::OfMember => {
            let mut ways = vec![
                Way {
                    start: "project_grant g join project p on p.key = g.project where g.account = ",
                    bound: account(),
                    end: "",
                },
                Way {
                    start: "project_grant g join project p on p.key = g.project
                     where g.org in (select m.org from org_member m where m.account = ",
                    bound: account(),
                    end: ")",
                },
                Way {
                    start: "project p
                     where p.bill_to in (select o.id from org o join org_member m on m.org = o.key where m.account = ",
                    bound: account(),
                    end: ")",
                },
            ];
            if *reach == Reach::OfCaller {
                let start =
                    "project_grant g join project p on p.key = g.project where g.principal = 'PUBLIC'";
                ways.push(Way { start, bound: None, end: "" });
            }
            ways
        }
    }
}

/// The keys of all projects that come into question for somebody, as a statement. None: all of the platform do.
pub(crate) fn in_question(caller: &Caller, settings: &Settings) -> Option<Sql> {
    (!sees_everything(caller, settings)).then(|| keys(caller, &Reach::OfCaller))
}

/// The keys of those that somebody could reach as a member, as a statement.
pub(crate) fn in_question_of_member(caller: &Caller) -> Sql {
    keys(caller, &Reach::OfMember)
}

fn keys(caller: &Caller, reach: &Reach) -> Sql {
    let mut sql = Sql::new("");
    for (number, way) in ways(caller, reach).into_iter().enumerate() {
        sql.push(if number > 0 { " union select p.key as key from " } else { "select p.key as key from " });
        way.push(&mut sql);
    }
    sql
}

fn sees_everything(caller: &Caller, settings: &Settings) -> bool {
    caller.kind == policy::PlatformKind::Admin && settings.admin_access == policy::AdminAccess::Implicit
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::DbKind;
    use crate::db::testing::{TestDatabases, plan};
    use crate::keys::ObjectKey;
    use crate::schema::MIGRATIONS;

    /// Where an object has copies is read from the object, however many projects somebody reaches.
    #[tokio::test]
    async fn projects_that_hold_an_object_are_found_by_its_copies() {
        let database = TestDatabases::open(DbKind::Sqlite).await.unwrap();
        database.db.migrate(MIGRATIONS).await.unwrap();
        let caller = Caller::of_tests();
        let settings = Settings {
            admin_access: policy::AdminAccess::GrantSelf,
            read_only_cap: policy::ReadOnlyCap::default(),
            now: 0,
        };
        let filter = Filter { holds: Some(ObjectKey::from_number(1)), ..Filter::default() };
        for reach in [Reach::OfCaller, Reach::Everything] {
            let sql = Walk::new(&caller, &settings, &filter, reach, None).statement();
            let plan = database.db.read(move |tx| plan(tx, sql.clone())).await.unwrap();
            let copies =
                plan.matches("SEARCH c USING COVERING INDEX sqlite_autoindex_placement_1 (object=?)").count();
            assert!(copies > 0 && !plan.contains("SCAN p") && !plan.contains("SCAN g"), "{plan}");
        }
    }
}
