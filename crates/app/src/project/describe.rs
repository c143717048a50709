//! Describing a project (contract: identity-and-sharing 5.2).

use serde_json::{Value as Json, json};
use store::grant;
use wire::answer::Described;
use wire::fields::{Description, Fields};
use wire::id::ContainerId;
use wire::transfer::UPLOAD_PARAMETERS;

use crate::context::Ctx;
use crate::error::Result;

/// `/project-xxxx/describe`.
///
/// # Errors
/// `ResourceNotFound` for a project that the caller may not see.
pub async fn describe(ctx: Ctx, id: ContainerId, fields: Fields) -> Result<Described> {
    ctx.look(move |work| {
        let (project, access) = work.project(&id)?;
        let permissions = if fields.wants("permissions", false) {
            let held = grant::of_project(work.tx, project.key)?;
            held.into_iter().map(|grant| (grant.principal, json!(grant.given.level()))).collect()
        } else {
            serde_json::Map::new()
        };
        let flags = project.flags;
        let mut out = Description::new(&fields, project.id.as_id());
        out.by_default("class", || project.id.class().as_str())
            .by_default("name", || project.name.as_str())
            .by_default("summary", || project.summary.as_str())
            .by_default("description", || project.description.as_str())
            .by_default("region", || project.region.as_str())
            .by_default("billTo", || project.bill_to.as_str())
            .by_default("level", || access.level().as_str())
            .by_default("protected", || flags.protected)
            .by_default("restricted", || flags.restricted)
            .by_default("downloadRestricted", || flags.download_restricted)
            .by_default("containsPHI", || flags.contains_phi)
            .by_default("tags", || project.tags.clone())
            .by_default("version", || project.version)
            .by_default("created", || project.created)
            .by_default("modified", || project.modified)
            .by_default("createdBy", || json!({ "user": project.created_by }))
            .on_request("fileUploadParameters", || json!(UPLOAD_PARAMETERS))
            .on_request("properties", || project.properties.clone())
            .on_request("permissions", || Json::Object(permissions));
        Ok(out.finish())
    })
    .await
}
