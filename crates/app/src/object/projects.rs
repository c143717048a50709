//! Where an object has copies (contract: data 4).

use std::collections::BTreeMap;

use wire::Level;
use wire::answer::NoInput;
use wire::id::ObjectId;

use crate::context::Ctx;
use crate::error::{Result, absent};

/// `/<object>/listProjects`: every project with a copy that the caller may see, and the caller's level there.
///
/// # Errors
/// `ResourceNotFound` when there is none.
pub async fn list_projects(ctx: Ctx, id: ObjectId, _: NoInput) -> Result<BTreeMap<String, Level>> {
    ctx.look(move |work| {
        let copies = work.copies(&id)?;
        if copies.is_empty() {
            return Err(absent(id.as_str()));
        }
        Ok(copies.iter().map(|copy| (copy.project.id.to_string(), copy.access.level())).collect())
    })
    .await
}
