//! What a person reads: what happened, why, and what to do.

use wire::Level;

use crate::action::Requirement;
use crate::decision::Decision;
use crate::rule::Rule;

impl Decision {
    /// A sentence for the person: what happened, why, what to do. `subject` is the id of the project or organisation
    /// that was decided about. A refusal with [`Outcome::Hidden`](crate::Outcome::Hidden) must not show it to the
    /// caller, who is told that nothing of the kind was found.
    ///
    /// Refusals for want of a level begin as clients know them (contract 1).
    #[must_use]
    pub fn message(&self, subject: &str) -> String {
        if self.allowed() {
            return format!("Allowed in {subject}: {}.", self.rule.sentence());
        }
        let why = self.rule.sentence();
        match self.rule {
            Rule::NoAccess | Rule::LevelTooLow => {
                let needed = Requirement::level(self.missing);
                let held = match self.level {
                    Level::None => "no level".to_owned(),
                    level => level.to_string(),
                };
                format!(
                    "{needed} permission required in {subject} to perform this action; you hold {held} there: {why}."
                )
            }
            Rule::Protected => {
                format!("ADMINISTER permission required in {subject} to perform this action: {why}.")
            }
            // Clients look for a sentence that begins with these words (contract 1).
            Rule::BillPhi => format!("PHI features must be enabled for {subject}: {why}"),
            Rule::OrgAdminRequired => {
                format!("Administrator access to {subject} required to perform this operation: {why}.")
            }
            _ => format!("This is refused in {subject}: {why}."),
        }
    }
}

impl Rule {
    /// The rule in words, addressed to the person whom it concerns; for refusals also what to do.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Rule::GrantDirect => "you are a member of the project",
            Rule::GrantOrg => "the project is shared with an organization of yours",
            Rule::GrantWorkgroup => "the project is shared with a workgroup of yours",
            Rule::GrantPublic => "the project is open to every user",
            Rule::Owner => "you own the project",
            Rule::OrgArchivalManagement => {
                "you manage archival for the organization that pays for the project"
            }
            Rule::OrgDataDeletion => "you may delete data in projects that your organization pays for",
            Rule::OrgDataSearch => "you may search in projects that your organization pays for",
            Rule::OrgMemberDemotion => "you may lower members of projects that your organization pays for",
            Rule::OrgAdmin => "you administer the organization that pays for the project",
            Rule::PlatformAdmin | Rule::PlatformAdminSees => "you are a platform administrator",
            Rule::OutputView => "an execution of this project made the object, and you may see its outputs",
            Rule::Maker => "you made the object and it is not closed yet",
            Rule::TransferInvitee => "the project is offered to you",
            Rule::OrgCap => {
                "your organization limits what its shared projects give you; ask one of its administrators to raise your project access, or be added to the project yourself"
            }
            Rule::WorkgroupCap => {
                "the workgroup's organization limits what its shared projects give you; ask one of its administrators to raise your project access"
            }
            Rule::SpecificFirst => {
                "in this project your own entry counts alone, and it does not include this; ask a project administrator to change it"
            }
            Rule::PublicNotThroughShare => {
                "being open to every user does not open what is shared with this project; ask a project administrator to make you a member"
            }
            Rule::UploadRight => {
                "your upload right is switched off here; ask a project administrator to switch it on"
            }
            Rule::DownloadRight => {
                "your download right is switched off here; ask a project administrator to switch it on"
            }
            Rule::ReadOnly => {
                "your account is Read-Only on this platform; ask a platform administrator to change that"
            }
            Rule::Protected => {
                "the project is protected, so only its administrators delete data; ask one of them to delete it or to lift the protection"
            }
            Rule::Restricted => {
                "the project is restricted, so its data is neither copied out nor used in other projects; work inside the project instead"
            }
            Rule::DownloadRestricted => {
                "the project is download-restricted, so its data does not leave the platform; only a project administrator can lift that"
            }
            Rule::ExternalUploadRestricted => {
                "the project takes in data through jobs only, and none run on this server yet; ask a project administrator to allow uploads"
            }
            Rule::DestroyProtected => {
                "the project is protected against destruction; an administrator must switch destroyProtected off first"
            }
            Rule::ShareMode => {
                "the object is shared with this project and stays with its publisher; the share does not include this"
            }
            Rule::ShareNeedsRun => "only members who may run executions here use shared data as input",
            Rule::SharePublisherRestricted => {
                "the publisher project has become restricted, so its shares are suspended; ask its administrators"
            }
            Rule::SharePublisherDownloadRestricted => {
                "the publisher project has become download-restricted, so its full shares are suspended; its administrators can share for analysis only"
            }
            Rule::SharePhi => {
                "the shared data holds protected health information and this project is not set up for it; an administrator can set containsPHI"
            }
            Rule::ShareNoCopy => {
                "the shared object came from a restricted project and must not be used in another one"
            }
            Rule::LabelNoDownload => {
                "the object came from a download-restricted project and must not leave the platform, whichever copy it is; ask the administrators of that project for it"
            }
            Rule::LabelNoCopy => {
                "the object came from a restricted project and must not go to another one; work on it here"
            }
            Rule::NoticeNotAccepted => {
                "data protection notice not accepted; read and accept the project's notice first"
            }
            Rule::TokenScope => {
                "the token you use is limited and does not reach this far; use one with a wider scope"
            }
            Rule::JobLevel => {
                "a job may do only what its executable asked for and never manages a project; ask for more access in the executable, or do this yourself"
            }
            Rule::JobConfined => {
                "this job has read restricted data, so it writes to its own project only; write the output there"
            }
            Rule::NoToken => "a token is needed; sign in first",
            Rule::NoAccess | Rule::LevelTooLow => "ask a project administrator to raise your access",
            Rule::NotListed => {
                "you are no member of the project; you see it as an administrator, who may add themselves"
            }
            Rule::PreviewRestricted => {
                "previews and viewers are switched off in this project; ask a project administrator to switch them on"
            }
            Rule::DatabaseUiViewOnly => {
                "members at VIEW reach this project's databases through the cohort pages only; use those"
            }
            Rule::ContainsPhi => {
                "the data holds protected health information, which goes only into projects set up for it; choose a project with containsPHI"
            }
            Rule::ShareElsewhere => {
                "shared data is used in executions of the project it is shared with; run it there"
            }
            Rule::InviteCeiling => "you may not give this much access; ask a project administrator to invite",
            Rule::OwnEntry => "nobody raises their own access; ask another project administrator",
            Rule::InvitePublicPhi => {
                "a project with protected health information cannot be opened to every user; invite people or organizations instead"
            }
            Rule::InvitePublicLevel => {
                "every user can be given VIEW only; invite people or organizations for more"
            }
            Rule::InviteReadOnly => {
                "the user is Read-Only on this platform and can be given View only; choose View, or ask a platform administrator"
            }
            Rule::BilledUser => {
                "whoever pays for the project stays its administrator; transfer the billing first"
            }
            Rule::OwnerEntry => "the owner's access cannot be removed; name another owner first",
            Rule::LastAdministrator => {
                "nobody would be left to administer the project; name another administrator first"
            }
            Rule::NoEntry => "you have no entry of your own to remove; what you hold comes from elsewhere",
            Rule::TransferRestricted => {
                "the organization that pays lets only its own administrators move projects to another payer; ask one of them"
            }
            Rule::BillOtherUser => "another person becomes payer only by accepting; offer a transfer instead",
            Rule::BillNoRight => {
                "you may not spend on behalf of the account named; ask an administrator of the organization for billable activities"
            }
            Rule::BillPhi => {
                "protected health information needs an organization with these features to pay for its project; choose one that has them, or ask a platform administrator"
            }
            Rule::TransferNone => "no transfer is pending",
            Rule::TransferPending => "a transfer is pending already; cancel it first",
            Rule::TransferNotInvitee => {
                "the transfer is offered to somebody else; only that person can accept it"
            }
            Rule::PhiIrreversible => "containsPHI cannot be unset; copy what may leave into another project",
            Rule::PhiWhilePublic => {
                "containsPHI cannot be set while the project is open to every user; remove PUBLIC first"
            }
            Rule::PreviewForced => {
                "restricting downloads switches previews off as well; unset previewViewerRestricted before downloadRestricted, or both in one call"
            }
            Rule::FeatureOff => {
                "the account that pays, or the organization named, has no licence for this; ask a platform administrator to switch it on"
            }
            Rule::ResolutionStuck => {
                "no member has an entry of their own that could change this back; give somebody an own entry with ADMINISTER first"
            }
            Rule::OrgAdminRequired => "ask an administrator of the organization",
            Rule::OrgMemberRequired => {
                "only members of the organization may; ask one of its administrators to invite you"
            }
            Rule::MemberListHidden => {
                "the organization does not show you its members; its administrators can change memberListVisibility"
            }
            Rule::OrgBillingRequired => {
                "you may not spend on behalf of this organization; ask one of its administrators for billable activities"
            }
            Rule::AnotherAccount => "only the owner of the account may",
            Rule::PlatformAdminRequired => "only platform administrators may; ask one of them",
            Rule::FullScopeRequired => "this needs a token of full scope; sign in, or make such a token",
            Rule::SpendingLimit => {
                "the account that pays is at its spending limit; ask whoever manages it to raise the limit"
            }
            Rule::OrgExpired => "the organization that pays has expired; ask its administrators to renew it",
            Rule::Anyone => "any user with such a token may",
        }
    }
}
