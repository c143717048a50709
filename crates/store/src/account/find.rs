//! Searching for accounts.

use super::{Account, AccountState, PlatformKind, account, account_columns};
use crate::batch::padded;
use crate::db::{DbError, Sql, Tx};
use crate::keys::{AccountKey, OrgKey, ProjectKey};
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
    /// Only of these people; everybody when absent.
    pub among: Option<Circle<'a>>,
}

/// Some people. Whom of them somebody may find is for the decision to say, which every user of this asks before.
#[derive(Debug, Clone, Copy)]
pub enum Circle<'a> {
    /// This one.
    Person(AccountKey),
    /// The members of these organisations, at least one.
    Orgs(&'a [OrgKey]),
    /// Those who hold an entry of their own in one of these projects, at least one.
    Projects(&'a [ProjectKey]),
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
    match filter.among {
        None => {}
        Some(Circle::Person(key)) => {
            sql.push(" and key = ").bind(key);
        }
        Some(Circle::Orgs(orgs)) => {
            sql.push(" and key in (select account from org_member where org in (")
                .bind_list(padded(orgs))
                .push("))");
        }
        Some(Circle::Projects(projects)) => {
            sql.push(
                " and key in (select account from project_grant where account is not null and project in (",
            );
            sql.bind_list(padded(projects)).push("))");
        }
    }
    sql.push(" order by id limit ").bind(i64::try_from(limit).unwrap_or(i64::MAX));
    tx.query_sql(&sql)?.iter().map(account).collect()
}
