//! The right to read a file: who asks, which copy is read, and the audit event of the reading.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use policy::Action;
use serde_json::json;
use store::access::{Caller, Reach};
use store::blob::Extent;
use store::object::{Object, ObjectState};
use store::placement::Archival;
use wire::id::{ContainerId, FileId};
use wire::{ApiError, ErrorType};

use super::link::{self, Life};
use crate::context::{App, Ctx, Door, RequestInfo};
use crate::copies::Copy;
use crate::error::{Error, Result, absent};
use crate::event::{Event, EventName};
use crate::memory::{Content, Opening, Openings};
use crate::work::Work;

/// What an address opens.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) file: FileId,
    pub(super) project: Option<ContainerId>,
    pub(super) preauthenticated: bool,
}

/// How often a copy is chosen for one event, when each is lost before the event is written.
const TRIES: usize = 3;
/// How long a client is asked to wait then.
const RETRY_SECONDS: u64 = 2;
/// Of so many bytes the extents are looked up at once: few, since all parts of a file but the last are large.
const LOOKED_UP: u64 = 32 << 20;
/// How often, and in which distance, a running download is decided again when the server cannot find out whether its
/// reader may read on. No byte is read meanwhile.
const TROUBLES: usize = 60;
const TROUBLE_PAUSE: Duration = Duration::from_secs(1);

/// The copy that is read, and the code of the rule that allows it: the one that the caller named; else the one that was
/// read before, as long as it may be; else any that may be.
pub(super) fn choose(
    work: &Work<'_>,
    asked: &Asked,
    before: Option<&ContainerId>,
) -> Result<(Copy, &'static str)> {
    if let Some(project) = &asked.project {
        return read_in(work, asked, project);
    }
    if let Some(project) = before {
        match read_in(work, asked, project) {
            Err(Error::Refused(_) | Error::Said(_)) => {}
            found => return found,
        }
    }
    // Where no copy allows it, the caller learns why of the one that came closest: of one whose state is in the way
    // rather than of one that is refused, and of one of the highest level.
    let (mut nearest, mut more) = (None, false);
    // Where the caller is a member first: what others share with everybody may be more than is looked at.
    for reach in [Reach::OfMember, Reach::OfCaller] {
        let copies;
        (copies, more) = work.choices(&asked.file.clone().into(), reach)?;
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
    }
    if more {
        return Err(ApiError::invalid_input(format!(
            "{} lies in very many of the projects that you reach, and it can be downloaded from none of those that were \
             looked at. Say with \"project\" from which one it is to be downloaded.",
            asked.file
        ))
        .into());
    }
    Err(nearest.unwrap_or_else(|| absent(asked.file.as_str())))
}

/// The copy in one project, if it may be read.
fn read_in(work: &Work<'_>, asked: &Asked, project: &ContainerId) -> Result<(Copy, &'static str)> {
    let copy = work.copy(&asked.file.clone().into(), project)?;
    let rule = readable(work, &copy, asked)?;
    Ok((copy, rule))
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
///
/// It keeps to one copy, the one that the event of the reading names, and goes on to another only when that one may be read
/// no more; then the other has its event before another byte is read.
pub(super) struct ReadGrant {
    app: Arc<App>,
    request: RequestInfo,
    asked: Asked,
    /// The signature of the token that made the address.
    by: String,
    /// Where the copy lies that is read.
    copy_in: Option<ContainerId>,
}

impl ReadGrant {
    /// What `by`, the signature of a token, gives its holder. Nothing is decided yet.
    pub(super) fn new(app: Arc<App>, request: RequestInfo, asked: Asked, by: String) -> Self {
        Self { app, request, asked, by, copy_in: None }
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
    pub(super) async fn object(&mut self, holder: Caller) -> Result<Object> {
        let ctx = self.ctx_of(holder);
        Ok(self.look(&ctx, |_, copy| Ok(copy.object.clone())).await?.0)
    }

    /// Whether the person may still read the file, of which so much is left to be read. Nothing is kept from earlier
    /// answers but which copy is read, so that nothing can be missed. It is some ten point look-ups; more, once, when
    /// that copy may be read no more and another has to be found.
    pub(super) async fn holds(&mut self, left: &Range<u64>) -> bool {
        for trouble in 0.. {
            match self.go_on(left, |_, _| Ok(())).await {
                Ok(()) => return true,
                Err(error) if error.is_trouble() && trouble < TROUBLES => {
                    tracing::warn!(file = %self.asked.file, %error, "a download waits");
                    tokio::time::sleep(TROUBLE_PAUSE).await;
                }
                Err(error) => {
                    tracing::info!(file = %self.asked.file, %error, "a download is ended");
                    break;
                }
            }
        }
        false
    }

    /// The next extents of what is left as they are now; they change when equal content is merged.
    pub(super) async fn extents(&mut self, left: &Range<u64>) -> Result<Vec<Extent>> {
        let wanted = left.clone();
        self.go_on(left, move |work, copy| extents(work, copy, &wanted)).await
    }

    /// Decides anew; when another copy is read from now on, its event is committed.
    async fn go_on<T, F>(&mut self, left: &Range<u64>, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Work<'_>, &Copy) -> Result<T> + Send + Sync + 'static,
    {
        let ctx = self.ctx().await?;
        let (found, moved) = self.look(&ctx, f).await?;
        if moved {
            self.record(left.clone()).await?;
        }
        Ok(found)
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

    /// What `f`, which is quick, says of the copy that is read from now on, and whether that is another one than before.
    /// Where the copy is known, it takes a glance; other copies are looked for only when that one may be read no more.
    async fn look<T, F>(&mut self, ctx: &Ctx, f: F) -> Result<(T, bool)>
    where
        T: Send + 'static,
        F: Fn(&Work<'_>, &Copy) -> Result<T> + Send + Sync + 'static,
    {
        let f = Arc::new(f);
        if let Some(project) = self.asked.project.clone().or(self.copy_in.clone()) {
            let (asked, f, there) = (self.asked.clone(), Arc::clone(&f), project.clone());
            let glance = ctx.glance(move |work| match read_in(work, &asked, &there) {
                Ok((copy, _)) => f(work, &copy).map(Some),
                Err(Error::Refused(_) | Error::Said(_)) if asked.project.is_none() => Ok(None),
                Err(error) => Err(error),
            });
            if let Some(found) = glance.await? {
                self.copy_in = Some(project);
                return Ok((found, false));
            }
        }
        let (asked, before) = (self.asked.clone(), self.copy_in.clone());
        let (found, now) = ctx
            .look(move |work| {
                let (copy, _) = choose(work, &asked, before.as_ref())?;
                Ok((f(work, &copy)?, copy.project.id))
            })
            .await?;
        let moved = self.copy_in.replace(now.clone()).is_some_and(|before| before != now);
        Ok((found, moved))
    }

    /// Commits the audit event of a reading, unless one of the last minute covers it; decides once more in the same
    /// transaction. Answers the first extents.
    ///
    /// # Errors
    /// What `/file-xxxx/download` answers.
    pub(super) async fn record(&mut self, range: Range<u64>) -> Result<Vec<Extent>> {
        let ctx = self.ctx().await?;
        let app = Arc::clone(&self.app);
        let openings = &app.memory.openings;
        for _ in 0..TRIES {
            let wanted = range.clone();
            let look = self
                .look(&ctx, move |work, copy| Ok((extents(work, copy, &wanted)?, copy.project.id.clone())));
            let ((extents_now, project), _) = look.await?;
            let opening = Opening {
                token: self.by.clone(),
                object: self.asked.file.to_string(),
                project: project.to_string(),
                content: if self.asked.preauthenticated { Content::LinkedBytes } else { Content::Bytes },
                origin: self.request.origin,
            };
            if openings.covers(&opening, ctx.now()) {
                return Ok(extents_now);
            }
            let (asked, wanted) = (self.asked.clone(), range.clone());
            // The writer looks at this one copy. When it is lost by now, others are looked for outside.
            let written = ctx.change(move |work| match read_in(work, &asked, &project) {
                Ok((copy, rule)) => write_event(work, &asked, &copy, rule, &wanted).map(Some),
                Err(Error::Refused(_) | Error::Said(_)) if asked.project.is_none() => Ok(None),
                Err(error) => Err(error),
            });
            if let Some(extents) = written.await? {
                openings.committed([opening], ctx.now());
                return Ok(extents);
            }
        }
        Err(ApiError::new(
            ErrorType::ServiceUnavailable,
            format!(
                "The copies of {} are being changed, so that none could be chosen. Try again in a moment.",
                self.asked.file
            ),
        )
        .retry_after(RETRY_SECONDS)
        .into())
    }
}

fn write_event(
    work: &Work<'_>,
    asked: &Asked,
    copy: &Copy,
    rule: &'static str,
    range: &Range<u64>,
) -> Result<Vec<Extent>> {
    work.record(
        Event::done(EventName::FileRead).project(&copy.project.id).subject(&asked.file).rule(rule).after(
            json!({
                "from": range.start,
                "to": range.end,
                "preauthenticated": asked.preauthenticated,
                "coversUntil": Openings::until(work.now()),
            }),
        ),
    )?;
    extents(work, copy, range)
}

/// The first extents of a range, in order: at least one where it has any bytes.
fn extents(work: &Work<'_>, copy: &Copy, range: &Range<u64>) -> Result<Vec<Extent>> {
    let end = range.end.min(range.start.saturating_add(LOOKED_UP));
    let (from, to) = (i64::try_from(range.start), i64::try_from(end));
    let (Ok(from), Ok(to)) = (from, to) else { return Ok(Vec::new()) };
    Ok(store::blob::extents(work.tx, copy.object.key, from, to)?)
}
