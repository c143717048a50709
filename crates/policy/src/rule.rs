//! The rules that a decision may rest on.
//!
//! Each has a short code that never changes its meaning: it stands in the audit log, in `describeAccess` and in the
//! printed policy table. The sentence for people is in `sentence`.

use crate::outcome::Outcome;

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident => $code:literal $(, $outcome:ident)?;)+) => {
        /// One rule: a source of capabilities, a mask that takes some out, or a condition of an action.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule { $($(#[$doc])* $name,)+ }

        impl Rule {
            /// Every rule.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The stable short code, such as `flag.restricted`.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// Reads a code.
            #[must_use]
            pub fn parse(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$name),)+ _ => None }
            }

            /// What a refusal under this rule is to a caller who sees the subject.
            #[must_use]
            pub fn outcome(self) -> Outcome {
                match self { $($(Self::$name => Outcome::$outcome,)?)+ _ => Outcome::PermissionDenied }
            }
        }
    };
}

rules! {
    // Sources, in the order of contract B1.
    /// A grant that names the user.
    GrantDirect => "grant.direct";
    /// A grant to an organisation of the user.
    GrantOrg => "grant.org";
    /// A grant to a workgroup of the user.
    GrantWorkgroup => "grant.workgroup";
    /// A grant to everybody with a token.
    GrantPublic => "grant.public";
    /// The user owns the project.
    Owner => "owner";
    /// `archivalManagement` in the organisation that pays.
    OrgArchivalManagement => "org.archivalManagement";
    /// `dataDeletion` in the organisation that pays.
    OrgDataDeletion => "org.dataDeletion";
    /// `dataSearch` in the organisation that pays.
    OrgDataSearch => "org.dataSearch";
    /// `projectMemberDemotion` in the organisation that pays.
    OrgMemberDemotion => "org.projectMemberDemotion";
    /// ADMIN of the organisation that pays: sees project and members, may add themselves.
    OrgAdmin => "org.admin";
    /// Platform administrator under `adminAccess` = implicit: everything.
    PlatformAdmin => "platform.admin";
    /// Platform administrator under `adminAccess` = grantSelf: sees the project, may add themselves.
    PlatformAdminSees => "platform.adminSees";
    /// `output.view` opens what an execution of this project made.
    OutputView => "object.output";
    /// Whoever made an object sees it until it is closed.
    Maker => "object.maker";
    /// The transfer is offered to the caller.
    TransferInvitee => "transfer.invitee";

    // Caps and masks, in the order of contract B1.
    /// The member's `projectAccess` caps grants to the organisation.
    OrgCap => "cap.org";
    /// The organisation caps its workgroups as well.
    WorkgroupCap => "cap.workgroup";
    /// A direct grant stands alone under `specificFirst`.
    SpecificFirst => "resolution.specificFirst";
    /// PUBLIC gives nothing through a share.
    PublicNotThroughShare => "share.notPublic";
    /// The upload right is off.
    UploadRight => "right.upload";
    /// The download right is off.
    DownloadRight => "right.download";
    /// The user is Read-Only on this platform.
    ReadOnly => "platform.readOnly";
    /// The project is protected.
    Protected => "flag.protected";
    /// The project is restricted.
    Restricted => "flag.restricted";
    /// The project is download-restricted.
    DownloadRestricted => "flag.downloadRestricted";
    /// Uploads from outside are restricted.
    ExternalUploadRestricted => "flag.externalUploadRestricted";
    /// The project must not be destroyed.
    DestroyProtected => "flag.destroyProtected";
    /// The share opens no more than this.
    ShareMode => "share.mode";
    /// Shared data is used by members who may run executions.
    ShareNeedsRun => "share.needsRun";
    /// The publisher project is restricted.
    SharePublisherRestricted => "share.publisherRestricted";
    /// The publisher project is download-restricted and the share is full.
    SharePublisherDownloadRestricted => "share.publisherDownloadRestricted";
    /// Protected health information is shared with projects that hold such only.
    SharePhi => "share.phi";
    /// The shared object must not leave the project it is in.
    ShareNoCopy => "share.noCopy";
    /// The object's bytes must not leave the platform.
    LabelNoDownload => "label.noDownload";
    /// The object must not be copied out.
    LabelNoCopy => "label.noCopy";
    /// The data protection notice is not accepted.
    NoticeNotAccepted => "notice.notAccepted";
    /// The token's scope ends here.
    TokenScope => "token.scope";
    /// The job did not ask for this, or no job may.
    JobLevel => "job.level";
    /// The job has read restricted data and may write nowhere but in its own project.
    JobConfined => "job.confined";

    // Conditions of actions.
    /// No token was given.
    NoToken => "token.none";
    /// Nothing gives the caller any access.
    NoAccess => "access.none";
    /// What the caller holds does not suffice.
    LevelTooLow => "access.level";
    /// The project is seen by standing only, and therefore not listed.
    NotListed => "access.notListed";
    /// Previews and viewers are switched off.
    PreviewRestricted => "flag.previewViewerRestricted";
    /// Direct queries are switched off for members at VIEW.
    DatabaseUiViewOnly => "flag.databaseUIViewOnly";
    /// Protected health information goes into projects that hold such only, and is not queried from outside.
    ContainsPhi => "flag.containsPHI";
    /// Shared data is used in the subscriber project only.
    ShareElsewhere => "share.elsewhere";
    /// The caller may not give this much.
    InviteCeiling => "invite.ceiling";
    /// Nobody raises their own entry.
    OwnEntry => "invite.ownEntry";
    /// A project with protected health information is not opened to everybody.
    InvitePublicPhi => "invite.publicPhi";
    /// PUBLIC gets VIEW, nothing else.
    InvitePublicLevel => "invite.publicLevel", InvalidInput;
    /// A Read-Only user gets View, nothing else.
    InviteReadOnly => "invite.readOnly", InvalidInput;
    /// The person who pays stays an administrator.
    BilledUser => "member.billedUser";
    /// The owner's grant stays until there is another owner.
    OwnerEntry => "member.owner", InvalidState;
    /// Somebody must be able to administer the project.
    LastAdministrator => "member.last", InvalidState;
    /// Leaving needs an entry of one's own.
    NoEntry => "member.noEntry", InvalidState;
    /// The organisation that pays lets its ADMINs alone move projects.
    TransferRestricted => "bill.transferRestricted";
    /// Another person is made payer by a transfer that they accept.
    BillOtherUser => "bill.otherUser", InvalidInput;
    /// The caller may not spend the new payer's money.
    BillNoRight => "bill.noRight";
    /// Protected health information is paid for by organisations that may hold it.
    BillPhi => "bill.phi";
    /// No transfer is pending.
    TransferNone => "transfer.none", InvalidState;
    /// A transfer is pending already.
    TransferPending => "transfer.pending", InvalidState;
    /// The transfer is offered to somebody else.
    TransferNotInvitee => "transfer.notInvitee";
    /// `containsPHI` is never unset.
    PhiIrreversible => "flag.phiIrreversible", InvalidState;
    /// `containsPHI` is not set while PUBLIC is a member.
    PhiWhilePublic => "flag.phiWhilePublic", InvalidState;
    /// `downloadRestricted` turns previews off, and goes only after they were allowed again.
    PreviewForced => "flag.previewForced", InvalidInput;
    /// The account that pays, or that an account is made for, has no licence for what is asked.
    FeatureOff => "bill.featureOff";
    /// Switching it would leave nobody who could switch it back.
    ResolutionStuck => "flag.resolutionStuck", InvalidState;
    /// Copies elsewhere are reached by ADMINs of the organisation that pays.
    OrgAdminRequired => "org.adminRequired";
    /// Members of the organisation only.
    OrgMemberRequired => "org.memberRequired";
    /// The organisation does not show its members to the caller.
    MemberListHidden => "org.memberListVisibility";
    /// The member may not spend the organisation's money.
    OrgBillingRequired => "org.billingRequired";
    /// Platform administrators only.
    PlatformAdminRequired => "platform.adminRequired";
    /// A token of full scope is needed.
    FullScopeRequired => "token.fullScope";
    /// Only the owner of an account may.
    AnotherAccount => "account.other";
    /// The account to be charged is at its limit.
    SpendingLimit => "billing.spendingLimit", SpendingLimitExceeded;
    /// The organisation to be charged has expired.
    OrgExpired => "billing.orgExpired", OrgExpired;
    /// Any user with a suitable token may.
    Anyone => "anyone";
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}
