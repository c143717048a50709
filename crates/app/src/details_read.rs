//! Readings of details: what an answer holds of them is in the audit log before it leaves (design promise 7).
//!
//! Details are data, free in form and size; what else a description says is metadata, whose readings leave no event.

use std::collections::BTreeMap;

use serde_json::json;
use wire::id::{ContainerId, ObjectId};

use crate::context::Ctx;
use crate::error::Result;
use crate::event::{Event, EventName};
use crate::memory::{Content, Opening, Openings};
use crate::work::Work;

/// The objects of which an answer holds the details, by the project that they were read in.
#[derive(Debug, Default)]
pub(crate) struct DetailsRead(BTreeMap<ContainerId, Vec<ObjectId>>);

impl DetailsRead {
    /// Notes one.
    pub(crate) fn note(&mut self, project: &ContainerId, object: &ObjectId) {
        self.0.entry(project.clone()).or_default().push(object.clone());
    }

    /// Commits an event for each project, unless those of the last minute cover the reading.
    ///
    /// # Errors
    /// The store's. What was read must not be answered then.
    pub(crate) async fn record(self, ctx: &Ctx) -> Result<()> {
        let Some(caller) = ctx.caller.as_ref().filter(|_| !self.0.is_empty()) else { return Ok(()) };
        let openings = &ctx.app.memory.openings;
        let opening = |project: &ContainerId, object: &ObjectId| Opening {
            token: caller.token_ref().to_owned(),
            object: object.to_string(),
            project: project.to_string(),
            content: Content::Details,
            origin: ctx.request.origin,
        };
        let mut new = self.0;
        for (project, objects) in &mut new {
            objects.sort_unstable();
            objects.dedup();
            objects.retain(|object| !openings.covers(&opening(project, object), ctx.now()));
        }
        new.retain(|_, objects| !objects.is_empty());
        if new.is_empty() {
            return Ok(());
        }
        let read: Vec<_> = new
            .iter()
            .flat_map(|(project, objects)| objects.iter().map(|object| opening(project, object)))
            .collect();
        let writing = ctx.clone();
        let write = move |tx: &store::db::Tx| {
            let work = Work::new(tx, &writing);
            for (project, objects) in &new {
                let event = Event::done(EventName::ObjectDetailsRead)
                    .project(project)
                    .after(json!({ "coversUntil": Openings::until(work.now()) }));
                work.record_each(&event, objects)?;
            }
            Ok(())
        };
        ctx.app.db.write::<_, crate::error::Error, _>(write).await?;
        openings.committed(read, ctx.now());
        Ok(())
    }
}
