//! The actions, in the words of the contract's rows.

use policy::{
    Account, Action, BillTo, BillingGate, Ceiling, Invitee, MemberChange, ObjectState, PlatformKind, Preset,
    Rights, Role, Scope, Transfer, Via,
};

use super::columns::{cells, column, of_role, role_ceiling};
use super::{Naive, has_direct, is_billed, is_owner, org_admin, person};

type Answer = Result<(), &'static str>;

fn unless(wrong: bool, code: &'static str) -> Answer {
    if wrong { Err(code) } else { Ok(()) }
}

impl Naive<'_> {
    /// "yes", "hidden", or the contract's short name of the refusal.
    pub(crate) fn judge(&self, action: Action) -> &'static str {
        match self.answer(action) {
            Ok(()) => "yes",
            Err(code) => code,
        }
    }

    /// The project is there for the caller, and these are held.
    fn need(&self, names: &[&'static str]) -> Answer {
        if self.f.actor.user.is_none() {
            return Err("PD");
        }
        unless(!self.could.contains("project.see"), "hidden")?;
        unless(!self.has(names) || !self.has(&["project.see"]), "PD")
    }

    /// As `need`, for an object that may be used unseen; who may not use it and does not see it, meets nothing.
    fn need_input(&self, names: &[&'static str]) -> Answer {
        let answer = self.need(names);
        let unseen = self.f.actor.user.is_some() && self.f.object.is_some() && !self.sees(&self.could);
        let usable = names.iter().all(|name| self.could.contains(name)) && self.could.contains("project.see");
        if answer.is_err() && unseen && !usable { Err("hidden") } else { answer }
    }

    /// As `need`, and the object is there for the caller.
    fn need_object(&self, names: &[&'static str]) -> Answer {
        self.need(&["project.see"])?;
        let there = self.sees(&self.could) || self.f.object.is_none();
        unless(!there, "hidden")?;
        unless(!self.sees(&self.can), "PD")?;
        self.need(names)
    }

    fn gate(&self) -> Answer {
        match self.f.billing {
            BillingGate::Ok => Ok(()),
            BillingGate::SpendingLimit => Err("SLE"),
            BillingGate::OrgExpired => Err("OE"),
        }
    }

    fn answer(&self, action: Action) -> Answer {
        let f = self.f;
        let flags = f.project.flags;
        let state = f.object.map_or(ObjectState::Closed, |object| object.state);
        let label = f.object.map(|object| object.labels).unwrap_or_default();
        let source_phi =
            flags.contains_phi || label.phi || f.share.is_some_and(|share| share.publisher.contains_phi);
        match action {
            Action::SeeProject => self.need(&["project.see"]),
            Action::FindProject => self.need(&["project.see"]).and(unless(!self.listed, "PD")),
            Action::ListMembers => self.need(&["member.list"]),
            Action::ViewActivity => self.need(&["activity.view"]),
            Action::ListData => self.need(&["data.list"]),
            Action::ViewObject => self.need_object(&[]),
            Action::ViewContent => {
                self.need_object(&["data.view"])?;
                unless(flags.preview_viewer_restricted || flags.download_restricted, "PD")?;
                unless(f.share.is_some_and(|share| share.publisher.preview_viewer_restricted), "PD")?;
                unless(label.no_download && person(f), "PD")
            }
            Action::Download { preauthenticated } => {
                if !person(f) && !preauthenticated {
                    self.need_input(&["data.use"])?;
                } else {
                    self.need_object(&["data.view", "data.download"])?;
                }
                self.gate()
            }
            Action::CopyOut { into } => {
                self.need_object(&["data.view", "data.copyOut"])?;
                unless(source_phi && !into.contains_phi, "PD")
            }
            Action::CloneInto => self.need(&["data.create"]).and(self.gate()),
            Action::UploadBytes => {
                if person(f) {
                    self.need_object(&["data.editOpen", "data.upload"])?;
                } else {
                    self.need_object(&["data.editOpen"])?;
                }
                self.gate()
            }
            Action::CreateData { bytes } => {
                self.need(&["data.create"])?;
                if bytes && person(f) {
                    self.need(&["data.upload"])?;
                }
                self.gate()
            }
            Action::CreateExecutable => {
                self.need(&["data.create"])?;
                self.need(&["tool.create"])?;
                self.gate()
            }
            Action::ReadCode => self.need_object(&["data.view"]),
            Action::CreateFolder => self.need(&["data.create"]),
            Action::EditObject => match state {
                ObjectState::Open => self.need_object(&["data.editOpen"]),
                ObjectState::Closing | ObjectState::Closed => self.need_object(&["data.editAny"]),
            },
            Action::CloseObject => self.need_object(&["data.editOpen"]),
            Action::MoveData => self.need_object(&["data.editAny"]),
            Action::EditFolders => self.need(&["data.editAny"]),
            Action::DeleteData => self.need_object(&["data.delete"]),
            Action::ArchiveData => self.need_object(&["data.archive"]),
            Action::ArchiveAllCopies => {
                self.need_object(&["data.archive"])?;
                unless(!(org_admin(f) || is_billed(f)) || f.actor.scope != Scope::Full || !person(f), "PD")
            }
            Action::UnarchiveData => self.need_object(&["data.archive"]).and(self.gate()),
            Action::UseAsInput { elsewhere: None } => self.need_input(&["data.use"]),
            Action::UseAsInput { elsewhere: Some(into) } => {
                self.need_input(&["data.use", "data.copyOut"])?;
                unless(f.share.is_some(), "PD")?;
                unless(source_phi && !into.contains_phi, "PD")
            }
            Action::RunExecutable => self.need(&["exec.run"]).and(self.gate()),
            Action::ViewExecutions => self.need(&["exec.view"]),
            Action::QueryTables { direct } => {
                self.need_input(&["base.query.run"])?;
                let stays = flags.download_restricted
                    || label.no_download
                    || f.share.is_some_and(|share| share.publisher.download_restricted);
                unless(direct && person(f) && (stays || source_phi), "PD")?;
                let low = self.level == "VIEW" || self.level == "NONE";
                unless(direct && flags.database_ui_view_only && low, "PD")
            }
            Action::EditProjectTags => self.need(&["project.tags"]),
            Action::UpdateProject => self.need(&["project.update"]),
            Action::ChangeFlags(change) => {
                self.need(&["project.flags"])?;
                unless(flags.contains_phi && change.contains_phi == Some(false), "IS")?;
                let public = f.grants.iter().any(|grant| matches!(grant.via, Via::Public));
                unless(public && change.contains_phi == Some(true) && !flags.contains_phi, "IS")?;
                let before = flags.download_restricted;
                let after = match change.download_restricted {
                    Some(value) => value,
                    None => before,
                };
                let previews = match change.preview_viewer_restricted {
                    Some(value) => !value,
                    None => !flags.preview_viewer_restricted,
                };
                let asks_for_previews = change.preview_viewer_restricted == Some(false);
                unless(before && !after && !previews, "II")?;
                unless(change.download_restricted == Some(true) && asks_for_previews, "II")
            }
            Action::ChangeBilling { to } => {
                self.need(&["project.bill"])?;
                self.may_move()?;
                self.may_pay(to)?;
                self.gate()
            }
            Action::TransferProject => {
                self.need(&["project.bill"])?;
                self.may_move()?;
                unless(f.project.transfer != Transfer::None, "IS")
            }
            Action::AcceptTransfer { to } => {
                let takes = self.stands() && self.offered() && f.actor.kind != PlatformKind::ReadOnly;
                if !takes {
                    self.need(&["project.see"])?;
                    return Err(if f.project.transfer == Transfer::None { "IS" } else { "PD" });
                }
                self.may_pay(to)?;
                self.gate()
            }
            Action::CancelTransfer => {
                if self.stands() && self.offered() {
                    return Ok(());
                }
                self.need(&["project.bill"])?;
                unless(f.project.transfer == Transfer::None, "IS")
            }
            Action::InviteMember { role, to } => self.may_invite(role, to),
            Action::SelfInvite { role, rights } => self.may_invite_self(role, rights),
            Action::DecreaseMember(change) => self.need(&["member.decrease"]).and(self.may_lower(change)),
            Action::Leave { last_administrator } => {
                self.need(&["project.see"])?;
                unless(!self.stands(), "PD")?;
                unless(!has_direct(f), "IS")?;
                self.may_lower(MemberChange {
                    removes: true,
                    loses_administer: true,
                    of_owner: is_owner(f),
                    of_payer: is_billed(f),
                    last_administrator,
                })
            }
            Action::DestroyProject => self.need(&["project.destroy"]),
            Action::SetOwner => {
                let read_only = f.actor.kind == PlatformKind::ReadOnly;
                if self.stands() && !read_only && (is_owner(f) || org_admin(f)) {
                    return Ok(());
                }
                self.need(&["project.owner"])
            }
            Action::DescribeAccessOfOthers => self.need(&["project.flags"]),
            Action::ReadAudit => {
                let admin = org_admin(f) && f.actor.kind != PlatformKind::ReadOnly;
                if self.stands() && (admin || f.actor.kind == PlatformKind::Admin) {
                    return Ok(());
                }
                self.need(&["project.flags"])
            }
            Action::AcceptNotice => self.need(&["project.see"]).and(unless(!person(f), "PD")),
            Action::Need(capability) => self.need_input(&[capability.as_str()]),
        }
    }

    /// restrictProjectTransfer, section 8 and B11.21.
    fn may_move(&self) -> Answer {
        match &self.f.project.bill_to {
            BillTo::Org(org) if org.transfer_by_admins_only => unless(!org_admin(self.f), "PD"),
            _ => Ok(()),
        }
    }

    /// Section 8.
    fn may_pay(&self, to: Account) -> Answer {
        let phi = self.f.project.flags.contains_phi;
        match to {
            Account::OtherUser => Err("II"),
            Account::Myself => unless(phi, "PD"),
            Account::Org { may_bill, phi_enabled } => unless(!may_bill || phi && !phi_enabled, "PD"),
        }
    }

    fn may_invite(&self, role: Role, to: Invitee) -> Answer {
        match to {
            Invitee::Public => self.need(&["member.invite", "project.flags"])?,
            Invitee::Other { .. } => self.need(&["member.invite"])?,
        }
        unless(to == Invitee::Public && self.f.project.flags.contains_phi, "PD")?;
        let given = cells(&of_role(role), true, true);
        let reach = |ceiling| match ceiling {
            "A" => column("A", true, true),
            "Ed" => column("Ed", true, true),
            _ => column("NONE", true, true),
        };
        unless(!given.is_subset(reach(self.ceiling)), "PD")?;
        unless(role_ceiling(role) == "A" && self.ceiling != "A", "PD")?;
        unless(to == Invitee::Public && role != Role::Preset(Preset::View), "II")?;
        unless(to == Invitee::Other { read_only: true } && !only_view(role), "II")
    }

    fn may_invite_self(&self, role: Role, rights: Rights) -> Answer {
        let f = self.f;
        if self.stands() && (org_admin(f) || f.actor.kind == PlatformKind::Admin) {
            return unless(f.actor.kind == PlatformKind::ReadOnly && !only_view(role), "II");
        }
        self.need(&["member.invite"])?;
        let Some(own) = f.grants.iter().find(|grant| matches!(grant.via, Via::Direct)) else {
            return Err("PD");
        };
        let held = |role, rights: Rights| {
            let mut set = cells(&of_role(role), rights.upload, rights.download);
            if !rights.upload {
                set.remove("data.upload");
            }
            if !rights.download {
                for name in ["data.download", "data.copyOut", "base.query.export", "base.table.export"] {
                    set.remove(name);
                }
            }
            set
        };
        let rank = |role| match role_ceiling(role) {
            "A" => Ceiling::Administer,
            "Ed" => Ceiling::Edit,
            _ => Ceiling::None,
        };
        unless(!held(role, rights).is_subset(&held(own.role, own.rights)), "PD")?;
        unless(rank(role) > rank(own.role), "PD")?;
        unless(rights.upload && !own.rights.upload || rights.download && !own.rights.download, "PD")
    }

    /// Section 5.4, B11.32, B11.33.
    fn may_lower(&self, change: MemberChange) -> Answer {
        let below = change.removes || change.loses_administer;
        unless(below && change.of_payer, "PD")?;
        unless(change.removes && change.of_owner, "IS")?;
        let personal = matches!(self.f.project.bill_to, BillTo::User(_));
        unless(below && change.last_administrator && personal, "IS")
    }
}

/// B11.23.
fn only_view(role: Role) -> bool {
    let given = cells(&of_role(role), true, true);
    given.is_subset(column("Vi", true, true)) || given.is_subset(column("V", true, true))
}
