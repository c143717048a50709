//! Projects and containers: their own row, not what lies in them.

use policy::Resolution;
use serde_json::{Map, Value as Json};
use wire::id::{ContainerId, UserId};

use crate::access::SystemPermit;
use crate::db::{DbError, Row, Sql, Tx, params};
use crate::keys::{AccountKey, FolderKey, ProjectKey};
use crate::text;

mod change;
mod filter;
mod flags;
mod usage;

pub use change::{accept_notice, destroy, save, set_properties, set_tags};
pub use filter::Filter;
pub(crate) use filter::{push_logic, required};
pub use flags::Flags;
pub(crate) use usage::in_step;
pub use usage::{Usage, count_objects, usage};

/// A project as it is kept.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its key.
    pub key: ProjectKey,
    /// Its id.
    pub id: ContainerId,
    /// Need not be unique.
    pub name: String,
    /// One line.
    pub summary: String,
    /// Longer text.
    pub description: String,
    /// Where the data lie.
    pub region: String,
    /// The id of the user or organisation that pays.
    pub bill_to: String,
    /// The switches.
    pub flags: Flags,
    /// Aggregates over fewer participants are refused to members at VIEW.
    pub database_results_restricted: Option<i64>,
    /// The only executables that may be run as root executions, if limited.
    pub allowed_executables: Option<Vec<String>>,
    /// How isolated browsing behaves, if set.
    pub isolated_browsing_options: Option<Json>,
    /// The project may publish shares.
    pub allow_sharing: bool,
    /// Others may find it as a target of shares.
    pub discoverable: bool,
    /// Interactive executions may run in it.
    pub interactive_allowed: bool,
    /// In the order of adding.
    pub tags: Vec<String>,
    /// Key to value.
    pub properties: Map<String, Json>,
    /// Grows by one with every update.
    pub version: i64,
    /// In ms.
    pub created: i64,
    /// The id of its maker.
    pub created_by: String,
    /// In ms.
    pub modified: i64,
    /// To whom it is offered, if to anybody.
    pub pending_transfer: Option<AccountKey>,
    /// How several grants of one person combine.
    pub resolution: Resolution,
    /// The owner, if one is named.
    pub owner: Option<UserId>,
}

/// What a new project starts with.
#[derive(Debug, Clone)]
pub struct NewProject<'a> {
    /// Its id.
    pub id: &'a ContainerId,
    /// Its name.
    pub name: &'a str,
    /// One line.
    pub summary: &'a str,
    /// Longer text.
    pub description: &'a str,
    /// Where the data lie.
    pub region: &'a str,
    /// Who pays.
    pub bill_to: &'a str,
    /// The switches.
    pub flags: Flags,
    /// See [`Project::database_results_restricted`].
    pub database_results_restricted: Option<i64>,
    /// In the order of adding.
    pub tags: &'a [String],
    /// Key to value.
    pub properties: &'a Map<String, Json>,
    /// The id of its maker.
    pub created_by: &'a str,
}

/// The columns that [`project`] reads, in its order.
macro_rules! select_project {
    ($rest:literal) => {
        concat!(
            "select key, id, name, summary, description, region, bill_to, protected, restricted, download_restricted, \
             preview_viewer_restricted, external_upload_restricted, database_ui_view_only, contains_phi, \
             display_data_protection_notice, https_app_isolated_browsing, destroy_protected, \
             database_results_restricted, allowed_executables, tags, properties, version, created, created_by, \
             modified, pending_transfer, resolution, (select id from account where account.key = project.owner), \
             isolated_browsing_options, allow_sharing, discoverable, interactive_allowed from project ",
            $rest
        )
    };
}

/// Adds a project with its root folder.
pub fn insert(
    tx: &Tx,
    _permit: &SystemPermit<'_>,
    new: &NewProject<'_>,
    now: i64,
) -> Result<ProjectKey, DbError> {
    let flags = new.flags;
    let key: ProjectKey = tx
        .query_one(
            "insert into project (id, class, name, summary, description, region, bill_to, protected, restricted,
               download_restricted, preview_viewer_restricted, external_upload_restricted, database_ui_view_only,
               contains_phi, display_data_protection_notice, https_app_isolated_browsing, destroy_protected,
               database_results_restricted, tags, properties, created, created_by, modified)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
               $21)
             returning key",
            params![
                new.id.as_str(),
                new.id.class().as_str(),
                new.name,
                new.summary,
                new.description,
                new.region,
                new.bill_to,
                flags.protected,
                flags.restricted,
                flags.download_restricted,
                flags.preview_viewer_restricted,
                flags.external_upload_restricted,
                flags.database_ui_view_only,
                flags.contains_phi,
                flags.display_data_protection_notice,
                flags.https_app_isolated_browsing,
                flags.destroy_protected,
                new.database_results_restricted,
                text::list(new.tags),
                Json::Object(new.properties.clone()).to_string(),
                now,
                new.created_by
            ],
        )?
        .get(0)?;
    change::index_tags(tx, key, new.tags)?;
    change::index_properties(tx, key, new.properties)?;
    let _: FolderKey = tx
        .query_one("insert into folder (project, path) values ($1, '/') returning key", params![key])?
        .get(0)?;
    Ok(key)
}

/// The project of an id; none when there is none or it was destroyed.
pub fn by_id(tx: &Tx, id: &ContainerId) -> Result<Option<Project>, DbError> {
    tx.query_opt(select_project!("where id = $1 and destroyed is null"), params![id.as_str()])?
        .map(|row| project(&row))
        .transpose()
}

/// A statement for projects that fulfil a condition; the condition is completed by whoever asked.
pub(crate) fn select_where(condition: &'static str) -> Sql {
    let mut sql = Sql::new(select_project!("where "));
    sql.push(condition);
    sql
}

/// The projects that such a statement finds.
pub(crate) fn of_sql(tx: &Tx, sql: &Sql) -> Result<Vec<Project>, DbError> {
    tx.query_sql(sql)?.iter().map(project).collect()
}

/// The projects of these keys that were not destroyed, in no order. The caller bounds their number.
pub fn by_keys(tx: &Tx, keys: &[ProjectKey]) -> Result<Vec<Project>, DbError> {
    let mut sql = select_where("destroyed is null and key in (");
    sql.bind_list(keys.iter().copied()).push(")");
    of_sql(tx, &sql)
}

/// A project that a person pays for, if there is one.
pub fn billed_to(tx: &Tx, payer: &UserId) -> Result<Option<String>, DbError> {
    tx.query_opt(
        "select id from project where bill_to = $1 and destroyed is null and class = 'project' order by key limit 1",
        params![payer.as_str()],
    )?
    .map(|row| row.get(0))
    .transpose()
}

/// The projects that are offered to somebody, by id.
pub fn offered_to(tx: &Tx, account: AccountKey, limit: usize) -> Result<Vec<String>, DbError> {
    tx.query(
        "select id from project where pending_transfer = $1 and destroyed is null order by key limit $2",
        params![account, i64::try_from(limit).unwrap_or(i64::MAX)],
    )?
    .iter()
    .map(|row| row.get(0))
    .collect()
}

fn project(row: &Row) -> Result<Project, DbError> {
    let allowed_executables: Option<String> = row.get(18)?;
    Ok(Project {
        key: row.get(0)?,
        id: text::id(row, 1, ContainerId::parse)?,
        name: row.get(2)?,
        summary: row.get(3)?,
        description: row.get(4)?,
        region: row.get(5)?,
        bill_to: row.get(6)?,
        flags: Flags {
            protected: row.get(7)?,
            restricted: row.get(8)?,
            download_restricted: row.get(9)?,
            preview_viewer_restricted: row.get(10)?,
            external_upload_restricted: row.get(11)?,
            database_ui_view_only: row.get(12)?,
            contains_phi: row.get(13)?,
            display_data_protection_notice: row.get(14)?,
            https_app_isolated_browsing: row.get(15)?,
            destroy_protected: row.get(16)?,
        },
        database_results_restricted: row.get(17)?,
        allowed_executables: match allowed_executables {
            Some(_) => Some(text::strings(row, 18)?),
            None => None,
        },
        tags: text::strings(row, 19)?,
        properties: text::hash(row, 20)?,
        version: row.get(21)?,
        created: row.get(22)?,
        created_by: row.get(23)?,
        modified: row.get(24)?,
        pending_transfer: row.get(25)?,
        resolution: text::word(row, 26)?,
        owner: match row.get::<Option<String>>(27)? {
            Some(_) => Some(text::id(row, 27, UserId::parse)?),
            None => None,
        },
        isolated_browsing_options: match row.get::<Option<String>>(28)? {
            Some(_) => Some(text::json(row, 28)?),
            None => None,
        },
        allow_sharing: row.get(29)?,
        discoverable: row.get(30)?,
        interactive_allowed: row.get(31)?,
    })
}
