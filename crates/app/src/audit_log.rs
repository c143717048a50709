//! The audit log as a whole: folding events into the chain, signing checkpoints, searching, exporting.

mod counted;

use audit::export::Line;
use audit::{Checkpoint, Head, Report, SignedCheckpoint, TrustedKey, Verifier};
use policy::{Action, OrgAction, SystemAction};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::audit::{Filter, Position};
use store::db::Db;
use wire::ApiError;
use wire::answer::Page;
use wire::audit::{FindAuditEvents, FoundEvent};

use crate::context::{App, Ctx};
use crate::error::{Error, Result};
use crate::event::EventName;
use crate::paging::{self, Part};
use crate::work::Work;

/// Events folded in one transaction; bounds how long the writer is held.
const FOLD_AT_ONCE: i64 = 500;
/// A new checkpoint is signed at most this often, in ms, while events come in.
const CHECKPOINT_EVERY_MS: i64 = 60_000;

impl App {
    /// Writes events about what was counted in minutes that are over, folds every waiting event into the log, and signs a
    /// checkpoint when one is due. A periodic job.
    ///
    /// # Errors
    /// The store's; what was folded stays folded.
    pub async fn fold_audit_log(&self) -> Result<()> {
        self.write_counted(false).await?;
        fold(&self.db, &self.audit.origin).await?;
        self.sign_checkpoint(CHECKPOINT_EVERY_MS).await
    }

    /// At the end of a server: writes events about all that was counted, also in the running minute, folds, and signs the
    /// log as it is then.
    ///
    /// # Errors
    /// The store's. What was not done is done by the next start.
    pub async fn close_audit_log(&self) -> Result<()> {
        self.write_counted(true).await?;
        fold(&self.db, &self.audit.origin).await?;
        self.sign_checkpoint(0).await
    }

    /// Signs the head of the log unless a checkpoint covers it or the last one is younger than `min_age_ms`.
    ///
    /// # Errors
    /// The store's.
    pub async fn sign_checkpoint(&self, min_age_ms: i64) -> Result<()> {
        let (origin, now) = (self.audit.origin.clone(), self.clock.now());
        let due = self
            .db
            .read(move |tx| {
                let head = store::audit::head(tx, &origin)?;
                let last = store::audit::last_checkpoint(tx)?;
                let covered = last.as_ref().map_or(0, |(size, _, _)| *size);
                let young = last.is_some_and(|(_, _, at)| now - at < min_age_ms);
                Ok::<_, Error>((head.size > covered && !young).then_some(head))
            })
            .await?;
        let Some(head) = due else { return Ok(()) };
        let signed = Checkpoint { origin: self.audit.origin.clone(), head }
            .sign(&[&self.audit.key])
            .map_err(Error::internal)?;
        let note = signed.note.to_string();
        self.db
            .write(move |tx| Ok::<_, Error>(store::audit::put_checkpoint(tx, head.size, &note, now)?))
            .await
    }

    /// The newest signed checkpoint, for anybody who wants to hold the operator to it.
    ///
    /// # Errors
    /// The store's.
    pub async fn newest_checkpoint(&self) -> Result<Option<String>> {
        self.db.read(|tx| Ok::<_, Error>(store::audit::last_checkpoint(tx)?.map(|(_, note, _)| note))).await
    }
}

/// Fails when the log in the database has another name. Each entry's hash holds the name, so that a log that went on under
/// another one would be broken for good.
///
/// # Errors
/// A sentence with both names; the store's.
pub async fn check_name(db: &Db, origin: &str) -> Result<()> {
    let last = db.read(|tx| Ok::<_, Error>(store::audit::last_checkpoint(tx)?)).await?;
    let Some((_, note, _)) = last else { return Ok(()) };
    let name = SignedCheckpoint::parse(&note).map_err(Error::internal)?.checkpoint.origin;
    if name == origin {
        return Ok(());
    }
    Err(Error::Internal(format!(
        "the audit log of this server is called \"{name}\", and the setting audit_origin says \"{origin}\"; set it to the log's name, which cannot be changed"
    )))
}

/// Folds every waiting event into the log.
///
/// # Errors
/// The store's; what was folded stays folded.
pub async fn fold(db: &Db, origin: &str) -> Result<()> {
    loop {
        let origin = origin.to_owned();
        let folded =
            db.write(move |tx| Ok::<_, Error>(store::audit::fold(tx, &origin, FOLD_AT_ONCE)?)).await?;
        if folded == 0 {
            return Ok(());
        }
    }
}

/// Where a page of events ended.
#[derive(Serialize, Deserialize)]
struct Next {
    at: i64,
    event: i64,
}

/// `/system/findAuditEvents`: newest first (F473, F474).
///
/// # Errors
/// `PermissionDenied` unless the caller administers the platform, the organisation or the project that is named;
/// `InvalidInput` for a `kind` that no event has, with all that there are in its details, and when fewer than two events were found within the time that the operator allows.
pub async fn find_events(ctx: Ctx, input: FindAuditEvents) -> Result<Page<FoundEvent>> {
    if let Some(kind) = &input.kind {
        must_be_a_kind(kind)?;
    }
    let limit = input.limit.get();
    let starting = paging::start::<Next>(&ctx, input.starting.as_ref())?;
    let from = starting.map(|next| Position { at: next.at, key: next.event });
    let end = |position: &Position, _: &FoundEvent| Next { at: position.at, event: position.key };
    paging::search(&ctx, limit, from, end, move |work, from, want| {
        may_read(work, &input)?;
        let over = paging::end_of_turn(work.ctx);
        let (found, rest) = store::audit::find(work.tx, &filter(work, &input), from, want, &over)?;
        let found = found.into_iter().map(|found| match serde_json::from_str(&found.body) {
            Ok(Value::Object(event)) => Ok((found.position, FoundEvent { position: found.place, event })),
            _ => Err(Error::internal("an audit event is no hash")),
        });
        Ok(Part { found: found.collect::<Result<_>>()?, rest, rows: 0 })
    })
    .await
}

/// Fails for what no event is called: a search for it would find nothing and say nothing.
fn must_be_a_kind(kind: &str) -> Result<()> {
    let names: Vec<_> = EventName::ALL.iter().map(|name| name.as_str()).collect();
    if names.contains(&kind) {
        return Ok(());
    }
    let message = format!(
        "key \"kind\": no event is called {kind:?}. The details of this error list the names of all events as \"kinds\", and docs/audit-events.md says what each means."
    );
    Err(ApiError::invalid_input(message).with_details(json!({ "kinds": names })).into())
}

fn may_read(work: &Work<'_>, input: &FindAuditEvents) -> Result<()> {
    if let Some(project) = &input.project {
        let (_, access) = work.project(&project.clone().into())?;
        work.permit(&access, Action::ReadAudit)?;
    } else if let Some(org) = &input.org {
        let (_, access) = work.org(org)?;
        work.org_permit(&access, OrgAction::ReadAudit)?;
    } else {
        work.system_permit(SystemAction::ReadAudit)?;
    }
    Ok(())
}

fn filter(work: &Work<'_>, input: &FindAuditEvents) -> Filter {
    let now = wire::time::Millis(work.now());
    Filter {
        actor: input.actor.as_ref().map(ToString::to_string),
        subject: input.object.as_ref().map(ToString::to_string),
        action: input.kind.clone(),
        outcome: input.outcome.map(|outcome| outcome.to_string()),
        project: input.project.as_ref().map(ToString::to_string),
        payer: input.org.as_ref().map(ToString::to_string),
        after: input.after.map(|at| at.relative_to(now).0),
        before: input.before.map(|at| at.relative_to(now).0),
    }
}

/// Entries read in one go while exporting.
const READ_AT_ONCE: i64 = 1000;

/// Writes the whole log, with its checkpoints, as lines of an export (`audit::export`).
///
/// # Errors
/// The store's, or what `write` gives; then the export is not whole.
pub async fn export(db: &Db, origin: &str, mut write: impl FnMut(&Line) -> Result<()>) -> Result<()> {
    write(&Line::Header { origin: origin.to_owned(), head: Head::empty(origin) })?;
    let (mut after, mut covered) = (0, 0);
    loop {
        let name = origin.to_owned();
        let (entries, checkpoints) = db
            .read(move |tx| {
                let entries = store::audit::entries(tx, &name, after, READ_AT_ONCE)?;
                let checkpoints = store::audit::checkpoints(tx, covered, READ_AT_ONCE)?;
                Ok::<_, Error>((entries, checkpoints))
            })
            .await?;
        let mut checkpoints = checkpoints.into_iter().peekable();
        if entries.is_empty() {
            // Checkpoints of a longer log show that its end was cut off.
            for (_, note) in checkpoints.filter(|(size, _)| *size >= after) {
                write(&Line::Checkpoint(SignedCheckpoint::parse(&note).map_err(Error::internal)?))?;
            }
            return Ok(());
        }
        for entry in entries {
            after = entry.position;
            write(&Line::Entry(entry))?;
            while let Some((size, note)) = checkpoints.next_if(|(size, _)| *size <= after) {
                covered = size;
                write(&Line::Checkpoint(SignedCheckpoint::parse(&note).map_err(Error::internal)?))?;
            }
        }
    }
}

/// Verifies the log of a database: every entry, every link, every checkpoint.
///
/// # Errors
/// The store's; what is wrong with the log stands in the report.
pub async fn verify(
    db: &Db,
    origin: &str,
    keys: Vec<TrustedKey>,
    known: Vec<SignedCheckpoint>,
) -> Result<Report> {
    let mut verifier = Verifier::new(origin, keys, known);
    export(db, origin, |line| {
        match line {
            Line::Header { .. } => {}
            Line::Entry(entry) => verifier.entry(entry),
            Line::Checkpoint(signed) => verifier.checkpoint(signed),
        }
        Ok(())
    })
    .await?;
    Ok(verifier.finish())
}
