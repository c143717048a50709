//! Changing a project: texts, flags, settings, payer (contract: identity-and-sharing 5.3, 7, 8, B6).

use policy::{Account, Action, Capability, FlagChange, Resolution, Rights, Rule};
use serde_json::{Map, Value as Json, json};
use store::access::{Access, Permit, Refused};
use store::grant::{self, Given, Principal};
use store::project::Project;
use wire::answer::Made;
use wire::id::{ProjectId, UserId};
use wire::number::Whole;
use wire::patch::Patch;
use wire::project::{ExecutableId, Resolution as WireResolution, Update};
use wire::{ApiError, ErrorType, Level};

use super::settings::{features_for, with_flags};
use crate::billing;
use crate::context::Ctx;
use crate::error::{Error, Result};
use crate::event::{Event, EventName};
use crate::work::Work;

/// Longest `httpsAppIsolatedBrowsingOptions`, in bytes of JSON; the limit is ours.
const MAX_OPTIONS_BYTES: usize = 16 * 1024;

/// `/project-xxxx/update`. Whatever is named is changed, all of it or nothing.
///
/// # Errors
/// `PermissionDenied` below ADMINISTER, without a licence for a flag, or for a payer that the caller may not choose;
/// `InvalidState` when `version` is another one, or the project's state forbids the change; `InvalidInput` for a payer
/// who does not exist, for a monthly limit, and for download flags that contradict one another.
pub async fn update(ctx: Ctx, id: ProjectId, input: Update) -> Result<Made> {
    ctx.change(move |work| {
        let (before, access) = work.project(&id.clone().into())?;
        billing::no_outside_storage(input.default_symlink.as_ref(), input.drive.as_ref())?;
        billing::no_limits(&[
            ("monthlyComputeLimit", input.monthly_compute_limit.sets()),
            ("monthlyEgressBytesLimit", input.monthly_egress_bytes_limit.sets()),
            ("monthlyStorageLimit", input.monthly_storage_limit.sets()),
        ])?;
        check_options(&input)?;
        let mut permit = work.permit(&access, Action::UpdateProject)?;
        let after = changed(&before, &input);
        if changes_flags(&input) {
            permit = work.permit(&access, Action::ChangeFlags(flag_change(&input)))?;
        }
        let needed = features_for(before.flags, after.flags);
        billing::licensed(work, &after.bill_to, &needed, Some(&before.id))?;
        let payer = if after.bill_to == before.bill_to {
            None
        } else {
            let (permit_to_bill, payer) = may_bill(work, &access, &input)?;
            permit = permit_to_bill;
            Some(payer)
        };
        check_version(&before, &input)?;
        check_resolution(work, &before, &after)?;
        let (was, is) = difference(&before, &after);
        if is.is_empty() {
            return Ok(Made::new(before.id));
        }
        store::project::save(work.tx, &permit, &after, work.now())?;
        if payer == Some(Account::Myself) {
            keep_administering(work, &permit, &before)?;
        }
        work.record(
            Event::done(EventName::ProjectUpdated)
                .project(&before.id)
                .rule(permit.rule().code())
                .before(Json::Object(was))
                .after(Json::Object(is)),
        )?;
        Ok(Made::new(before.id))
    })
    .await
}

/// Whoever lists projects reads these options with each.
fn check_options(input: &Update) -> Result<()> {
    let Patch::Set(options) = &input.https_app_isolated_browsing_options else { return Ok(()) };
    let bytes = serde_json::to_string(options).map_err(Error::internal)?.len();
    if bytes <= MAX_OPTIONS_BYTES {
        return Ok(());
    }
    Err(ApiError::invalid_input(format!(
        "key \"httpsAppIsolatedBrowsingOptions\": it has {bytes} bytes; at most {MAX_OPTIONS_BYTES} are possible."
    ))
    .into())
}

/// The project as it shall be.
fn changed(before: &Project, input: &Update) -> Project {
    let mut after = before.clone();
    if let Some(name) = &input.name {
        name.as_str().clone_into(&mut after.name);
    }
    if let Some(summary) = &input.summary {
        summary.as_str().clone_into(&mut after.summary);
    }
    if let Some(description) = &input.description {
        description.as_str().clone_into(&mut after.description);
    }
    if let Some(bill_to) = &input.bill_to {
        bill_to.as_str().clone_into(&mut after.bill_to);
    }
    after.flags = with_flags(before.flags, &input.flags);
    after.database_results_restricted =
        input.database_results_restricted.apply(before.database_results_restricted, Whole::get);
    after.isolated_browsing_options = input
        .https_app_isolated_browsing_options
        .clone()
        .apply(before.isolated_browsing_options.clone(), Json::Object);
    after.allowed_executables =
        input.allowed_executables.clone().apply(before.allowed_executables.clone(), |ids| {
            ids.iter().map(ExecutableId::as_str).map(ToOwned::to_owned).collect()
        });
    after.resolution = match input.resolution {
        None => before.resolution,
        Some(WireResolution::Greatest) => Resolution::Greatest,
        Some(WireResolution::SpecificFirst) => Resolution::SpecificFirst,
    };
    after.allow_sharing = input.allow_sharing.unwrap_or(before.allow_sharing);
    after.discoverable = input.discoverable.unwrap_or(before.discoverable);
    after.interactive_allowed = input.interactive_allowed.unwrap_or(before.interactive_allowed);
    after
}

/// Whether the call names a flag or a setting that bears on who may do what.
fn changes_flags(input: &Update) -> bool {
    input.flags.given().next().is_some()
        || !input.database_results_restricted.keeps()
        || !input.https_app_isolated_browsing_options.keeps()
        || !input.allowed_executables.keeps()
        || input.resolution.is_some()
        || input.allow_sharing.is_some()
        || input.discoverable.is_some()
        || input.interactive_allowed.is_some()
}

fn flag_change(input: &Update) -> FlagChange {
    FlagChange {
        contains_phi: input.flags.contains_phi,
        download_restricted: input.flags.download_restricted,
        preview_viewer_restricted: input.flags.preview_viewer_restricted,
    }
}

/// Leave to move the project to the payer that is named; that one is charged, not the present one.
fn may_bill<'tx>(work: &Work<'tx>, access: &Access, input: &Update) -> Result<(Permit<'tx>, Account)> {
    let Some(bill_to) = &input.bill_to else { return Err(Error::internal("no payer was named")) };
    let (to, gate) = billing::other_payer(work, bill_to)?;
    let permit = work.permit(&access.charging(gate), Action::ChangeBilling { to })?;
    Ok((permit, to))
}

fn check_version(project: &Project, input: &Update) -> Result<()> {
    match input.version.map(Whole::get) {
        Some(version) if version != project.version => Err(ApiError::new(
            ErrorType::InvalidState,
            format!(
                "{} is at version {}, not {version}: somebody has changed it meanwhile. Look at it again before changing it.",
                project.id, project.version
            ),
        )
        .into()),
        _ => Ok(()),
    }
}

/// Where own entries count alone, somebody with an own entry must be able to change that back
/// (contract: identity-and-sharing B11.35).
fn check_resolution(work: &Work<'_>, before: &Project, after: &Project) -> Result<()> {
    if after.resolution == before.resolution || after.resolution == Resolution::Greatest {
        return Ok(());
    }
    let reversible = grant::of_project(work.tx, before.key)?.iter().any(|grant| {
        let Given { role, rights } = grant.given;
        UserId::parse(&grant.principal).is_some() && role.capabilities(rights).has(Capability::ProjectFlags)
    });
    if reversible {
        return Ok(());
    }
    Err(Error::Refused(Refused::by(Rule::ResolutionStuck, "ChangeResolution", Some(&before.id), None)))
}

/// Whoever pays in person keeps ADMINISTER by an entry of their own (contract: identity-and-sharing 5.4, B11.33).
fn keep_administering(work: &Work<'_>, permit: &Permit<'_>, project: &Project) -> Result<()> {
    let caller = work.caller()?;
    let own = Principal::User(caller.account, caller.id.clone());
    let held = grant::of_principal(work.tx, project.key, &own)?.map(|held| held.given.level());
    if held == Some(Level::Administer) {
        return Ok(());
    }
    let given = Given { role: policy::Role::level(Level::Administer), rights: Rights::BOTH };
    grant::put(work.tx, permit, &own, given, caller.id.as_str(), work.now())?;
    work.record(
        Event::done(EventName::MemberInvited)
            .project(&project.id)
            .subject(&caller.id)
            .rule(permit.rule().code())
            .before(json!({ "level": held }))
            .after(json!({ "level": given.level() })),
    )
}

/// What differs, before and after. Of texts only that they differ: what people write stays out of the log.
fn difference(before: &Project, after: &Project) -> (Map<String, Json>, Map<String, Json>) {
    let facets = |project: &Project| {
        [
            ("billTo", json!(project.bill_to)),
            ("flags", json!(project.flags.names())),
            ("databaseResultsRestricted", json!(project.database_results_restricted)),
            ("allowedExecutables", json!(project.allowed_executables)),
            ("resolution", json!(format!("{:?}", project.resolution))),
            ("allowSharing", json!(project.allow_sharing)),
            ("discoverable", json!(project.discoverable)),
            ("interactiveAllowed", json!(project.interactive_allowed)),
        ]
    };
    let (mut was, mut is) = (Map::new(), Map::new());
    for ((name, old), (_, new)) in facets(before).into_iter().zip(facets(after)) {
        if old != new {
            was.insert(name.to_owned(), old);
            is.insert(name.to_owned(), new);
        }
    }
    let texts = [
        ("name", before.name != after.name),
        ("summary", before.summary != after.summary),
        ("description", before.description != after.description),
        ("isolatedBrowsingOptions", before.isolated_browsing_options != after.isolated_browsing_options),
    ];
    for (name, differs) in texts {
        if differs {
            is.insert(name.to_owned(), json!("changed"));
        }
    }
    (was, is)
}
