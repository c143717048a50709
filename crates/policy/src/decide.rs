//! The one decision.

use crate::action::{Action, Requirement, Subject};
use crate::capability::{Capabilities, Capability};
use crate::decision::{Decision, ObjectFields, Reason};
use crate::evaluate::{Held, Recorder, Silent, evaluate, sees_object, sees_own};
use crate::facts::{BillingGate, Facts, ShareMode};
use crate::outcome::Outcome;
use crate::rule::Rule;
use crate::special;

/// Decides, without allocating. `reasons` stays empty; [`explain`] fills it.
#[must_use]
pub fn decide(facts: &Facts, action: Action) -> Decision {
    let mut deciding = Deciding::new(decisive(facts, action));
    let held = evaluate(facts, action.requirement(facts).subject, &mut deciding);
    decision(facts, action, &held, deciding.giver)
}

/// Decides as [`decide`] does, and says what every step of contract B1 added and took out.
#[must_use]
pub fn explain(facts: &Facts, action: Action) -> Decision {
    let mut trace = Trace { deciding: Deciding::new(decisive(facts, action)), reasons: Vec::new() };
    let held = evaluate(facts, action.requirement(facts).subject, &mut trace);
    let mut decision = decision(facts, action, &held, trace.deciding.giver);
    decision.reasons = trace.reasons;
    decision
}

/// Which fields of the object the caller may read; `None` when [`Action::ViewObject`] is refused.
#[must_use]
pub fn object_fields(facts: &Facts) -> Option<ObjectFields> {
    let held = evaluate(facts, Subject::Object, &mut Silent);
    verdict(facts, Action::ViewObject, &held).is_none().then(|| {
        if !held.capabilities.has(Capability::DataList) {
            ObjectFields::Maker
        } else if facts.share.is_some_and(|share| share.mode == ShareMode::AnalyzeOnly) {
            ObjectFields::AnalyzeOnly
        } else {
            ObjectFields::All
        }
    })
}

/// Whether the action is allowed, for callers that ask often and want no reason.
pub(crate) fn permits(facts: &Facts, action: Action) -> bool {
    let held = evaluate(facts, action.requirement(facts).subject, &mut Silent);
    verdict(facts, action, &held).is_none()
}

/// Why not; `None` for a yes.
enum Refusal {
    /// Capabilities are missing. `sight` is what the caller lacks to meet the subject at all; when it is not empty,
    /// the refusal is hidden.
    Missing { capabilities: Capabilities, sight: Capabilities },
    /// A further condition fails.
    Condition(Rule),
}

fn verdict(facts: &Facts, action: Action, held: &Held) -> Option<Refusal> {
    let standing = special::standing(facts, action);
    if standing.is_none() {
        let missing = missing(facts, action, held);
        if !missing.is_empty() {
            return Some(Refusal::Missing { capabilities: missing, sight: sight(facts, action, held) });
        }
    }
    if let Some(rule) = special::condition(facts, action, held, standing) {
        return Some(Refusal::Condition(rule));
    }
    let billable = action.requirement(facts).billable;
    match facts.billing {
        BillingGate::SpendingLimit if billable => Some(Refusal::Condition(Rule::SpendingLimit)),
        BillingGate::OrgExpired if billable => Some(Refusal::Condition(Rule::OrgExpired)),
        _ => None,
    }
}

/// The capabilities that the action needs and the caller lacks: those of its requirement, the sight of the project,
/// and, where it is about an object, the sight of that.
fn missing(facts: &Facts, action: Action, held: &Held) -> Capabilities {
    let Requirement { capabilities, subject, .. } = action.requirement(facts);
    let mut missing = (capabilities | Capability::ProjectSee.into()) - held.capabilities;
    if subject == Subject::Object && !sees_object(held.capabilities, facts) {
        let as_maker = !held.visible.has(Capability::DataList) && sees_own(held.visible, facts);
        missing |= if as_maker { Capability::DataEditOpen.into() } else { Capability::DataList.into() };
    }
    missing
}

/// What the caller lacks to meet the subject at all, and so to learn why it is refused.
fn sight(facts: &Facts, action: Action, held: &Held) -> Capabilities {
    let Requirement { capabilities, subject, .. } = action.requirement(facts);
    let usable = subject == Subject::Input && held.visible.covers(capabilities);
    if facts.actor.user.is_none() {
        Capabilities::NONE
    } else if !held.visible.has(Capability::ProjectSee) {
        Capability::ProjectSee.into()
    } else if subject == Subject::Project
        || facts.object.is_none()
        || usable
        || sees_object(held.visible, facts)
    {
        Capabilities::NONE
    } else {
        Capability::DataList.into()
    }
}

/// The capabilities whose source is named when the answer is yes.
fn decisive(facts: &Facts, action: Action) -> Capabilities {
    let Requirement { capabilities, subject, .. } = action.requirement(facts);
    if subject == Subject::Object { capabilities | Capability::DataList.into() } else { capabilities }
}

fn decision(facts: &Facts, action: Action, held: &Held, giver: Option<Rule>) -> Decision {
    let level = held.level;
    let (outcome, rule, missing) = match verdict(facts, action, held) {
        None => {
            let rule = special::standing(facts, action).or(giver).unwrap_or(Rule::Maker);
            (Outcome::Allowed, rule, Capabilities::NONE)
        }
        Some(Refusal::Condition(rule)) => (rule.outcome(), rule, Capabilities::NONE),
        Some(Refusal::Missing { capabilities, sight }) => {
            // Refusals are rare: walk again, now listening for what stands in the way.
            let hidden = !sight.is_empty();
            let mut deciding = Deciding::new(if hidden { sight } else { capabilities });
            evaluate(facts, action.requirement(facts).subject, &mut deciding);
            let outcome = if hidden { Outcome::Hidden } else { Outcome::PermissionDenied };
            (outcome, deciding.obstacle(), capabilities)
        }
    };
    Decision { outcome, rule, missing, level, reasons: Vec::new() }
}

/// Finds the rule that decided over some capabilities.
pub(crate) struct Deciding {
    wanted: Capabilities,
    have: Capabilities,
    giver: Option<Rule>,
    lost: Capabilities,
    taker: Option<Rule>,
    anything: bool,
}

impl Deciding {
    fn new(wanted: Capabilities) -> Self {
        let none = Capabilities::NONE;
        Self { wanted, have: none, giver: None, lost: none, taker: None, anything: false }
    }

    /// The rule that stands in the way of what was wanted, none of which is held in the end.
    fn obstacle(&self) -> Rule {
        match self.taker {
            Some(rule) if self.lost == self.wanted => rule,
            _ if self.anything => Rule::LevelTooLow,
            _ => Rule::NoAccess,
        }
    }
}

impl Recorder for Deciding {
    fn record(&mut self, rule: Rule, added: Capabilities, removed: Capabilities) {
        self.anything |= !added.is_empty();
        let new = (added & self.wanted) - self.have;
        if !new.is_empty() {
            self.giver = Some(rule);
            self.have |= new;
            self.lost -= new;
            if self.lost.is_empty() {
                self.taker = None;
            }
        }
        let gone = removed & self.wanted;
        if !gone.is_empty() {
            self.have -= gone;
            self.lost |= gone;
            self.taker.get_or_insert(rule);
        }
    }
}

/// Writes every step down.
pub(crate) struct Trace {
    deciding: Deciding,
    pub(crate) reasons: Vec<Reason>,
}

impl Trace {
    pub(crate) fn new() -> Self {
        Self { deciding: Deciding::new(Capabilities::NONE), reasons: Vec::new() }
    }
}

impl Recorder for Trace {
    fn record(&mut self, rule: Rule, added: Capabilities, removed: Capabilities) {
        self.deciding.record(rule, added, removed);
        self.reasons.push(Reason { rule, added, removed });
    }
}
