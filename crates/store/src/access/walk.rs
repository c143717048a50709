//! Walking over the projects that somebody may reach, a batch at a time, with the access to each.

use wire::id::OrgId;

use super::facts::{Person, gather};
use super::ways::{Way, few_orgs, sees_everything, ways};
use super::{Access, Caller, Settings};
use crate::batch::padded;
use crate::db::{DbError, Sql, Tx};
use crate::keys::{OrgKey, ProjectKey};
use crate::project::{self, Filter, Project};

/// How many projects are loaded at once at most: enough to keep the statements few.
const BATCH: usize = 200;
/// How many are loaded first, since most pages are full after a few; each further time it is twice as many.
const FIRST_BATCH: usize = 25;
/// A condition that leaves at most this many projects of the platform is where the walk begins.
const FEW: usize = 500;
/// How many projects are asked for by their keys at once.
const KEYS: usize = 64;

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
    among: Option<Vec<ProjectKey>>,
    orgs: Option<Vec<(OrgKey, String)>>,
    begun: bool,
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
            among: None,
            orgs: None,
            begun: false,
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

    /// Keeps to these projects, some thousand at most.
    #[must_use]
    pub fn among(self, projects: &[ProjectKey]) -> Self {
        Self { among: Some(projects.to_vec()), ..self }
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
        self.begin(tx)?;
        while !self.ended {
            let keys = self.keys();
            let batch = project::of_sql(tx, &self.statement(keys.as_deref()))?;
            let is_full = batch.len() == self.batch;
            self.batch = BATCH.min(2 * self.batch);
            let mut found = Vec::new();
            for project in batch {
                self.after = Some(project.key);
                if self.filter.finishes(&project.name) {
                    found.push(project);
                }
                // The worst patterns take long over one name.
                if (self.over)() {
                    self.stopped = true;
                    break;
                }
            }
            if !is_full && !self.stopped {
                self.after = keys.as_ref().and_then(|keys| keys.last().copied()).or(self.after);
            }
            self.ended = self.stopped || !is_full && keys.is_none_or(|keys| keys.len() < KEYS);
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

    /// Looks up the caller's organisations, and whether a condition leaves so few projects that they are named one by one.
    fn begin(&mut self, tx: &Tx) -> Result<(), DbError> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        if matches!(self.reach, Reach::OfCaller | Reach::OfMember) {
            self.orgs = few_orgs(tx, self.caller)?;
        }
        if self.among.is_none() {
            self.among = self.filter.few(tx, FEW)?;
        }
        if let Some(among) = &mut self.among {
            among.sort_unstable();
            among.dedup();
            if self.newest_first {
                among.reverse();
            }
        }
        Ok(())
    }

    /// The next keys of those that the walk keeps to; fewer than [`KEYS`] at the end.
    fn keys(&self) -> Option<Vec<ProjectKey>> {
        let among = self.among.as_ref()?;
        let passed = |key: &ProjectKey| {
            self.after.is_some_and(|after| if self.newest_first { *key >= after } else { *key <= after })
        };
        let begin = among.partition_point(passed);
        Some(among.iter().skip(begin).take(KEYS).copied().collect())
    }

    /// The keys come from one bounded branch for each way to reach a project, each read from an index in the order of
    /// the keys, so that a batch costs as much at the end of a long walk as at its beginning. (Those of very many organisations
    /// are sorted.)
    fn statement(&self, keys: Option<&[ProjectKey]>) -> Sql {
        let mut sql = project::select_where("key in (");
        for (number, way) in ways(self.caller, &self.reach, self.orgs.as_deref()).into_iter().enumerate() {
            if number > 0 {
                sql.push(" union ");
            }
            self.branch(&mut sql, way, keys);
        }
        sql.push(if self.newest_first { ") order by key desc limit " } else { ") order by key limit " });
        sql.bind(count(self.batch));
        sql
    }

    /// The first keys of one way to reach projects. `distinct`, since a limit that counted a project twice would end
    /// the branch too early.
    fn branch(&self, sql: &mut Sql, way: Way, keys: Option<&[ProjectKey]>) {
        let key = way.key;
        sql.push("select way.key from (select distinct ").push(key).push(" as key from ");
        way.push(sql);
        match (keys, self.after) {
            (Some(keys), _) => {
                // Asked also when there is none, so that what is found nowhere takes as long as what the caller cannot reach.
                let nowhere = [ProjectKey::from_number(0)];
                let keys = if keys.is_empty() { nowhere.as_slice() } else { keys };
                sql.push(" and ").push(key).push(" in (").bind_list(padded(keys)).push(")");
            }
            (None, Some(after)) => {
                sql.push(" and ").push(key).push(if self.newest_first { " < " } else { " > " }).bind(after);
            }
            (None, None) => {}
        }
        self.filter.push(sql);
        sql.push(if self.newest_first { " order by 1 desc limit " } else { " order by 1 limit " });
        sql.bind(count(self.batch)).push(") way");
    }
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

    /// How SQLite would go about the next statement of a walk, for a member of so many organisations.
    async fn plan_of(
        filter: Filter,
        reach: Reach,
        orgs: Option<i64>,
        among: Option<&[ProjectKey]>,
    ) -> String {
        let database = TestDatabases::open(DbKind::Sqlite).await.unwrap();
        database.db.migrate(MIGRATIONS).await.unwrap();
        let caller = Caller::of_tests();
        let settings = Settings {
            admin_access: policy::AdminAccess::GrantSelf,
            read_only_cap: policy::ReadOnlyCap::default(),
            now: 0,
        };
        let after = Some(ProjectKey::from_number(7));
        let mut walk = Walk::new(&caller, &settings, &filter, reach, after);
        walk.orgs =
            orgs.map(|count| (0..count).map(|key| (OrgKey::from_number(key), String::new())).collect());
        let sql = walk.statement(among);
        database.db.read(move |tx| plan(tx, sql.clone())).await.unwrap()
    }

    /// Where an object has copies is read from the object, however many projects somebody reaches.
    #[tokio::test]
    async fn projects_that_hold_an_object_are_found_by_its_copies() {
        for reach in [Reach::OfCaller, Reach::Everything] {
            let filter = Filter { holds: Some(ObjectKey::from_number(1)), ..Filter::default() };
            let plan = plan_of(filter, reach, None, None).await;
            let copies =
                plan.matches("SEARCH c USING COVERING INDEX sqlite_autoindex_placement_1 (object=?)").count();
            assert!(copies > 0 && !plan.contains("SCAN p") && !plan.contains("SCAN g"), "{plan}");
        }
    }

    /// A walk begins at the caller, so that projects of strangers cost nothing, and reads no further than it gives out.
    #[tokio::test]
    async fn projects_of_strangers_are_not_looked_through() {
        let mut plans = Vec::new();
        for orgs in [Some(2), None] {
            let plan = plan_of(Filter::default(), Reach::OfCaller, orgs, None).await;
            for step in [
                "SEARCH g USING COVERING INDEX project_grant_account (account=? AND project>?)",
                "SEARCH g USING COVERING INDEX project_grant_org (org=? AND project>?)",
                "SEARCH p USING INDEX project_bill_to (bill_to=? AND key>?)",
                "SEARCH g USING COVERING INDEX project_grant_principal (principal=? AND project>?)",
            ] {
                assert!(plan.contains(step), "{step} is not in\n{plan}");
            }
            assert!(!plan.contains("project_destroyed"), "{plan}");
            plans.push(plan);
        }
        // Only what comes from very many organisations is sorted.
        let sorted: Vec<_> =
            plans.iter().map(|plan| plan.matches("TEMP B-TREE FOR DISTINCT").count()).collect();
        assert_eq!(sorted, [0, 2], "{plans:?}");
    }

    /// Projects that are named are looked up, however many the caller reaches.
    #[tokio::test]
    async fn named_projects_are_looked_up() {
        let named = [8, 9].map(ProjectKey::from_number);
        for (orgs, by_grants) in [(Some(2), 4), (None, 3)] {
            let plan = plan_of(Filter::default(), Reach::OfCaller, orgs, Some(&named)).await;
            assert_eq!(plan.matches("project=?)").count(), by_grants, "{plan}");
            assert!(plan.contains("rowid=?)") && !plan.contains("SCAN p\n"), "{plan}");
        }
    }
}
