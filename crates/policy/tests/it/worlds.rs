//! Small worlds to ask about, and everything that can be asked.

use policy::*;
use wire::Level;
use wire::id::{Id, OrgId, ProjectId, UserId};

use crate::naive::{Naive, Names};

pub(crate) fn user(handle: &str) -> UserId {
    UserId::from_handle(handle).expect("a handle")
}

pub(crate) fn org() -> OrgId {
    OrgId::from_handle("lab").expect("a handle")
}

pub(crate) fn workgroup() -> Id {
    Id::parse("workgroup-012301230123012301230123").expect("an id")
}

/// Ada holds `level` directly in a project that somebody else pays for.
pub(crate) fn world(level: Level) -> Facts {
    let id = ProjectId::parse("project-012301230123012301230123").expect("an id");
    let mut facts = Facts::new(Actor::user(user("ada")), ProjectFacts::new(id, user("payer")));
    if level != Level::None {
        facts.grants.push(Grant::level(Via::Direct, level));
    }
    facts
}

/// Standard, the two kinds of administrator, the two kinds of Read-Only.
pub(crate) fn actors() -> Vec<Actor> {
    let standard = Actor::user(user("ada"));
    let of =
        |kind, admin_access, read_only_cap| Actor { kind, admin_access, read_only_cap, ..standard.clone() };
    vec![
        standard.clone(),
        of(PlatformKind::Admin, AdminAccess::GrantSelf, ReadOnlyCap::CollaboratorView),
        of(PlatformKind::Admin, AdminAccess::Implicit, ReadOnlyCap::CollaboratorView),
        of(PlatformKind::ReadOnly, AdminAccess::GrantSelf, ReadOnlyCap::CollaboratorView),
        of(PlatformKind::ReadOnly, AdminAccess::GrantSelf, ReadOnlyCap::LevelView),
    ]
}

pub(crate) fn scopes() -> Vec<Scope> {
    [Scope::Full].into_iter().chain(Level::ALL.map(Scope::Level)).collect()
}

pub(crate) fn callers() -> Vec<Caller> {
    let mut callers = vec![Caller::Person];
    for asked in Level::ALL {
        callers.extend([false, true].map(|confined| Caller::Job { asked, confined }));
    }
    callers
}

/// Every combination of the nine flags.
pub(crate) fn flags() -> impl Iterator<Item = Flags> {
    (0..512_u32).map(|bits| {
        let on = |bit: u32| bits & (1 << bit) != 0;
        Flags {
            protected: on(0),
            restricted: on(1),
            download_restricted: on(2),
            external_upload_restricted: on(3),
            preview_viewer_restricted: on(4),
            contains_phi: on(5),
            database_ui_view_only: on(6),
            display_data_protection_notice: on(7),
            destroy_protected: on(8),
        }
    })
}

pub(crate) fn objects() -> Vec<ObjectFacts> {
    let mut objects = Vec::new();
    for class in ObjectClass::all() {
        for state in [ObjectState::Open, ObjectState::Closing, ObjectState::Closed] {
            for made_by_actor in [false, true] {
                let (labels, output) = (class.labels(), class.is_output());
                objects.push(ObjectFacts { labels, state, made_by_actor, output });
            }
        }
    }
    objects
}

pub(crate) fn shares() -> Vec<ShareFacts> {
    let mut shares = Vec::new();
    for mode in [ShareMode::AnalyzeOnly, ShareMode::Full] {
        for allow_copy in [false, true] {
            for bits in 0..8 {
                let publisher = Flags {
                    restricted: bits & 1 != 0,
                    download_restricted: bits & 2 != 0,
                    contains_phi: bits & 4 != 0,
                    ..Flags::default()
                };
                shares.push(ShareFacts { mode, allow_copy, publisher });
            }
        }
    }
    shares
}

/// The single columns that a grant may carry, and every combination of category roles.
pub(crate) fn roles() -> Vec<Role> {
    let mut roles: Vec<Role> = Preset::ALL[..4]
        .iter()
        .chain(&[Preset::Own, Preset::Edit, Preset::CollaboratorView])
        .map(|p| Role::Preset(*p))
        .collect();
    roles.push(Role::level(Level::None));
    for &project in ProjectRole::ALL {
        for &flow in FlowRole::ALL {
            for &base in BaseRole::ALL {
                for &bench in BenchRole::ALL {
                    roles.push(Role::Team(TeamRoles { project, flow, base, bench }));
                }
            }
        }
    }
    roles
}

/// A role of each sort, among them edited ones.
pub(crate) fn some_roles() -> Vec<Role> {
    let team = |project, flow| Role::Team(TeamRoles { project, flow, ..TeamRoles::default() });
    let edited =
        |list: &[Capability], ceiling| Role::Custom { capabilities: Capabilities::of(list), ceiling };
    let mut roles = roles()[..8].to_vec();
    roles.extend([
        team(ProjectRole::NoAccess, FlowRole::NoAccess),
        team(ProjectRole::DataProvider, FlowRole::NoAccess),
        team(ProjectRole::Viewer, FlowRole::Contributor),
        team(ProjectRole::Contributor, FlowRole::Viewer),
        team(ProjectRole::Administrator, FlowRole::Contributor),
        edited(&[Capability::DataCopyOut, Capability::DataUpload], Ceiling::None),
        edited(&[Capability::DataList, Capability::MemberInvite], Ceiling::Edit),
        edited(&[Capability::MemberInvite, Capability::DataDownload], Ceiling::Administer),
        edited(
            &[Capability::DataEditOpen, Capability::OutputView, Capability::DataDelete],
            Ceiling::Administer,
        ),
    ]);
    roles
}

/// Every way in which a grant reaches somebody.
pub(crate) fn ways() -> Vec<Via> {
    let mut ways = vec![Via::Direct, Via::Public, Via::Workgroup { workgroup: workgroup(), cap: None }];
    let capped = Level::ALL.map(|project_access| OrgMember { project_access, ..OrgMember::MEMBER });
    // An ADMIN is not capped, whatever the stored flag says.
    let admin = OrgMember { project_access: Level::None, ..OrgMember::ADMIN };
    for member in capped.into_iter().chain([admin]) {
        ways.push(Via::Org { org: org(), member });
        ways.push(Via::Workgroup { workgroup: workgroup(), cap: Some(member) });
    }
    ways
}

const ELSEWHERE: [Destination; 2] = [Destination { contains_phi: false }, Destination { contains_phi: true }];

/// The actions about objects and data.
pub(crate) fn data_actions() -> Vec<Action> {
    let mut actions = vec![
        Action::SeeProject,
        Action::ListData,
        Action::ViewObject,
        Action::ViewContent,
        Action::Download { preauthenticated: false },
        Action::Download { preauthenticated: true },
        Action::CloneInto,
        Action::UploadBytes,
        Action::CreateData { bytes: false },
        Action::CreateData { bytes: true },
        Action::CreateExecutable,
        Action::ReadCode,
        Action::CreateFolder,
        Action::EditObject,
        Action::CloseObject,
        Action::MoveData,
        Action::EditFolders,
        Action::DeleteData,
        Action::ArchiveData,
        Action::ArchiveAllCopies,
        Action::UnarchiveData,
        Action::UseAsInput { elsewhere: None },
        Action::RunExecutable,
        Action::ViewExecutions,
        Action::QueryTables { direct: false },
        Action::QueryTables { direct: true },
    ];
    for into in ELSEWHERE {
        actions.extend([Action::CopyOut { into }, Action::UseAsInput { elsewhere: Some(into) }]);
    }
    actions
}

/// The actions about the project itself.
pub(crate) fn project_actions() -> Vec<Action> {
    let mut actions = vec![
        Action::SeeProject,
        Action::FindProject,
        Action::ListMembers,
        Action::ViewActivity,
        Action::EditProjectTags,
        Action::UpdateProject,
        Action::Leave { last_administrator: false },
        Action::Leave { last_administrator: true },
        Action::DestroyProject,
        Action::TransferProject,
        Action::CancelTransfer,
        Action::SetOwner,
        Action::DescribeAccessOfOthers,
        Action::ReadAudit,
        Action::AcceptNotice,
    ];
    actions.extend([Capability::BenchManage, Capability::DataLink].map(Action::Need));
    actions.extend([Capability::BaseQueryExport, Capability::SharePublish].map(Action::Need));
    let accounts = [
        Account::Myself,
        Account::OtherUser,
        Account::Org { may_bill: false, phi_enabled: true },
        Account::Org { may_bill: true, phi_enabled: false },
        Account::Org { may_bill: true, phi_enabled: true },
    ];
    for to in accounts {
        actions.extend([Action::ChangeBilling { to }, Action::AcceptTransfer { to }]);
    }
    for role in some_roles() {
        let others = [false, true].map(|read_only| Invitee::Other { read_only });
        actions.extend(others.map(|to| Action::InviteMember { role, to }));
        actions.push(Action::InviteMember { role, to: Invitee::Public });
        actions.extend([Rights::NEITHER, Rights::BOTH].map(|rights| Action::SelfInvite { role, rights }));
    }
    for bits in 0..32 {
        let on = |bit: i32| bits & (1 << bit) != 0;
        actions.push(Action::DecreaseMember(MemberChange {
            removes: on(0),
            loses_administer: on(1),
            of_owner: on(2),
            of_payer: on(3),
            last_administrator: on(4),
        }));
    }
    let values = [None, Some(false), Some(true)];
    for contains_phi in values {
        for download_restricted in values {
            for preview_viewer_restricted in values {
                let change = FlagChange { contains_phi, download_restricted, preview_viewer_restricted };
                actions.push(Action::ChangeFlags(change));
            }
        }
    }
    actions
}

pub(crate) fn all_actions() -> Vec<Action> {
    data_actions().into_iter().chain(project_actions().into_iter().skip(1)).collect()
}

/// Asks both models and compares: the capabilities, the level, the ceiling, and the answer to each action.
#[track_caller]
pub(crate) fn compare(facts: &Facts, actions: &[Action]) {
    let naive = Naive::new(facts);
    let access = effective(facts);
    let names: Names = access.capabilities.iter().map(Capability::as_str).collect();
    assert_eq!(names, naive.can, "capabilities\n{facts:#?}");
    assert_eq!(access.level.as_str(), naive.level, "level\n{facts:#?}");
    let ceiling = match access.ceiling {
        Ceiling::None => "",
        Ceiling::Edit => "Ed",
        Ceiling::Administer => "A",
    };
    assert_eq!(ceiling, naive.ceiling, "ceiling\n{facts:#?}");
    // Actions about the project look at no object and no share.
    let project = without_object(facts);
    let apart = facts.object.is_some() || facts.share.is_some();
    let naive_project = (apart && !actions.is_empty()).then(|| Naive::new(&project));
    for &action in actions {
        let decision = decide(facts, action);
        let expected = match &naive_project {
            Some(naive_project) if !about_object(action) => naive_project.judge(action),
            _ => naive.judge(action),
        };
        assert_eq!(code(decision.outcome), expected, "{action:?} by {}\n{facts:#?}", decision.rule);
    }
}

/// The same facts about the project alone.
pub(crate) fn without_object(facts: &Facts) -> Facts {
    Facts { object: None, share: None, ..facts.clone() }
}

/// Whether an action is about an object rather than the project.
pub(crate) fn about_object(action: Action) -> bool {
    matches!(
        action,
        Action::ViewObject
            | Action::ViewContent
            | Action::ReadCode
            | Action::Download { .. }
            | Action::CopyOut { .. }
            | Action::UploadBytes
            | Action::EditObject
            | Action::CloseObject
            | Action::MoveData
            | Action::DeleteData
            | Action::ArchiveData
            | Action::ArchiveAllCopies
            | Action::UnarchiveData
            | Action::UseAsInput { .. }
            | Action::QueryTables { .. }
            | Action::Need(_)
    )
}

/// The contract's short names of the answers.
pub(crate) fn code(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Allowed => "yes",
        Outcome::Hidden => "hidden",
        Outcome::PermissionDenied => "PD",
        Outcome::InvalidState => "IS",
        Outcome::InvalidInput => "II",
        Outcome::SpendingLimitExceeded => "SLE",
        Outcome::OrgExpired => "OE",
    }
}
