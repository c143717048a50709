//! Members of organisations.

use policy::OrgLevel;
use wire::Level;
use wire::id::UserId;

use super::{Feature, ORG_COLUMNS, Org, org, org_columns};
use crate::access::{OrgPermit, SystemPermit};
use crate::db::{DbError, Row, Sql, Tx, params};
use crate::keys::{AccountKey, OrgKey};
use crate::text::{self, Word};

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

impl Membership {
    /// The membership as it acts: an ADMIN has by level what a MEMBER must be given, whatever is kept.
    #[must_use]
    pub fn as_it_acts(self) -> Self {
        match self.level {
            OrgLevel::Member => self,
            OrgLevel::Admin => Self {
                tre_management: self.tre_management,
                cloud_integration_management: self.cloud_integration_management,
                ..Self::ADMIN
            },
        }
    }
}

/// A member as lists show it.
#[derive(Debug, Clone)]
pub struct Member {
    /// The account.
    pub account: AccountKey,
    /// Its id.
    pub id: UserId,
    /// Level and flags.
    pub membership: Membership,
}

/// Which members a list is about.
#[derive(Debug, Clone, Default)]
pub struct MemberFilter {
    /// One of these user ids.
    pub ids: Option<Vec<String>>,
    /// This level.
    pub level: Option<OrgLevel>,
}

/// Which memberships of one person a list is about.
#[derive(Debug, Clone, Copy, Default)]
pub struct MembershipFilter {
    /// ADMIN alone.
    pub admin: bool,
    /// Whether the person may spend the organisation's money; an ADMIN may.
    pub may_bill: Option<bool>,
}

/// The columns that [`read`] reads, in its order, with the alias `m`.
macro_rules! member_columns {
    () => {
        "m.level, m.allow_billable_activities, m.project_access, m.app_access, m.archival_management, m.data_deletion, \
         m.data_search, m.project_member_demotion, m.tre_management, m.cloud_integration_management"
    };
}

/// Makes the maker of a new organisation its first ADMIN.
pub fn first_member(
    tx: &Tx,
    _permit: &SystemPermit<'_>,
    org: OrgKey,
    account: AccountKey,
    now: i64,
) -> Result<(), DbError> {
    put(tx, org, account, &Membership::ADMIN, now)
}

/// Makes somebody a member, or changes the membership.
pub fn put_member(
    tx: &Tx,
    permit: &OrgPermit<'_>,
    account: AccountKey,
    is: &Membership,
    now: i64,
) -> Result<(), DbError> {
    put(tx, permit.org(), account, is, now)
}

fn put(tx: &Tx, org: OrgKey, account: AccountKey, is: &Membership, now: i64) -> Result<(), DbError> {
    tx.execute(
        "insert into org_member (org, account, level, allow_billable_activities, project_access, app_access,
           archival_management, data_deletion, data_search, project_member_demotion, tre_management,
           cloud_integration_management, since)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         on conflict (org, account) do update set level = $3, allow_billable_activities = $4, project_access = $5,
           app_access = $6, archival_management = $7, data_deletion = $8, data_search = $9,
           project_member_demotion = $10, tre_management = $11, cloud_integration_management = $12",
        params![
            org,
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

/// Ends a membership; false when there was none.
pub fn remove_member(tx: &Tx, permit: &OrgPermit<'_>, account: AccountKey) -> Result<bool, DbError> {
    let removed =
        tx.execute("delete from org_member where org = $1 and account = $2", params![permit.org(), account])?;
    Ok(removed > 0)
}

/// Somebody's membership, if there is one.
pub fn membership(tx: &Tx, org: OrgKey, account: AccountKey) -> Result<Option<Membership>, DbError> {
    tx.query_opt(
        concat!("select ", member_columns!(), " from org_member m where m.org = $1 and m.account = $2"),
        params![org, account],
    )?
    .map(|row| read(&row, 0))
    .transpose()
}

/// How many ADMINs an organisation has who can act: their account works, and is not Read-Only.
pub fn admin_count(tx: &Tx, org: OrgKey) -> Result<i64, DbError> {
    tx.query_one(
        "select count(*) from org_member m join account a on a.key = m.account
         where m.org = $1 and m.level = 'ADMIN' and a.state = 'active' and a.kind <> 'READ_ONLY'",
        params![org],
    )?
    .get(0)
}

/// How many members an organisation has.
pub fn member_count(tx: &Tx, org: OrgKey) -> Result<i64, DbError> {
    tx.query_one("select count(*) from org_member where org = $1", params![org])?.get(0)
}

/// Members by user id, behind `after`.
pub fn members(
    tx: &Tx,
    org: OrgKey,
    filter: &MemberFilter,
    after: &str,
    limit: usize,
) -> Result<Vec<Member>, DbError> {
    let mut sql = Sql::new(concat!(
        "select m.account, a.id, ",
        member_columns!(),
        " from org_member m join account a on a.key = m.account where m.org = "
    ));
    sql.bind(org).push(" and a.id > ").bind(after);
    if let Some(level) = filter.level {
        sql.push(" and m.level = ").bind(level.word());
    }
    if let Some(ids) = &filter.ids {
        sql.push(" and a.id in (").bind_list(ids.iter()).push(")");
    }
    sql.push(" order by a.id limit ").bind(i64::try_from(limit).unwrap_or(i64::MAX));
    tx.query_sql(&sql)?
        .iter()
        .map(|row| {
            Ok(Member {
                account: row.get(0)?,
                id: text::id(row, 1, UserId::parse)?,
                membership: read(row, 2)?,
            })
        })
        .collect()
}

/// Somebody's organisations by id, behind `after`, with the membership in each.
pub fn memberships(
    tx: &Tx,
    account: AccountKey,
    filter: MembershipFilter,
    after: &str,
    limit: usize,
) -> Result<Vec<(Org, Membership)>, DbError> {
    let mut sql = Sql::new(concat!(
        "select ",
        org_columns!(),
        ", ",
        member_columns!(),
        " from org_member m join org o on o.key = m.org where m.account = "
    ));
    sql.bind(account).push(" and o.destroyed is null and o.id > ").bind(after);
    if filter.admin {
        sql.push(" and m.level = 'ADMIN'");
    }
    match filter.may_bill {
        None => {}
        Some(true) => {
            sql.push(" and (m.level = 'ADMIN' or m.allow_billable_activities = 1)");
        }
        Some(false) => {
            sql.push(" and m.level <> 'ADMIN' and m.allow_billable_activities = 0");
        }
    }
    sql.push(" order by o.id limit ").bind(i64::try_from(limit).unwrap_or(i64::MAX));
    tx.query_sql(&sql)?.iter().map(|row| Ok((org(row)?, read(row, ORG_COLUMNS)?))).collect()
}

/// Whether somebody is an ADMIN of any organisation, and of any for which a feature was switched on.
pub fn administers(tx: &Tx, account: AccountKey, feature: Feature) -> Result<(bool, bool), DbError> {
    let row = tx.query_one(
        "select count(*), count(case when o.features like $2 then 1 end)
         from org_member m join org o on o.key = m.org
         where m.account = $1 and m.level = 'ADMIN' and o.destroyed is null",
        params![account, feature.switched_on()],
    )?;
    Ok((row.get::<i64>(0)? > 0, row.get::<i64>(1)? > 0))
}

fn read(row: &Row, first: usize) -> Result<Membership, DbError> {
    Ok(Membership {
        level: text::word(row, first)?,
        allow_billable_activities: row.get(first + 1)?,
        project_access: text::word(row, first + 2)?,
        app_access: row.get(first + 3)?,
        archival_management: row.get(first + 4)?,
        data_deletion: row.get(first + 5)?,
        data_search: row.get(first + 6)?,
        project_member_demotion: row.get(first + 7)?,
        tre_management: row.get(first + 8)?,
        cloud_integration_management: row.get(first + 9)?,
    })
}
