//! Who may do what on the platform as a whole (contract 2, 3, B7).

use wire::Level;

use crate::decision::Decision;
use crate::facts::{Actor, BillingGate, PlatformKind};
use crate::org::need;
use crate::outcome::Outcome;
use crate::rule::Rule;

/// One thing that a caller wants to do outside any project or organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SystemAction {
    /// Manage users and kinds, server options, spending limits; see every project's row.
    Administer,
    /// Read the platform's audit log.
    ReadAudit,
    /// Make a project.
    CreateProject {
        /// The caller may charge the account named (oneself, or [`crate::OrgMember::may_bill`]).
        may_bill: bool,
        /// A job that was given `projectCreation`; without meaning for people.
        job_may_create: bool,
        /// Whether that account can be charged.
        billing: BillingGate,
    },
    /// Make an organisation.
    CreateOrg,
    /// Read one's own private fields: address, payer, tokens.
    ReadOwnAccount,
    /// Change an account as its owner may.
    UpdateAccount {
        /// It is the caller's own.
        own: bool,
    },
    /// Change one's own default payer.
    SetOwnBillTo {
        /// The caller may charge the account named.
        may_bill: bool,
    },
    /// Make tokens, and list or revoke others of one's own.
    ManageTokens,
    /// Make an account for somebody else.
    ProvisionUser {
        /// The caller is an ADMIN of the organisation on whose behalf it is made, or of any, where none is named.
        org_admin: bool,
        /// The operator lets that organisation make accounts.
        licensed: bool,
    },
    /// Help a user back in: send the activation link again, switch the second factor off, lift a delay.
    HelpUser {
        /// The caller is an ADMIN of the organisation on whose behalf the account was made, which the operator lets
        /// make accounts, or made it.
        responsible: bool,
    },
}

/// Decides about the platform. In `actor`, [`crate::Scope::Level`] is what the scope gives to `*`.
#[must_use]
pub fn decide_system(actor: &Actor, action: SystemAction) -> Decision {
    if actor.user.is_none() {
        return Decision::plain(Rule::NoToken, Outcome::PermissionDenied);
    }
    let admin = actor.kind == PlatformKind::Admin;
    let read_only = actor.kind == PlatformKind::ReadOnly;
    let full = need(actor.in_full(), Rule::FullScopeRequired);
    let refused = match action {
        SystemAction::Administer | SystemAction::ReadAudit => {
            need(admin, Rule::PlatformAdminRequired).or(full)
        }
        SystemAction::CreateProject { may_bill, job_may_create, billing } => {
            let gate = match billing {
                BillingGate::Ok => None,
                BillingGate::SpendingLimit => Some(Rule::SpendingLimit),
                BillingGate::OrgExpired => Some(Rule::OrgExpired),
            };
            // Ruling: whoever makes a project administers it, so a scoped token must reach that far.
            need(!read_only, Rule::ReadOnly)
                .or(need(actor.scope.reaches(Level::Administer), Rule::TokenScope))
                .or(need(!actor.is_job() || job_may_create, Rule::JobLevel))
                .or(need(may_bill, Rule::BillNoRight))
                .or(gate)
        }
        SystemAction::ReadOwnAccount | SystemAction::ManageTokens => full,
        // Ruling: a Read-Only user runs nothing, so makes no organisation and no account either.
        SystemAction::CreateOrg => need(!read_only, Rule::ReadOnly).or(full),
        SystemAction::UpdateAccount { own } => need(own, Rule::AnotherAccount).or(full),
        SystemAction::SetOwnBillTo { may_bill } => {
            full.or(need(!read_only, Rule::ReadOnly)).or(need(may_bill, Rule::BillNoRight))
        }
        SystemAction::ProvisionUser { org_admin, licensed } => need(!read_only, Rule::ReadOnly)
            .or(need(org_admin || admin, Rule::OrgAdminRequired))
            .or(need(licensed || admin, Rule::FeatureOff))
            .or(full),
        // Ruling: whoever merely invited a user into an organisation of their own gets no hold on the account.
        SystemAction::HelpUser { responsible } => need(!read_only, Rule::ReadOnly)
            .or(need(responsible || admin, Rule::PlatformAdminRequired))
            .or(full),
    };
    match refused {
        Some(rule) => Decision::plain(rule, rule.outcome()),
        None if matches!(action, SystemAction::Administer | SystemAction::ReadAudit) => {
            Decision::plain(Rule::PlatformAdmin, Outcome::Allowed)
        }
        None => Decision::plain(Rule::Anyone, Outcome::Allowed),
    }
}
