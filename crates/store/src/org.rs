//! Organisations and their members.

use policy::{MemberListVisibility, OrgLevel};
use wire::Level;
use wire::id::OrgId;

use crate::access::{OrgPermit, SystemPermit};
use crate::db::{DbError, Tx, params};
use crate::keys::{AccountKey, OrgKey};
use crate::text::Word;

/// What a new organisation starts with.
#[derive(Debug, Clone)]
pub struct NewOrg<'a> {
    /// Its id; made from the handle.
    pub id: &'a OrgId,
    /// The handle as written.
    pub handle: &'a str,
    /// What people see.
    pub name: &'a str,
    /// Who may list its members.
    pub member_list_visibility: MemberListVisibility,
    /// Whether only ADMINs may move its projects to another payer.
    pub transfer_by_admins_only: bool,
    /// Whether anything may be charged to it.
    pub billing_enabled: bool,
    /// The id of its maker.
    pub created_by: &'a str,
}

/// A membership: level and the flags that go with it (contract: identity-and-sharing 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, clippy::struct_excessive_bools, reason = "the names are the contract's")]
pub struct Membership {
    pub level: OrgLevel,
    pub allow_billable_activities: bool,
    pub project_access: Level,
    pub app_access: bool,
    pub archival_management: bool,
    pub data_deletion: bool,
    pub data_search: bool,
    pub project_member_demotion: bool,
    pub tre_management: bool,
    pub cloud_integration_management: bool,
}

impl Membership {
    /// A MEMBER with the contract's default flags.
    pub const MEMBER: Self = Self {
        level: OrgLevel::Member,
        allow_billable_activities: false,
        project_access: Level::Contribute,
        app_access: true,
        archival_management: false,
        data_deletion: false,
        data_search: false,
        project_member_demotion: false,
        tre_management: false,
        cloud_integration_management: false,
    };
    /// An ADMIN with the contract's default flags.
    pub const ADMIN: Self = Self {
        level: OrgLevel::Admin,
        allow_billable_activities: true,
        project_access: Level::Administer,
        app_access: true,
        archival_management: true,
        data_deletion: true,
        data_search: true,
        project_member_demotion: true,
        tre_management: false,
        cloud_integration_management: false,
    };
}

/// Adds an organisation without members. Fails with `Unique` on `org.id` when the handle is taken.
pub fn insert(tx: &Tx, _permit: &SystemPermit<'_>, new: &NewOrg<'_>, now: i64) -> Result<OrgKey, DbError> {
    tx.query_one(
        "insert into org (id, handle, name, member_list_visibility, restrict_project_transfer, billing_enabled, created,
           created_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8) returning key",
        params![
            new.id.as_str(),
            new.handle,
            new.name,
            new.member_list_visibility.word(),
            if new.transfer_by_admins_only { "ADMIN" } else { "MEMBER" },
            new.billing_enabled,
            now,
            new.created_by
        ],
    )?
    .get(0)
}

/// Makes somebody a member, or changes the membership.
pub fn put_member(
    tx: &Tx,
    permit: &OrgPermit<'_>,
    account: AccountKey,
    is: &Membership,
    now: i64,
) -> Result<(), DbError> {
    tx.execute(
        "insert into org_member (org, account, level, allow_billable_activities, project_access, app_access,
           archival_management, data_deletion, data_search, project_member_demotion, tre_management,
           cloud_integration_management, since)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         on conflict (org, account) do update set level = $3, allow_billable_activities = $4, project_access = $5,
           app_access = $6, archival_management = $7, data_deletion = $8, data_search = $9,
           project_member_demotion = $10, tre_management = $11, cloud_integration_management = $12",
        params![
            permit.org(),
            account,
            is.level.word(),
            is.allow_billable_activities,
            is.project_access.word(),
            is.app_access,
            is.archival_management,
            is.data_deletion,
            is.data_search,
            is.project_member_demotion,
            is.tre_management,
            is.cloud_integration_management,
            now
        ],
    )?;
    Ok(())
}

/// What people call an organisation.
pub fn name_of(tx: &Tx, id: &OrgId) -> Result<Option<String>, DbError> {
    tx.query_opt("select name from org where id = $1", params![id.as_str()])?
        .map(|row| row.get(0))
        .transpose()
}

/// The key of an organisation.
pub fn key_of(tx: &Tx, id: &OrgId) -> Result<Option<OrgKey>, DbError> {
    tx.query_opt("select key from org where id = $1", params![id.as_str()])?.map(|row| row.get(0)).transpose()
}
