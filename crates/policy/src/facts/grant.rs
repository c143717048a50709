//! Grants, and how they reach somebody.

use wire::Level;
use wire::id::{Id, OrgId};

use crate::rights::Rights;
use crate::role::Role;

/// One grant that reaches the actor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// How it reaches the actor.
    pub via: Via,
    /// What it gives.
    pub role: Role,
    /// Its two rights.
    pub rights: Rights,
}

impl Grant {
    /// A grant of a level with both rights.
    #[must_use]
    pub fn level(via: Via, level: Level) -> Self {
        Self { via, role: Role::level(level), rights: Rights::BOTH }
    }
}

/// How a grant reaches the actor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// It names the user.
    Direct,
    /// It names an organisation that the user belongs to; cut by the member's `projectAccess`.
    Org {
        /// The organisation.
        org: OrgId,
        /// The user's membership in it.
        member: OrgMember,
    },
    /// It names a workgroup that the user belongs to.
    Workgroup {
        /// The workgroup.
        workgroup: Id,
        /// The user's membership in the workgroup's organisation where its policy `capWorkgroups` is set, and
        /// then a cap as for the organisation; `None` where it is not.
        cap: Option<OrgMember>,
    },
    /// It names everybody with a token.
    Public,
}

impl Via {
    /// The level that cuts the grant; `None` when nothing does.
    #[must_use]
    pub fn cap(&self) -> Option<Level> {
        match self {
            Self::Org { member, .. } => Some(member.cap()),
            Self::Workgroup { cap, .. } => cap.map(|member| member.cap()),
            Self::Direct | Self::Public => None,
        }
    }
}

/// Level of a member in an organisation (F030). Ordered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrgLevel {
    /// An ordinary member.
    #[default]
    Member,
    /// Runs the organisation.
    Admin,
}

/// A membership in an organisation, with the flags that matter for access (contract 4.1), as stored: what an
/// ADMIN has by level, whatever the flags say, is worked out here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OrgMember {
    /// ADMIN or MEMBER.
    pub level: OrgLevel,
    /// The cap on what projects shared with the organisation give this member.
    pub project_access: Level,
    /// May spend the organisation's money.
    pub allow_billable_activities: bool,
    /// May archive in projects that the organisation pays for.
    pub archival_management: bool,
    /// May delete data there.
    pub data_deletion: bool,
    /// May search there.
    pub data_search: bool,
    /// May lower members there.
    pub project_member_demotion: bool,
}

impl OrgMember {
    /// A MEMBER with the contract's default flags.
    pub const MEMBER: Self = Self {
        level: OrgLevel::Member,
        project_access: Level::Contribute,
        allow_billable_activities: false,
        archival_management: false,
        data_deletion: false,
        data_search: false,
        project_member_demotion: false,
    };
    /// An ADMIN.
    pub const ADMIN: Self = Self {
        level: OrgLevel::Admin,
        project_access: Level::Administer,
        allow_billable_activities: true,
        archival_management: true,
        data_deletion: true,
        data_search: true,
        project_member_demotion: true,
    };

    /// Whether this is an ADMIN.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.level == OrgLevel::Admin
    }

    /// The cap on grants through the organisation: none for an ADMIN.
    #[must_use]
    pub fn cap(&self) -> Level {
        if self.is_admin() { Level::Administer } else { self.project_access }
    }

    /// Whether the member may spend the organisation's money.
    #[must_use]
    pub fn may_bill(&self) -> bool {
        self.is_admin() || self.allow_billable_activities
    }
}
