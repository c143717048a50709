//! What the use cases ask, and which capabilities each needs.

use wire::Level;

use crate::capability::{Capabilities, Capability};
use crate::facts::{Facts, ObjectState};
use crate::rights::Rights;
use crate::role::Role;

/// One thing that a caller wants to do in a project.
///
/// Where an action is about an object, [`Facts::object`] says which; without one, it is about objects of the project
/// in general (closed, without labels), as for a whole folder. Actions about the project alone do not look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Describe the project, or meet it by id.
    SeeProject,
    /// Have the project in `findProjects`.
    FindProject,
    /// See the members.
    ListMembers,
    /// Read who did what.
    ViewActivity,
    /// List folders. (Searches use [`crate::scope()`], which also admits what its maker or `output.view` may see.)
    ListData,
    /// Read an object's metadata, or have it in a search.
    ViewObject,
    /// Preview an object or open it in a viewer.
    ViewContent,
    /// Read a file's bytes: off the platform for a person; as input for a job.
    Download {
        /// The link works for whoever holds it, so that it leaves the platform even when a job asks.
        preauthenticated: bool,
    },
    /// Copy an object to another project; [`Action::CloneInto`] is the other half, decided there.
    CopyOut {
        /// The project it goes to.
        into: Destination,
    },
    /// Receive copies from another project.
    CloneInto,
    /// Bring bytes into an open file.
    UploadBytes,
    /// Make an object.
    CreateData {
        /// A file, whose bytes come from outside.
        bytes: bool,
    },
    /// Make an executable, which is an object and a tool at once.
    CreateExecutable,
    /// Read the program of an executable. It is written by people as metadata is, and no data of the project: what keeps
    /// data in the project, or previews off, does not concern it.
    ReadCode,
    /// Make a folder.
    CreateFolder,
    /// Change an object's metadata: which capability depends on its state.
    EditObject,
    /// Seal an object.
    CloseObject,
    /// Move objects or folders.
    MoveData,
    /// Rename folders.
    EditFolders,
    /// Remove objects or folders.
    DeleteData,
    /// Archive files.
    ArchiveData,
    /// Archive every copy that the same account pays for. Ruling: whoever pays in person is its administrator.
    ArchiveAllCopies,
    /// Bring archived files back.
    UnarchiveData,
    /// Use an object as input of an execution.
    UseAsInput {
        /// The project that the execution runs in, when it is another one.
        elsewhere: Option<Destination>,
    },
    /// Start an execution in the project.
    RunExecutable,
    /// See executions.
    ViewExecutions,
    /// Query tables.
    QueryTables {
        /// From outside, rather than through the cohort pages or a job's results.
        direct: bool,
    },
    /// Change the project's own tags and properties.
    EditProjectTags,
    /// Change name, summary, description or settings.
    UpdateProject,
    /// Change restriction flags.
    ChangeFlags(FlagChange),
    /// Change who pays, directly.
    ChangeBilling {
        /// The new payer.
        to: Account,
    },
    /// Give somebody else an entry, or raise it.
    InviteMember {
        /// What is given.
        role: Role,
        /// To whom.
        to: Invitee,
    },
    /// Give oneself an entry, or raise it.
    SelfInvite {
        /// What is given.
        role: Role,
        /// With these rights.
        rights: Rights,
    },
    /// Lower or remove somebody's entry.
    DecreaseMember(MemberChange),
    /// Remove one's own entry.
    Leave {
        /// It is the last direct ADMINISTER entry.
        last_administrator: bool,
    },
    /// Destroy the project.
    DestroyProject,
    /// Offer the project to another payer.
    TransferProject,
    /// Take over an offered project.
    AcceptTransfer {
        /// Who shall pay.
        to: Account,
    },
    /// Withdraw or decline an offer.
    CancelTransfer,
    /// Name another owner; [`crate::may_own`] says whether that user may be.
    SetOwner,
    /// Ask what others may do (oneself: [`Action::SeeProject`]).
    DescribeAccessOfOthers,
    /// Read the project's audit log.
    ReadAudit,
    /// Accept the data protection notice.
    AcceptNotice,
    /// Something that one capability of the table decides, with no further rule: for features beside the data.
    Need(Capability),
}

/// The project that data goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Destination {
    /// It holds protected health information.
    pub contains_phi: bool,
}

/// The restriction flags that a call changes; `None` leaves a flag. Flags with no rule of their own are not here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FlagChange {
    /// New value of `containsPHI`.
    pub contains_phi: Option<bool>,
    /// New value of `downloadRestricted`.
    pub download_restricted: Option<bool>,
    /// New value of `previewViewerRestricted`.
    pub preview_viewer_restricted: Option<bool>,
}

/// A payer, seen from the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// The caller.
    Myself,
    /// Another person.
    OtherUser,
    /// An organisation.
    Org {
        /// The caller may spend its money ([`crate::OrgMember::may_bill`]).
        may_bill: bool,
        /// It may hold protected health information.
        phi_enabled: bool,
    },
}

/// Who is invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invitee {
    /// A user, organisation or workgroup other than the caller.
    Other {
        /// A user of the kind Read-Only.
        read_only: bool,
    },
    /// Everybody with a token.
    Public,
}

/// What lowering or removing an entry would do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MemberChange {
    /// The entry goes altogether.
    pub removes: bool,
    /// The entry stops being ADMINISTER.
    pub loses_administer: bool,
    /// It is the owner's.
    pub of_owner: bool,
    /// It is that of the person who pays.
    pub of_payer: bool,
    /// It is the last direct ADMINISTER entry.
    pub last_administrator: bool,
}

/// What an action needs before its further conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requirement {
    /// Every one of these must be held.
    pub capabilities: Capabilities,
    /// What the action is about.
    pub subject: Subject,
    /// The action costs money (contract B11.39).
    pub billable: bool,
}

/// What an action is about: it decides which refusals are hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The project: `Facts::object` and `Facts::share` are not looked at.
    Project,
    /// The object, which the caller must see.
    Object,
    /// The object, if there is one, which the caller may use by its id without seeing it (contract B11.5, B11.17).
    Input,
}

impl Action {
    /// What the action needs of whoever the facts describe. Depends on the object's state and on whether a job asks.
    #[must_use]
    pub fn requirement(self, facts: &Facts) -> Requirement {
        use Capability::{
            ActivityView, BaseQueryRun, DataArchive, DataCopyOut, DataCreate, DataDelete, DataDownload,
            DataEditAny, DataEditOpen, DataList, DataUpload, DataUse, DataView, ExecRun, ExecView,
            MemberDecrease, MemberInvite, MemberList, ProjectBill, ProjectDestroy, ProjectFlags,
            ProjectOwner, ProjectSee, ProjectTags, ProjectUpdate, ToolCreate,
        };
        let job = facts.actor.is_job();
        let open = facts.object.unwrap_or_default().state == ObjectState::Open;
        match self {
            Self::SeeProject | Self::FindProject | Self::Leave { .. } | Self::AcceptNotice => {
                project(&[ProjectSee])
            }
            Self::ListMembers => project(&[MemberList]),
            Self::ViewActivity => project(&[ActivityView]),
            Self::ListData => project(&[DataList]),
            Self::ViewObject => object(&[]),
            Self::ViewContent => object(&[DataView]),
            // A job reads its inputs by the right to use them (contract B11.5), seen or not.
            Self::Download { preauthenticated: false } if job => input(&[DataUse]).billed(),
            // Without data.view nobody takes away what they may not see (contract B11.26).
            Self::Download { .. } => object(&[DataDownload, DataView]).billed(),
            // Ruling: as for a data link (contract B10), or a copy would show what the original does not.
            Self::CopyOut { .. } => object(&[DataCopyOut, DataView]),
            Self::CloneInto => project(&[DataCreate]).billed(),
            // The upload right and flag touch people's tokens only (contract B11.27).
            Self::UploadBytes if job => object(&[DataEditOpen]).billed(),
            Self::UploadBytes => object(&[DataUpload, DataEditOpen]).billed(),
            Self::CreateData { bytes: true } if !job => project(&[DataCreate, DataUpload]).billed(),
            Self::CreateData { .. } => project(&[DataCreate]).billed(),
            // Ruling: "create pipelines, tools" is a right of its own (contract B2), and an applet lies among the data.
            Self::CreateExecutable => project(&[DataCreate, ToolCreate]).billed(),
            Self::ReadCode => object(&[DataView]),
            Self::CreateFolder => project(&[DataCreate]),
            Self::EditObject if open => object(&[DataEditOpen]),
            Self::EditObject | Self::MoveData => object(&[DataEditAny]),
            Self::CloseObject => object(&[DataEditOpen]),
            Self::EditFolders => project(&[DataEditAny]),
            Self::DeleteData => object(&[DataDelete]),
            Self::ArchiveData | Self::ArchiveAllCopies => object(&[DataArchive]),
            Self::UnarchiveData => object(&[DataArchive]).billed(),
            Self::UseAsInput { elsewhere: None } => input(&[DataUse]),
            // Ruling: what an execution elsewhere makes lies elsewhere, so that use there is a way out as well.
            Self::UseAsInput { elsewhere: Some(_) } => input(&[DataUse, DataCopyOut]),
            Self::RunExecutable => project(&[ExecRun]).billed(),
            Self::ViewExecutions => project(&[ExecView]),
            Self::QueryTables { .. } => input(&[BaseQueryRun]),
            Self::EditProjectTags => project(&[ProjectTags]),
            Self::UpdateProject => project(&[ProjectUpdate]),
            Self::ChangeFlags(_) => project(&[ProjectFlags]),
            Self::ChangeBilling { .. } => project(&[ProjectBill]).billed(),
            Self::TransferProject | Self::CancelTransfer => project(&[ProjectBill]),
            // Opening a project to everybody is a matter of flags too (contract B11.8).
            Self::InviteMember { to: Invitee::Public, .. } => project(&[MemberInvite, ProjectFlags]),
            Self::InviteMember { .. } | Self::SelfInvite { .. } => project(&[MemberInvite]),
            Self::DecreaseMember(_) => project(&[MemberDecrease]),
            Self::DestroyProject => project(&[ProjectDestroy]),
            Self::AcceptTransfer { .. } => project(&[ProjectSee]).billed(),
            Self::SetOwner => project(&[ProjectOwner]),
            // Ruling: "ADMINISTER" of the contract, said as a capability.
            Self::DescribeAccessOfOthers | Self::ReadAudit => project(&[ProjectFlags]),
            Self::Need(capability) => input(&[capability]),
        }
    }
}

impl Requirement {
    fn billed(self) -> Self {
        Self { billable: true, ..self }
    }

    /// The lowest level that includes these capabilities.
    #[must_use]
    pub fn level(capabilities: Capabilities) -> Level {
        Level::ALL
            .into_iter()
            .find(|level| crate::presets::level_column(*level).covers(capabilities))
            .unwrap_or(Level::Administer)
    }
}

fn project(capabilities: &[Capability]) -> Requirement {
    Requirement { capabilities: Capabilities::of(capabilities), subject: Subject::Project, billable: false }
}

fn object(capabilities: &[Capability]) -> Requirement {
    Requirement { subject: Subject::Object, ..project(capabilities) }
}

fn input(capabilities: &[Capability]) -> Requirement {
    Requirement { subject: Subject::Input, ..project(capabilities) }
}
