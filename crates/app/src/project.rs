//! Projects themselves: making and describing them (contract: identity-and-sharing 5.1, 5.2).

mod describe;

use serde_json::json;
use store::grant;
use store::project::{Flags, NewProject};
use wire::Class;
use wire::answer::Made;
use wire::id::ContainerId;
use wire::project::New;
use wire::text::RegionName;

use crate::context::Ctx;
use crate::error::{Error, Result};
use crate::event::Event;

pub use describe::describe;

/// `/project/new`: makes a project whose maker is its only member, with ADMINISTER (F097).
///
/// # Errors
/// `PermissionDenied` when the caller may not make projects or may not bill the payer, `InvalidInput` for a region
/// that the payer cannot use.
pub async fn new(ctx: Ctx, input: New) -> Result<Made> {
    let id = ContainerId::from_id(ctx.app.mint(Class::Project))
        .ok_or_else(|| Error::internal("a minted project id is one"))?;
    ctx.change(move |work| {
        let caller = work.caller()?;
        let bill_to = crate::billing::payer(work, input.bill_to.as_ref())?;
        let permit = work.create_project_permit(&bill_to)?;
        let region = crate::billing::region(work, input.region.as_ref().map(RegionName::as_str))?;
        let flags = Flags {
            protected: input.protected,
            restricted: input.restricted,
            download_restricted: input.download_restricted,
            preview_viewer_restricted: input.preview_viewer_restricted || input.download_restricted,
            external_upload_restricted: input.external_upload_restricted,
            database_ui_view_only: input.database_ui_view_only,
            contains_phi: input.contains_phi,
            ..Flags::default()
        };
        let key = store::project::insert(
            work.tx,
            &permit,
            &NewProject {
                id: &id,
                name: input.name.as_str(),
                summary: input.summary.as_str(),
                description: input.description.as_str(),
                region: &region,
                bill_to: bill_to.as_str(),
                flags,
                database_results_restricted: input.database_results_restricted.map(i64::from),
                created_by: caller.id.as_str(),
            },
            work.now(),
        )?;
        grant::first(work.tx, &permit, key, caller.account, &caller.id, work.now())?;
        work.record(
            Event::done("project.made")
                .project(&id)
                .after(json!({ "billTo": bill_to, "region": region, "flags": flags.names() })),
        )?;
        Ok(Made::new(id.clone()))
    })
    .await
}
