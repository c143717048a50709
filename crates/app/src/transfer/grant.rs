//! The right to read a file: who asks, which copy is read, and the audit event of the reading.

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::Arc;

use policy::Action;
use serde_json::json;
use store::access::Caller;
use store::blob::Extent;
use store::object::{Object, ObjectState};
use store::placement::Archival;
use wire::id::{ContainerId, FileId, ObjectId};
use wire::{ApiError, ErrorType};

use super::link::{self, Life};
use crate::context::{App, Ctx, Door, RequestInfo};
use crate::copies::Copy;
use crate::error::{Error, Result, absent};
use crate::event::{Event, EventName};
use crate::memory::{Opening, Openings};
use crate::work::Work;

/// What an address opens.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) file: FileId,
    pub(super) project: Option<ContainerId>,
    pub(super) preauthenticated: bool,
}

/// The copy that is read, and the code of the rule that allows it.
pub(super) fn choose(work: &Work<'_>, asked: &Asked) -> Result<(Copy, &'static str)> {
    let id: ObjectId = asked.file.clone().into();
    if let Some(project) = &asked.project {
        let copy = work.copy(&id, project)?;
        let rule = readable(work, &copy, asked)?;
        return Ok((copy, rule));
    }
    // Any copy that allows it will do. Where none does, the caller learns why of the one that came closest: of one whose
    // state is in the way rather than of one that is refused, and of one of the highest level.
    let mut copies = work.copies(&id)?;
    copies.sort_by_key(|copy| (Reverse(copy.access.level()), copy.placement.key));
    let mut nearest = None;
    for copy in copies {
        match readable(work, &copy, asked) {
            Ok(rule) => return Ok((copy, rule)),
            Err(Error::Refused(_)) if nearest.is_some() => {}
            Err(error @ (Error::Refused(_) | Error::Said(_))) => {
                if !matches!(nearest, Some(Error::Said(_))) {
                    nearest = Some(error);
                }
            }
            Err(error) => return Err(error),
        }
    }
    Err(nearest.unwrap_or_else(|| absent(id.as_str())))
}

/// Whether a copy may be read now: permission, state, billing (contract: data 2.1).
fn readable(work: &Work<'_>, copy: &Copy, asked: &Asked) -> Result<&'static str> {
    let permit = work.permit(&copy.access, Action::Download { preauthenticated: asked.preauthenticated });
    if let Err(error) = &permit
        && !error.is_about_billing()
    {
        return permit.map(|_| "");
    }
    let state = |why: &str| {
        let text = format!("{} cannot be downloaded from {}: {why}.", asked.file, copy.project.id);
        Err(ApiError::new(ErrorType::InvalidState, text).into())
    };
    match copy.object.state {
        ObjectState::Open => return state("it is not in the closed state. Close it first"),
        ObjectState::Closing => return state("it is being closed. Try again in a moment"),
        ObjectState::Closed => {}
    }
    match copy.placement.archival {
        Archival::Archival | Archival::Archived => return state("it is archived. Unarchive it first"),
        Archival::Unarchiving => return state("it is on its way back from the archive. Try again later"),
        Archival::Live => {}
    }
    Ok(permit?.rule().code())
}

/// The right to read one file, which can be asked again at any time.
#[derive(Clone)]
pub(super) struct ReadGrant {
    app: Arc<App>,
    request: RequestInfo,
    asked: Asked,
    /// The signature of the token that made the address.
    by: String,
}

impl ReadGrant {
    /// What `by`, the signature of a token, gives its holder. Nothing is decided yet.
    pub(super) fn new(app: Arc<App>, request: RequestInfo, asked: Asked, by: String) -> Self {
        Self { app, request, asked, by }
    }

    /// The server that the file lies on.
    pub(super) fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// The file.
    pub(super) fn file(&self) -> &FileId {
        &self.asked.file
    }

    /// The object behind the file, if the person, who was looked up a moment ago, may read it.
    ///
    /// # Errors
    /// What `/file-xxxx/download` answers.
    pub(super) async fn object(&self, holder: Caller) -> Result<Object> {
        let asked = self.asked.clone();
        self.ctx_of(holder).look(move |work| Ok(choose(work, &asked)?.0.object)).await
    }

    /// Whether the person may still read the file. Nothing is kept from earlier answers, so that nothing can be missed; it is
    /// some ten point look-ups.
    pub(super) async fn holds(&self) -> bool {
        let asked = self.asked.clone();
        let answer = match self.ctx().await {
            Ok(ctx) => ctx.look(move |work| choose(work, &asked).map(|_| ())).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &answer {
            tracing::info!(file = %self.asked.file, %error, "a download is ended");
        }
        answer.is_ok()
    }

    /// The extents of a range as they are now; they change when equal content is merged.
    pub(super) async fn extents(&self, range: Range<u64>) -> Result<Vec<Extent>> {
        let asked = self.asked.clone();
        self.ctx().await?.look(move |work| extents(work, &choose(work, &asked)?.0, &range)).await
    }

    /// The person, as they are now.
    ///
    /// # Errors
    /// `InvalidAuthentication` when the token that made the address, or the person, is good no more.
    pub(super) async fn holder(&self) -> Result<Caller> {
        let now = self.app.clock.now();
        let life = if self.asked.preauthenticated { Life::OfItsOwn } else { Life::OfToken };
        let by = self.by.clone();
        self.app.db.read_inline(move |tx| link::holder(tx, &by, life, now)).await
    }

    async fn ctx(&self) -> Result<Ctx> {
        Ok(self.ctx_of(self.holder().await?))
    }

    fn ctx_of(&self, holder: Caller) -> Ctx {
        let request = RequestInfo { now: self.app.clock.now(), ..self.request.clone() };
        Ctx::new(Arc::clone(&self.app), Some(holder), request, Door::Other("FileOut"))
    }

    /// Commits the audit event of a reading, unless one of the last minute covers it; decides once more in the same
    /// transaction.
    pub(super) async fn record(&self, range: Range<u64>) -> Result<Vec<Extent>> {
        let ctx = self.ctx().await?;
        let now = ctx.now();
        let openings = &self.app.memory.transfers.openings;
        let opening = |project: &ContainerId| Opening {
            token: self.by.clone(),
            file: self.asked.file.to_string(),
            project: project.to_string(),
            preauthenticated: self.asked.preauthenticated,
            origin: self.request.origin,
        };
        let (asked, wanted) = (self.asked.clone(), range.clone());
        let (extents_now, project) = ctx
            .look(move |work| {
                let (copy, _) = choose(work, &asked)?;
                Ok((extents(work, &copy, &wanted)?, copy.project.id))
            })
            .await?;
        if openings.covers(&opening(&project), now) {
            return Ok(extents_now);
        }
        let asked = self.asked.clone();
        let (extents, project) = ctx
            .change(move |work| {
                let (copy, rule) = choose(work, &asked)?;
                work.record(
                    Event::done(EventName::FileRead)
                        .project(&copy.project.id)
                        .subject(&asked.file)
                        .rule(rule)
                        .after(json!({
                            "from": range.start,
                            "to": range.end,
                            "preauthenticated": asked.preauthenticated,
                            "coversUntil": Openings::until(work.now()),
                        })),
                )?;
                Ok((extents(work, &copy, &range)?, copy.project.id))
            })
            .await?;
        openings.committed(opening(&project), now);
        Ok(extents)
    }
}

fn extents(work: &Work<'_>, copy: &Copy, range: &Range<u64>) -> Result<Vec<Extent>> {
    let (from, to) = (i64::try_from(range.start), i64::try_from(range.end));
    let (Ok(from), Ok(to)) = (from, to) else { return Ok(Vec::new()) };
    Ok(store::blob::extents(work.tx, copy.object.key, from, to)?)
}
