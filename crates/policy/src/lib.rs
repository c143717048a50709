//! Who may do what, and why: the one access decision of Operon.
//!
//! Everything here is pure. A caller gathers [`Facts`] (plain data), names an [`Action`] and gets a [`Decision`];
//! a check, a list, a search, a download and the buttons of a page all come through [`decide`], so they cannot
//! disagree. The rules are the contract's (identity-and-sharing 6, 7, 8 and B1 to B11; B11 wins):
//!
//! 1. [`presets`] is the table that says which role holds which [`Capability`];
//! 2. `evaluate` walks the steps of B1 and yields the capabilities that are left;
//! 3. [`Action::requirement`] names the capabilities that an action needs; `decide` compares the two and applies
//!    the few conditions that are no capability (ceilings, billing, states).
//!
//! Rulings of ours where the contract leaves room stand beside the code that applies them, each marked `Ruling:`.

pub mod action;
pub mod capability;
mod combine;
pub mod decide;
pub mod decision;
pub mod describe;
mod evaluate;
pub mod facts;
mod grants;
mod masks;
pub mod org;
pub mod outcome;
pub mod presets;
pub mod rights;
pub mod role;
pub mod rule;
pub mod scope;
mod sentence;
mod special;
pub mod system;

pub use action::{Account, Action, Destination, FlagChange, Invitee, MemberChange, Requirement, Subject};
pub use capability::{Capabilities, Capability};
pub use combine::{lowered, raised};
pub use decide::{decide, explain, object_fields};
pub use decision::{Decision, ObjectFields, Reason};
pub use describe::{Access, AccessReport, Source, describe, effective, may_own};
pub use facts::{
    Actor, AdminAccess, BillTo, BillToOrg, BillingGate, Caller, Facts, Flags, Grant, Labels, ObjectFacts,
    ObjectState, OrgLevel, OrgMember, PlatformKind, ProjectFacts, ReadOnlyCap, Resolution, Scope, ShareFacts,
    ShareMode, Transfer, Via,
};
pub use org::{MemberListVisibility, OrgAction, OrgFacts, decide_org};
pub use outcome::Outcome;
pub use presets::Preset;
pub use rights::{Ceiling, Rights};
pub use role::{BaseRole, BenchRole, FlowRole, ProjectRole, Role, TeamRoles};
pub use rule::Rule;
pub use scope::{ClassMask, ObjectClass, Visibility, scope};
pub use system::{SystemAction, decide_system};
