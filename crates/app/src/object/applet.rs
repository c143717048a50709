//! Applets: executables that lie among the data (contract: execution 1 to 3; F170).
//!
//! An applet is kept whole and can be read, found, cloned and removed. Nothing runs on this server yet.

use std::collections::HashSet;

use policy::Action;
use serde_json::{Map, Value as Json, json};
use store::object::ObjectState;
use store::project::Project;
use store::{cloning, closing, executable};
use wire::answer::{Described, Made, NoInput};
use wire::executable::{RunSpec, SpecLinks};
use wire::id::{AppletId, ObjectId};
use wire::json::invalid_value;
use wire::link::{Link, MAX_LINKS};
use wire::object::{NewApplet, WhichCopy};
use wire::{ApiError, Class, ErrorType};

use super::create::{Body, Draft, Place, mint};
use crate::context::Ctx;
use crate::error::{Error, Result};
use crate::event::{Event, EventName};
use crate::work::Work;

/// Largest specification without its program, in bytes of compact JSON; the limit is ours.
const MAX_SPEC_BYTES: usize = 1 << 20;

/// `/applet/new`: an applet is closed from the start and never changes.
///
/// # Errors
/// As [`super::new_record`]; `InvalidInput` when the specification contradicts itself, is too large, or links to what is
/// not there or not closed.
pub async fn new_applet(ctx: Ctx, input: NewApplet) -> Result<Made> {
    let id = mint(&ctx, Class::Applet)?;
    let inputs = input.input_spec.as_deref();
    let outputs = input.output_spec.as_deref();
    let links = wire::executable::check(&input.run_spec, inputs, outputs)?;
    let spec = spec_of(&input)?;
    let bundled = distinct(&links.bundled);
    let into = input.project.clone();
    let make = move |work: &Work<'_>| {
        let place = Place::new(work, &input.common(), Action::CreateExecutable)?;
        check_bundled(work, &place, &links)?;
        check_values(work, &place.project, &links)?;
        let mut draft = Draft::default();
        draft.take(&input.common());
        draft.link_to(bundled.iter().cloned().chain(distinct(&links.values)));
        if draft.links.len() > MAX_LINKS {
            return Err(ApiError::invalid_input(format!(
                "The applet links to {} objects; at most {MAX_LINKS} are allowed.",
                draft.links.len()
            ))
            .into());
        }
        let body =
            executable::NewExecutable { spec: &spec, code: input.run_spec.code.as_str(), bundled: &bundled };
        let key = place.put(work, &id, &draft, ObjectState::Closed, Body::Executable(body))?;
        if closing::links_to_unclosed(work.tx, key)? {
            return Err(invalid_value(
                "details",
                "an applet is closed from the start, and links here to a hidden object that is not closed; close that first",
            )
            .into());
        }
        Ok(Made::new(id.clone()))
    };
    ctx.create(move |work| Place::may(work, &into, Action::CreateExecutable), make).await
}

/// `/applet-xxxx/get`: its description with properties, details and the program. The reading is decided and recorded first,
/// then the applet is read, and decided about again, without keeping others from writing.
///
/// # Errors
/// `ResourceNotFound`; `PermissionDenied` for whoever may not read content in the project.
pub async fn get_applet(ctx: Ctx, id: AppletId, input: WhichCopy) -> Result<Described> {
    let id: ObjectId = id.into();
    let wanted = id.clone();
    let decide = move |work: &Work<'_>| {
        let copy = work.any_copy(&id, input.project.as_ref())?;
        let permit = work.permit(&copy.access, Action::ReadCode)?;
        work.record(
            Event::done(EventName::ObjectCodeRead)
                .project(&copy.project.id)
                .subject(&id)
                .rule(permit.rule().code()),
        )?;
        Ok(copy.project.id)
    };
    let project = ctx.change(decide).await?;
    ctx.look(move |work| {
        let copy = work.copy(&wanted, &project)?;
        work.permit(&copy.access, Action::ReadCode)?;
        super::describe::whole(work, copy)
    })
    .await
}

/// `/applet-xxxx/run` and `/applet-xxxx/validateBatch`, for which this server has no workers yet.
///
/// # Errors
/// `ResourceNotFound`; else `InvalidState`, always.
pub async fn run_applet(ctx: Ctx, id: AppletId, _: NoInput) -> Result<Made> {
    ctx.look(move |work| {
        let copy = work.any_copy(&id.clone().into(), None)?;
        Err(ApiError::new(
            ErrorType::InvalidState,
            format!(
                "{} cannot be run: this server keeps applets, but runs nothing yet. Get it with `dx get` to run it elsewhere.",
                copy.object.id
            ),
        )
        .into())
    })
    .await
}

/// What is kept of an input beside the program and what every object has, with its defaults.
fn spec_of(input: &NewApplet) -> Result<Json> {
    let mut spec = Map::new();
    for (key, value) in [
        ("title", json!(input.title.clone().unwrap_or_default())),
        ("summary", json!(input.summary.clone().unwrap_or_default())),
        ("description", json!(input.description.clone().unwrap_or_default())),
        ("developerNotes", json!(input.developer_notes.clone().unwrap_or_default())),
        ("runSpec", run_spec(&input.run_spec)?),
        ("inputSpec", json!(input.input_spec)),
        ("outputSpec", json!(input.output_spec)),
        ("access", input.access.as_ref().map_or_else(|| json!({}), |access| json!(access))),
        ("dxapi", json!(input.dxapi)),
        ("httpsApp", json!(input.https_app)),
        ("ignoreReuse", json!(input.ignore_reuse.unwrap_or(false))),
        ("treeTurnaroundTimeThreshold", json!(input.tree_turnaround_time_threshold)),
    ] {
        if !value.is_null() {
            spec.insert(key.to_owned(), value);
        }
    }
    let spec = Json::Object(spec);
    let bytes = spec.to_string().len();
    if bytes > MAX_SPEC_BYTES {
        return Err(ApiError::invalid_input(format!(
            "The specification of the applet has {bytes} bytes without its program; at most {MAX_SPEC_BYTES} are allowed."
        ))
        .into());
    }
    Ok(spec)
}

/// A run specification without its program, with what clients expect to be there.
fn run_spec(run: &RunSpec) -> Result<Json> {
    let mut spec = serde_json::to_value(run).map_err(Error::internal)?;
    if let Json::Object(spec) = &mut spec {
        spec.shift_remove("code");
        for (key, value) in [
            ("bundledDepends", json!([])),
            ("systemRequirements", json!({})),
            ("headJobOnDemand", json!(false)),
            ("inheritParentRestartOnPolicy", json!(false)),
        ] {
            spec.entry(key).or_insert(value);
        }
    }
    Ok(spec)
}

/// The ids that are linked to, each once.
fn distinct(links: &[(String, Link)]) -> Vec<String> {
    let mut seen = HashSet::new();
    links.iter().map(|(_, link)| link.target.to_string()).filter(|id| seen.insert(id.clone())).collect()
}

/// What belongs to an applet lies where the applet is made, so that both can go on together.
fn check_bundled(work: &Work<'_>, place: &Place<'_>, links: &SpecLinks) -> Result<()> {
    let ids: Vec<ObjectId> = links.bundled.iter().map(|(_, link)| link.target.clone()).collect();
    let usable: HashSet<ObjectId> = cloning::named(work.tx, place.project.key, &ids)?
        .into_iter()
        .filter(|copy| copy.state == ObjectState::Closed)
        .filter(|copy| place.access.to_class(copy.class).sees_object())
        .map(|copy| copy.id)
        .collect();
    match links.bundled.iter().find(|(_, link)| !usable.contains(&link.target)) {
        None => Ok(()),
        Some((path, link)) => Err(invalid_value(
            path,
            &format!(
                "{} is not a closed object that you see in {}; close it, or copy it there",
                link.target, place.project.id
            ),
        )
        .into()),
    }
}

/// Defaults and choices may lie in any project, but must be there and closed.
fn check_values(work: &Work<'_>, project: &Project, links: &SpecLinks) -> Result<()> {
    for (path, link) in &links.values {
        let found = match &link.project {
            Some(there) => work.copy(&link.target, there),
            None => work.any_copy(&link.target, Some(&project.id)),
        };
        let closed = match found {
            Ok(copy) => copy.object.state == ObjectState::Closed,
            Err(Error::Said(said)) if said.kind == ErrorType::ResourceNotFound => false,
            Err(other) => return Err(other),
        };
        if !closed {
            return Err(
                invalid_value(path, &format!("{} is not a closed object that you see", link.target)).into()
            );
        }
    }
    Ok(())
}
