//! A second model of the rules, written from the text of the contract in the most literal way: names are strings,
//! sets are ordered sets of strings, every step of B1 is a paragraph. It shares no code with the crate but the
//! shape of the facts, is slow, and is compared with the crate over the whole rule space.

mod columns;
mod judge;

use std::collections::BTreeSet;

use policy::{
    AdminAccess, BillTo, Caller, Facts, ObjectState, OrgLevel, PlatformKind, ReadOnlyCap, Resolution, Scope,
    ShareMode, Transfer, Via,
};
use wire::Level;

pub(crate) use columns::Names;
use columns::{cells, column, of_role, role_ceiling};

/// What the walk through B1 leaves.
pub(crate) struct Naive<'a> {
    f: &'a Facts,
    /// What may be done.
    pub(crate) can: Names,
    /// What could be done were the notice accepted and the share in order.
    could: Names,
    /// NONE to ADMINISTER.
    pub(crate) level: &'static str,
    /// "", "Ed" or "A".
    pub(crate) ceiling: &'static str,
    listed: bool,
}

/// Whether a person asks who has a token.
fn person(f: &Facts) -> bool {
    f.actor.caller == Caller::Person
}

fn is_owner(f: &Facts) -> bool {
    f.project.owner.is_some() && f.project.owner == f.actor.user
}

fn is_billed(f: &Facts) -> bool {
    match &f.project.bill_to {
        BillTo::User(user) => Some(user) == f.actor.user.as_ref(),
        BillTo::Org(_) => false,
    }
}

fn org_admin(f: &Facts) -> bool {
    match &f.project.bill_to {
        BillTo::Org(org) => org.member.is_some_and(|member| member.level == OrgLevel::Admin),
        BillTo::User(_) => false,
    }
}

fn has_direct(f: &Facts) -> bool {
    f.grants.iter().any(|grant| matches!(grant.via, Via::Direct))
}

/// B11.9.
fn public_limit() -> Names {
    let mut set: Names =
        column("V", true, true).iter().copied().filter(|name| name.starts_with("data.")).collect();
    set.extend(["project.see", "output.view", "exec.view", "base.view"]);
    set
}

/// What the token's scope leaves (B11.31), and what a job may at most (B11.15).
fn token_limit(f: &Facts) -> Names {
    let mut left = column("A", true, true).clone();
    if let Scope::Level(level) = f.actor.scope {
        left = column(level.as_str(), true, true).clone();
    }
    if let Caller::Job { asked, .. } = f.actor.caller {
        let asked = column(asked.as_str(), true, true);
        left.retain(|name| asked.contains(name));
        left.retain(|name| {
            let project = name.starts_with("project.") && *name != "project.see" && *name != "project.tags";
            !(name.starts_with("member.") || name.starts_with("share.") || project)
        });
    }
    left
}

/// B1: the level of a set.
fn level_of(set: &Names, ceiling: &str) -> &'static str {
    let has = |names: &[&str]| names.iter().all(|name| set.contains(name));
    let view = has(&["project.see", "data.list", "data.view"]);
    let upload = view && has(&["data.create", "data.editOpen"]);
    let contribute = upload && has(&["data.editAny", "exec.run"]);
    let management = ["member.invite", "member.decrease", "project.update", "project.bill"];
    let administer = contribute && has(&management) && ceiling == "A";
    match (view, upload, contribute, administer) {
        (.., true) => "ADMINISTER",
        (_, _, true, _) => "CONTRIBUTE",
        (_, true, ..) => "UPLOAD",
        (true, ..) => "VIEW",
        _ => "NONE",
    }
}

/// One surviving grant: its cells, its limit, its rights, its ceiling.
struct Entry {
    direct: bool,
    limit: Names,
    role: policy::Role,
    up: bool,
    down: bool,
    ceiling: &'static str,
}

impl<'a> Naive<'a> {
    pub(crate) fn new(f: &'a Facts) -> Self {
        if f.actor.user.is_none() {
            let none = Names::new();
            return Self { f, can: none.clone(), could: none, level: "NONE", ceiling: "", listed: false };
        }
        let everything = column("A", true, true);

        // 1 collect.
        let mut entries = Vec::new();
        for grant in &f.grants {
            let cap = match &grant.via {
                Via::Direct => None,
                Via::Public => {
                    if f.share.is_some() {
                        continue; // B11.3
                    }
                    None
                }
                Via::Org { member, .. } if member.level == OrgLevel::Admin => Some(Level::Administer),
                Via::Org { member, .. } => Some(member.project_access),
                Via::Workgroup { cap: None, .. } => None,
                Via::Workgroup { cap: Some(member), .. } if member.level == OrgLevel::Admin => {
                    Some(Level::Administer)
                }
                Via::Workgroup { cap: Some(member), .. } => Some(member.project_access),
            };
            let mut limit = everything.clone();
            if let Some(cap) = cap {
                if cap == Level::None {
                    continue; // B11.28
                }
                limit = column(cap.as_str(), true, true).clone();
            }
            if matches!(grant.via, Via::Public) {
                limit = public_limit();
            }
            entries.push(Entry {
                direct: matches!(grant.via, Via::Direct),
                up: grant.rights.upload && limit.contains("data.upload"),
                down: grant.rights.download && limit.contains("data.download"),
                ceiling: if limit.contains("member.invite") { role_ceiling(grant.role) } else { "" },
                limit,
                role: grant.role,
            });
        }

        // 2 resolve; B11.35 spares the owner and whoever pays.
        let specific = f.project.resolution == Resolution::SpecificFirst;
        if specific && has_direct(f) && !is_owner(f) && !is_billed(f) {
            entries.retain(|entry| entry.direct);
        }

        // 3 categories and 4 rights.
        let mut up = entries.iter().any(|entry| entry.up);
        let mut down = entries.iter().any(|entry| entry.down);
        if is_owner(f) && !has_direct(f) {
            (up, down) = (true, true); // B11.32
        }
        let mut can = Names::new();
        for entry in &entries {
            let given = cells(&of_role(entry.role), up, down);
            can.extend(given.intersection(&entry.limit).copied());
            can.insert("project.see");
        }
        let off = |set: &mut Names| {
            if !up {
                set.remove("data.upload");
            }
            if !down {
                for name in ["data.download", "data.copyOut", "base.query.export", "base.table.export"] {
                    set.remove(name);
                }
            }
        };
        off(&mut can);
        let mut ceiling = "";
        for wanted in ["Ed", "A"] {
            if entries.iter().any(|entry| entry.ceiling == wanted) {
                ceiling = wanted;
            }
        }

        // 5 owner.
        if is_owner(f) {
            let mut all = everything.clone();
            off(&mut all);
            can.extend(all);
            ceiling = "A";
        }

        // 6 org flags, B11.12.
        let mut standing = Names::new();
        if let BillTo::Org(org) = &f.project.bill_to
            && let Some(member) = org.member
        {
            let admin = member.level == OrgLevel::Admin;
            let acts = !admin || has_direct(f);
            if acts && (admin || member.archival_management) {
                can.extend(["project.see", "data.list", "data.archive"]);
            }
            if acts && (admin || member.data_deletion) {
                can.extend(["project.see", "data.list", "data.delete"]);
            }
            if acts && (admin || member.data_search) {
                can.extend(["project.see", "data.list"]);
            }
            if acts && (admin || member.project_member_demotion) {
                can.extend(["project.see", "member.list", "member.decrease"]);
            }
            if admin {
                standing.extend(["project.see", "member.list"]);
            }
        }
        let mut listed = can.contains("project.see");
        can.extend(standing);

        // 7 platform kind.
        match f.actor.kind {
            PlatformKind::Admin if f.actor.admin_access == AdminAccess::Implicit => {
                can.extend(everything.iter());
                ceiling = "A";
                listed = true;
            }
            PlatformKind::Admin => {
                can.insert("project.see");
            }
            PlatformKind::ReadOnly => {
                let view = match f.actor.read_only_cap {
                    ReadOnlyCap::CollaboratorView => column("Vi", true, true),
                    ReadOnlyCap::LevelView => column("V", true, true),
                };
                can.retain(|name| view.contains(name));
            }
            PlatformKind::Standard => {}
        }

        // The level: after step 7, before step 8, cut by the token.
        let token = token_limit(f);
        let level = level_of(&can.intersection(&token).copied().collect(), ceiling);

        // 8 project flags, section 7.
        let flags = f.project.flags;
        if flags.protected && !(can.contains("project.flags") && token.contains("project.flags")) {
            can.remove("data.delete");
        }
        if flags.restricted {
            can.remove("data.copyOut");
        }
        let no_leaving = |set: &mut Names| {
            set.remove("data.download");
            if person(f) {
                set.remove("base.query.export");
                set.remove("base.table.export");
            }
        };
        if flags.download_restricted {
            no_leaving(&mut can);
        }
        if flags.external_upload_restricted && person(f) {
            for name in ["data.upload", "base.table.create", "base.load"] {
                can.remove(name);
            }
        }
        if flags.destroy_protected {
            can.remove("project.destroy");
        }

        // 9 share, B11.17 and B11.24.
        if let Some(share) = f.share {
            let mut opens = match share.mode {
                ShareMode::AnalyzeOnly => column("Sa", true, true).clone(),
                ShareMode::Full => column("Sf", true, true).clone(),
            };
            if share.mode == ShareMode::Full && share.allow_copy {
                opens.insert("data.copyOut");
            }
            can.retain(|name| opens.contains(name));
            if !can.contains("exec.run") {
                can.remove("data.use");
            }
        }

        // 9a labels, outputs.
        if let Some(object) = f.object {
            if object.labels.no_download {
                no_leaving(&mut can);
            }
            if object.labels.no_copy {
                can.remove("data.copyOut");
            }
            if object.output && can.contains("output.view") && f.share.is_none() {
                can.extend(["data.list", "data.view"]);
            }
        }
        let could: Names = can.intersection(&token).copied().collect();
        if let Some(share) = f.share {
            let label = f.object.map(|object| object.labels).unwrap_or_default();
            let phi = (share.publisher.contains_phi || label.phi) && !flags.contains_phi;
            let full = share.publisher.download_restricted && share.mode == ShareMode::Full;
            if share.publisher.restricted || full || phi || label.no_copy {
                can.retain(|name| *name == "project.see");
            }
        }

        // 9a notice.
        if flags.display_data_protection_notice && !f.project.notice_accepted && person(f) {
            can.retain(|name| {
                !(name.starts_with("data.") || name.starts_with("base.") || *name == "output.view")
            });
        }

        // 10 token; a job that has read restricted data writes nowhere else.
        can.retain(|name| token.contains(name));
        if let Caller::Job { confined: true, .. } = f.actor.caller {
            can.retain(|name| {
                !(name.starts_with("tool.")
                    || [
                        "data.upload",
                        "data.create",
                        "data.editOpen",
                        "data.editAny",
                        "data.link",
                        "sample.create",
                        "connector.create",
                        "base.table.create",
                        "base.load",
                    ]
                    .contains(name))
            });
        }
        if f.share.is_some() || !can.contains("member.invite") {
            ceiling = "";
        }
        listed = listed && can.contains("project.see");
        Self { f, can, could, level, ceiling, listed }
    }

    fn has(&self, names: &[&'static str]) -> bool {
        names.iter().all(|name| self.can.contains(name))
    }

    /// B11.26 and B11.37 as they stand in `can` or `could`.
    fn sees(&self, set: &BTreeSet<&'static str>) -> bool {
        let maker =
            self.f.object.is_some_and(|object| object.made_by_actor && object.state != ObjectState::Closed);
        set.contains("data.list") || maker && set.contains("data.editOpen")
    }

    /// Standing counts for people with a token that reaches ADMINISTER (B11.31).
    fn stands(&self) -> bool {
        let reaches = match self.f.actor.scope {
            Scope::Full => true,
            Scope::Level(level) => level == Level::Administer,
        };
        self.f.actor.user.is_some() && person(self.f) && reaches
    }

    fn offered(&self) -> bool {
        self.f.project.transfer == Transfer::ToActor
    }
}
