//! Random worlds with several grants, everything mixed; failures print and keep their seed.

use policy::*;
use proptest::prelude::*;
use proptest::sample::select;

use crate::worlds::*;

fn role() -> impl Strategy<Value = Role> {
    let capabilities = proptest::bits::u64::ANY.prop_map(|bits| {
        let chosen = |(at, _): &(usize, &Capability)| bits & (1 << at) != 0;
        Capability::ALL.iter().enumerate().filter(chosen).map(|(_, one)| *one).collect()
    });
    let ceiling = select(vec![Ceiling::None, Ceiling::Edit, Ceiling::Administer]);
    let custom =
        (capabilities, ceiling).prop_map(|(capabilities, ceiling)| Role::Custom { capabilities, ceiling });
    prop_oneof![4 => select(roles()), 2 => select(some_roles()), 1 => custom]
}

fn grant() -> impl Strategy<Value = Grant> {
    (select(ways()), role(), select(Rights::ALL.to_vec())).prop_map(|(via, role, rights)| Grant {
        via,
        role,
        rights,
    })
}

fn actor() -> impl Strategy<Value = Actor> {
    // Most often what most often happens, so that later steps are reached.
    let scope = prop_oneof![3 => Just(Scope::Full), 1 => select(scopes())];
    let caller = prop_oneof![3 => Just(Caller::Person), 1 => select(callers())];
    let standard = prop_oneof![3 => Just(actors()[0].clone()), 2 => select(actors())];
    (standard, scope, caller).prop_map(|(actor, scope, caller)| Actor { scope, caller, ..actor })
}

fn member() -> impl Strategy<Value = OrgMember> {
    (any::<[bool; 6]>(), select(wire::Level::ALL.to_vec())).prop_map(|(on, project_access)| OrgMember {
        level: if on[0] { OrgLevel::Admin } else { OrgLevel::Member },
        project_access,
        allow_billable_activities: on[1],
        archival_management: on[2],
        data_deletion: on[3],
        data_search: on[4],
        project_member_demotion: on[5],
    })
}

fn bill_to() -> impl Strategy<Value = BillTo> {
    let paying =
        (proptest::option::of(member()), any::<bool>()).prop_map(|(member, transfer_by_admins_only)| {
            BillTo::Org(BillToOrg { id: org(), member, transfer_by_admins_only })
        });
    prop_oneof![Just(BillTo::User(user("ada"))), Just(BillTo::User(user("eve"))), paying]
}

fn project() -> impl Strategy<Value = ProjectFacts> {
    let flags = prop_oneof![1 => Just(Flags::default()), 2 => select(flags().collect::<Vec<_>>())];
    let owner = prop_oneof![4 => Just(None), 1 => Just(Some(user("ada"))), 1 => Just(Some(user("eve")))];
    let transfer = select(vec![Transfer::None, Transfer::ToActor, Transfer::ToOther]);
    let resolution = select(vec![Resolution::Greatest, Resolution::SpecificFirst]);
    (flags, owner, transfer, resolution, bill_to(), any::<bool>()).prop_map(
        |(flags, owner, transfer, resolution, bill_to, notice_accepted)| ProjectFacts {
            flags,
            owner,
            transfer,
            resolution,
            bill_to,
            notice_accepted,
            ..world(wire::Level::None).project
        },
    )
}

/// Facts of every kind, with up to four grants.
pub(crate) fn facts() -> impl Strategy<Value = Facts> {
    let grants = proptest::collection::vec(grant(), 0..5).prop_map(|mut grants| {
        // One principal has one entry.
        let (mut direct, mut public) = (0, 0);
        grants.retain(|grant| match grant.via {
            Via::Direct => (direct, direct += 1).0 == 0,
            Via::Public => (public, public += 1).0 == 0,
            Via::Org { .. } | Via::Workgroup { .. } => true,
        });
        grants
    });
    let object = proptest::option::of(select(objects()));
    let share = prop_oneof![3 => Just(None), 1 => select(shares()).prop_map(Some)];
    let gates = vec![BillingGate::Ok, BillingGate::Ok, BillingGate::SpendingLimit, BillingGate::OrgExpired];
    (actor(), project(), grants, object, share, select(gates)).prop_map(
        |(actor, project, grants, object, share, billing)| Facts {
            actor,
            project,
            grants,
            object,
            share,
            billing,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    /// F094, F168 and everything else at once: both models agree on every action.
    #[test]
    fn both_models_agree(facts in facts()) {
        compare(&facts, &all_actions());
    }
}
