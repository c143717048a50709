//! What belongs to one copy: name, tags and properties, in every state of the object (contract: data 5, 6; F174, F175,
//! F176).

use policy::Action;
use serde_json::{Map, Value as Json, json};
use store::access::Permit;
use store::placement::{self, Placement};
use wire::answer::Made;
use wire::id::{ContainerId, ObjectId};
use wire::object::{ChangeTags, Rename, SetProperties};

use crate::context::Ctx;
use crate::error::Result;
use crate::event::{Event, EventName};
use crate::metadata::{check_properties, check_words};
use crate::work::Work;

/// `/<object>/rename`.
///
/// # Errors
/// `ResourceNotFound` when the project has no copy, `PermissionDenied`.
pub async fn rename(ctx: Ctx, id: ObjectId, input: Rename) -> Result<Made> {
    change(ctx, id, input.project.clone(), EventName::ObjectRenamed, move |work, permit, copy| {
        let (before, after) = (copy.name.as_str(), input.name.as_str());
        if before == after {
            return Ok(None);
        }
        placement::rename(work.tx, permit, after, work.now())?;
        Ok(Some((before.into(), after.into())))
    })
    .await
}

/// `/<object>/setProperties`: merges; null removes.
///
/// # Errors
/// As [`rename`]; `InvalidInput` when the copy would have too many.
pub async fn set_properties(ctx: Ctx, id: ObjectId, input: SetProperties) -> Result<Made> {
    change(ctx, id, input.project.clone(), EventName::ObjectPropertiesSet, move |work, permit, copy| {
        let mut properties = copy.properties.clone();
        let (mut before, mut after) = (Map::new(), Map::new());
        for (key, value) in input.properties.iter() {
            let old = match value {
                Some(value) => properties.insert(key.to_string(), value.as_str().into()),
                None => properties.shift_remove(key.as_str()),
            };
            let (old, new) = (old.unwrap_or(Json::Null), json!(value));
            if old != new {
                before.insert(key.to_string(), old);
                after.insert(key.to_string(), new);
            }
        }
        if after.is_empty() {
            return Ok(None);
        }
        check_properties(&properties)?;
        placement::set_properties(work.tx, permit, &properties, work.now())?;
        Ok(Some((Json::Object(before), Json::Object(after))))
    })
    .await
}

/// `/<object>/addTags`. Tags that are there already stay where they are.
///
/// # Errors
/// As [`set_properties`].
pub async fn add_tags(ctx: Ctx, id: ObjectId, input: ChangeTags) -> Result<Made> {
    change(ctx, id, input.project.clone(), EventName::ObjectTagsSet, move |work, permit, copy| {
        set_tags(work, permit, copy, &add(&copy.tags, &input.tags))
    })
    .await
}

/// `/<object>/removeTags`. Tags that are not there are ignored.
///
/// # Errors
/// As [`rename`].
pub async fn remove_tags(ctx: Ctx, id: ObjectId, input: ChangeTags) -> Result<Made> {
    change(ctx, id, input.project.clone(), EventName::ObjectTagsSet, move |work, permit, copy| {
        set_tags(work, permit, copy, &remove(&copy.tags, &input.tags))
    })
    .await
}

/// What people wrote there before a change, and what now; none when nothing changed.
type Change = Option<(Json, Json)>;

/// Changes one copy: leave depends on whether the object is still open.
async fn change<F>(ctx: Ctx, id: ObjectId, project: ContainerId, event: EventName, change: F) -> Result<Made>
where
    F: Fn(&Work<'_>, &Permit<'_>, &Placement) -> Result<Change> + Send + 'static,
{
    ctx.change(move |work| {
        let copy = work.copy(&id, &project)?;
        let permit = work.permit(&copy.access, Action::EditObject)?;
        if let Some((before, after)) = change(work, &permit, &copy.placement)? {
            work.record(
                Event::done(event)
                    .project(&copy.project.id)
                    .subject(&id)
                    .rule(permit.rule().code())
                    .before(work.mark(&copy.project.id, &before))
                    .after(work.mark(&copy.project.id, &after)),
            )?;
        }
        Ok(Made::new(id.clone()))
    })
    .await
}

fn set_tags(work: &Work<'_>, permit: &Permit<'_>, copy: &Placement, after: &[String]) -> Result<Change> {
    if after == copy.tags {
        return Ok(None);
    }
    check_words("tags", after)?;
    placement::set_tags(work.tx, permit, after, work.now())?;
    Ok(Some((json!(copy.tags), json!(after))))
}

/// The list with those of the others that it lacks, at its end.
pub(super) fn add(list: &[String], others: &[impl AsRef<str>]) -> Vec<String> {
    let mut all = list.to_vec();
    let known: std::collections::HashSet<&str> = list.iter().map(String::as_str).collect();
    all.extend(others.iter().map(AsRef::as_ref).filter(|other| !known.contains(other)).map(str::to_owned));
    all
}

/// The list without the others.
pub(super) fn remove(list: &[String], others: &[impl AsRef<str>]) -> Vec<String> {
    let gone: std::collections::HashSet<&str> = others.iter().map(AsRef::as_ref).collect();
    list.iter().filter(|item| !gone.contains(item.as_str())).cloned().collect()
}
