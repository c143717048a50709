//! What a decision says.

use wire::Level;

use crate::capability::Capabilities;
use crate::outcome::Outcome;
use crate::rule::Rule;

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
    /// What each step did, in order; filled by [`explain`](crate::explain) only.
    pub reasons: Vec<Reason>,
}

impl Decision {
    /// Whether the answer is yes.
    #[must_use]
    pub fn allowed(&self) -> bool {
        self.outcome == Outcome::Allowed
    }

    pub(crate) fn plain(rule: Rule, outcome: Outcome) -> Self {
        Self { outcome, rule, missing: Capabilities::NONE, level: Level::None, reasons: Vec::new() }
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
