//! Searching for accounts.

use super::{Account, AccountState, PlatformKind, account, account_columns};
use crate::db::{DbError, Sql, Tx};
use crate::keys::{AccountKey, OrgKey};
use crate::text::Word;

/// Which accounts a search is about. Every part that is given has to fit.
#[derive(Debug, Clone, Default)]
pub struct AccountFilter<'a> {
    /// The id that belongs to a handle.
    pub id: Option<&'a str>,
    /// Given, middle and family name as far as they are there, with a blank between.
    pub name: Option<&'a str>,
    /// The e-mail address.
    pub email: Option<&'a str>,
    /// The kind.
    pub kind: Option<PlatformKind>,
    /// A member of this organisation.
    pub org: Option<OrgKey>,
    /// Only this person and those who share an organisation or a project with them; everybody when absent.
    pub known_to: Option<AccountKey>,
}

/// Accounts that are not closed, by id, behind `after`.
pub fn find(tx: &Tx, filter: &AccountFilter<'_>, after: &str, limit: usize) -> Result<Vec<Account>, DbError> {
    let mut sql = Sql::new(concat!("select ", account_columns!(), " from account where state <> "));
    sql.bind(AccountState::Removed.word()).push(" and id > ").bind(after);
    if let Some(id) = filter.id {
        sql.push(" and id = ").bind(id);
    }
    if let Some(name) = filter.name {
        sql.push(" and replace(trim(first || ' ' || middle || ' ' || last), '  ', ' ') = ").bind(name);
    }
    if let Some(email) = filter.email {
        sql.push(" and email = ").bind(email.to_lowercase());
    }
    if let Some(kind) = filter.kind {
        sql.push(" and kind = ").bind(kind.word());
    }
    if let Some(org) = filter.org {
        sql.push(" and key in (select account from org_member where org = ").bind(org).push(")");
    }
    if let Some(me) = filter.known_to {
        known_to(&mut sql, me);
    }
    sql.push(" order by id limit ").bind(i64::try_from(limit).unwrap_or(i64::MAX));
    tx.query_sql(&sql)?.iter().map(account).collect()
}

/// Narrows a search to a person and those who share an organisation or a project with them, be it each by an entry of
/// their own or through an organisation.
fn known_to(sql: &mut Sql, me: AccountKey) {
    let my_orgs = |sql: &mut Sql| {
        sql.push("(select org from org_member where account = ").bind(me).push(")");
    };
    let my_projects = |sql: &mut Sql| {
        sql.push("(select g.project from project_grant g join project p on p.key = g.project where p.destroyed is null and (g.account = ");
        sql.bind(me).push(" or g.org in ");
        my_orgs(sql);
        sql.push("))");
    };
    sql.push(" and (key = ").bind(me);
    sql.push(" or key in (select account from org_member where org in ");
    my_orgs(sql);
    sql.push(") or key in (select account from project_grant where account is not null and project in ");
    my_projects(sql);
    sql.push(") or key in (select m.account from project_grant g join org_member m on m.org = g.org where g.project in ");
    my_projects(sql);
    sql.push("))");
}
