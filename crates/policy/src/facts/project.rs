//! A project as far as access goes.

use wire::id::{OrgId, ProjectId, UserId};

use super::grant::OrgMember;

/// A project as far as access goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectFacts {
    /// Its id.
    pub id: ProjectId,
    /// Its restriction flags.
    pub flags: Flags,
    /// How several grants combine.
    pub resolution: Resolution,
    /// The owner, if one is named (contract B11.32).
    pub owner: Option<UserId>,
    /// Who pays.
    pub bill_to: BillTo,
    /// Whether the actor has accepted the data protection notice; without meaning while none is displayed.
    pub notice_accepted: bool,
    /// A transfer that waits for an answer.
    pub transfer: Transfer,
}

impl ProjectFacts {
    /// A project without flags, owner or pending transfer, billed to `payer`.
    #[must_use]
    pub fn new(id: ProjectId, payer: UserId) -> Self {
        Self {
            id,
            flags: Flags::default(),
            resolution: Resolution::Greatest,
            owner: None,
            bill_to: BillTo::User(payer),
            notice_accepted: false,
            transfer: Transfer::None,
        }
    }
}

/// The restriction flags of a project (contract 7).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Flags {
    /// Only members who may change flags delete data.
    pub protected: bool,
    /// Data is neither copied out nor used elsewhere.
    pub restricted: bool,
    /// Bytes do not leave the platform.
    pub download_restricted: bool,
    /// Bytes come in through jobs only.
    pub external_upload_restricted: bool,
    /// No previews or viewers.
    pub preview_viewer_restricted: bool,
    /// Holds protected health information: copies go into such projects only.
    pub contains_phi: bool,
    /// Members at VIEW reach databases through the cohort pages only.
    pub database_ui_view_only: bool,
    /// People must accept a notice before they reach data.
    pub display_data_protection_notice: bool,
    /// Cannot be destroyed until this is unset.
    pub destroy_protected: bool,
}

/// How several grants of one actor combine (contract B1 step 2, F094).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Resolution {
    /// They add up.
    #[default]
    Greatest,
    /// A direct grant stands alone, and may lower.
    SpecificFirst,
}

/// Who pays for a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BillTo {
    /// A person.
    User(UserId),
    /// An organisation.
    Org(BillToOrg),
}

/// The organisation that pays, and the actor's part in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillToOrg {
    /// Its id.
    pub id: OrgId,
    /// The actor's membership, if any.
    pub member: Option<OrgMember>,
    /// Its policy `restrictProjectTransfer` is ADMIN.
    pub transfer_by_admins_only: bool,
}

/// A pending transfer of a project to another payer (contract 8).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Transfer {
    /// None is pending.
    #[default]
    None,
    /// The project is offered to the actor.
    ToActor,
    /// The project is offered to somebody else.
    ToOther,
}
