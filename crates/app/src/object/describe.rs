//! Describing data objects of every class (contract: data 9, F173, F186).

mod fields;
mod load;
mod shown;

use store::keys::{ObjectKey, ProjectKey};
use wire::answer::Described;
use wire::fields::Fields;
use wire::id::ObjectId;

use crate::context::Ctx;
use crate::copies::Copy;
use crate::error::{Error, Result};
use crate::work::Work;

use load::Loaded;

/// `/<object>/describe`. A `project` that holds no copy that the caller may see is no error: the answer then shows
/// another copy, and says where it lies.
///
/// # Errors
/// `ResourceNotFound`; `InvalidInput` for a `project` that is not the id of one.
pub async fn describe(ctx: Ctx, id: ObjectId, fields: Fields) -> Result<Described> {
    ctx.look(move |work| {
        let hint = fields.project_hint();
        let copy = work.any_copy(&id, hint.as_ref().ok().and_then(Option::as_ref))?;
        hint?;
        one(work, copy, &fields)
    })
    .await
}

fn one(work: &Work<'_>, copy: Copy, fields: &Fields) -> Result<Described> {
    let (object, project) = (copy.object.key, copy.project.key);
    let loaded = Loaded::of_copy(work, copy, fields)?;
    described(work, &loaded, object, project, fields)?
        .ok_or_else(|| Error::internal("a copy that was seen cannot be described"))
}

/// An executable that the caller may read whole: every default field, properties, details and the program.
pub(super) fn whole(work: &Work<'_>, copy: Copy) -> Result<Described> {
    let fields = Fields::default_and(["properties", "details"]);
    let (object, project) = (copy.object.key, copy.project.key);
    let loaded = Loaded::of_copy(work, copy, &fields)?.with_code(work, object)?;
    described(work, &loaded, object, project, &fields)?
        .ok_or_else(|| Error::internal("an executable that was seen cannot be described"))
}

/// Describes copies of objects, each as it lies in its project, all with the same fields. The answer is parallel to
/// `copies`; none stands for a copy that does not exist or that the caller may not see.
///
/// Rows are read in batches and each project is decided about once, so that a whole page of a list costs a few
/// statements. The caller bounds the number of copies.
///
/// # Errors
/// `InvalidInput` when the answer would be too large to give at once.
pub fn describe_many(
    work: &Work<'_>,
    copies: &[(ObjectKey, ProjectKey)],
    fields: &Fields,
) -> Result<Vec<Option<Described>>> {
    let asked: Vec<_> = copies.iter().map(|(object, project)| (*object, *project, fields)).collect();
    describe_each(work, &asked)
}

/// As [`describe_many`], with fields of its own for each copy.
pub(super) fn describe_each(
    work: &Work<'_>,
    asked: &[(ObjectKey, ProjectKey, &Fields)],
) -> Result<Vec<Option<Described>>> {
    let loaded = Loaded::load(work, asked)?;
    asked
        .iter()
        .map(|(object, project, fields)| described(work, &loaded, *object, *project, fields))
        .collect()
}

/// The description of one copy, counted as a part of the answer; none when it is absent or hidden.
fn described(
    work: &Work<'_>,
    loaded: &Loaded,
    object: ObjectKey,
    project: ProjectKey,
    fields: &Fields,
) -> Result<Option<Described>> {
    let Some(shown) = loaded.shown(object, project) else { return Ok(None) };
    let described = fields::describe(loaded, &shown, fields)?;
    work.add_to_answer(described.as_str().len())?;
    Ok(Some(described))
}
