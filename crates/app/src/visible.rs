//! Whether the caller may know of an entity at all.

use wire::id::{ContainerId, ObjectId, OrgId, UserId};
use wire::{Class, Id};

use crate::context::Ctx;
use crate::error::{Error, Result};

/// Fails when the entity does not exist or the caller may not see it; both answer alike (contract: data 2.1). Of classes
/// of which nothing exists yet, nothing is asked.
///
/// # Errors
/// `ResourceNotFound`.
pub async fn check(ctx: &Ctx, id: &Id) -> Result<()> {
    match id.class() {
        Class::Project | Class::Container => {
            let project = typed(ContainerId::from_id(id.clone()))?;
            ctx.look(move |work| work.project(&project).map(|_| ())).await
        }
        Class::Record
        | Class::File
        | Class::Applet
        | Class::Workflow
        | Class::Database
        | Class::Dbcluster => {
            let object = typed(ObjectId::from_id(id.clone()))?;
            ctx.look(move |work| work.any_copy(&object, None).map(|_| ())).await
        }
        Class::Org => {
            let org = typed(OrgId::from_id(id.clone()))?;
            ctx.look(move |work| work.org(&org).map(|_| ())).await
        }
        Class::User => {
            let user = typed(UserId::from_id(id.clone()))?;
            ctx.look(move |work| work.account(&user).map(|_| ())).await
        }
        Class::Job
        | Class::Analysis
        | Class::App
        | Class::Globalworkflow
        | Class::Team
        | Class::Workgroup
        | Class::Drive => Ok(()),
    }
}

/// The id as one of its class.
fn typed<T>(id: Option<T>) -> Result<T> {
    id.ok_or_else(|| Error::internal("an id was asked about as of another class"))
}
