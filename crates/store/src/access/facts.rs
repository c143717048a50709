//! Gathering what a decision rests on. No rule is applied here: rows in, facts out.

use policy::{
    Actor, BillTo, BillToOrg, BillingGate, Facts, Grant, OrgLevel, OrgMember, ProjectFacts, Resolution,
    Rights, Role, Scope, Transfer, Via,
};
use wire::id::{OrgId, ProjectId, UserId};

use super::{Caller, Settings};
use crate::db::{DbError, Row, Tx, params};
use crate::keys::{AccountKey, OrgKey};
use crate::project::Project;
use crate::{grant, text};

/// Everything about one caller in one project, without an object.
pub(super) fn gather(
    tx: &Tx,
    caller: &Caller,
    settings: &Settings,
    project: &Project,
) -> Result<Facts, DbError> {
    let Some(id) = ProjectId::from_id(project.id.as_id().clone()) else {
        return Err(DbError::Corrupt(format!("{} is no project", project.id)));
    };
    let (bill_to, billing) = payer(tx, caller, settings, project)?;
    let mut facts = Facts::new(
        actor(caller, settings, id.as_str()),
        ProjectFacts {
            id,
            flags: project.flags.policy(),
            resolution: project.resolution,
            owner: project.owner.clone(),
            bill_to,
            notice_accepted: project.flags.display_data_protection_notice
                && has_accepted_notice(tx, caller, project)?,
            transfer: match project.pending_transfer {
                None => Transfer::None,
                Some(to) if to == caller.account => Transfer::ToActor,
                Some(_) => Transfer::ToOther,
            },
        },
    );
    facts.billing = billing;
    facts.grants = grants(tx, caller, project)?;
    Ok(facts)
}

/// The caller, seen from one project.
pub(super) fn actor(caller: &Caller, settings: &Settings, project: &str) -> Actor {
    Actor {
        kind: caller.kind,
        scope: if caller.scope.is_full() {
            Scope::Full
        } else {
            Scope::Level(caller.scope.level_in(project))
        },
        admin_access: settings.admin_access,
        read_only_cap: settings.read_only_cap,
        ..Actor::user(caller.id.clone())
    }
}

/// Every grant of the project that reaches the caller.
fn grants(tx: &Tx, caller: &Caller, project: &Project) -> Result<Vec<Grant>, DbError> {
    tx.query(
        "select g.role, g.right_upload, g.right_download, g.principal, m.level, m.project_access,
                m.allow_billable_activities, m.archival_management, m.data_deletion, m.data_search, m.project_member_demotion
         from project_grant g left join org_member m on m.org = g.org and m.account = $2
         where g.project = $1 and (g.account = $2 or m.account is not null or g.principal = 'PUBLIC')",
        params![project.key, caller.account],
    )?
    .iter()
    .map(|row| {
        let principal: String = row.get(3)?;
        let via = match OrgId::parse(&principal) {
            Some(org) => Via::Org { org, member: member(row, 4)? },
            None if principal == "PUBLIC" => Via::Public,
            None => Via::Direct,
        };
        Ok(Grant {
            via,
            role: Role::Preset(grant::role(row, 0)?),
            rights: Rights { upload: row.get(1)?, download: row.get(2)? },
        })
    })
    .collect()
}

/// Who pays, the caller's part in that organisation, and whether it can be charged.
fn payer(
    tx: &Tx,
    caller: &Caller,
    settings: &Settings,
    project: &Project,
) -> Result<(BillTo, BillingGate), DbError> {
    let Some(id) = OrgId::parse(&project.bill_to) else {
        let user = UserId::parse(&project.bill_to)
            .ok_or_else(|| DbError::Corrupt(format!("{} is billed to nobody known", project.id)))?;
        return Ok((BillTo::User(user), BillingGate::Ok));
    };
    let row = tx.query_one(
        "select key, restrict_project_transfer, expires_at from org where id = $1",
        params![id.as_str()],
    )?;
    let expires_at: Option<i64> = row.get(2)?;
    let restricted: String = row.get(1)?;
    let org = BillToOrg {
        id,
        member: org_member(tx, row.get(0)?, caller.account)?,
        transfer_by_admins_only: restricted == "ADMIN",
    };
    let gate = if expires_at.is_some_and(|at| at <= settings.now) {
        BillingGate::OrgExpired
    } else {
        BillingGate::Ok
    };
    Ok((BillTo::Org(org), gate))
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

fn has_accepted_notice(tx: &Tx, caller: &Caller, project: &Project) -> Result<bool, DbError> {
    let found = tx.query_opt(
        "select accepted from notice_acceptance where project = $1 and account = $2",
        params![project.key, caller.account],
    )?;
    Ok(found.is_some())
}

impl text::Word for OrgLevel {
    const WORDS: &'static [(Self, &'static str)] = &[(Self::Member, "MEMBER"), (Self::Admin, "ADMIN")];
}

impl text::Word for Resolution {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Greatest, "greatest"), (Self::SpecificFirst, "specificFirst")];
}
