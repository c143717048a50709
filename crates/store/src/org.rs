//! Organisations: their own row. Members are in [`member`], what they pay for in [`revoke`].

use policy::MemberListVisibility;
use serde::{Deserialize, Serialize};
use wire::id::OrgId;

use crate::access::{OrgPermit, SystemPermit};
use crate::db::{DbError, Row, Tx, params};
use crate::keys::{AccountKey, OrgKey};
use crate::text::{self, Word};

mod feature;
mod member;
mod revoke;

pub use feature::{Feature, Features};
pub use member::{
    Member, MemberFilter, Membership, MembershipFilter, admin_count, administers, first_member, member_count,
    members, membership, memberships, put_member, remove_member,
};
pub use revoke::{MAX_REVOKED, RevokedGrant, pays_for_projects, revoke_org_grants, revoke_own_grants};

/// An organisation as it is kept.
#[derive(Debug, Clone)]
pub struct Org {
    /// Its key.
    pub key: OrgKey,
    /// Its id.
    pub id: OrgId,
    /// The handle as written.
    pub handle: String,
    /// What people see.
    pub name: String,
    /// Who may list its members.
    pub member_list_visibility: MemberListVisibility,
    /// Whether only ADMINs may move its projects to another payer.
    pub transfer_by_admins_only: bool,
    /// Its other policies.
    pub policies: Policies,
    /// What it is licensed for.
    pub features: Features,
    /// Whether anything may be charged to it.
    pub billing_enabled: bool,
    /// When it ends, in ms.
    pub expires_at: Option<i64>,
    /// How long, in ms, a signed-in browser of a member may do nothing; the platform's own time when none.
    pub auto_logout_after: Option<i64>,
    /// The identity provider of its members.
    pub saml_idp: Option<String>,
}

/// Policies that take no part in access (contract: identity-and-sharing 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Policies {
    /// Executions may reuse results of earlier equal ones.
    pub job_reuse: bool,
    /// Executions collect detailed metrics unless told otherwise.
    pub detailed_job_metrics_collect_default: bool,
}

impl Default for Policies {
    fn default() -> Self {
        Self { job_reuse: true, detailed_job_metrics_collect_default: false }
    }
}

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

/// The columns that [`org`] reads, in its order, with the alias `o`.
macro_rules! org_columns {
    () => {
        "o.key, o.id, o.handle, o.name, o.member_list_visibility, o.restrict_project_transfer, o.policies, o.features, \
         o.billing_enabled, o.expires_at, o.auto_logout_after, o.saml_idp"
    };
}
pub(crate) use org_columns;

/// How many columns that is.
pub(crate) const ORG_COLUMNS: usize = 12;

/// Adds an organisation without members. Fails with `Unique` on `org.id` when the handle is taken, also by one that was
/// destroyed: ids keep their meaning.
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
            transfer_word(new.transfer_by_admins_only),
            new.billing_enabled,
            now,
            new.created_by
        ],
    )?
    .get(0)
}

/// The key of an organisation; none when there is none or it was destroyed.
pub fn key_of(tx: &Tx, id: &OrgId) -> Result<Option<OrgKey>, DbError> {
    tx.query_opt("select key from org where id = $1 and destroyed is null", params![id.as_str()])?
        .map(|row| row.get(0))
        .transpose()
}

/// The organisation of an id; none when there is none or it was destroyed.
pub fn by_id(tx: &Tx, id: &OrgId) -> Result<Option<Org>, DbError> {
    tx.query_opt(
        concat!("select ", org_columns!(), " from org o where o.id = $1 and o.destroyed is null"),
        params![id.as_str()],
    )?
    .map(|row| org(&row))
    .transpose()
}

/// Stores the name and the policies of an organisation as they are in `org`.
pub fn save(tx: &Tx, permit: &OrgPermit<'_>, org: &Org) -> Result<(), DbError> {
    let policies = serde_json::to_string(&org.policies).map_err(|error| DbError::Other(error.to_string()))?;
    tx.execute(
        "update org set name = $2, member_list_visibility = $3, restrict_project_transfer = $4, policies = $5, saml_idp = $6
         where key = $1",
        params![
            permit.org(),
            org.name.as_str(),
            org.member_list_visibility.word(),
            transfer_word(org.transfer_by_admins_only),
            policies,
            org.saml_idp.as_deref()
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

/// Stores what the operator decides about an organisation as it is in `org`.
pub fn save_licence(tx: &Tx, _permit: &SystemPermit<'_>, org: &Org) -> Result<(), DbError> {
    tx.execute(
        "update org set features = $2, billing_enabled = $3, expires_at = $4, auto_logout_after = $5 where key = $1",
        params![org.key, org.features.text(), org.billing_enabled, org.expires_at, org.auto_logout_after],
    )?;
    Ok(())
}

/// The shortest time, in ms, after which an organisation of an account signs idle browsers out; none when none says.
pub fn auto_logout_after(tx: &Tx, account: AccountKey) -> Result<Option<i64>, DbError> {
    tx.query_one(
        "select min(o.auto_logout_after) from org_member m join org o on o.key = m.org
         where m.account = $1 and o.destroyed is null",
        params![account],
    )?
    .get(0)
}

/// Makes an organisation a thing of the past. Its row stays, so that its id is never given to another.
pub fn destroy(tx: &Tx, permit: &OrgPermit<'_>, now: i64) -> Result<(), DbError> {
    tx.execute("delete from org_member where org = $1", params![permit.org()])?;
    tx.execute("update org set destroyed = $2 where key = $1", params![permit.org(), now])?;
    Ok(())
}

fn transfer_word(by_admins_only: bool) -> &'static str {
    if by_admins_only { "ADMIN" } else { "MEMBER" }
}

pub(crate) fn org(row: &Row) -> Result<Org, DbError> {
    let restricted: String = row.get(5)?;
    let policies: String = row.get(6)?;
    Ok(Org {
        key: row.get(0)?,
        id: text::id(row, 1, OrgId::parse)?,
        handle: row.get(2)?,
        name: row.get(3)?,
        member_list_visibility: text::word(row, 4)?,
        transfer_by_admins_only: restricted == "ADMIN",
        policies: serde_json::from_str(&policies)
            .map_err(|_| DbError::Corrupt("the policies of an organisation cannot be read".into()))?,
        features: Features::read(row, 7)?,
        billing_enabled: row.get(8)?,
        expires_at: row.get(9)?,
        auto_logout_after: row.get(10)?,
        saml_idp: row.get(11)?,
    })
}

/// An organisation that nobody else could administer: somebody is its last ADMIN with a working account that may change
/// anything at all.
pub fn left_without_admin(tx: &Tx, account: AccountKey) -> Result<Option<String>, DbError> {
    tx.query_opt(
        "select o.id from org_member m join org o on o.key = m.org
         where m.account = $1 and m.level = 'ADMIN' and not exists
           (select 1 from org_member n join account a on a.key = n.account
            where n.org = m.org and n.account <> $1 and n.level = 'ADMIN' and a.state = 'active' and a.kind <> 'READ_ONLY')
         order by o.id limit 1",
        params![account],
    )?
    .map(|row| row.get(0))
    .transpose()
}
