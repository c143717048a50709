//! Everything a decision rests on, as plain data.
//!
//! One [`Facts`] describes one actor in one project (and perhaps one object of it). Whoever builds it reads the
//! rows; no rule is applied while reading, so that the rules stand in this crate alone.

mod actor;
mod grant;
mod object;
mod project;

pub use actor::{Actor, AdminAccess, Caller, PlatformKind, ReadOnlyCap, Scope};
pub use grant::{Grant, OrgLevel, OrgMember, Via};
pub use object::{Labels, ObjectFacts, ObjectState, ShareFacts, ShareMode};
pub use project::{BillTo, BillToOrg, Flags, ProjectFacts, Resolution, Transfer};

/// What is known about one actor in one project.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Who asks, and through what.
    pub actor: Actor,
    /// The project.
    pub project: ProjectFacts,
    /// Every grant of the project that names the actor: direct, through each organisation and workgroup that the
    /// actor belongs to, and PUBLIC. Order does not matter.
    pub grants: Vec<Grant>,
    /// The object in question, as it lies in this project; `None` when the project itself is.
    pub object: Option<ObjectFacts>,
    /// The share through which the object reaches this project (the subscriber); `None` for what lies in it.
    pub share: Option<ShareFacts>,
    /// Whether the account that the action would charge can pay.
    pub billing: BillingGate,
}

/// Whether an account can be charged (contract 4.5).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum BillingGate {
    /// It can.
    #[default]
    Ok,
    /// It is at its spending limit.
    SpendingLimit,
    /// The organisation has expired.
    OrgExpired,
}

impl Facts {
    /// Facts about `actor` in `project`, with no grant, object or share, and an account that can pay.
    #[must_use]
    pub fn new(actor: Actor, project: ProjectFacts) -> Self {
        Self { actor, project, grants: Vec::new(), object: None, share: None, billing: BillingGate::Ok }
    }

    /// Whether the actor is the project's owner.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        self.actor.user.is_some() && self.actor.user == self.project.owner
    }

    /// Whether the actor pays for the project in person.
    #[must_use]
    pub fn is_payer(&self) -> bool {
        matches!((&self.project.bill_to, &self.actor.user), (BillTo::User(payer), Some(user)) if payer == user)
    }

    /// The direct grant, if any.
    #[must_use]
    pub fn direct_grant(&self) -> Option<&Grant> {
        self.grants.iter().find(|grant| grant.via == Via::Direct)
    }

    /// The actor's membership in the organisation that pays.
    #[must_use]
    pub fn bill_to_member(&self) -> Option<&OrgMember> {
        match &self.project.bill_to {
            BillTo::Org(org) => org.member.as_ref(),
            BillTo::User(_) => None,
        }
    }

    /// Whether the actor is an ADMIN of the organisation that pays.
    #[must_use]
    pub fn is_bill_to_admin(&self) -> bool {
        self.bill_to_member().is_some_and(OrgMember::is_admin)
    }

    /// The labels of whatever is made out of the object: its own, and those that follow from the flags of where
    /// it lies now (contract B11.1). The labels of an execution's output are the union of this over all inputs.
    #[must_use]
    pub fn derived_labels(&self) -> Labels {
        let from_flags = |flags: Flags| Labels {
            no_download: flags.download_restricted,
            no_copy: flags.restricted,
            phi: flags.contains_phi,
        };
        let own = self.object.unwrap_or_default().labels.union(from_flags(self.project.flags));
        self.share.map_or(own, |share| own.union(from_flags(share.publisher)))
    }
}
