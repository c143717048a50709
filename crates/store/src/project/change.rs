//! Changing projects. Every change of the row itself makes the next version of it.

use policy::Action;
use serde_json::{Map, Value as Json};

use super::Project;
use crate::access::Permit;
use crate::db::{DbError, Tx, params};
use crate::keys::{AccountKey, ProjectKey};
use crate::task::{self, TaskKind};
use crate::text::{self, Word as _};

/// Stores the texts, flags, settings and payer of a project as they are in `project`, as its next version. Its tags,
/// properties, owner and transfer are changed by functions of their own.
///
/// With another payer, its archived files are settled anew: per payer, copies are archived together.
pub fn save(tx: &Tx, permit: &Permit<'_>, project: &Project, now: i64) -> Result<(), DbError> {
    permit.given_for(|action| {
        use Action::{ChangeBilling, ChangeFlags, UpdateProject};
        matches!(action, UpdateProject | ChangeFlags(_) | ChangeBilling { .. })
    })?;
    let payer: String =
        tx.query_one("select bill_to from project where key = $1", params![permit.project()])?.get(0)?;
    if payer != project.bill_to {
        task::add(tx, TaskKind::SettleProject, project.id.as_str(), now, now)?;
    }
    let flags = project.flags;
    tx.execute(
        "update project set name = $2, summary = $3, description = $4, bill_to = $5, protected = $6, restricted = $7,
           download_restricted = $8, preview_viewer_restricted = $9, external_upload_restricted = $10,
           database_ui_view_only = $11, contains_phi = $12, display_data_protection_notice = $13,
           https_app_isolated_browsing = $14, destroy_protected = $15, database_results_restricted = $16,
           allowed_executables = $17, isolated_browsing_options = $18, resolution = $19, allow_sharing = $20,
           discoverable = $21, interactive_allowed = $22, version = version + 1, modified = $23
         where key = $1",
        params![
            permit.project(),
            project.name.as_str(),
            project.summary.as_str(),
            project.description.as_str(),
            project.bill_to.as_str(),
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
            project.database_results_restricted,
            project.allowed_executables.as_deref().map(text::list),
            project.isolated_browsing_options.as_ref().map(ToString::to_string),
            project.resolution.word(),
            project.allow_sharing,
            project.discoverable,
            project.interactive_allowed,
            now
        ],
    )?;
    Ok(())
}

/// Replaces the tags.
pub fn set_tags(tx: &Tx, permit: &Permit<'_>, tags: &[String], now: i64) -> Result<(), DbError> {
    let project = permit.project();
    tx.execute(
        "update project set tags = $2, version = version + 1, modified = $3 where key = $1",
        params![project, text::list(tags), now],
    )?;
    index_tags(tx, project, tags)
}

/// Replaces the properties.
pub fn set_properties(
    tx: &Tx,
    permit: &Permit<'_>,
    properties: &Map<String, Json>,
    now: i64,
) -> Result<(), DbError> {
    let project = permit.project();
    tx.execute(
        "update project set properties = $2, version = version + 1, modified = $3 where key = $1",
        params![project, Json::Object(properties.clone()).to_string(), now],
    )?;
    index_properties(tx, project, properties)
}

/// Remembers that somebody has accepted the data protection notice.
pub fn accept_notice(tx: &Tx, permit: &Permit<'_>, account: AccountKey, now: i64) -> Result<(), DbError> {
    tx.execute(
        "insert into notice_acceptance (project, account, accepted) values ($1, $2, $3)
         on conflict (project, account) do nothing",
        params![permit.project(), account, now],
    )?;
    Ok(())
}

/// Makes a project a thing of the past: from now on it is not found, and what lies in it is collected in the background.
pub fn destroy(tx: &Tx, permit: &Permit<'_>, project: &Project, now: i64) -> Result<(), DbError> {
    tx.execute("update project set destroyed = $2 where key = $1", params![permit.project(), now])?;
    task::add(tx, TaskKind::DestroyProject, project.id.as_str(), now, now)
}

/// Replaces the rows that searches by tag use.
pub(super) fn index_tags(tx: &Tx, project: ProjectKey, tags: &[String]) -> Result<(), DbError> {
    tx.execute("delete from project_tag where project = $1", params![project])?;
    for tag in tags {
        tx.execute("insert into project_tag (tag, project) values ($1, $2)", params![tag.as_str(), project])?;
    }
    Ok(())
}

/// Replaces the rows that searches by property use.
pub(super) fn index_properties(
    tx: &Tx,
    project: ProjectKey,
    properties: &Map<String, Json>,
) -> Result<(), DbError> {
    tx.execute("delete from project_property where project = $1", params![project])?;
    for (name, value) in properties {
        tx.execute(
            "insert into project_property (name, value, project) values ($1, $2, $3)",
            params![name.as_str(), value.as_str().unwrap_or_default(), project],
        )?;
    }
    Ok(())
}
