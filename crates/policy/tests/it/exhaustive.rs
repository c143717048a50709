//! The whole rule space of data, walked and compared with the second model.
//!
//! The space is a product of independent parts; each test walks the parts that meet in one step of the contract's B1
//! in full, and keeps the others at a few telling values. `random` mixes them all.

use policy::*;
use wire::Level;

use crate::worlds::*;

/// Steps 1, 3, 4, 7, 10: every role × rights × way × kind, under some scopes and callers (F120 to F138, F142 to F155,
/// F157 to F165, F052, F063, F007).
#[test]
fn every_role_by_every_way() {
    let (actors, ways, actions) = (actors(), ways(), data_actions());
    for role in roles() {
        for rights in Rights::ALL {
            for via in &ways {
                let mut facts = world(Level::None);
                facts.grants.push(Grant { via: via.clone(), role, rights });
                let plain = matches!(via, Via::Direct | Via::Public);
                for actor in &actors {
                    facts.actor = actor.clone();
                    compare(&facts, if plain { &actions } else { &[] });
                }
            }
        }
    }
}

/// Step 10: every scope × caller × kind × level × a few flags, for every action on data.
#[test]
fn every_token() {
    let actions = all_actions();
    for level in Level::ALL {
        for actor in actors() {
            for scope in scopes() {
                for caller in callers() {
                    for flag in [Flags::default(), Flags { protected: true, ..Flags::default() }] {
                        let mut facts = world(level);
                        facts.actor = Actor { scope, caller, ..actor.clone() };
                        facts.project.flags = flag;
                        compare(&facts, &actions);
                    }
                }
            }
        }
    }
}

/// Step 8 and the notice: every combination of flags × level × kind (F133 and the rows of contract 7).
#[test]
fn every_flag() {
    let actions = data_actions();
    let job = Caller::Job { asked: Level::Administer, confined: false };
    for flag in flags() {
        for level in Level::ALL {
            for actor in actors() {
                for caller in [Caller::Person, job] {
                    let mut facts = world(level);
                    facts.actor = Actor { caller, ..actor.clone() };
                    facts.project.flags = flag;
                    compare(&facts, &actions);
                    if flag.display_data_protection_notice {
                        facts.project.notice_accepted = true;
                        compare(&facts, &[]);
                    }
                }
            }
        }
    }
}

/// Steps 8 and 9a on the project's own objects: every object × role of each sort × the flags that meet labels.
#[test]
fn every_object() {
    let actions = data_actions();
    let job = Caller::Job { asked: Level::Contribute, confined: false };
    for object in objects() {
        for role in some_roles() {
            for rights in [Rights::NEITHER, Rights::BOTH] {
                for (caller, notice) in [(Caller::Person, false), (Caller::Person, true), (job, false)] {
                    for contains_phi in [false, true] {
                        let mut facts = world(Level::None);
                        facts.actor.caller = caller;
                        facts.grants.push(Grant { via: Via::Direct, role, rights });
                        facts.object = Some(object);
                        facts.project.flags.contains_phi = contains_phi;
                        facts.project.flags.display_data_protection_notice = notice;
                        compare(&facts, &actions);
                    }
                }
            }
        }
    }
}

/// Step 9: every share × object × role of each sort × way, with the flags of the subscriber (F223, F240 to F246).
#[test]
fn every_share() {
    let actions = data_actions();
    let ways = [Via::Direct, Via::Public];
    for share in shares() {
        for object in objects().into_iter().filter(|object| object.state != ObjectState::Closing) {
            for role in some_roles() {
                for (at, via) in ways.iter().enumerate() {
                    let mut facts = world(Level::None);
                    facts.grants.push(Grant { via: via.clone(), role, rights: Rights::BOTH });
                    facts.object = Some(object);
                    facts.share = Some(share);
                    facts.project.flags.contains_phi = object.made_by_actor;
                    facts.project.flags.display_data_protection_notice = at == 0 && object.output;
                    compare(&facts, if at == 0 { &actions } else { &[] });
                }
            }
        }
    }
}

/// Steps 1 to 4 with two grants: every pair of roles × rights × ways under both resolutions (F094, F168).
#[test]
fn every_pair_of_grants() {
    let ways = [
        Via::Direct,
        Via::Public,
        Via::Org { org: org(), member: OrgMember { project_access: Level::Upload, ..OrgMember::MEMBER } },
        Via::Workgroup { workgroup: workgroup(), cap: None },
    ];
    let roles = some_roles();
    for resolution in [Resolution::Greatest, Resolution::SpecificFirst] {
        for (first, second) in ways.iter().flat_map(|a| ways.iter().map(move |b| (a, b))) {
            if first == second {
                continue;
            }
            for &a in &roles {
                for &b in &roles {
                    for rights in [Rights::NEITHER, Rights::ALL[1], Rights::BOTH] {
                        let mut facts = world(Level::None);
                        facts.project.resolution = resolution;
                        facts.grants = vec![
                            Grant { via: first.clone(), role: a, rights },
                            Grant { via: second.clone(), role: b, rights: Rights::ALL[2] },
                        ];
                        compare(&facts, &[]);
                    }
                }
            }
        }
    }
}

/// Who has no token gets nothing, whatever is granted to PUBLIC.
#[test]
fn nobody_without_a_token() {
    for action in all_actions() {
        let mut facts = world(Level::None);
        facts.grants.push(Grant::level(Via::Public, Level::View));
        facts.actor = Actor::anonymous();
        compare(&facts, &[action]);
    }
}

/// The billing gate closes what costs, and nothing else (contract B11.39).
#[test]
fn the_billing_gate() {
    for billing in [BillingGate::Ok, BillingGate::SpendingLimit, BillingGate::OrgExpired] {
        for level in Level::ALL {
            let mut facts = world(level);
            facts.billing = billing;
            facts.project.transfer = Transfer::ToActor;
            compare(&facts, &all_actions());
        }
    }
}
