//! Ending what people and organisations hold in projects when a membership or an organisation ends.

use wire::id::{ContainerId, OrgId};

use crate::access::OrgPermit;
use crate::db::{DbError, Row, Tx, params};
use crate::grant::{self, Given};
use crate::keys::AccountKey;
use crate::text;

/// Most entries that are taken away in one transaction.
pub const MAX_REVOKED: usize = 10_000;

/// An entry that was taken away.
#[derive(Debug, Clone)]
pub struct RevokedGrant {
    /// The project.
    pub project: ContainerId,
    /// What it gave.
    pub given: Given,
}

/// Whether an organisation pays for any project.
pub fn pays_for_projects(tx: &Tx, org: &OrgId) -> Result<bool, DbError> {
    let found = tx.query_opt(
        "select 1 from project where bill_to = $1 and destroyed is null limit 1",
        params![org.as_str()],
    )?;
    Ok(found.is_some())
}

/// Takes away the entries that name a person in projects that the organisation pays for, and the ownership of them; none
/// when there are more than [`MAX_REVOKED`], and then nothing was done.
pub fn revoke_own_grants(
    tx: &Tx,
    _permit: &OrgPermit<'_>,
    org: &OrgId,
    account: AccountKey,
) -> Result<Option<Vec<RevokedGrant>>, DbError> {
    let rows = tx.query(
        "select p.id, g.role, g.right_upload, g.right_download
         from project_grant g join project p on p.key = g.project
         where g.account = $1 and p.bill_to = $2 and p.destroyed is null order by p.key limit $3",
        params![account, org.as_str(), limit()],
    )?;
    if rows.len() > MAX_REVOKED {
        return Ok(None);
    }
    tx.execute(
        "delete from project_grant where account = $1
           and project in (select key from project where bill_to = $2 and destroyed is null)",
        params![account, org.as_str()],
    )?;
    tx.execute(
        "update project set owner = null where bill_to = $2 and owner = $1",
        params![account, org.as_str()],
    )?;
    rows.iter().map(revoked).collect::<Result<_, _>>().map(Some)
}

/// Takes away what projects are shared with the organisation; none when there are more than [`MAX_REVOKED`], and then
/// nothing was done.
pub fn revoke_org_grants(tx: &Tx, permit: &OrgPermit<'_>) -> Result<Option<Vec<RevokedGrant>>, DbError> {
    let rows = tx.query(
        "select p.id, g.role, g.right_upload, g.right_download
         from project_grant g join project p on p.key = g.project where g.org = $1 order by p.key limit $2",
        params![permit.org(), limit()],
    )?;
    if rows.len() > MAX_REVOKED {
        return Ok(None);
    }
    tx.execute("delete from project_grant where org = $1", params![permit.org()])?;
    rows.iter().map(revoked).collect::<Result<_, _>>().map(Some)
}

fn limit() -> i64 {
    i64::try_from(MAX_REVOKED + 1).unwrap_or(i64::MAX)
}

fn revoked(row: &Row) -> Result<RevokedGrant, DbError> {
    Ok(RevokedGrant { project: text::id(row, 0, ContainerId::parse)?, given: grant::given(row, 1)? })
}
