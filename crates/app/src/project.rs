//! Projects themselves: making, describing, changing and destroying them (contract: identity-and-sharing 5).

mod access;
mod describe;
mod find;
mod metadata;
mod settings;
mod update;

use serde_json::json;
use store::grant;
use store::project::{Flags, NewProject};
use wire::Class;
use wire::answer::Made;
use wire::id::{ContainerId, ProjectId};
use wire::project::{Destroy, New};
use wire::text::RegionName;

use crate::billing;
use crate::context::Ctx;
use crate::error::{Error, Result};
use crate::event::{Event, EventName};
use crate::metadata::{check_properties, check_words};

pub use access::describe_access;
pub use describe::{describe, describe_all};
pub use find::{find, find_of_org};
pub use metadata::{add_tags, remove_tags, set_properties};
pub use update::update;

/// `/project/new`: makes a project whose maker is its only member, with ADMINISTER (F097).
///
/// # Errors
/// `PermissionDenied` when the caller may not make projects, may not bill the payer, or the payer has no licence for a
/// flag; `InvalidInput` for a region that the payer cannot use, and for a monthly limit.
pub async fn new(ctx: Ctx, input: New) -> Result<Made> {
    let id = ContainerId::from_id(ctx.app.mint(Class::Project))
        .ok_or_else(|| Error::internal("a minted project id is one"))?;
    ctx.change(move |work| {
        billing::no_outside_storage(input.default_symlink.as_ref(), input.drive.as_ref())?;
        billing::no_limits(&[
            ("monthlyComputeLimit", input.monthly_compute_limit.is_some()),
            ("monthlyEgressBytesLimit", input.monthly_egress_bytes_limit.is_some()),
            ("monthlyStorageLimit", input.monthly_storage_limit.is_some()),
        ])?;
        let caller = work.caller()?;
        let bill_to = billing::payer(work, input.bill_to.as_ref())?;
        let permit = work.create_project_permit(&bill_to)?;
        let flags = settings::with_flags(Flags::default(), &input.flags);
        billing::licensed(work, bill_to.as_str(), &settings::features_for(Flags::default(), flags), None)?;
        let (tags, properties) = (metadata::texts(&input.tags), metadata::hash(&input.properties));
        check_words("tags", &tags)?;
        check_properties(&properties)?;
        let region = billing::region(work, input.region.as_ref().map(RegionName::as_str))?;
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
                database_results_restricted: input.database_results_restricted.map(wire::number::Whole::get),
                tags: &tags,
                properties: &properties,
                created_by: caller.id.as_str(),
            },
            work.now(),
        )?;
        grant::first(work.tx, &permit, key, caller.account, &caller.id, work.now())?;
        work.record(
            Event::done(EventName::ProjectMade)
                .project(&id)
                .after(json!({ "billTo": bill_to, "region": region, "flags": flags.names() })),
        )?;
        Ok(Made::new(id.clone()))
    })
    .await
}

/// `/project-xxxx/destroy`: the project is gone at once, what lies in it is collected in the background (F119).
///
/// # Errors
/// `PermissionDenied` below ADMINISTER, or while the project is protected against destruction.
pub async fn destroy(ctx: Ctx, id: ProjectId, input: Destroy) -> Result<Made> {
    ctx.change(move |work| {
        let (project, access) = work.project(&id.clone().into())?;
        let permit = work.permit(&access, policy::Action::DestroyProject)?;
        store::project::destroy(work.tx, &permit, &project, work.now())?;
        work.record(
            Event::done(EventName::ProjectDestroyed)
                .project(&project.id)
                .before(json!({ "billTo": project.bill_to, "terminateJobs": input.terminate_jobs })),
        )?;
        Ok(Made::new(project.id))
    })
    .await
}

/// `/project-xxxx/acceptDataProtectionNotice`: from now on the caller reaches the data of the project
/// (contract: identity-and-sharing 7). Nothing happens in a project that shows none.
///
/// # Errors
/// `ResourceNotFound` for a project that the caller may not see.
pub async fn accept_notice(ctx: Ctx, id: ProjectId, _: wire::answer::NoKeys) -> Result<Made> {
    ctx.change(move |work| {
        let (project, access) = work.project(&id.clone().into())?;
        let permit = work.permit(&access, policy::Action::AcceptNotice)?;
        // What is not shown cannot have been read: it is accepted when it is.
        if project.flags.display_data_protection_notice {
            store::project::accept_notice(work.tx, &permit, work.caller()?.account, work.now())?;
            work.record(Event::done(EventName::ProjectNoticeAccepted).project(&project.id))?;
        }
        Ok(Made::new(project.id))
    })
    .await
}
