//! Audit events as the use cases write them (design promise 7, F473).
//!
//! Events carry ids, never names or addresses, so that what they say of a person stays erasable.

use std::net::IpAddr;

use audit::{AddressClass, Outcome};
use serde_json::{Value as Json, json};
use store::access::Refused;

use crate::context::Ctx;

/// What happened, before the transaction gives it time, actor and request.
#[derive(Debug, Clone)]
pub struct Event {
    action: &'static str,
    outcome: Outcome,
    project: Option<String>,
    subjects: Vec<String>,
    rule: Option<String>,
    before: Option<Json>,
    after: Option<Json>,
}

impl Event {
    /// Something that was done. `action` is `<what>.<verb>`, such as `member.invite`.
    #[must_use]
    pub fn done(action: &'static str) -> Self {
        Self {
            action,
            outcome: Outcome::Allowed,
            project: None,
            subjects: Vec::new(),
            rule: None,
            before: None,
            after: None,
        }
    }

    /// Something that was refused, though not by the access decision: a wrong password, say.
    #[must_use]
    pub fn failed(action: &'static str) -> Self {
        Self { outcome: Outcome::Refused, ..Self::done(action) }
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
            ..Self::done("access.refuse")
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

    /// The event as the log keeps it, and the project that it stands under.
    pub(crate) fn entry(self, ctx: &Ctx) -> (audit::Event, Option<String>) {
        let mut entry = audit::Event::new(ctx.now(), ctx.method.as_str(), self.action, self.outcome);
        if let Some(caller) = &ctx.caller {
            entry.actor = Some(caller.id.as_id().clone());
            entry.token = Some(caller.token_ref().to_owned());
        }
        entry.origin = Some(ctx.request.origin.map_or(AddressClass::System, class_of));
        entry.request = Some(ctx.request.id.to_string());
        entry.subjects = self.project.iter().chain(&self.subjects).cloned().collect();
        entry.rule = self.rule;
        entry.before = self.before;
        entry.after = self.after;
        (entry, self.project)
    }
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
