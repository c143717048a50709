//! Cloning objects and folders into another project (contract: data 4, identity-and-sharing B11.1; F182).
//!
//! A clone is a second copy of the same object: no bytes move. All or nothing.

mod plan;

use std::collections::{BTreeSet, HashMap};

use policy::{Action, Destination, Labels, ObjectClass};
use serde_json::json;
use store::access::{Access, Permit};
use store::cloning::{self, Target};
use store::folder;
use store::keys::{FolderKey, ObjectKey, PlacementKey};
use store::object::ObjectState;
use store::placement::Archival;
use store::project::Project;
use wire::container::{CloneInto, Cloned};
use wire::folder::FolderPath;
use wire::id::ContainerId;
use wire::{ApiError, Class, ErrorType};

use crate::context::Ctx;
use crate::error::{Error, Result};
use crate::event::{Event, EventName};
use crate::work::Work;
use plan::Plan;

/// The quotes and the comma that an id has in an answer.
const BYTES_BESIDE_AN_ID: usize = 3;

/// `/project-xxxx/clone`.
///
/// # Errors
/// `ResourceNotFound` for the destination project or folder, an object or a folder that is not there; `InvalidInput` for
/// cloning into the same project; `InvalidType` for databases; `InvalidState` when an object is not closed, its bytes
/// are not where they must be, the regions differ, or a folder would meet another one of its path; `PermissionDenied`
/// where a flag or label forbids it.
pub async fn clone_into(ctx: Ctx, id: ContainerId, input: CloneInto) -> Result<Cloned> {
    ctx.change_many(move |work| {
        let (from, access_from) = work.project(&id)?;
        // What the permission depends on is looked up before it (contract: identity-and-sharing B11.38).
        let (into, access_into) = work.project(&input.project)?;
        if from.key == into.key {
            return Err(ApiError::invalid_input(
                "Objects are cloned into another project. To put them into another folder of the same one, move them.",
            )
            .into());
        }
        let copy_out = Action::CopyOut { into: Destination { contains_phi: into.flags.contains_phi } };
        let leave_out = work.permit(&access_from, copy_out)?;
        let permit = work.permit_billed(&access_into, Action::CloneInto)?;
        let plan = Plan::make(work, &from, &into, &input)?;
        permit_each_class(work, &access_from, copy_out, &plan)?;
        check_states(&from, &into, &plan)?;
        work.add_to_answer(plan.exists.iter().map(|copy| copy.id.as_str().len() + BYTES_BESIDE_AN_ID).sum())?;
        plan.check_folders(work, &into)?;
        let permit = permit?;
        write(work, &permit, &from, &into, &access_from, &plan)?;
        let objects: Vec<ObjectKey> = plan.copies.iter().map(|(copy, _)| copy.object).collect();
        crate::archive::settle_later(work.tx, &objects, work.now())?;
        record(work, &from, &into, leave_out.rule(), &plan)?;
        Ok(Cloned {
            id: from.id.clone(),
            project: into.id.clone(),
            exists: plan.exists.into_iter().map(|copy| copy.id).collect(),
        })
    })
    .await
}

/// Asks the decision for every class of object among the copies: labels differ from one to the next.
fn permit_each_class(work: &Work<'_>, access: &Access, action: Action, plan: &Plan) -> Result<()> {
    let classes: BTreeSet<ObjectClass> = plan.all().map(|copy| copy.class).collect();
    for class in classes {
        work.permit(&access.to_class(class), action)?;
    }
    Ok(())
}

fn check_states(from: &Project, into: &Project, plan: &Plan) -> Result<()> {
    let refused = |kind: ErrorType, why: String| Err(Error::Said(ApiError::new(kind, why)));
    for copy in plan.all() {
        let id = &copy.id;
        if matches!(id.class(), Class::Database | Class::Dbcluster) {
            return refused(
                ErrorType::InvalidType,
                format!("{id} cannot be cloned; a {} stays in one project.", id.class()),
            );
        }
        if copy.state != ObjectState::Closed {
            return refused(
                ErrorType::InvalidState,
                format!("{id} is not in the closed state, so it cannot be cloned. Close it first."),
            );
        }
        match copy.archival {
            Archival::Live => {}
            Archival::Unarchiving => {
                return refused(
                    ErrorType::InvalidState,
                    format!("{id} is being unarchived and can be cloned when it is live again."),
                );
            }
            Archival::Archival | Archival::Archived if from.bill_to != into.bill_to => {
                return refused(
                    ErrorType::InvalidState,
                    format!(
                        "{id} is archived, and {} is billed to another account. Unarchive it first.",
                        into.id
                    ),
                );
            }
            Archival::Archival | Archival::Archived => {}
        }
    }
    if from.region != into.region {
        return refused(
            ErrorType::InvalidState,
            format!(
                "{} lies in the region {} and {} in {}; data are cloned within one region only.",
                from.id, from.region, into.id, into.region
            ),
        );
    }
    Ok(())
}

/// Makes the folders and the copies.
fn write(
    work: &Work<'_>,
    permit: &Permit<'_>,
    from: &Project,
    into: &Project,
    access: &Access,
    plan: &Plan,
) -> Result<()> {
    let destination = crate::folder::with_parents(work, into, permit, &plan.destination)?;
    let mut made: HashMap<&FolderPath, FolderKey> = HashMap::from([(&plan.destination, destination)]);
    // A folder comes after the one above it.
    for path in &plan.folders {
        let above = path.parent().unwrap_or_default();
        let parent = *made.get(&above).ok_or_else(|| Error::internal("a cloned folder has no parent"))?;
        made.insert(path, folder::insert(work.tx, permit, parent, path)?);
    }
    let labels: Labels = access.facts().derived_labels();
    let mut by_folder: HashMap<FolderKey, Vec<PlacementKey>> = HashMap::new();
    for (copy, path) in &plan.copies {
        let folder = *made.get(path).ok_or_else(|| Error::internal("a clone has no folder to lie in"))?;
        by_folder.entry(folder).or_default().push(copy.copy);
    }
    let by = work.caller()?.account;
    for (folder, copies) in by_folder {
        let target = Target { from: &from.id, folder, labels, by };
        cloning::clone_copies(work.tx, permit, &copies, &target, work.now())?;
    }
    Ok(())
}

fn record(work: &Work<'_>, from: &Project, into: &Project, rule: policy::Rule, plan: &Plan) -> Result<()> {
    let out = Event::done(EventName::DataCloned)
        .project(&from.id)
        .subject(&into.id)
        .rule(rule.code())
        .after(json!({ "project": into.id }));
    work.record_each(&out, plan.copies.iter().map(|(copy, _)| &copy.id))?;
    work.record(
        Event::done(EventName::DataReceived)
            .project(&into.id)
            .subject(&from.id)
            .after(json!({ "folder": work.mark(&into.id, &plan.destination.as_str().into()), "objects": plan.copies.len(), "folders": plan.folders.len() })),
    )
}
