//! The policy in print: `tests/policy-table.txt`, whose difference in a change is the review of that change.
//!
//! After a wanted change: `UPDATE_POLICY_TABLE=1 cargo nextest run -p policy policy_table`, then read the difference.

use std::fmt::Write as _;

use policy::*;
use wire::Level;

use crate::worlds::*;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/policy-table.txt");

#[test]
fn the_printed_policy_table_is_current() {
    let now = print();
    #[expect(clippy::disallowed_methods, reason = "a switch for whoever runs the test, not configuration")]
    let update = std::env::var_os("UPDATE_POLICY_TABLE").is_some();
    if update {
        std::fs::write(PATH, &now).expect("the table is written");
    }
    let kept = std::fs::read_to_string(PATH).unwrap_or_default();
    for (at, (kept, now)) in kept.lines().zip(now.lines()).enumerate() {
        assert_eq!(kept, now, "line {} of {PATH} has changed; see the head of {}", at + 1, file!());
    }
    assert_eq!(kept, now, "{PATH} has changed; see the head of {}", file!());
}

/// The actions in the order and words of the table.
fn rows() -> Vec<(&'static str, Action)> {
    let plain = Destination { contains_phi: false };
    let phi = Destination { contains_phi: true };
    let other = Invitee::Other { read_only: false };
    let invite = |preset| Action::InviteMember { role: Role::Preset(preset), to: other };
    vec![
        ("see project", Action::SeeProject),
        ("find project in lists", Action::FindProject),
        ("list members", Action::ListMembers),
        ("view activity", Action::ViewActivity),
        ("list folders", Action::ListData),
        ("view object's metadata", Action::ViewObject),
        ("preview content", Action::ViewContent),
        ("download", Action::Download { preauthenticated: false }),
        ("make a download link", Action::Download { preauthenticated: true }),
        ("copy out", Action::CopyOut { into: plain }),
        ("copy out to a PHI project", Action::CopyOut { into: phi }),
        ("copy in", Action::CloneInto),
        ("upload bytes", Action::UploadBytes),
        ("new file", Action::CreateData { bytes: true }),
        ("new record", Action::CreateData { bytes: false }),
        ("new applet", Action::CreateExecutable),
        ("read a program", Action::ReadCode),
        ("new folder", Action::CreateFolder),
        ("edit object", Action::EditObject),
        ("close object", Action::CloseObject),
        ("move object", Action::MoveData),
        ("rename folder", Action::EditFolders),
        ("delete data", Action::DeleteData),
        ("archive", Action::ArchiveData),
        ("archive all copies", Action::ArchiveAllCopies),
        ("unarchive", Action::UnarchiveData),
        ("use as input", Action::UseAsInput { elsewhere: None }),
        ("use as input elsewhere", Action::UseAsInput { elsewhere: Some(plain) }),
        ("run executable", Action::RunExecutable),
        ("view executions", Action::ViewExecutions),
        ("query tables by pages", Action::QueryTables { direct: false }),
        ("query tables directly", Action::QueryTables { direct: true }),
        ("export a table", Action::Need(Capability::BaseTableExport)),
        ("load a table", Action::Need(Capability::BaseLoad)),
        ("link data", Action::Need(Capability::DataLink)),
        ("start a workspace", Action::Need(Capability::BenchStartStop)),
        ("manage workspaces", Action::Need(Capability::BenchManage)),
        ("subscribe to news", Action::Need(Capability::NotifySubscribe)),
        ("publish a share", Action::Need(Capability::SharePublish)),
        ("edit project tags", Action::EditProjectTags),
        ("update project", Action::UpdateProject),
        ("change flags", Action::ChangeFlags(FlagChange::default())),
        ("invite at VIEW", invite(Preset::View)),
        ("invite at Edit", invite(Preset::Edit)),
        ("invite at ADMINISTER", invite(Preset::Administer)),
        ("invite PUBLIC", Action::InviteMember { role: Role::Preset(Preset::View), to: Invitee::Public }),
        (
            "raise oneself",
            Action::SelfInvite { role: Role::Preset(Preset::Administer), rights: Rights::BOTH },
        ),
        ("lower a member", Action::DecreaseMember(MemberChange { removes: true, ..MemberChange::default() })),
        ("leave", Action::Leave { last_administrator: false }),
        ("set owner", Action::SetOwner),
        ("pay oneself", Action::ChangeBilling { to: Account::Myself }),
        ("offer a transfer", Action::TransferProject),
        ("accept a transfer", Action::AcceptTransfer { to: Account::Myself }),
        ("cancel a transfer", Action::CancelTransfer),
        ("destroy project", Action::DestroyProject),
        ("ask what others may", Action::DescribeAccessOfOthers),
        ("read audit", Action::ReadAudit),
        ("accept notice", Action::AcceptNotice),
    ]
}

type Column = (&'static str, Facts);

fn granted(via: Via, role: Role, rights: Rights) -> Facts {
    let mut facts = world(Level::None);
    facts.object = Some(ObjectFacts::default());
    facts.grants.push(Grant { via, role, rights });
    facts
}

fn levels() -> Vec<Column> {
    let of = |preset| granted(Via::Direct, Role::Preset(preset), Rights::BOTH);
    vec![
        ("V", of(Preset::View)),
        ("U", of(Preset::Upload)),
        ("C", of(Preset::Contribute)),
        ("A", of(Preset::Administer)),
    ]
}

fn project_role(project: ProjectRole, flow: FlowRole, rights: Rights) -> Facts {
    granted(Via::Direct, Role::Team(TeamRoles { project, flow, ..TeamRoles::default() }), rights)
}

/// People without an entry: what they hold comes from elsewhere.
fn standing() -> Vec<Column> {
    let stranger = || {
        let mut facts = world(Level::None);
        facts.object = Some(ObjectFacts::default());
        facts
    };
    let paid = |member| {
        let mut facts = stranger();
        facts.project.bill_to =
            BillTo::Org(BillToOrg { id: org(), member: Some(member), transfer_by_admins_only: false });
        facts
    };
    let mut owner = stranger();
    owner.project.owner = Some(user("ada"));
    let mut sees = stranger();
    sees.actor = actors()[1].clone();
    let mut root = stranger();
    root.actor = actors()[2].clone();
    let read_only = |at: usize| {
        let mut facts = levels().pop().expect("ADMINISTER").1;
        facts.actor = actors()[at].clone();
        facts
    };
    let mut offered = granted(Via::Direct, Role::Preset(Preset::View), Rights::BOTH);
    offered.project.transfer = Transfer::ToActor;
    vec![
        ("none", stranger()),
        ("pub", granted(Via::Public, Role::Preset(Preset::View), Rights::BOTH)),
        ("owner", owner),
        ("offrd", offered),
        ("oArch", paid(OrgMember { archival_management: true, ..OrgMember::MEMBER })),
        ("oDel", paid(OrgMember { data_deletion: true, ..OrgMember::MEMBER })),
        ("oSrch", paid(OrgMember { data_search: true, ..OrgMember::MEMBER })),
        ("oDem", paid(OrgMember { project_member_demotion: true, ..OrgMember::MEMBER })),
        ("oAdm", paid(OrgMember::ADMIN)),
        ("pSelf", sees),
        ("pImpl", root),
        ("roVi", read_only(3)),
        ("roV", read_only(4)),
    ]
}

fn roles() -> Vec<Column> {
    use FlowRole::{Contributor as Fc, NoAccess as F0, Viewer as Fv};
    use ProjectRole::{Administrator, Contributor, DataProvider, NoAccess, Viewer};
    let of = |preset| granted(Via::Direct, Role::Preset(preset), Rights::BOTH);
    let (on, off) = (Rights::BOTH, Rights::NEITHER);
    vec![
        ("Own", of(Preset::Own)),
        ("Edit", of(Preset::Edit)),
        ("View", of(Preset::CollaboratorView)),
        ("PD+", project_role(DataProvider, F0, on)),
        ("PD-", project_role(DataProvider, F0, off)),
        ("PV+", project_role(Viewer, F0, on)),
        ("PV-", project_role(Viewer, F0, off)),
        ("PC+", project_role(Contributor, F0, on)),
        ("PC-", project_role(Contributor, F0, off)),
        ("PA+", project_role(Administrator, F0, on)),
        ("PA-", project_role(Administrator, F0, off)),
        ("FV", project_role(NoAccess, Fv, off)),
        ("FC", project_role(NoAccess, Fc, off)),
        ("PAFC+", project_role(Administrator, Fc, on)),
    ]
}

fn print() -> String {
    let mut out = String::from(
        "The access policy of Operon, as decided by the code. Made by a test; see tests/it/table.rs.

x = allowed    . = refused for want of a capability    - = the caller does not learn that it exists
! = refused by another rule, named below the table. Objects are closed and without labels unless said otherwise.\n",
    );
    matrix(&mut out, "1. Levels", &levels());
    matrix(&mut out, "2. Collaborators and team roles (+ both rights, - neither)", &roles());
    out.push_str(
        "\nnone = no grant; pub = by PUBLIC; owner, offrd (transfer offered, at VIEW); members of the paying organization: oArch, oDel,
oSrch, oDem by flag, oAdm = ADMIN; platform ADMIN: pSelf = grantSelf, pImpl = implicit; Read-Only granted ADMINISTER: roVi, roV.\n",
    );
    matrix(&mut out, "3. Standing", &standing());
    differences(&mut out);
    wire_levels(&mut out);
    out
}

/// Asks about the object where the row is about one.
fn ask(facts: &Facts, action: Action) -> Decision {
    match action {
        Action::Need(Capability::BaseTableExport) => decide(facts, action),
        Action::Need(_) => decide(&without_object(facts), action),
        _ => decide(facts, action),
    }
}

fn mark(decision: &Decision) -> char {
    match (decision.outcome, decision.rule) {
        (Outcome::Allowed, _) => 'x',
        (Outcome::Hidden, _) => '-',
        (_, Rule::LevelTooLow | Rule::NoAccess) => '.',
        _ => '!',
    }
}

fn matrix(out: &mut String, title: &str, columns: &[Column]) {
    let _ = writeln!(out, "\n{title}\n");
    let head: String = columns.iter().map(|(name, _)| format!(" {name:<5}")).collect();
    let _ = writeln!(out, "{:<26}{}", "", head.trim_end());
    let mut others = Vec::new();
    for (label, action) in rows() {
        let mut line = format!("{label:<26}");
        for (name, facts) in columns {
            let decision = ask(facts, action);
            let mark = mark(&decision);
            let _ = write!(line, " {mark:<5}");
            if mark == '!' {
                note(&mut others, label, &decision, name);
            }
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    notes(out, &others);
}

/// Cells decided by one rule in one way, by action: the columns.
type Note = (String, &'static str, Vec<&'static str>);

fn note(notes: &mut Vec<Note>, label: &'static str, decision: &Decision, column: &'static str) {
    let rule = format!("{} {}", code(decision.outcome), decision.rule);
    match notes.iter_mut().find(|(known, action, _)| *known == rule && *action == label) {
        Some((_, _, columns)) => columns.push(column),
        None => notes.push((rule, label, vec![column])),
    }
}

/// Prints "rule: for whom: which actions", the actions that share rule and columns on one line.
fn notes(out: &mut String, notes: &[Note]) {
    let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
    for (rule, label, columns) in notes {
        let head = format!("  {rule} for {}:", columns.join(" "));
        match lines.iter_mut().find(|(known, _)| *known == head) {
            Some((_, labels)) => labels.push(label),
            None => lines.push((head, vec![label])),
        }
    }
    if !lines.is_empty() {
        out.push('\n');
    }
    for (head, labels) in lines {
        let _ = writeln!(out, "{head}");
        let mut line = String::from("   ");
        for (at, label) in labels.iter().enumerate() {
            if line.len() + label.len() > 108 {
                let _ = writeln!(out, "{line}");
                line = String::from("   ");
            }
            let comma = if at + 1 < labels.len() { "," } else { "" };
            let _ = write!(line, " {label}{comma}");
        }
        let _ = writeln!(out, "{line}");
    }
}

type Change = (&'static str, fn(&mut Facts));

fn changes() -> Vec<Change> {
    fn object(facts: &mut Facts) -> &mut ObjectFacts {
        facts.object.get_or_insert_default()
    }
    fn share(facts: &mut Facts, mode: ShareMode, allow_copy: bool, publisher: Flags) {
        facts.share = Some(ShareFacts { mode, allow_copy, publisher });
    }
    fn job(facts: &mut Facts, asked: Level, confined: bool) {
        facts.actor.caller = Caller::Job { asked, confined };
    }
    fn cap(facts: &mut Facts, project_access: Level) {
        let member = OrgMember { project_access, ..OrgMember::MEMBER };
        for grant in &mut facts.grants {
            grant.via = Via::Org { org: org(), member };
        }
    }
    vec![
        ("flag protected", |f| f.project.flags.protected = true),
        ("flag restricted", |f| f.project.flags.restricted = true),
        ("flag downloadRestricted", |f| f.project.flags.download_restricted = true),
        ("flag externalUploadRestricted", |f| f.project.flags.external_upload_restricted = true),
        ("flag previewViewerRestricted", |f| f.project.flags.preview_viewer_restricted = true),
        ("flag containsPHI", |f| f.project.flags.contains_phi = true),
        ("flag databaseUIViewOnly", |f| f.project.flags.database_ui_view_only = true),
        ("flag destroyProtected", |f| f.project.flags.destroy_protected = true),
        ("notice displayed, not accepted", |f| f.project.flags.display_data_protection_notice = true),
        ("label noDownload on the object", |f| object(f).labels.no_download = true),
        ("label noCopy on the object", |f| object(f).labels.no_copy = true),
        ("label phi on the object", |f| object(f).labels.phi = true),
        ("object open", |f| object(f).state = ObjectState::Open),
        ("object closing", |f| object(f).state = ObjectState::Closing),
        ("object open, made by the caller", |f| {
            *object(f) =
                ObjectFacts { state: ObjectState::Open, made_by_actor: true, ..ObjectFacts::default() };
        }),
        ("object made by an execution here", |f| object(f).output = true),
        ("upload right off", |f| f.grants.iter_mut().for_each(|grant| grant.rights.upload = false)),
        ("download right off", |f| f.grants.iter_mut().for_each(|grant| grant.rights.download = false)),
        ("granted through an organization, member capped at UPLOAD", |f| cap(f, Level::Upload)),
        ("granted through an organization, member capped at NONE", |f| cap(f, Level::None)),
        ("token scope ADMINISTER", |f| f.actor.scope = Scope::Level(Level::Administer)),
        ("token scope CONTRIBUTE", |f| f.actor.scope = Scope::Level(Level::Contribute)),
        ("token scope VIEW", |f| f.actor.scope = Scope::Level(Level::View)),
        ("token scope NONE", |f| f.actor.scope = Scope::Level(Level::None)),
        ("a job that asked ADMINISTER", |f| job(f, Level::Administer, false)),
        ("a job that asked VIEW", |f| job(f, Level::View, false)),
        ("a job that asked CONTRIBUTE and has read restricted data", |f| job(f, Level::Contribute, true)),
        ("a job, downloadRestricted", |f| {
            job(f, Level::Contribute, false);
            f.project.flags.download_restricted = true;
        }),
        ("no token", |f| f.actor = Actor::anonymous()),
        ("account at its spending limit", |f| f.billing = BillingGate::SpendingLimit),
        ("shared for analysis only", |f| share(f, ShareMode::AnalyzeOnly, false, Flags::default())),
        ("shared in full", |f| share(f, ShareMode::Full, false, Flags::default())),
        ("shared in full, may be copied", |f| share(f, ShareMode::Full, true, Flags::default())),
        ("shared in full, publisher downloadRestricted", |f| {
            share(f, ShareMode::Full, false, Flags { download_restricted: true, ..Flags::default() });
        }),
        ("shared for analysis only, publisher restricted", |f| {
            share(f, ShareMode::AnalyzeOnly, false, Flags { restricted: true, ..Flags::default() });
        }),
        ("shared for analysis only, publisher containsPHI", |f| {
            share(f, ShareMode::AnalyzeOnly, false, Flags { contains_phi: true, ..Flags::default() });
        }),
    ]
}

/// What each flag, label, token and so on changes, and for whom.
fn differences(out: &mut String) {
    let mut columns = levels();
    columns.extend(standing().into_iter().filter(|(name, _)| matches!(*name, "pub" | "owner" | "pImpl")));
    columns.extend(roles().into_iter().filter(|(name, _)| matches!(*name, "View" | "PD+" | "FC")));
    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    let _ = writeln!(out, "\n4. What changes the answers above\n\nColumns: {}.", names.join(" "));
    for (title, change) in changes() {
        let _ = writeln!(out, "\n{title}");
        let mut changed = Vec::new();
        for (label, action) in rows() {
            for (name, facts) in &columns {
                let mut facts = facts.clone();
                let before = ask(&facts, action);
                change(&mut facts);
                let after = ask(&facts, action);
                if before.outcome != after.outcome {
                    note(&mut changed, label, &after, name);
                }
            }
        }
        if changed.is_empty() {
            out.push_str("\n  nothing\n");
        }
        notes(out, &changed);
    }
}

fn wire_levels(out: &mut String) {
    let _ = writeln!(out, "\n5. Level shown on the wire, and up to what may be invited\n");
    for (name, facts) in levels().iter().chain(&roles()).chain(&standing()) {
        let access = effective(facts);
        let _ = writeln!(out, "{name:<6} {:<11} {:?}", access.level.as_str(), access.ceiling);
    }
}
