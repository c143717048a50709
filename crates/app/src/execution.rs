//! Finding executions (contract: execution 24).

use wire::answer::Page;
use wire::execution::{FindExecutions, FoundExecution};

use crate::context::Ctx;
use crate::error::Result;

/// `/system/findExecutions`: the jobs and analyses that fit every filter. Nothing runs on this server yet, so there are
/// none to find; what the search names is looked up as it will be then.
///
/// # Errors
/// `ResourceNotFound` for a project that the caller cannot see.
pub async fn find(ctx: Ctx, input: FindExecutions) -> Result<Page<FoundExecution>> {
    ctx.look(move |work| {
        for project in input.project.iter().flat_map(|projects| projects.iter()) {
            work.project(project)?;
        }
        Ok(Page { results: Vec::new(), next: None })
    })
    .await
}
