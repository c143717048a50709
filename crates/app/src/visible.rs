//! Whether the caller may know of an entity at all.

use wire::Id;
use wire::id::{ContainerId, ObjectId, OrgId, UserId};

use crate::context::Ctx;
use crate::error::Result;

/// Fails when the entity does not exist or the caller may not see it; both answer alike (contract: data 2.1).
///
/// # Errors
/// `ResourceNotFound`.
pub async fn check(ctx: &Ctx, id: &Id) -> Result<()> {
    if let Some(project) = ContainerId::from_id(id.clone()) {
        ctx.look(move |work| work.project(&project).map(|_| ())).await?;
    } else if let Some(object) = ObjectId::from_id(id.clone()) {
        ctx.look(move |work| work.any_copy(&object, None).map(|_| ())).await?;
    }
    if let Some(org) = OrgId::from_id(id.clone()) {
        ctx.look(move |work| work.org(&org).map(|_| ())).await?;
    } else if let Some(user) = UserId::from_id(id.clone()) {
        ctx.look(move |work| work.account(&user).map(|_| ())).await?;
    }
    Ok(())
}
