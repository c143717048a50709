//! Decisions told as stories: one rule of the contract each, with its feature id.

use policy::*;
use wire::Level;

use crate::worlds::*;

#[track_caller]
fn refused(facts: &Facts, action: Action, outcome: Outcome, rule: Rule) {
    let decision = decide(facts, action);
    assert_eq!(
        (decision.outcome, decision.rule),
        (outcome, rule),
        "{action:?}\n{:#?}",
        explain(facts, action)
    );
}

/// A stranger meets nothing; somebody without a token is told to sign in.
#[test]
fn what_you_may_not_see_does_not_exist() {
    let mut facts = world(Level::None);
    refused(&facts, Action::SeeProject, Outcome::Hidden, Rule::NoAccess);
    facts.object = Some(ObjectFacts::default());
    refused(&facts, Action::DeleteData, Outcome::Hidden, Rule::NoAccess);
    facts.actor = Actor::anonymous();
    facts.grants.push(Grant::level(Via::Public, Level::View));
    refused(&facts, Action::SeeProject, Outcome::PermissionDenied, Rule::NoToken);
}

/// F124: the sentence of a level refusal begins as clients know it.
#[test]
fn level_refusals_name_the_level() {
    let facts = world(Level::View);
    let decision = decide(&facts, Action::DeleteData);
    assert_eq!(decision.rule, Rule::LevelTooLow);
    let message = decision.message(facts.project.id.as_str());
    assert!(
        message.starts_with(
            "CONTRIBUTE permission required in project-012301230123012301230123 to perform this action"
        ),
        "{message}"
    );
    assert!(message.contains("you hold VIEW there"), "{message}");
}

/// F052, F063, F064: the member's cap.
#[test]
fn the_membership_caps_what_an_organisation_gives() {
    for cap in Level::ALL {
        let member = OrgMember { project_access: cap, ..OrgMember::MEMBER };
        let mut facts = world(Level::None);
        facts.grants.push(Grant::level(Via::Org { org: org(), member }, Level::Administer));
        assert_eq!(effective(&facts).level, cap);
        assert_eq!(decide(&facts, Action::SeeProject).allowed(), cap != Level::None);
        assert_eq!(describe(&facts).sources.is_empty(), cap == Level::None, "a cap of NONE drops the grant");
    }
    let mut facts = world(Level::None);
    let member = OrgMember { project_access: Level::View, ..OrgMember::MEMBER };
    facts.grants.push(Grant::level(Via::Org { org: org(), member }, Level::Contribute));
    refused(&facts, Action::DeleteData, Outcome::PermissionDenied, Rule::OrgCap);
}

/// F007: whatever was granted, a Read-Only user stays at View; the level is then NONE (contract B11.23).
#[test]
fn read_only_users_stay_at_view() {
    let mut facts = world(Level::Administer);
    facts.actor.kind = PlatformKind::ReadOnly;
    assert_eq!(effective(&facts).level, Level::None);
    refused(&facts, Action::DestroyProject, Outcome::PermissionDenied, Rule::ReadOnly);
    facts.actor.read_only_cap = ReadOnlyCap::LevelView;
    assert_eq!(effective(&facts).level, Level::View);
}

/// F155: an administrator without the rights neither uploads nor downloads, and administers all the same.
#[test]
fn rights_are_independent_of_roles() {
    let mut facts = world(Level::Administer);
    facts.grants[0].rights = Rights::NEITHER;
    refused(&facts, Action::UploadBytes, Outcome::PermissionDenied, Rule::UploadRight);
    refused(
        &facts,
        Action::Download { preauthenticated: false },
        Outcome::PermissionDenied,
        Rule::DownloadRight,
    );
    assert!(decide(&facts, Action::UpdateProject).allowed());
    assert_eq!(effective(&facts).level, Level::Administer);
}

/// F133: `protected` leaves deletion to administrators; the wire level stays CONTRIBUTE (contract B1). A token or
/// job cut to CONTRIBUTE deletes no more than CONTRIBUTE may.
#[test]
fn protected_projects_keep_their_data() {
    let mut facts = world(Level::Contribute);
    assert!(decide(&facts, Action::DeleteData).allowed());
    facts.project.flags.protected = true;
    refused(&facts, Action::DeleteData, Outcome::PermissionDenied, Rule::Protected);
    assert_eq!(effective(&facts).level, Level::Contribute);
    let message = decide(&facts, Action::DeleteData).message(facts.project.id.as_str());
    assert!(message.starts_with("ADMINISTER permission required in project-"), "{message}");
    facts = world(Level::Administer);
    facts.project.flags.protected = true;
    assert!(decide(&facts, Action::DeleteData).allowed());
    facts.actor.scope = Scope::Level(Level::Contribute);
    refused(&facts, Action::DeleteData, Outcome::PermissionDenied, Rule::Protected);
}

/// The first reason in the order of contract B1 decides, however many stand in the way (contract B11.25).
#[test]
fn the_first_reason_decides() {
    let download = Action::Download { preauthenticated: false };
    let mut facts = world(Level::Administer);
    facts.object = Some(ObjectFacts::default());
    facts.billing = BillingGate::SpendingLimit;
    refused(&facts, download, Outcome::SpendingLimitExceeded, Rule::SpendingLimit);
    facts.actor.scope = Scope::Level(Level::None);
    refused(&facts, download, Outcome::Hidden, Rule::TokenScope);
    facts.actor.scope = Scope::Full;
    facts.project.flags.display_data_protection_notice = true;
    refused(&facts, download, Outcome::PermissionDenied, Rule::NoticeNotAccepted);
    facts.object = Some(ObjectFacts {
        labels: ObjectClass::from_number(1).expect("a class").labels(),
        ..ObjectFacts::default()
    });
    refused(
        &facts,
        Action::Download { preauthenticated: true },
        Outcome::PermissionDenied,
        Rule::LabelNoDownload,
    );
    facts.project.flags.download_restricted = true;
    refused(
        &facts,
        Action::Download { preauthenticated: true },
        Outcome::PermissionDenied,
        Rule::DownloadRestricted,
    );
    facts.actor.kind = PlatformKind::ReadOnly;
    refused(&facts, Action::Download { preauthenticated: true }, Outcome::Hidden, Rule::ReadOnly);
    facts.grants.clear();
    refused(&facts, Action::Download { preauthenticated: true }, Outcome::Hidden, Rule::NoAccess);
}

/// As above, for pairs of neighbouring steps that take the same capability.
#[test]
fn of_two_reasons_the_earlier_decides() {
    let mut facts = world(Level::Administer);
    facts.project.flags.display_data_protection_notice = true;
    facts.actor.scope = Scope::Level(Level::View);
    refused(&facts, Action::EditFolders, Outcome::PermissionDenied, Rule::NoticeNotAccepted);

    let mut facts = world(Level::Administer);
    let labels = Labels { no_download: true, ..Labels::default() };
    facts.object = Some(ObjectFacts { labels, ..ObjectFacts::default() });
    let share = ShareFacts { mode: ShareMode::AnalyzeOnly, allow_copy: false, publisher: Flags::default() };
    facts.share = Some(share);
    let download = Action::Download { preauthenticated: false };
    refused(&facts, download, Outcome::PermissionDenied, Rule::ShareMode);
    facts.share = Some(ShareFacts { mode: ShareMode::Full, ..share });
    refused(&facts, download, Outcome::PermissionDenied, Rule::LabelNoDownload);
}

/// What was never granted comes before what a mask took: lifting the mask would not help.
#[test]
fn want_of_a_grant_comes_before_masks() {
    let list = [Capability::DataList, Capability::DataView, Capability::DataCopyOut];
    let role = Role::Custom { capabilities: Capabilities::of(&list), ceiling: Ceiling::None };
    let mut facts = world(Level::None);
    facts.grants.push(Grant { via: Via::Direct, role, rights: Rights::BOTH });
    facts.project.flags.restricted = true;
    let elsewhere = Some(Destination { contains_phi: false });
    refused(&facts, Action::UseAsInput { elsewhere }, Outcome::PermissionDenied, Rule::LevelTooLow);
}

/// A yes names what gave it, for the audit log.
#[test]
fn a_yes_names_its_source() {
    let mut facts = world(Level::View);
    facts.grants.push(Grant::level(Via::Workgroup { workgroup: workgroup(), cap: None }, Level::Contribute));
    assert_eq!(decide(&facts, Action::ListData).rule, Rule::GrantDirect);
    assert_eq!(decide(&facts, Action::DeleteData).rule, Rule::GrantWorkgroup);
    facts.project.owner = Some(user("ada"));
    assert_eq!(decide(&facts, Action::DestroyProject).rule, Rule::Owner);
}

/// `describeAccess`: where access comes from and what cut it.
#[test]
fn access_is_described_with_sources_and_masks() {
    let mut facts = world(Level::View);
    let member = OrgMember { project_access: Level::Upload, ..OrgMember::MEMBER };
    facts.grants.push(Grant::level(Via::Org { org: org(), member }, Level::Administer));
    facts.project.flags.restricted = true;
    let report = describe(&facts);
    assert_eq!(report.access.level, Level::Upload);
    let sources: Vec<_> = report.sources.iter().map(|source| source.rule).collect();
    assert_eq!(sources, [Rule::GrantDirect, Rule::GrantOrg]);
    let masks: Vec<_> = report.masks.iter().map(|mask| mask.rule).collect();
    assert_eq!(masks, [Rule::OrgCap, Rule::Restricted]);
    assert_eq!(report.masks[1].removed, Capability::DataCopyOut.into());
}

/// Who may be named owner: a member, not by PUBLIC, not Read-Only (contract B11.32).
#[test]
fn owners_are_members() {
    let mut facts = world(Level::View);
    assert!(may_own(&facts));
    facts.actor.kind = PlatformKind::ReadOnly;
    assert!(!may_own(&facts));
    let mut facts = world(Level::None);
    facts.grants.push(Grant::level(Via::Public, Level::View));
    assert!(!may_own(&facts));
}

/// A maker who may not list sees the open object, with the maker's fields, and loses it on closing (contract B11.26).
#[test]
fn makers_see_what_they_make() {
    let mut facts = world(Level::None);
    let role = Role::Team(TeamRoles { project: ProjectRole::DataProvider, ..TeamRoles::default() });
    facts.grants.push(Grant { via: Via::Direct, role, rights: Rights::BOTH });
    assert!(scope(&facts).is_own_open_only());
    facts.object =
        Some(ObjectFacts { state: ObjectState::Open, made_by_actor: true, ..ObjectFacts::default() });
    assert_eq!(object_fields(&facts), Some(ObjectFields::Maker));
    assert!(decide(&facts, Action::UploadBytes).allowed());
    facts.object = Some(ObjectFacts { made_by_actor: true, ..ObjectFacts::default() });
    refused(&facts, Action::ViewObject, Outcome::Hidden, Rule::LevelTooLow);
}
