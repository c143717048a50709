//! Closing: from then on the content never changes (contract: data 5; F180).

use std::sync::Arc;

use policy::Action;
use serde_json::json;
use store::closing::{self, MOST_TOGETHER, Settled};
use store::keys::ObjectKey;
use store::object::ObjectState;
use store::text::Word;
use wire::id::RecordId;
use wire::object::Closed;
use wire::{ApiError, ErrorType};

use crate::context::{App, Ctx};
use crate::copies::Copy;
use crate::error::{Error, Result};
use crate::event::{Event, EventName};
use crate::work::Work;

/// How many closing objects are looked at in one transaction.
const LOOKED_AT_AT_ONCE: u32 = 100;
/// How much one turn of the job does, in objects that it looks at and links that it follows.
const WORK_OF_A_TURN: usize = 2_000;

/// `/record-xxxx/close`. Closing again changes nothing, and the answer says so.
///
/// # Errors
/// `ResourceNotFound`, `PermissionDenied`; `InvalidState` when too many objects wait for one another.
pub async fn close(ctx: Ctx, id: RecordId, _: wire::answer::NoInput) -> Result<Closed> {
    ctx.change(move |work| {
        let copy = work.any_copy(&id.clone().into(), None)?;
        if let Some(done) = begin(work, &copy)? {
            return Ok(done);
        }
        settle(work, &[copy.object.key])?;
        Ok(Closed { id: id.clone().into(), detail: None })
    })
    .await
}

/// Freezes an object. Says what to answer when it was frozen before; else its class does what it has to do (a file has
/// its bytes put together) and then calls [`settle`].
///
/// # Errors
/// `PermissionDenied`.
pub(crate) fn begin(work: &Work<'_>, copy: &Copy) -> Result<Option<Closed>> {
    let permit = work.permit(&copy.access, Action::CloseObject)?;
    let object = &copy.object;
    if object.state != ObjectState::Open {
        let detail = format!("{} is already {}.", object.id, object.state.word());
        return Ok(Some(Closed { id: object.id.clone().into(), detail: Some(detail) }));
    }
    closing::begin(work.tx, &permit, work.now())?;
    work.record(
        Event::done(EventName::ObjectFrozen)
            .project(&copy.project.id)
            .subject(&object.id)
            .rule(permit.rule().code())
            .before(json!({ "state": "open" }))
            .after(json!({ "state": "closing" })),
    )?;
    Ok(None)
}

/// Closes each of these objects that nothing holds back any more, and whatever waited for those.
///
/// # Errors
/// `InvalidState` when too many objects wait for one another.
pub(crate) fn settle(work: &Work<'_>, objects: &[ObjectKey]) -> Result<()> {
    record(work, &closing::settle(work.tx, objects, work.now())?)
}

/// Writes the events of what was closed.
fn record(work: &Work<'_>, settled: &Settled) -> Result<()> {
    if settled.too_many {
        return Err(ApiError::new(
            ErrorType::InvalidState,
            format!("More than {MOST_TOGETHER} hidden objects link to one another, which is more than can be closed together. Remove some of the links."),
        )
        .into());
    }
    for sealed in &settled.sealed {
        work.record(
            Event::done(EventName::ObjectClosed)
                .project(&sealed.project)
                .subject(&sealed.id)
                .before(json!({ "state": "closing" }))
                .after(json!({ "state": "closed" })),
        )?;
    }
    Ok(())
}

impl App {
    /// Closes what is closing and held back by nothing any more, where nobody noticed. A periodic job, which goes on where
    /// its last turn ended.
    ///
    /// # Errors
    /// The store's.
    pub async fn settle_closing(self: Arc<Self>) -> Result<()> {
        let mut work = 0;
        loop {
            let after = self.memory.closing_from();
            let ready =
                self.db.read(move |tx| Ok::<_, Error>(closing::ready(tx, after, LOOKED_AT_AT_ONCE)?)).await?;
            if !ready.objects.is_empty() {
                let closer = Ctx::own(&self, "ObjectCloser");
                let close = move |work: &Work<'_>| {
                    record(work, &closing::settle_ready(work.tx, &ready.objects, work.now())?)
                };
                closer.change(close).await?;
            }
            self.memory.close_from(ready.next);
            work += ready.work;
            if ready.next.is_none() || work >= WORK_OF_A_TURN {
                return Ok(());
            }
        }
    }
}
