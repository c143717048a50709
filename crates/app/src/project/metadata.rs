//! The project's own tags and properties (contract: identity-and-sharing 5.5).

use policy::Action;
use serde_json::{Map, Value as Json, json};
use store::project;
use wire::answer::Made;
use wire::id::ProjectId;
use wire::metadata::{Properties, Tags};
use wire::project::{SetProperties, TagList};
use wire::text::Tag;

use crate::context::Ctx;
use crate::error::Result;
use crate::event::{Event, EventName};
use crate::metadata::{check_properties, check_words};

/// `/project-xxxx/addTags`; a tag that is there already stays where it is.
///
/// # Errors
/// `PermissionDenied` below CONTRIBUTE, `InvalidInput` when the project would have too many tags.
pub async fn add_tags(ctx: Ctx, id: ProjectId, input: TagList) -> Result<Made> {
    change_tags(ctx, id, move |tags| {
        for tag in input.tags.iter().map(Tag::as_str) {
            if !tags.iter().any(|held| held == tag) {
                tags.push(tag.to_owned());
            }
        }
    })
    .await
}

/// `/project-xxxx/removeTags`; a tag that is not there is no error.
///
/// # Errors
/// `PermissionDenied` below CONTRIBUTE.
pub async fn remove_tags(ctx: Ctx, id: ProjectId, input: TagList) -> Result<Made> {
    change_tags(ctx, id, move |tags| {
        tags.retain(|held| !input.tags.iter().any(|tag| tag.as_str() == held));
    })
    .await
}

async fn change_tags(
    ctx: Ctx,
    id: ProjectId,
    change: impl Fn(&mut Vec<String>) + Send + 'static,
) -> Result<Made> {
    ctx.change(move |work| {
        let (project, access) = work.project(&id.clone().into())?;
        let permit = work.permit(&access, Action::EditProjectTags)?;
        let mut tags = project.tags.clone();
        change(&mut tags);
        if tags == project.tags {
            return Ok(Made::new(project.id));
        }
        check_words("tags", &tags)?;
        project::set_tags(work.tx, &permit, &tags, work.now())?;
        work.record(
            Event::done(EventName::ProjectTagsSet)
                .project(&project.id)
                .before(json!({ "tags": project.tags.len() }))
                .after(json!({ "tags": tags.len() })),
        )?;
        Ok(Made::new(project.id))
    })
    .await
}

/// `/project-xxxx/setProperties`: a value sets, null removes, keys that are not named stay.
///
/// # Errors
/// `PermissionDenied` below CONTRIBUTE, `InvalidInput` when the project would have too many properties.
pub async fn set_properties(ctx: Ctx, id: ProjectId, input: SetProperties) -> Result<Made> {
    ctx.change(move |work| {
        let (project, access) = work.project(&id.clone().into())?;
        let permit = work.permit(&access, Action::EditProjectTags)?;
        let mut properties = project.properties.clone();
        for (key, value) in input.properties.iter() {
            match value {
                Some(value) => drop(properties.insert(key.as_str().to_owned(), value.as_str().into())),
                None => drop(properties.shift_remove(key.as_str())),
            }
        }
        if properties == project.properties {
            return Ok(Made::new(project.id));
        }
        check_properties(&properties)?;
        project::set_properties(work.tx, &permit, &properties, work.now())?;
        work.record(
            Event::done(EventName::ProjectPropertiesSet)
                .project(&project.id)
                .after(json!({ "changed": input.properties.iter().count() })),
        )?;
        Ok(Made::new(project.id))
    })
    .await
}

/// Tags as they are kept.
pub(super) fn texts(tags: &Tags) -> Vec<String> {
    tags.iter().map(|tag| tag.as_str().to_owned()).collect()
}

/// Properties as they are kept.
pub(super) fn hash(properties: &Properties) -> Map<String, Json> {
    properties.iter().map(|(key, value)| (key.as_str().to_owned(), value.as_str().into())).collect()
}
