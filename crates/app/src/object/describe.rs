//! Describing data objects of every class (contract: data 9, F173, F186).

mod load;
mod shown;

use store::keys::{ObjectKey, ProjectKey};
use wire::answer::Described;
use wire::fields::Fields;

use crate::error::Result;
use crate::work::Work;

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
    let loaded = load::Loaded::load(work, asked)?;
    Ok(asked.iter().map(|(object, project, fields)| loaded.describe(*object, *project, fields)).collect())
}
