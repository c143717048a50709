//! The ways in which somebody may reach projects.

use super::walk::Reach;
use super::{Caller, Settings};
use crate::db::{DbError, Sql, Tx, Value, params};
use crate::keys::OrgKey;

/// The projects of each organisation are read by themselves when somebody belongs to at most this many.
const FEW_ORGS: i64 = 16;

/// One way in which projects come into question: the end of a statement over projects `p`. The tables stand in a
/// `cross join`, which SQLite takes in the order of the text: from the caller to the projects.
pub(super) struct Way {
    /// The key of a project in the table whose index has the order of the keys.
    pub(super) key: &'static str,
    start: &'static str,
    bound: Option<Value>,
    end: &'static str,
}

impl Way {
    pub(super) fn push(self, sql: &mut Sql) {
        sql.push(self.start);
        if let Some(bound) = self.bound {
            sql.bind(bound);
        }
        sql.push(self.end).push(" and p.destroyed is null and p.class = 'project'");
    }
}

/// `orgs` are the caller's organisations, if these are few; else all that they reach is one way.
pub(super) fn ways(caller: &Caller, reach: &Reach, orgs: Option<&[(OrgKey, String)]>) -> Vec<Way> {
    let account = || Some(Value::from(caller.account));
    match reach {
        Reach::Everything => {
            vec![Way { key: "p.key", start: "project p where 1 = 1", bound: None, end: "" }]
        }
        Reach::BilledTo(org) => {
            let bound = Some(org.as_str().into());
            vec![Way { key: "p.key", start: "project p where p.bill_to = ", bound, end: "" }]
        }
        Reach::OfCaller | Reach::OfMember => {
            let mut ways = vec![Way {
                key: "g.project",
                start: "project_grant g cross join project p where p.key = g.project and g.account = ",
                bound: account(),
                end: "",
            }];
            match orgs {
                Some(orgs) => ways.extend(orgs.iter().flat_map(|(key, id)| ways_of_org(*key, id))),
                None => ways.extend([
                    Way {
                        key: "g.project",
                        start: "project_grant g cross join project p where p.key = g.project
                         and g.org in (select m.org from org_member m where m.account = ",
                        bound: account(),
                        end: ")",
                    },
                    Way {
                        key: "p.key",
                        start: "org_member m cross join org o cross join project p
                         where o.key = m.org and p.bill_to = o.id and m.account = ",
                        bound: account(),
                        end: "",
                    },
                ]),
            }
            if *reach == Reach::OfCaller {
                ways.push(Way {
                    key: "g.project",
                    start: "project_grant g cross join project p
                     where p.key = g.project and g.principal = 'PUBLIC'",
                    bound: None,
                    end: "",
                });
            }
            ways
        }
    }
}

fn ways_of_org(key: OrgKey, id: &str) -> [Way; 2] {
    [
        Way {
            key: "g.project",
            start: "project_grant g cross join project p where p.key = g.project and g.org = ",
            bound: Some(key.into()),
            end: "",
        },
        Way { key: "p.key", start: "project p where p.bill_to = ", bound: Some(id.into()), end: "" },
    ]
}

/// The organisations that somebody belongs to; none when they are many.
pub(super) fn few_orgs(tx: &Tx, caller: &Caller) -> Result<Option<Vec<(OrgKey, String)>>, DbError> {
    let rows = tx.query(
        "select o.key, o.id from org_member m join org o on o.key = m.org where m.account = $1 limit $2",
        params![caller.account, FEW_ORGS + 1],
    )?;
    if i64::try_from(rows.len()).unwrap_or(i64::MAX) > FEW_ORGS {
        return Ok(None);
    }
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect::<Result<_, _>>().map(Some)
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
    for (number, way) in ways(caller, reach, None).into_iter().enumerate() {
        sql.push(if number > 0 { " union select " } else { "select " }).push(way.key).push(" as key from ");
        way.push(&mut sql);
    }
    sql
}

pub(super) fn sees_everything(caller: &Caller, settings: &Settings) -> bool {
    caller.kind == policy::PlatformKind::Admin && settings.admin_access == policy::AdminAccess::Implicit
}
