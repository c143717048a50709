//! Gathering what a decision rests on. No rule is applied here: rows in, facts out.

use std::collections::{BTreeSet, HashMap, HashSet};

use policy::{
    Actor, BillTo, BillToOrg, BillingGate, Facts, Grant, OrgLevel, OrgMember, PlatformKind, ProjectFacts,
    Resolution, Scope, Transfer, Via,
};
use wire::id::{OrgId, ProjectId, UserId};
use wire::user::TokenScope;

use super::{Caller, Settings};
use crate::account::Account;
use crate::batch::padded;
use crate::db::{DbError, Row, Sql, Tx, params};
use crate::grant::{self, Given};
use crate::keys::{AccountKey, OrgKey, ProjectKey};
use crate::project::Project;
use crate::text;

/// Whom facts are about.
pub(super) struct Person<'a> {
    account: AccountKey,
    id: &'a UserId,
    kind: PlatformKind,
    scope: &'a TokenScope,
}

impl<'a> Person<'a> {
    /// The caller, through the token that was sent.
    pub(super) fn calling(caller: &'a Caller) -> Self {
        Self { account: caller.account, id: &caller.id, kind: caller.kind, scope: &caller.scope }
    }

    /// Anybody, as if through a token of full scope.
    pub(super) fn of(account: &'a Account) -> Self {
        Self { account: account.key, id: &account.id, kind: account.kind, scope: &TokenScope::FULL }
    }

    /// The person, seen from one project.
    pub(super) fn actor(&self, settings: &Settings, project: &str) -> Actor {
        Actor {
            kind: self.kind,
            scope: if self.scope.is_full() {
                Scope::Full
            } else {
                Scope::Level(self.scope.level_in(project))
            },
            admin_access: settings.admin_access,
            read_only_cap: settings.read_only_cap,
            ..Actor::user(self.id.clone())
        }
    }
}

/// Everything about one person in each of some projects, without an object, in the order of the projects.
///
/// The number of statements does not depend on the number of projects, which the caller of this function bounds.
pub(super) fn gather(
    tx: &Tx,
    person: &Person<'_>,
    settings: &Settings,
    projects: &[Project],
) -> Result<Vec<Facts>, DbError> {
    let mut grants = grants(tx, person, projects)?;
    let payers = payers(tx, person, settings, projects)?;
    let accepted = accepted_notices(tx, person, projects)?;
    projects
        .iter()
        .map(|project| {
            let Some(id) = ProjectId::from_id(project.id.as_id().clone()) else {
                return Err(DbError::Corrupt(format!("{} is no project", project.id)));
            };
            let (bill_to, billing) = match payers.get(project.bill_to.as_str()) {
                Some((org, gate)) => (BillTo::Org(org.clone()), *gate),
                None => match UserId::parse(&project.bill_to) {
                    Some(user) => (BillTo::User(user), BillingGate::Ok),
                    None => {
                        return Err(DbError::Corrupt(format!("{} is billed to nobody known", project.id)));
                    }
                },
            };
            let mut facts = Facts::new(
                person.actor(settings, id.as_str()),
                ProjectFacts {
                    id,
                    flags: project.flags.policy(),
                    resolution: project.resolution,
                    owner: project.owner.clone(),
                    bill_to,
                    notice_accepted: accepted.contains(&project.key),
                    transfer: match project.pending_transfer {
                        None => Transfer::None,
                        Some(to) if to == person.account => Transfer::ToActor,
                        Some(_) => Transfer::ToOther,
                    },
                },
            );
            facts.billing = billing;
            facts.grants = grants.remove(&project.key).unwrap_or_default();
            Ok(facts)
        })
        .collect()
}

/// Every grant of the projects that reaches the person.
fn grants(
    tx: &Tx,
    person: &Person<'_>,
    projects: &[Project],
) -> Result<HashMap<ProjectKey, Vec<Grant>>, DbError> {
    let mut sql = Sql::new(
        "select g.project, g.principal, g.role, g.right_upload, g.right_download, m.level, m.project_access,
                m.allow_billable_activities, m.archival_management, m.data_deletion, m.data_search, m.project_member_demotion
         from project_grant g left join org_member m on m.org = g.org and m.account = ",
    );
    sql.bind(person.account);
    let keys: Vec<ProjectKey> = projects.iter().map(|project| project.key).collect();
    sql.push(" where g.project in (").bind_list(padded(&keys));
    sql.push(") and (g.account = ").bind(person.account);
    sql.push(" or m.account is not null or g.principal = 'PUBLIC')");
    let mut found: HashMap<ProjectKey, Vec<Grant>> = HashMap::new();
    for row in tx.query_sql(&sql)? {
        let principal: String = row.get(1)?;
        let via = match OrgId::parse(&principal) {
            Some(org) => Via::Org { org, member: member(&row, 5)? },
            None if principal == "PUBLIC" => Via::Public,
            None => Via::Direct,
        };
        let Given { role, rights } = grant::given(&row, 2)?;
        found.entry(row.get(0)?).or_default().push(Grant { via, role, rights });
    }
    Ok(found)
}

/// The organisations that pay for the projects, the person's part in each, and whether it can be charged.
fn payers(
    tx: &Tx,
    person: &Person<'_>,
    settings: &Settings,
    projects: &[Project],
) -> Result<HashMap<String, (BillToOrg, BillingGate)>, DbError> {
    let ids: BTreeSet<&str> = projects.iter().map(|project| project.bill_to.as_str()).collect();
    let ids: Vec<&str> = ids.into_iter().filter(|id| OrgId::parse(id).is_some()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut sql = Sql::new(
        "select o.id, o.restrict_project_transfer, o.expires_at, m.level, m.project_access,
                m.allow_billable_activities, m.archival_management, m.data_deletion, m.data_search, m.project_member_demotion
         from org o left join org_member m on m.org = o.key and m.account = ",
    );
    sql.bind(person.account).push(" where o.id in (").bind_list(padded(&ids)).push(")");
    tx.query_sql(&sql)?
        .iter()
        .map(|row| {
            let id = text::id(row, 0, OrgId::parse)?;
            let restricted: String = row.get(1)?;
            let member = match row.get::<Option<String>>(3)? {
                Some(_) => Some(member(row, 3)?),
                None => None,
            };
            let org = BillToOrg { id: id.clone(), member, transfer_by_admins_only: restricted == "ADMIN" };
            Ok((id.to_string(), (org, gate(row.get(2)?, settings.now))))
        })
        .collect()
}

/// Whether an organisation that ends at this time can still be charged.
pub(super) fn gate(expires_at: Option<i64>, now: i64) -> BillingGate {
    if expires_at.is_some_and(|at| at <= now) { BillingGate::OrgExpired } else { BillingGate::Ok }
}

/// Those of the projects whose notice the person has accepted.
fn accepted_notices(
    tx: &Tx,
    person: &Person<'_>,
    projects: &[Project],
) -> Result<HashSet<ProjectKey>, DbError> {
    let shown = projects.iter().filter(|project| project.flags.display_data_protection_notice);
    let shown: Vec<ProjectKey> = shown.map(|project| project.key).collect();
    if shown.is_empty() {
        return Ok(HashSet::new());
    }
    let mut sql = Sql::new("select project from notice_acceptance where account = ");
    sql.bind(person.account).push(" and project in (").bind_list(padded(&shown)).push(")");
    tx.query_sql(&sql)?.iter().map(|row| row.get(0)).collect()
}

/// A person's membership in an organisation, as far as access goes.
pub(crate) fn org_member(tx: &Tx, org: OrgKey, account: AccountKey) -> Result<Option<OrgMember>, DbError> {
    tx.query_opt(
        "select level, project_access, allow_billable_activities, archival_management, data_deletion, data_search,
                project_member_demotion
         from org_member where org = $1 and account = $2",
        params![org, account],
    )?
    .map(|row| member(&row, 0))
    .transpose()
}

fn member(row: &Row, first: usize) -> Result<OrgMember, DbError> {
    Ok(OrgMember {
        level: text::word::<OrgLevel>(row, first)?,
        project_access: text::word(row, first + 1)?,
        allow_billable_activities: row.get(first + 2)?,
        archival_management: row.get(first + 3)?,
        data_deletion: row.get(first + 4)?,
        data_search: row.get(first + 5)?,
        project_member_demotion: row.get(first + 6)?,
    })
}

impl text::Word for OrgLevel {
    const WORDS: &'static [(Self, &'static str)] = &[(Self::Member, "MEMBER"), (Self::Admin, "ADMIN")];
}

impl text::Word for Resolution {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Greatest, "greatest"), (Self::SpecificFirst, "specificFirst")];
}
