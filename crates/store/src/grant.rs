//! Grants: who holds what in a project. One entry per principal.

use policy::presets::level_of;
use policy::{Action, Preset, Rights, Role};
use wire::Level;
use wire::id::{OrgId, UserId};

use crate::access::{Permit, SystemPermit};
use crate::batch::padded;
use crate::db::{DbError, Row, Sql, Tx, params};
use crate::keys::{AccountKey, OrgKey, ProjectKey};
use crate::text;

mod role;

use role::role;

/// Whom a grant is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// One person.
    User(AccountKey, UserId),
    /// Every member of an organisation, cut by the member's own cap.
    Org(OrgKey, OrgId),
    /// Everybody with an account.
    Public,
}

impl Principal {
    /// How the principal is written on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::User(_, id) => id.as_str(),
            Self::Org(_, id) => id.as_str(),
            Self::Public => "PUBLIC",
        }
    }
}

/// What a grant gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// The role.
    pub role: Role,
    /// Its two rights.
    pub rights: Rights,
}

impl From<Preset> for Given {
    /// Levels and collaborators have both rights unless said otherwise (contract: identity-and-sharing B5).
    fn from(preset: Preset) -> Self {
        Self { role: Role::Preset(preset), rights: Rights::BOTH }
    }
}

impl Given {
    /// The wire's level of the grant, seen for itself (contract: identity-and-sharing B1).
    #[must_use]
    pub fn level(self) -> Level {
        level_of(self.role.capabilities(self.rights), self.role.ceiling())
    }
}

/// A grant as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// How the principal is written on the wire.
    pub principal: String,
    /// What it gives.
    pub given: Given,
    /// The id of who gave it.
    pub granted_by: String,
    /// When it was given, in ms.
    pub granted: i64,
}

/// Gives a principal what the permit was asked for, in place of what it held.
pub fn put(
    tx: &Tx,
    permit: &Permit<'_>,
    principal: &Principal,
    given: impl Into<Given>,
    granted_by: &str,
    now: i64,
) -> Result<(), DbError> {
    permit.given_for(|action| {
        use Action::{ChangeBilling, DecreaseMember, InviteMember, SelfInvite};
        matches!(action, InviteMember { .. } | SelfInvite { .. } | DecreaseMember(_) | ChangeBilling { .. })
    })?;
    let (project, given) = (permit.project(), given.into());
    let (account, org) = match principal {
        Principal::User(key, _) => (Some(*key), None),
        Principal::Org(key, _) => (None, Some(*key)),
        Principal::Public => (None, None),
    };
    tx.execute(
        "insert into project_grant (project, principal, account, org, role, right_upload, right_download, granted_by, granted)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (project, principal) do update set role = $5, right_upload = $6, right_download = $7,
           granted_by = $8, granted = $9",
        params![
            project,
            principal.as_str(),
            account,
            org,
            role::text(given.role),
            given.rights.upload,
            given.rights.download,
            granted_by,
            now
        ],
    )?;
    Ok(())
}

/// Takes away what a principal held; false when it held nothing.
pub fn remove(tx: &Tx, permit: &Permit<'_>, principal: &Principal) -> Result<bool, DbError> {
    permit.given_for(|action| matches!(action, Action::DecreaseMember(_) | Action::Leave { .. }))?;
    let project = permit.project();
    let removed = tx.execute(
        "delete from project_grant where project = $1 and principal = $2",
        params![project, principal.as_str()],
    )?;
    Ok(removed > 0)
}

/// Gives the maker of a new project its first grant.
pub fn first(
    tx: &Tx,
    _permit: &SystemPermit<'_>,
    project: ProjectKey,
    account: AccountKey,
    id: &UserId,
    now: i64,
) -> Result<(), DbError> {
    tx.execute(
        "insert into project_grant (project, principal, account, role, granted_by, granted) values ($1, $2, $3, $4, $2, $5)",
        params![project, id.as_str(), account, Preset::Administer.as_str(), now],
    )?;
    Ok(())
}

/// The columns that [`grant`] reads, in its order.
macro_rules! select_grant {
    ($rest:literal) => {
        concat!(
            "select principal, role, right_upload, right_download, granted_by, granted from project_grant ",
            $rest
        )
    };
}

/// One page of a project's grants, by principal, behind `after`.
pub fn page(tx: &Tx, project: ProjectKey, after: &str, limit: usize) -> Result<Vec<Grant>, DbError> {
    tx.query(
        select_grant!("where project = $1 and principal > $2 order by principal limit $3"),
        params![project, after, i64::try_from(limit).unwrap_or(i64::MAX)],
    )?
    .iter()
    .map(grant)
    .collect()
}

/// The direct grants that make somebody an administrator, whoever they are (contract: identity-and-sharing B11.33).
pub fn administrators(tx: &Tx, project: ProjectKey) -> Result<Vec<AccountKey>, DbError> {
    let rows = tx.query(
        "select account, role, right_upload, right_download from project_grant
         where project = $1 and account is not null order by account",
        params![project],
    )?;
    let mut found = Vec::new();
    for row in rows {
        if given(&row, 1)?.level() == Level::Administer {
            found.push(row.get(0)?);
        }
    }
    Ok(found)
}

/// Users and organisations that hold something in these projects, by their text, behind `after`. The caller bounds the
/// number of projects.
pub fn principals_of(
    tx: &Tx,
    projects: &[ProjectKey],
    after: &str,
    limit: usize,
) -> Result<Vec<String>, DbError> {
    let mut sql = Sql::new("select distinct principal from project_grant where project in (");
    sql.bind_list(padded(projects)).push(") and principal <> 'PUBLIC' and principal > ").bind(after);
    sql.push(" order by principal limit ").bind(i64::try_from(limit).unwrap_or(i64::MAX));
    tx.query_sql(&sql)?.iter().map(|row| row.get(0)).collect()
}

/// The organisations that a project is shared with, by id.
pub fn orgs_of(tx: &Tx, project: ProjectKey) -> Result<Vec<OrgId>, DbError> {
    tx.query(
        "select principal from project_grant where project = $1 and org is not null order by principal",
        params![project],
    )?
    .iter()
    .map(|row| text::id(row, 0, OrgId::parse))
    .collect()
}

/// Every grant of a project, by principal. A project has at most as many as invitations ever made to it.
pub fn of_project(tx: &Tx, project: ProjectKey) -> Result<Vec<Grant>, DbError> {
    tx.query(select_grant!("where project = $1 order by principal"), params![project])?
        .iter()
        .map(grant)
        .collect()
}

/// The grant of one principal.
pub fn of_principal(tx: &Tx, project: ProjectKey, principal: &Principal) -> Result<Option<Grant>, DbError> {
    tx.query_opt(
        select_grant!("where project = $1 and principal = $2"),
        params![project, principal.as_str()],
    )?
    .map(|row| grant(&row))
    .transpose()
}

fn grant(row: &Row) -> Result<Grant, DbError> {
    Ok(Grant { principal: row.get(0)?, given: given(row, 1)?, granted_by: row.get(4)?, granted: row.get(5)? })
}

/// Reads the role and the two rights that stand in three columns from `first` on.
pub(crate) fn given(row: &Row, first: usize) -> Result<Given, DbError> {
    Ok(Given {
        role: role(row, first)?,
        rights: Rights { upload: row.get(first + 1)?, download: row.get(first + 2)? },
    })
}
