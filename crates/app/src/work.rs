//! One transaction of a use case: decide, change and audit event stand or fall together.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use policy::{Action, OrgAction, Outcome, SystemAction};
use serde_json::Value as Json;
use store::access::{Access, Caller, OrgAccess, OrgPermit, Permit, Settings, SystemPermit};
use store::db::Tx;
use store::org::Org;
use store::project::Project;
use store::token::{self, Standing};
use wire::id::{BillToId, ContainerId, ObjectId, OrgId};
use wire::{ApiError, ErrorType};

use crate::context::Ctx;
use crate::details_read::DetailsRead;
use crate::error::{Error, Result, absent, no_token};
use crate::event::Event;
use crate::turns::Turn;

/// The most subjects that one of several events about one action names; fewer than the log takes, to leave room for the
/// project itself.
const SUBJECTS_OF_AN_EVENT: usize = audit::event::MAX_SUBJECTS - 10;

/// The most bytes of descriptions that one answer holds: the metadata, details, links and paths in them.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// A transaction and the request it serves.
pub struct Work<'tx> {
    /// The transaction.
    pub tx: &'tx Tx,
    /// The request.
    pub ctx: &'tx Ctx,
    /// How much what is described has come to so far, in bytes.
    described: Cell<usize>,
    /// Of which objects the answer holds the details.
    read: RefCell<DetailsRead>,
}

impl Ctx {
    /// Runs a use case that changes something. What it returns leaves only after the commit.
    ///
    /// The closure may run several times, so it has no effect but through the transaction. When the decision says no,
    /// everything the closure did is undone and the refusal is committed, as an audit event, before it is answered.
    /// Nothing is changed with a token that was ended, or for an account that was stopped, after the request came. Of the
    /// changes of one account no more wait for the writer than share a commit.
    ///
    /// # Errors
    /// Whatever the closure returns, or the store's.
    pub async fn change<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Work<'_>) -> Result<T> + Send + 'static,
    {
        let turn = self.writer(false).await?;
        self.change_with(f, turn).await
    }

    /// As [`Ctx::change`], without waiting for the other changes of the account: for a small change that other turns bound,
    /// and that would lose what has been sent if it came too late.
    ///
    /// # Errors
    /// Whatever the closure returns, or the store's.
    pub(crate) async fn change_at_once<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Work<'_>) -> Result<T> + Send + 'static,
    {
        self.change_with(f, None).await
    }

    /// As [`Ctx::change`], for what may touch very many rows, and so keep the writer long. Of these, one of an account
    /// waits for the writer at a time, and no other change of the account beside it.
    ///
    /// # Errors
    /// Whatever the closure returns, or the store's.
    pub async fn change_many<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Work<'_>) -> Result<T> + Send + 'static,
    {
        let turn = self.writer(true).await?;
        self.change_with(f, turn).await
    }

    async fn writer(&self, many_rows: bool) -> Result<Option<Turn>> {
        match &self.caller {
            Some(caller) => Ok(Some(self.app.memory.writer(caller.account, many_rows).await?)),
            None => Ok(None),
        }
    }

    async fn change_with<T, F>(&self, f: F, turn: Option<Turn>) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Work<'_>) -> Result<T> + Send + 'static,
    {
        let ctx = self.clone();
        let outcome = self.app.db.write(move |tx| {
            // It belongs to the change, which is made also when nobody waits for its answer any more.
            let _held = &turn;
            run(tx, &ctx, &f)
        });
        self.recorded(outcome.await).await
    }

    /// Runs a use case that only reads, on one snapshot. A refusal is recorded before it is answered, and so is a reading
    /// of details. The calls of one account read in a part of the database's readers, and wait for one another there.
    /// Nothing is read with a token that was ended, or for an account that was stopped, after the request came.
    ///
    /// # Errors
    /// Whatever the closure returns, or the store's.
    pub async fn look<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Work<'_>) -> Result<T> + Send + 'static,
    {
        let ctx = self.clone();
        let turn = match &self.caller {
            Some(caller) => Some(self.app.memory.reader(caller.account).await?),
            None => None,
        };
        let read = move |tx: &Tx| {
            // It belongs to the reading, which goes on when nobody waits for its answer any more.
            let _held = &turn;
            run(tx, &ctx, &f)
        };
        let outcome = self.app.db.read(read).await;
        self.recorded(outcome).await
    }

    /// As [`Ctx::look`], for some point look-ups: on connections of their own, where nothing else that the account reads
    /// keeps them waiting.
    ///
    /// # Errors
    /// Whatever the closure returns, or the store's.
    pub(crate) async fn glance<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Work<'_>) -> Result<T> + Send + 'static,
    {
        let ctx = self.clone();
        let outcome = self.app.db.read_inline(move |tx| run(tx, &ctx, &f));
        self.recorded(outcome.await).await
    }

    /// The outcome, once it is in the audit log if it is a refusal, or a reading of details.
    async fn recorded<T>(&self, outcome: Result<(T, DetailsRead)>) -> Result<T> {
        if let Err(Error::Refused(refused)) = &outcome {
            let (ctx, refused) = (self.clone(), refused.clone());
            let record = move |tx: &Tx| Work::new(tx, &ctx).record_or_count(Event::refused(&refused));
            self.app.db.write(record).await?;
        }
        let (answer, read) = outcome?;
        read.record(self).await?;
        Ok(answer)
    }
}

/// Runs a use case in a transaction, if who asks still may; beside its answer, of which objects that holds the details.
fn run<T>(tx: &Tx, ctx: &Ctx, f: &impl Fn(&Work<'_>) -> Result<T>) -> Result<(T, DetailsRead)> {
    let work = Work::new(tx, ctx);
    work.caller_stands()?;
    let answer = f(&work)?;
    Ok((answer, work.read.take()))
}

impl<'tx> Work<'tx> {
    /// The work of a request in a transaction.
    pub(crate) fn new(tx: &'tx Tx, ctx: &'tx Ctx) -> Self {
        Self { tx, ctx, described: Cell::new(0), read: RefCell::default() }
    }

    /// Counts what a description adds to the answer, in bytes, about, and takes room for it.
    ///
    /// # Errors
    /// As [`Work::expect_in_answer`].
    pub(crate) fn add_to_answer(&self, bytes: usize) -> Result<()> {
        self.expect_in_answer(bytes)?;
        self.described.set(self.described.get().saturating_add(bytes));
        Ok(())
    }

    /// Takes room for what is about to be read and added to the answer, without counting it yet.
    ///
    /// # Errors
    /// `InvalidInput` when the answer would be too large to give at once; `ServiceUnavailable` when other answers leave no
    /// room for it.
    pub(crate) fn expect_in_answer(&self, bytes: usize) -> Result<()> {
        let described = self.described.get().saturating_add(bytes);
        if described <= MAX_ANSWER_BYTES {
            return self.ctx.answer.grow(described);
        }
        Err(ApiError::invalid_input(format!(
            "The answer would hold more than {MAX_ANSWER_BYTES} bytes of descriptions. Ask for fewer things at once, or for fewer fields."
        ))
        .into())
    }

    /// Notes that the answer holds the details of an object as it lies in a project: that is a reading of content, and is
    /// in the audit log before the answer leaves (design promise 7).
    pub(crate) fn details_read(&self, project: &ContainerId, object: &ObjectId) {
        self.read.borrow_mut().note(project, object);
    }

    /// What stands in an audit event for something that people wrote: equal for equal text in one project under the same
    /// server keys. Who holds the keys, or may write into the project, can tell whether it was a certain text; to anybody
    /// else, a text written elsewhere tells nothing.
    pub(crate) fn mark(&self, project: &ContainerId, written: &Json) -> Json {
        self.ctx.app.memory.marks.sign(&[project.as_str(), &written.to_string()]).into()
    }

    /// How much what is described has come to so far, in bytes: what a next transaction of the same answer begins with.
    pub(crate) fn in_answer(&self) -> usize {
        self.described.get()
    }

    /// Who asks.
    ///
    /// # Errors
    /// `PermissionDenied` without a token.
    pub fn caller(&self) -> Result<&'tx Arc<Caller>> {
        self.ctx.caller.as_ref().ok_or_else(|| {
            ApiError::new(ErrorType::PermissionDenied, "This needs a signed-in user. Sign in and try again.")
                .into()
        })
    }

    /// Fails when the caller's token was ended since the request came, or the caller's account was stopped or is of another
    /// kind.
    fn caller_stands(&self) -> Result<()> {
        let Some(caller) = &self.ctx.caller else { return Ok(()) };
        match token::standing(self.tx, caller.token, caller.kind)? {
            Standing::Same => Ok(()),
            Standing::Ended => Err(no_token()),
            Standing::OtherKind => Err(ApiError::new(
                ErrorType::ServiceUnavailable,
                "Your account was changed while this call waited. Try again.",
            )
            .retry_after(1)
            .into()),
        }
    }

    /// When the request came, in ms.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.ctx.request.now
    }

    /// The project of an id, with the caller's access to it. One that the caller may not see is absent.
    ///
    /// # Errors
    /// `ResourceNotFound`.
    pub fn project(&self, id: &ContainerId) -> Result<(Project, Access)> {
        self.visible_project(id)?.ok_or_else(|| absent(id.as_str()))
    }

    /// As [`Work::project`]; none when it is absent.
    pub(crate) fn visible_project(&self, id: &ContainerId) -> Result<Option<(Project, Access)>> {
        let caller = self.caller()?;
        let Some(project) = store::project::by_id(self.tx, id)? else { return Ok(None) };
        let access = Access::load(self.tx, caller, &self.settings(), &project)?;
        Ok(access.sees_project().then_some((project, access)))
    }

    /// Leave to do something in a project.
    ///
    /// # Errors
    /// `Refused`, with the rule that decided.
    pub fn permit(&self, access: &Access, action: Action) -> Result<Permit<'tx>> {
        access.permit(self.tx, action).map_err(Error::Refused)
    }

    /// As [`Work::permit`], for what costs money: when nothing but money is in the way, the refusal comes back inside,
    /// since states are checked before billing (contract: data 2.1).
    ///
    /// # Errors
    /// `Refused`, with the rule that decided.
    pub fn permit_billed(&self, access: &Access, action: Action) -> Result<Result<Permit<'tx>>> {
        match access.permit(self.tx, action) {
            Ok(permit) => Ok(Ok(permit)),
            Err(refused) => match refused.decision.outcome {
                Outcome::SpendingLimitExceeded | Outcome::OrgExpired => Ok(Err(Error::Refused(refused))),
                _ => Err(Error::Refused(refused)),
            },
        }
    }

    /// Leave to do something that concerns no project.
    ///
    /// # Errors
    /// `Refused`, with the rule that decided.
    pub fn system_permit(&self, action: SystemAction) -> Result<SystemPermit<'tx>> {
        store::access::system_permit(self.tx, self.caller()?, &self.settings(), action)
            .map_err(Error::Refused)
    }

    /// Whether the caller may do something that concerns no project, for answers that differ by it.
    ///
    /// # Errors
    /// `PermissionDenied` without a token.
    pub fn system_allows(&self, action: SystemAction) -> Result<bool> {
        Ok(store::access::system_permit(self.tx, self.caller()?, &self.settings(), action).is_ok())
    }

    /// Whether the caller may spend an account's money.
    ///
    /// # Errors
    /// `PermissionDenied` without a token.
    pub fn may_bill(&self, bill_to: &BillToId) -> Result<bool> {
        Ok(store::access::payer(self.tx, self.caller()?, &self.settings(), bill_to)?.0)
    }

    /// Leave to make a project that `bill_to` pays for.
    ///
    /// # Errors
    /// `Refused`, with the rule that decided.
    pub fn create_project_permit(&self, bill_to: &BillToId) -> Result<SystemPermit<'tx>> {
        store::access::create_project_permit(self.tx, self.caller()?, &self.settings(), bill_to)?
            .map_err(Error::Refused)
    }

    /// The organisation of an id, with the caller's access to it. Everybody may know that it exists.
    ///
    /// # Errors
    /// `ResourceNotFound`.
    pub fn org(&self, id: &OrgId) -> Result<(Org, OrgAccess)> {
        let org = store::org::by_id(self.tx, id)?.ok_or_else(|| absent(id.as_str()))?;
        let access = OrgAccess::load(self.tx, self.caller()?, &self.settings(), &org)?;
        Ok((org, access))
    }

    /// Leave to do something in an organisation.
    ///
    /// # Errors
    /// `Refused`, with the rule that decided.
    pub fn org_permit(&self, access: &OrgAccess, action: OrgAction) -> Result<OrgPermit<'tx>> {
        access.permit(self.tx, action).map_err(Error::Refused)
    }

    /// What the operator decided, as far as access goes, and the time.
    pub(crate) fn settings(&self) -> Settings {
        self.ctx.app.options.access(self.now())
    }

    /// Writes an audit event into this transaction.
    ///
    /// # Errors
    /// The store's; then nothing of the transaction is kept.
    pub fn record(&self, event: Event) -> Result<()> {
        event.write(self.tx, self.ctx)
    }

    /// As [`Work::record`], for what may come in floods: a refusal, or what a stranger asks in vain. Beyond so many of one
    /// account in a minute, or of all strangers together, it is counted, and the log tells how many there were. A stranger's
    /// event that names somebody is written in any case. A transaction that runs again may have it counted sooner.
    ///
    /// # Errors
    /// As [`Work::record`].
    pub(crate) fn record_or_count(&self, event: Event) -> Result<()> {
        let by = self.ctx.caller.as_ref().map(|caller| caller.account);
        let floods = &self.ctx.app.memory.floods;
        if (by.is_none() && !event.names_nothing()) || floods.stands_alone(by, self.now()) {
            self.record(event)
        } else {
            event.count(self.tx, self.ctx)
        }
    }

    /// Writes an event that concerns many things: as many events as the log needs to name them all, at least one.
    ///
    /// # Errors
    /// As [`Work::record`].
    pub fn record_each<'a, S: ToString + 'a>(
        &self,
        event: &Event,
        subjects: impl IntoIterator<Item = &'a S>,
    ) -> Result<()> {
        let mut subjects = subjects.into_iter().peekable();
        loop {
            let mut part = event.clone();
            for subject in subjects.by_ref().take(SUBJECTS_OF_AN_EVENT) {
                part = part.subject(subject);
            }
            self.record(part)?;
            if subjects.peek().is_none() {
                return Ok(());
            }
        }
    }
}
