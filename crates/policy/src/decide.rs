//! The one decision.

use wire::{ErrorType, Level};

use crate::action::{Action, Requirement, Subject};
use crate::capability::{Capabilities, Capability};
use crate::evaluate::{Held, Recorder, Silent, evaluate, sees_object, sees_own};
use crate::facts::{BillingGate, Facts, ShareMode};
use crate::rule::Rule;
use crate::{sentence, special};

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

/// The answer to "may this actor do this", with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Yes, or the kind of no.
    pub outcome: Outcome,
    /// The rule that decided: what gave the last capability that was needed, or the first rule in the order of
    /// contract B1 that stands in the way.
    pub rule: Rule,
    /// The capabilities that were needed and are not held; empty where the refusal is about something else.
    pub missing: Capabilities,
    /// The wire level that the caller has in the project.
    pub level: Level,
    /// What each step did, in order; filled by [`explain`] only.
    pub reasons: Vec<Reason>,
}

impl Decision {
    /// Whether the answer is yes.
    #[must_use]
    pub fn allowed(&self) -> bool {
        self.outcome == Outcome::Allowed
    }

    /// A sentence for the person: what happened, why, what to do. `subject` is the id of the project or organisation
    /// that was decided about. A refusal with [`Outcome::Hidden`] must not show it to the caller, who is told that
    /// nothing of the kind was found.
    #[must_use]
    pub fn message(&self, subject: &str) -> String {
        sentence::sentence(self, subject)
    }

    pub(crate) fn plain(rule: Rule, outcome: Outcome) -> Self {
        Self { outcome, rule, missing: Capabilities::NONE, level: Level::None, reasons: Vec::new() }
    }
}

/// Yes, or the kind of no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The caller may.
    Allowed,
    /// The caller may not even know that the subject exists: answer as for an absent one.
    Hidden,
    /// The caller may not.
    PermissionDenied,
    /// The state of the project does not allow it.
    InvalidState,
    /// What was asked for cannot be given.
    InvalidInput,
    /// The account to be charged is at its limit. States are checked before billing (contract data 2): a use case
    /// that has states to check does so before it answers with this.
    SpendingLimitExceeded,
    /// The organisation to be charged has expired; as above.
    OrgExpired,
}

impl Outcome {
    /// The wire's error type; `None` for a yes.
    #[must_use]
    pub fn error_type(self) -> Option<ErrorType> {
        match self {
            Self::Allowed => None,
            Self::Hidden => Some(ErrorType::ResourceNotFound),
            Self::PermissionDenied => Some(ErrorType::PermissionDenied),
            Self::InvalidState => Some(ErrorType::InvalidState),
            Self::InvalidInput => Some(ErrorType::InvalidInput),
            Self::SpendingLimitExceeded => Some(ErrorType::SpendingLimitExceeded),
            Self::OrgExpired => Some(ErrorType::OrgExpired),
        }
    }
}

/// What one step of the evaluation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    /// The rule.
    pub rule: Rule,
    /// What it gave (some of it perhaps held already).
    pub added: Capabilities,
    /// What it took out, or kept from being given.
    pub removed: Capabilities,
}

/// Which fields of an object the caller may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ObjectFields {
    /// All.
    All,
    /// Those a maker who may not list sees: id, class, name, folder, state, parts, size (contract B11.26).
    Maker,
    /// Those of an analyze-only share: id, class, name, folder, size, created, types, tags, share (contract B3).
    AnalyzeOnly,
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
