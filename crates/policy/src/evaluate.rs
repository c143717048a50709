//! The steps of contract B1, in their order: from facts to the capabilities that are left.
//!
//! One code path serves the check and the explanation: each step tells a [`Recorder`] what it added or took out,
//! and a recorder may throw that away.

use wire::Level;

use crate::action::Subject;
use crate::capability::Capabilities;
use crate::capability::Capability::{
    BaseLoad, BaseTableCreate, DataArchive, DataCopyOut, DataDelete, DataDownload, DataEditOpen, DataList,
    DataUpload, DataUse, DataView, ExecRun, MemberDecrease, MemberInvite, MemberList, OutputView,
    ProjectDestroy, ProjectFlags, ProjectSee,
};
use crate::facts::{
    AdminAccess, Caller, Facts, ObjectFacts, ObjectState, PlatformKind, ReadOnlyCap, ShareFacts, ShareMode,
};
use crate::grants::{direct_stands_alone, survives};
use crate::masks::{BEHIND_NOTICE, NOT_FOR_JOBS, WRITES, leaving, share_column};
use crate::presets::{Preset, level_column, level_of};
use crate::rights::{Ceiling, Rights};
use crate::rule::Rule;

/// Hears what each step did.
pub(crate) trait Recorder {
    /// `rule` added and removed these capabilities. What is withheld before it was ever held counts as removed.
    fn record(&mut self, rule: Rule, added: Capabilities, removed: Capabilities);
}

/// Hears nothing: the fast path.
pub(crate) struct Silent;

impl Recorder for Silent {
    #[inline(always)]
    fn record(&mut self, _: Rule, _: Capabilities, _: Capabilities) {}
}

/// What is left when all steps are done.
pub(crate) struct Held {
    /// What the actor may do.
    pub(crate) capabilities: Capabilities,
    /// What the actor could do were the notice accepted and the share in order: whoever sees a thing by these is
    /// told why it is refused, everybody else meets nothing (contract B11.14, B11.18).
    pub(crate) visible: Capabilities,
    /// Up to what the actor may invite.
    pub(crate) ceiling: Ceiling,
    /// The wire's level: before the flags, after the token (contract B1; contract 6.2).
    pub(crate) level: Level,
    /// The project is seen by grant, owner, org flag or implicit administrator, not by standing alone (B11.29).
    pub(crate) listed: bool,
}

/// Walks the steps; the object and the share count where the subject is not the project.
pub(crate) fn evaluate<R: Recorder>(facts: &Facts, subject: Subject, recorder: &mut R) -> Held {
    let about_object = subject != Subject::Project;
    let object = facts.object.filter(|_| about_object);
    let share = facts.share.filter(|_| about_object);
    let mut walk = Walk { facts, object, share, recorder, held: Capabilities::NONE, ceiling: Ceiling::None };
    if facts.actor.user.is_none() {
        walk.withhold(Rule::NoToken, Capabilities::ALL);
        return walk.finish(Capabilities::NONE, Level::None, false);
    }
    let rights = walk.grants();
    walk.rights(rights);
    walk.owner(rights);
    let listed = walk.org_flags() | walk.platform_kind();
    let before_flags = walk.held;
    let level = level_of(before_flags & token_column(facts), walk.ceiling);
    walk.project_flags();
    walk.share();
    walk.labels();
    let visible = walk.held & token_column(facts);
    walk.share_refusal();
    walk.notice();
    walk.token();
    walk.finish(visible, level, listed)
}

/// Whether whoever holds `held` sees the object in question: all of them, or the actor's own until it is closed
/// (contract B11.26).
pub(crate) fn sees_object(held: Capabilities, facts: &Facts) -> bool {
    held.has(DataList) || sees_own(held, facts)
}

/// Whether the actor sees the object as its maker.
pub(crate) fn sees_own(held: Capabilities, facts: &Facts) -> bool {
    held.has(DataEditOpen)
        && facts.object.is_some_and(|object| object.made_by_actor && object.state != ObjectState::Closed)
}

/// What the token and the job leave at most.
fn token_column(facts: &Facts) -> Capabilities {
    let column = facts.actor.scope.column();
    match facts.actor.caller {
        Caller::Person => column,
        Caller::Job { asked, .. } => column & (level_column(asked) - NOT_FOR_JOBS),
    }
}

struct Walk<'a, R> {
    facts: &'a Facts,
    object: Option<ObjectFacts>,
    share: Option<ShareFacts>,
    recorder: &'a mut R,
    held: Capabilities,
    ceiling: Ceiling,
}

impl<R: Recorder> Walk<'_, R> {
    fn add(&mut self, rule: Rule, set: Capabilities) {
        self.held |= set;
        self.recorder.record(rule, set, Capabilities::NONE);
    }

    fn remove(&mut self, rule: Rule, set: Capabilities) {
        let gone = self.held & set;
        if !gone.is_empty() {
            self.held -= gone;
            self.recorder.record(rule, Capabilities::NONE, gone);
        }
    }

    /// `rule` keeps `set` from being added; what is held already stays.
    fn withhold(&mut self, rule: Rule, set: Capabilities) {
        let missed = set - self.held;
        if !missed.is_empty() {
            self.recorder.record(rule, Capabilities::NONE, missed);
        }
    }

    /// Steps 1 to 3: collects the grants as if both rights were on, and yields the rights.
    ///
    /// Categories need no step of their own: their columns are disjoint or nested, so that a union of columns is
    /// the highest role per category.
    fn grants(&mut self) -> Rights {
        let facts = self.facts;
        let alone = direct_stands_alone(facts);
        let mut rights = Rights::NEITHER;
        for grant in &facts.grants {
            let all = grant.role.capabilities(Rights::BOTH);
            let (source, column) = match survives(grant, alone, self.share.is_some()) {
                Ok(survivor) => survivor,
                Err(rule) => {
                    self.withhold(rule, all);
                    continue;
                }
            };
            self.add(source, all & column);
            match source {
                Rule::GrantOrg => self.withhold(Rule::OrgCap, all - column),
                Rule::GrantWorkgroup => self.withhold(Rule::WorkgroupCap, all - column),
                _ => {}
            }
            if column.has(MemberInvite) {
                self.ceiling = self.ceiling.max(grant.role.ceiling());
            }
            // Ruling: a cut grant lends only the rights that its cut leaves, or PUBLIC at VIEW would let a
            // Viewer without the upload right upload.
            rights = rights.or(Rights {
                upload: grant.rights.upload && column.has(DataUpload),
                download: grant.rights.download && column.has(DataDownload),
            });
        }
        // An owner without a direct grant has both rights (contract B11.32).
        if facts.is_owner() && facts.direct_grant().is_none() { Rights::BOTH } else { rights }
    }

    /// Step 4: a right that is off empties its cells, and takes out what presumes it.
    fn rights(&mut self, rights: Rights) {
        if rights == Rights::BOTH {
            return;
        }
        let without_upload = self.filled(Rights { upload: rights.upload, download: true });
        self.remove(Rule::UploadRight, self.held - without_upload);
        self.remove(Rule::DownloadRight, self.held - self.filled(rights));
    }

    /// What the surviving grants hold when these rights alone fill their cells.
    fn filled(&self, rights: Rights) -> Capabilities {
        let alone = direct_stands_alone(self.facts);
        let survivor = |grant| survives(grant, alone, self.share.is_some()).ok();
        self.facts
            .grants
            .iter()
            .filter_map(|grant| Some(grant.role.capabilities(rights) & survivor(grant)?.1))
            .fold(Capabilities::NONE, |held, given| held | given)
    }

    /// Step 5: the owner holds everything but what the rights take out.
    fn owner(&mut self, rights: Rights) {
        if self.facts.is_owner() {
            self.add(Rule::Owner, Capabilities::ALL - rights.withheld());
            self.ceiling = Ceiling::Administer;
        }
    }

    /// Step 6: what the organisation that pays gives its members. Yields whether the project is listed for the
    /// actor so far: an ADMIN's standing view of it does not count.
    fn org_flags(&mut self) -> bool {
        let facts = self.facts;
        let Some(member) = facts.bill_to_member() else { return self.held.has(ProjectSee) };
        let admin = member.is_admin();
        // An ADMIN's flags act only once the ADMIN is a member, so that reaching in is on record (B11.12).
        if !admin || facts.direct_grant().is_some() {
            let flags = [
                (member.archival_management, Rule::OrgArchivalManagement, [DataArchive, DataList]),
                (member.data_deletion, Rule::OrgDataDeletion, [DataDelete, DataList]),
                (member.data_search, Rule::OrgDataSearch, [DataList, ProjectSee]),
                (member.project_member_demotion, Rule::OrgMemberDemotion, [MemberList, MemberDecrease]),
            ];
            for (set, rule, gives) in flags {
                if set || admin {
                    self.add(rule, Capabilities::of(&gives) | ProjectSee.into());
                }
            }
        }
        let listed = self.held.has(ProjectSee);
        if admin {
            self.add(Rule::OrgAdmin, Capabilities::of(&[ProjectSee, MemberList]));
        }
        listed
    }

    /// Step 7. Yields whether the kind alone lists the project.
    fn platform_kind(&mut self) -> bool {
        let actor = &self.facts.actor;
        match (actor.kind, actor.admin_access) {
            (PlatformKind::Standard, _) => false,
            (PlatformKind::Admin, AdminAccess::Implicit) => {
                self.add(Rule::PlatformAdmin, Capabilities::ALL);
                self.ceiling = Ceiling::Administer;
                true
            }
            (PlatformKind::Admin, AdminAccess::GrantSelf) => {
                self.add(Rule::PlatformAdminSees, ProjectSee.into());
                false
            }
            (PlatformKind::ReadOnly, _) => {
                let column = match actor.read_only_cap {
                    ReadOnlyCap::CollaboratorView => Preset::CollaboratorView,
                    ReadOnlyCap::LevelView => Preset::View,
                };
                self.remove(Rule::ReadOnly, Capabilities::ALL - column.capabilities(Rights::BOTH));
                false
            }
        }
    }

    /// Step 8: the project's restriction flags (contract 7). They hold for everybody, administrators included.
    fn project_flags(&mut self) {
        let flags = self.facts.project.flags;
        let person = !self.facts.actor.is_job();
        // Judged by what the token leaves, or a token cut to CONTRIBUTE would delete where CONTRIBUTE may not.
        if flags.protected && !(self.held & token_column(self.facts)).has(ProjectFlags) {
            self.remove(Rule::Protected, DataDelete.into());
        }
        if flags.restricted {
            self.remove(Rule::Restricted, DataCopyOut.into());
        }
        if flags.download_restricted {
            self.remove(Rule::DownloadRestricted, leaving(person));
        }
        if flags.external_upload_restricted && person {
            let from_outside = Capabilities::of(&[DataUpload, BaseTableCreate, BaseLoad]);
            self.remove(Rule::ExternalUploadRestricted, from_outside);
        }
        if flags.destroy_protected {
            self.remove(Rule::DestroyProtected, ProjectDestroy.into());
        }
    }

    /// Step 9: through a share, only what the share opens, for those who hold it in the subscriber project.
    fn share(&mut self) {
        let Some(share) = self.share else { return };
        self.remove(Rule::ShareMode, Capabilities::ALL - share_column(share));
        if !self.held.has(ExecRun) {
            self.remove(Rule::ShareNeedsRun, DataUse.into());
        }
        self.ceiling = Ceiling::None;
    }

    /// Step 9a, first part: what the object carries from where it came, and what `output.view` opens.
    fn labels(&mut self) {
        let Some(object) = self.object else { return };
        if object.labels.no_download {
            self.remove(Rule::LabelNoDownload, leaving(!self.facts.actor.is_job()));
        }
        if object.labels.no_copy {
            self.remove(Rule::LabelNoCopy, DataCopyOut.into());
        }
        if object.output && self.held.has(OutputView) && self.share.is_none() {
            self.add(Rule::OutputView, Capabilities::of(&[DataList, DataView]));
        }
    }

    /// A share that a flag or label forbids is in plain view and gives nothing (contract B3, B11.18).
    fn share_refusal(&mut self) {
        let facts = self.facts;
        let Some(share) = self.share else { return };
        let labels = self.object.unwrap_or_default().labels;
        if share.publisher.restricted {
            self.refuse(Rule::SharePublisherRestricted);
        }
        if share.publisher.download_restricted && share.mode == ShareMode::Full {
            self.refuse(Rule::SharePublisherDownloadRestricted);
        }
        if (share.publisher.contains_phi || labels.phi) && !facts.project.flags.contains_phi {
            self.refuse(Rule::SharePhi);
        }
        // Ruling: a share is a use in another project, which `noCopy` forbids as `restricted` does.
        if labels.no_copy {
            self.refuse(Rule::ShareNoCopy);
        }
    }

    fn refuse(&mut self, rule: Rule) {
        self.remove(rule, Capabilities::ALL - ProjectSee.into());
    }

    /// Step 9a, second part: people who have not accepted the notice reach no data. Jobs are not people.
    fn notice(&mut self) {
        let project = &self.facts.project;
        let open = project.flags.display_data_protection_notice && !project.notice_accepted;
        if open && !self.facts.actor.is_job() {
            self.remove(Rule::NoticeNotAccepted, BEHIND_NOTICE);
        }
    }

    /// Step 10, first part: the token's scope, and what a job may. (The billing gate belongs to the action.)
    fn token(&mut self) {
        self.remove(Rule::TokenScope, Capabilities::ALL - self.facts.actor.scope.column());
        if let Caller::Job { asked, confined } = self.facts.actor.caller {
            self.remove(Rule::JobLevel, Capabilities::ALL - (level_column(asked) - NOT_FOR_JOBS));
            if confined {
                self.remove(Rule::JobConfined, WRITES);
            }
        }
    }

    fn finish(self, visible: Capabilities, level: Level, listed: bool) -> Held {
        let ceiling = if self.held.has(MemberInvite) { self.ceiling } else { Ceiling::None };
        let listed = listed && self.held.has(ProjectSee);
        Held { capabilities: self.held, visible, ceiling, level, listed }
    }
}
