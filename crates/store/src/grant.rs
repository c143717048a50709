//! Grants: who holds what in a project. One entry per principal.

use policy::Preset;
use wire::id::{OrgId, UserId};

use crate::access::{Permit, SystemPermit};
use crate::db::{DbError, Row, Tx, params};
use crate::keys::{AccountKey, OrgKey, ProjectKey};

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

/// A grant as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// How the principal is written on the wire.
    pub principal: String,
    /// What it gives.
    pub role: Preset,
}

/// Gives a principal what the permit was asked for, in place of what it held.
pub fn put(
    tx: &Tx,
    permit: &Permit<'_>,
    principal: &Principal,
    role: Preset,
    granted_by: &str,
    now: i64,
) -> Result<(), DbError> {
    let project = permit.project();
    let (account, org) = match principal {
        Principal::User(key, _) => (Some(*key), None),
        Principal::Org(key, _) => (None, Some(*key)),
        Principal::Public => (None, None),
    };
    tx.execute(
        "insert into project_grant (project, principal, account, org, role, granted_by, granted)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (project, principal) do update set role = $5, granted_by = $6, granted = $7",
        params![project, principal.as_str(), account, org, role.as_str(), granted_by, now],
    )?;
    touch(tx, project)
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

/// Every grant of a project, by principal. A project has at most as many as invitations ever made to it.
pub fn of_project(tx: &Tx, project: ProjectKey) -> Result<Vec<Grant>, DbError> {
    tx.query(
        "select principal, role from project_grant where project = $1 order by principal",
        params![project],
    )?
    .iter()
    .map(grant)
    .collect()
}

/// The grant of one principal.
pub fn of_principal(tx: &Tx, project: ProjectKey, principal: &Principal) -> Result<Option<Grant>, DbError> {
    tx.query_opt(
        "select principal, role from project_grant where project = $1 and principal = $2",
        params![project, principal.as_str()],
    )?
    .map(|row| grant(&row))
    .transpose()
}

/// Marks that somebody's access to the project may have changed, so that open streams decide again.
fn touch(tx: &Tx, project: ProjectKey) -> Result<(), DbError> {
    tx.execute("update project set epoch = epoch + 1 where key = $1", params![project])?;
    Ok(())
}

fn grant(row: &Row) -> Result<Grant, DbError> {
    Ok(Grant { principal: row.get(0)?, role: role(row, 1)? })
}

/// Reads a column that holds a role.
pub(crate) fn role(row: &Row, column: usize) -> Result<Preset, DbError> {
    let text: String = row.get(column)?;
    Preset::parse(&text)
        .ok_or_else(|| DbError::Corrupt(format!("column {column} holds a role this program does not know")))
}
