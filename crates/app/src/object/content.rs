//! What closing freezes: types, details and visibility (contract: data 5; F177, F178, F179).

use policy::{Action, Capability};
use serde_json::value::to_raw_value;
use serde_json::{Value as Json, json};
use store::access::Permit;
use store::object::{self, ObjectState};
use wire::answer::Made;
use wire::id::ObjectId;
use wire::link::Details;
use wire::object::{ChangeTypes, DetailsAnswer, SetVisibility, WhichCopy};
use wire::{ApiError, ErrorType};

use crate::context::Ctx;
use crate::copies::Copy;
use crate::error::{Error, Result};
use crate::event::{Event, EventName};
use crate::work::Work;

/// `/<object>/getDetails`: the details themselves.
///
/// # Errors
/// `ResourceNotFound`; `PermissionDenied` for an object whose details the caller may not read.
pub async fn get_details(ctx: Ctx, id: ObjectId, input: WhichCopy) -> Result<DetailsAnswer> {
    ctx.look(move |work| {
        let copy = work.any_copy(&id, input.project.as_ref())?;
        work.permit(&copy.access, Action::ListData)?;
        work.add_to_answer(usize::try_from(copy.object.details_bytes).unwrap_or(usize::MAX))?;
        let mut details = object::details_of(work.tx, &[copy.object.key])?;
        Ok(DetailsAnswer(match details.remove(&copy.object.key) {
            Some(details) => {
                work.details_read(&copy.project.id, &copy.object.id);
                details
            }
            None => to_raw_value(&object::no_details()).map_err(Error::internal)?,
        }))
    })
    .await
}

/// `/<object>/setDetails`: replaces them.
///
/// # Errors
/// `ResourceNotFound`, `PermissionDenied`; `InvalidState` unless the object is open.
pub async fn set_details(ctx: Ctx, id: ObjectId, details: Details) -> Result<Made> {
    ctx.change(move |work| {
        let (copy, permit) = open(work, &id)?;
        let before = object::details(work.tx, copy.object.key)?;
        if before != *details.value() {
            let links: Vec<_> = details.links().iter().map(ToString::to_string).collect();
            object::set_details(work.tx, &permit, details.value(), &links, work.now())?;
            let event = Event::done(EventName::ObjectDetailsSet);
            record(
                work,
                &copy,
                &permit,
                event,
                work.mark(&copy.project.id, &before),
                work.mark(&copy.project.id, details.value()),
            )?;
        }
        Ok(Made::new(id.clone()))
    })
    .await
}

/// `/<object>/addTypes`. Types that are there already stay where they are.
///
/// # Errors
/// `ResourceNotFound`, `PermissionDenied`; `InvalidState` unless the object is open, also for an empty list.
pub async fn add_types(ctx: Ctx, id: ObjectId, input: ChangeTypes) -> Result<Made> {
    change_types(ctx, id, move |types| super::copy::add(types, &input.types)).await
}

/// `/<object>/removeTypes`. Types that are not there are ignored.
///
/// # Errors
/// As [`add_types`].
pub async fn remove_types(ctx: Ctx, id: ObjectId, input: ChangeTypes) -> Result<Made> {
    change_types(ctx, id, move |types| super::copy::remove(types, &input.types)).await
}

async fn change_types(
    ctx: Ctx,
    id: ObjectId,
    change: impl Fn(&[String]) -> Vec<String> + Send + 'static,
) -> Result<Made> {
    ctx.change(move |work| {
        let (copy, permit) = open(work, &id)?;
        let before = &copy.object.types;
        let after = change(before);
        crate::metadata::check_words("types", &after)?;
        if after != *before {
            object::set_types(work.tx, &permit, &after, work.now())?;
            record(
                work,
                &copy,
                &permit,
                Event::done(EventName::ObjectTypesSet),
                work.mark(&copy.project.id, &json!(before)),
                work.mark(&copy.project.id, &json!(after)),
            )?;
        }
        Ok(Made::new(id.clone()))
    })
    .await
}

/// `/<object>/setVisibility`.
///
/// # Errors
/// `ResourceNotFound`, `PermissionDenied`; `InvalidState` unless the object is open.
pub async fn set_visibility(ctx: Ctx, id: ObjectId, input: SetVisibility) -> Result<Made> {
    ctx.change(move |work| {
        let (copy, permit) = open(work, &id)?;
        let (before, after) = (copy.object.hidden, input.hidden);
        if before != after {
            object::set_hidden(work.tx, &permit, after, work.now())?;
            record(
                work,
                &copy,
                &permit,
                Event::done(EventName::ObjectVisibilitySet),
                json!(before),
                json!(after),
            )?;
            // Only hidden objects hold back those that link to them.
            let waiting = store::closing::waiting_for(work.tx, std::slice::from_ref(&id))?;
            super::settle(work, &waiting)?;
        }
        Ok(Made::new(id.clone()))
    })
    .await
}

/// The copy of an open object, with leave to change its content. Whoever may change open objects is told that this one
/// is not open; being allowed to change closed ones does not help.
fn open<'tx>(work: &Work<'tx>, id: &ObjectId) -> Result<(Copy, Permit<'tx>)> {
    let copy = work.any_copy(id, None)?;
    let permit = work.permit(&copy.access, Action::Need(Capability::DataEditOpen))?;
    if copy.object.state == ObjectState::Open { Ok((copy, permit)) } else { Err(not_open(id).into()) }
}

/// The error for changing the content of an object that is closing or closed.
pub(crate) fn not_open(id: &ObjectId) -> ApiError {
    ApiError::new(
        ErrorType::InvalidState,
        format!(
            "{id} is not in the open state, so its content cannot be changed any more. Make a new object instead."
        ),
    )
}

fn record(
    work: &Work<'_>,
    copy: &Copy,
    permit: &Permit<'_>,
    event: Event,
    before: Json,
    after: Json,
) -> Result<()> {
    work.record(
        event
            .project(&copy.project.id)
            .subject(&copy.object.id)
            .rule(permit.rule().code())
            .before(before)
            .after(after),
    )
}
