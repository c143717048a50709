//! What somebody may do in a project, and where it comes from: for `describe` and `describeAccess`.

use wire::Level;

use crate::action::Subject;
use crate::capability::{Capabilities, Capability};
use crate::decide::Trace;
use crate::decision::Reason;
use crate::evaluate::{Held, Silent, evaluate};
use crate::facts::{Facts, PlatformKind, Via};
use crate::grants::{direct_stands_alone, survives};
use crate::rights::{Ceiling, Rights};
use crate::role::Role;
use crate::rule::Rule;

/// What the actor may do, without a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// The wire's level: after the token's scope, before the project's flags (contract B1; contract 6.2).
    pub level: Level,
    /// Everything that is left after all steps.
    pub capabilities: Capabilities,
    /// Up to what the actor may invite others.
    pub ceiling: Ceiling,
}

/// What the actor may do, where it comes from and what cut it (contract B5 `describeAccess`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessReport {
    /// What is left.
    pub access: Access,
    /// What gives access: grants first, then ownership, the paying organisation and the platform kind.
    pub sources: Vec<Source>,
    /// What took capabilities out, or kept them from being given, in the order of contract B1.
    pub masks: Vec<Reason>,
}

/// One thing that gives access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The rule, such as [`Rule::GrantOrg`].
    pub rule: Rule,
    /// How the grant reaches the actor; `None` for what is no grant.
    pub via: Option<Via>,
    /// What the grant says; `None` for what is no grant.
    pub role: Option<Role>,
    /// The rights of the grant; neither for what is no grant.
    pub rights: Rights,
    /// What it gives with its own rights and under its own cap, before every mask.
    pub gives: Capabilities,
}

/// What the actor may do in the project, or with the object of the facts.
#[must_use]
pub fn effective(facts: &Facts) -> Access {
    access(&evaluate(facts, Subject::Object, &mut Silent))
}

/// What the actor may do in the project, with sources and masks.
#[must_use]
pub fn describe(facts: &Facts) -> AccessReport {
    let mut trace = Trace::new();
    let held = evaluate(facts, Subject::Object, &mut trace);
    let mut sources = Vec::new();
    if facts.actor.user.is_some() {
        let alone = direct_stands_alone(facts);
        sources.extend(facts.grants.iter().filter_map(|grant| {
            let (rule, column) = survives(grant, alone, facts.share.is_some()).ok()?;
            let gives = grant.role.capabilities(grant.rights) & column;
            let (via, role) = (Some(grant.via.clone()), Some(grant.role));
            Some(Source { rule, via, role, rights: grant.rights, gives })
        }));
    }
    let is_grant =
        |rule| matches!(rule, Rule::GrantDirect | Rule::GrantOrg | Rule::GrantWorkgroup | Rule::GrantPublic);
    for reason in &trace.reasons {
        if !reason.added.is_empty() && !is_grant(reason.rule) {
            let Reason { rule, added, .. } = *reason;
            sources.push(Source { rule, via: None, role: None, rights: Rights::NEITHER, gives: added });
        }
    }
    let masks = trace.reasons.into_iter().filter(|reason| !reason.removed.is_empty()).collect();
    AccessReport { access: access(&held), sources, masks }
}

/// Whether the user of these facts may be named owner (contract B11.32): a member by a grant other than PUBLIC, and
/// not Read-Only.
#[must_use]
pub fn may_own(facts: &Facts) -> bool {
    let alone = direct_stands_alone(facts);
    let member = facts.grants.iter().filter(|grant| grant.via != Via::Public).any(|grant| {
        survives(grant, alone, false).is_ok_and(|(_, column)| column.has(Capability::ProjectSee))
    });
    member && facts.actor.user.is_some() && facts.actor.kind != PlatformKind::ReadOnly
}

fn access(held: &Held) -> Access {
    Access { level: held.level, capabilities: held.capabilities, ceiling: held.ceiling }
}
