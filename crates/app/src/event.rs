//! Audit events as the use cases write them (design promise 7, F473).
//!
//! Events carry ids, never names, addresses, or anything else that people write, so that what they say of a person stays
//! erasable and the log tells its readers nothing about data that they may not see. Where an event has to tell one text
//! from another, a mark stands for it ([`Work::mark`](crate::work::Work::mark)).

mod name;

use std::net::IpAddr;

use audit::{AddressClass, EventError, Outcome};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use store::access::Refused;
use store::audit::Counted;
use store::db::Tx;
use wire::Id;

use crate::context::Ctx;
use crate::error::Result;
pub use name::EventName;

/// What happened, before the transaction gives it time, actor and request.
#[derive(Debug, Clone)]
pub struct Event {
    name: EventName,
    outcome: Outcome,
    project: Option<String>,
    subjects: Vec<String>,
    rule: Option<String>,
    before: Option<Json>,
    after: Option<Json>,
}

impl Event {
    /// Something that was done.
    #[must_use]
    pub fn done(name: EventName) -> Self {
        Self {
            name,
            outcome: Outcome::Allowed,
            project: None,
            subjects: Vec::new(),
            rule: None,
            before: None,
            after: None,
        }
    }

    /// A refusal that is not the access decision's: of a wrong password, say.
    #[must_use]
    pub fn refusal(name: EventName) -> Self {
        Self { outcome: Outcome::Refused, ..Self::done(name) }
    }

    /// A refusal of the access decision.
    #[must_use]
    pub fn refused(refused: &Refused) -> Self {
        Self {
            outcome: Outcome::Refused,
            project: refused.project.clone(),
            subjects: refused.subjects.clone(),
            rule: Some(refused.decision.rule.code().to_owned()),
            after: Some(json!({ "asked": refused.asked })),
            ..Self::done(EventName::AccessRefused)
        }
    }

    /// The project it happened in.
    #[must_use]
    pub fn project(mut self, id: &impl ToString) -> Self {
        self.project = Some(id.to_string());
        self
    }

    /// Something else that it concerns: an object, a person, an organisation.
    #[must_use]
    pub fn subject(mut self, id: &impl ToString) -> Self {
        self.subjects.push(id.to_string());
        self
    }

    /// The rule that allowed it.
    #[must_use]
    pub fn rule(mut self, code: impl Into<String>) -> Self {
        self.rule = Some(code.into());
        self
    }

    /// What was there before.
    #[must_use]
    pub fn before(mut self, value: Json) -> Self {
        self.before = Some(value);
        self
    }

    /// What is there now.
    #[must_use]
    pub fn after(mut self, value: Json) -> Self {
        self.after = Some(value);
        self
    }

    /// Whether it says neither in which project it happened, nor whom or what it concerns.
    pub(crate) fn names_nothing(&self) -> bool {
        self.project.is_none() && self.subjects.is_empty()
    }

    /// Counts the event, in a transaction that serves a request, instead of writing it: a job writes how many there were.
    pub(crate) fn count(self, tx: &Tx, ctx: &Ctx) -> Result<()> {
        let counted = Counted {
            actor: ctx.caller.as_ref().map(|caller| caller.id.to_string()),
            action: self.name.as_str().to_owned(),
            outcome: self.outcome,
            project: self.project,
            count: 1,
            since: ctx.now(),
            until: ctx.now(),
        };
        Ok(store::audit::count(tx, &counted)?)
    }

    /// The event that stands for what was counted.
    pub(crate) fn of_counted(counted: &Counted) -> Self {
        Self {
            outcome: counted.outcome,
            project: counted.project.clone(),
            after: Some(json!({
                "kind": counted.action,
                "count": counted.count,
                "since": counted.since,
                "until": counted.until,
            })),
            ..Self::done(EventName::EventsCounted)
        }
    }

    /// Writes the event into a transaction that serves a request.
    pub(crate) fn write(self, tx: &Tx, ctx: &Ctx) -> Result<()> {
        let project = self.project.clone();
        let mut entry = self.entry(ctx.method.as_str(), ctx.now());
        if let Some(caller) = &ctx.caller {
            entry.actor = Some(caller.id.as_id().clone());
            entry.token = Some(caller.token_ref().to_owned());
        }
        entry.origin = Some(ctx.request.origin.map_or(AddressClass::System, class_of));
        entry.request = Some(ctx.request.id.to_string());
        Ok(store::audit::append(tx, &entry, project.as_deref())?)
    }

    /// Writes an event about something that the server did of itself; `job` says what it was at.
    pub(crate) fn write_own(self, tx: &Tx, job: &str, now: i64) -> Result<()> {
        self.write_about(tx, job, None, now)
    }

    /// As [`Event::write_own`], about what somebody did.
    pub(crate) fn write_about(self, tx: &Tx, job: &str, actor: Option<Id>, now: i64) -> Result<()> {
        let project = self.project.clone();
        let mut entry = self.entry(job, now);
        entry.actor = actor;
        entry.origin = Some(AddressClass::System);
        Ok(store::audit::append(tx, &entry, project.as_deref())?)
    }

    /// The event as the log keeps it, but for who asked and from where.
    fn entry(self, method: &str, at: i64) -> audit::Event {
        let mut entry = audit::Event::new(at, method, self.name.as_str(), self.outcome);
        entry.subjects = self.project.into_iter().chain(self.subjects).collect();
        entry.rule = self.rule;
        entry.before = self.before;
        entry.after = self.after;
        shorten(&mut entry);
        entry
    }
}

/// Puts digests in the place of what was changed where that is too long for an event, so that nobody gets round the log
/// by the length of what they write.
fn shorten(entry: &mut audit::Event) {
    if !matches!(entry.encode(), Err(EventError::TooLong(_))) {
        return;
    }
    for value in [&mut entry.before, &mut entry.after].into_iter().flatten() {
        *value = digest(value);
    }
}

/// Which value it was, without what it holds.
fn digest(value: &Json) -> Json {
    let text = value.to_string();
    json!({ "sha256": hex::encode(Sha256::digest(&text)), "bytes": text.len() })
}

/// The kind of an address; the address itself stays out of the log.
fn class_of(address: IpAddr) -> AddressClass {
    let address = address.to_canonical();
    if address.is_loopback() {
        return AddressClass::Loopback;
    }
    let private = match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    };
    if private { AddressClass::Private } else { AddressClass::Public }
}
