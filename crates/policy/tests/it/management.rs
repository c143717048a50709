//! The rule space of managing a project, compared with the second model; and organisations and the platform.

use policy::*;
use wire::Level;

use crate::worlds::*;

/// Steps 5 and 6: owner × payer × the actor's part in the paying organisation × kind × token, for every action on the
/// project (F074, F108, F135 to F138, F148 to F151).
#[test]
fn every_standing() {
    let actions = project_actions();
    let job = Caller::Job { asked: Level::Administer, confined: false };
    let tokens = [
        (Scope::Full, Caller::Person),
        (Scope::Level(Level::Administer), Caller::Person),
        (Scope::Level(Level::Contribute), Caller::Person),
        (Scope::Level(Level::None), Caller::Person),
        (Scope::Full, job),
    ];
    for owned in [false, true] {
        for bill_to in payers() {
            for actor in actors() {
                for (scope, caller) in tokens {
                    for level in [Level::None, Level::View, Level::Contribute, Level::Administer] {
                        for transfer in [Transfer::None, Transfer::ToActor, Transfer::ToOther] {
                            let mut facts = world(level);
                            facts.actor = Actor { scope, caller, ..actor.clone() };
                            facts.project.owner = owned.then(|| user("ada"));
                            facts.project.bill_to = bill_to.clone();
                            facts.project.transfer = transfer;
                            compare(&facts, if transfer == Transfer::ToOther { &[] } else { &actions });
                        }
                    }
                }
            }
        }
    }
}

/// Invitations under every role of the inviter, and in projects with flags (F148 to F151).
#[test]
fn every_invitation() {
    let actions = project_actions();
    for role in roles() {
        for via in [Via::Direct, Via::Org { org: org(), member: OrgMember::MEMBER }] {
            for contains_phi in [false, true] {
                let mut facts = world(Level::None);
                facts.grants.push(Grant { via: via.clone(), role, rights: Rights::ALL[1] });
                facts.grants.push(Grant::level(Via::Public, Level::View));
                facts.project.flags.contains_phi = contains_phi;
                facts.project.flags.download_restricted = contains_phi;
                compare(&facts, &actions);
            }
        }
    }
}

/// Step 6 alone: every combination of org flags × level × kind × resolution (contract B11.12, B11.35).
#[test]
fn every_org_flag() {
    for bits in 0..16 {
        let on = |bit: i32| bits & (1 << bit) != 0;
        for level in [OrgLevel::Member, OrgLevel::Admin] {
            let member = OrgMember {
                level,
                archival_management: on(0),
                data_deletion: on(1),
                data_search: on(2),
                project_member_demotion: on(3),
                ..OrgMember::MEMBER
            };
            for held in Level::ALL {
                for actor in actors() {
                    for protected in [false, true] {
                        let mut facts = world(held);
                        facts.actor = actor.clone();
                        facts.project.flags.protected = protected;
                        facts.project.bill_to = paid_by(Some(member), false);
                        compare(&facts, &all_actions());
                    }
                }
            }
        }
    }
}

/// Step 5 after step 4: an owner's own entry may switch off their rights, and nothing else (contract B1, B11.32).
#[test]
fn every_entry_of_an_owner() {
    for role in roles() {
        for via in [Via::Direct, Via::Org { org: org(), member: OrgMember::MEMBER }] {
            for rights in Rights::ALL {
                for resolution in [Resolution::Greatest, Resolution::SpecificFirst] {
                    let mut facts = world(Level::None);
                    facts.project.owner = Some(user("ada"));
                    facts.project.resolution = resolution;
                    facts.grants.push(Grant { via: via.clone(), role, rights });
                    compare(&facts, &data_actions());
                }
            }
        }
    }
}

/// Contract B11.35: a direct entry lowers neither the owner nor whoever pays.
#[test]
fn specific_first_spares_owner_and_payer() {
    for role in some_roles() {
        for owner in [None, Some(user("ada")), Some(user("eve"))] {
            for payer in [user("ada"), user("eve")] {
                for rights in Rights::ALL {
                    let mut facts = world(Level::None);
                    facts.project.resolution = Resolution::SpecificFirst;
                    facts.project.owner = owner.clone();
                    facts.project.bill_to = BillTo::User(payer.clone());
                    let via = Via::Workgroup { workgroup: workgroup(), cap: None };
                    facts.grants.push(Grant { via: Via::Direct, role, rights });
                    facts.grants.push(Grant::level(via, Level::Contribute));
                    compare(&facts, &all_actions());
                }
            }
        }
    }
}

fn payers() -> Vec<BillTo> {
    let spends = OrgMember { allow_billable_activities: true, data_deletion: true, ..OrgMember::MEMBER };
    vec![
        BillTo::User(user("ada")),
        BillTo::User(user("eve")),
        paid_by(None, true),
        paid_by(Some(OrgMember::MEMBER), false),
        paid_by(Some(spends), true),
        paid_by(Some(OrgMember::ADMIN), true),
    ]
}

fn paid_by(member: Option<OrgMember>, transfer_by_admins_only: bool) -> BillTo {
    BillTo::Org(BillToOrg { id: org(), member, transfer_by_admins_only })
}

/// Organisations: who sees members (F043), who administers, who spends; a full-scope token where it changes things
/// (F023).
#[test]
fn organisations() {
    let spends = OrgMember { allow_billable_activities: true, ..OrgMember::MEMBER };
    let visibilities =
        [MemberListVisibility::Admin, MemberListVisibility::Member, MemberListVisibility::Public];
    for actor in actors() {
        for scope in scopes() {
            for member in [None, Some(OrgMember::MEMBER), Some(spends), Some(OrgMember::ADMIN)] {
                for member_list_visibility in visibilities {
                    let facts =
                        OrgFacts { actor: Actor { scope, ..actor.clone() }, member, member_list_visibility };
                    let may = |action| decide_org(&facts, action).allowed();
                    let (inside, admin) = (member.is_some(), member == Some(OrgMember::ADMIN));
                    let (root, full) = (actor.kind == PlatformKind::Admin, scope == Scope::Full);
                    let shown = match member_list_visibility {
                        MemberListVisibility::Admin => admin,
                        MemberListVisibility::Member => inside,
                        MemberListVisibility::Public => true,
                    };
                    assert_eq!(may(OrgAction::See), (inside || root) && full);
                    let public = member_list_visibility == MemberListVisibility::Public;
                    assert_eq!(may(OrgAction::ListMembers), public || (full && (shown || root)));
                    assert_eq!(may(OrgAction::ReadAsAdmin), admin && full);
                    let reader = actor.kind == PlatformKind::ReadOnly;
                    assert_eq!(may(OrgAction::Administer), admin && full && !reader);
                    assert_eq!(may(OrgAction::ManageWorkgroups), (admin || root) && full && !reader);
                    assert_eq!(may(OrgAction::ReadAudit), (admin || root) && full);
                    let pays = (admin || member == Some(spends)) && !reader;
                    assert_eq!(may(OrgAction::Bill), pays);
                    assert_eq!(may(OrgAction::Leave), inside && full);
                }
            }
        }
    }
    let facts = OrgFacts {
        actor: Actor::anonymous(),
        member: None,
        member_list_visibility: MemberListVisibility::Public,
    };
    assert_eq!(decide_org(&facts, OrgAction::ListMembers).rule, Rule::NoToken);
}

/// The platform: kinds (F001, F003, F006), scopes (F023), making projects.
#[test]
fn the_platform() {
    let make = |may_bill, billing| SystemAction::CreateProject { may_bill, job_may_create: false, billing };
    for actor in actors() {
        for scope in scopes() {
            let actor = Actor { scope, ..actor.clone() };
            let rule = |action| decide_system(&actor, action).rule;
            let may = |action| decide_system(&actor, action).allowed();
            let (full, reaches) = (scope == Scope::Full, scope.reaches(Level::Administer));
            let (root, reader) = (actor.kind == PlatformKind::Admin, actor.kind == PlatformKind::ReadOnly);
            assert_eq!(may(SystemAction::Administer), root && full);
            assert_eq!(may(SystemAction::ReadAudit), root && full);
            assert_eq!(may(SystemAction::ManageTokens), full);
            assert_eq!(may(SystemAction::CreateOrg), full && !reader);
            assert_eq!(may(SystemAction::UpdateAccount { own: true }), full);
            assert_eq!(rule(SystemAction::UpdateAccount { own: false }), Rule::AnotherAccount);
            assert_eq!(may(SystemAction::HelpUser { responsible: false }), root && full);
            assert_eq!(may(SystemAction::HelpUser { responsible: true }), full && !reader);
            assert_eq!(may(SystemAction::ReadOwnAccount), full);
            assert_eq!(may(SystemAction::SetOwnBillTo { may_bill: true }), full && !reader);
            assert!(!may(SystemAction::SetOwnBillTo { may_bill: false }));
            for (org_admin, licensed) in [(false, false), (false, true), (true, false), (true, true)] {
                let provision = SystemAction::ProvisionUser { org_admin, licensed };
                assert_eq!(may(provision), full && !reader && (root || (org_admin && licensed)));
            }
            assert_eq!(may(make(true, BillingGate::Ok)), reaches && !reader);
            if reaches && !reader {
                assert_eq!(rule(make(false, BillingGate::OrgExpired)), Rule::BillNoRight);
                assert_eq!(rule(make(true, BillingGate::OrgExpired)), Rule::OrgExpired);
                assert_eq!(rule(make(true, BillingGate::SpendingLimit)), Rule::SpendingLimit);
            }
            let job =
                Actor { caller: Caller::Job { asked: Level::Administer, confined: false }, ..actor.clone() };
            assert!(!decide_system(&job, make(true, BillingGate::Ok)).allowed());
            assert!(!decide_system(&job, SystemAction::ManageTokens).allowed());
            let given = SystemAction::CreateProject {
                may_bill: true,
                job_may_create: true,
                billing: BillingGate::Ok,
            };
            assert_eq!(decide_system(&job, given).allowed(), reaches && !reader);
        }
    }
    assert_eq!(decide_system(&Actor::anonymous(), SystemAction::CreateOrg).rule, Rule::NoToken);
}
