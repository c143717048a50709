//! Finding executions and what can be executed (contract: execution 4, 24).
//!
//! This server keeps no apps and runs nothing yet. The searches are there because the public client makes them on the way
//! to other things: `dx describe NAME` looks for an app of that name too.

use wire::answer::Page;
use wire::executable::{FindExecutables, FoundExecutable};
use wire::execution::{FindExecutions, FoundExecution};

use crate::context::Ctx;
use crate::error::Result;

/// `/system/findExecutions`: the jobs and analyses that fit every filter. There are none, but what the search
/// names is looked up.
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

/// `/system/findApps` and `/system/findGlobalWorkflows`: those that fit every filter. There are none.
///
/// # Errors
/// None of its own.
pub async fn find_executables(ctx: Ctx, _: FindExecutables) -> Result<Page<FoundExecutable>> {
    ctx.look(|_| Ok(Page { results: Vec::new(), next: None })).await
}
