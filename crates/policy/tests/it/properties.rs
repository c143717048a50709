//! What must hold whatever the rules say in detail.

use policy::*;
use proptest::prelude::*;
use wire::Level;

use crate::random::facts;
use crate::worlds::*;

fn allowed(facts: &Facts) -> Vec<Action> {
    all_actions().into_iter().filter(|action| decide(facts, *action).allowed()).collect()
}

/// Fails when something is allowed under `narrow` that is refused under `wide`.
#[track_caller]
fn never_more(wide: &Facts, narrow: &Facts) {
    assert!(
        effective(wide).capabilities.covers(effective(narrow).capabilities),
        "more capabilities under\n{narrow:#?}"
    );
    assert!(effective(wide).level >= effective(narrow).level, "a higher level under\n{narrow:#?}");
    for action in allowed(narrow) {
        // Setting containsPHI where it is set already changes nothing, and is therefore fine.
        let idle = matches!(action, Action::ChangeFlags(change) if change.contains_phi == Some(true));
        assert!(idle || decide(wide, action).allowed(), "{action:?} only under\n{narrow:#?}");
    }
}

/// What lets bytes leave the platform or the project.
fn exits() -> Vec<Action> {
    let into = |contains_phi| Destination { contains_phi };
    let mut exits = vec![Action::ViewContent];
    exits.extend([false, true].map(|preauthenticated| Action::Download { preauthenticated }));
    exits.extend([false, true].map(|phi| Action::CopyOut { into: into(phi) }));
    exits.extend([false, true].map(|phi| Action::UseAsInput { elsewhere: Some(into(phi)) }));
    exits
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    /// A call that succeeds at level L succeeds at every higher level (invariant 28; F126, F132, F134).
    #[test]
    fn levels_are_monotone(mut facts in facts()) {
        facts.grants.retain(|grant| grant.via != Via::Direct);
        facts.grants.push(Grant::level(Via::Direct, Level::View));
        let last = facts.grants.len() - 1;
        for pair in [Level::View, Level::Upload, Level::Contribute, Level::Administer].windows(2) {
            facts.grants[last] = Grant::level(Via::Direct, pair[0]);
            let lower = facts.clone();
            facts.grants[last] = Grant::level(Via::Direct, pair[1]);
            never_more(&facts, &lower);
        }
    }

    /// No flag, label, notice, gate, kind, scope or job gives anything.
    #[test]
    fn masks_only_take_away(facts in facts()) {
        let masked = |change: &dyn Fn(&mut Facts)| {
            let mut narrow = facts.clone();
            change(&mut narrow);
            narrow
        };
        let flag = |change: fn(&mut Flags)| masked(&|facts: &mut Facts| change(&mut facts.project.flags));
        let mut narrow = vec![
            flag(|flags| flags.protected = true),
            flag(|flags| flags.restricted = true),
            flag(|flags| flags.download_restricted = true),
            flag(|flags| flags.external_upload_restricted = true),
            flag(|flags| flags.preview_viewer_restricted = true),
            flag(|flags| flags.database_ui_view_only = true),
            flag(|flags| flags.display_data_protection_notice = true),
            flag(|flags| flags.destroy_protected = true),
            masked(&|facts| facts.project.notice_accepted = false),
            masked(&|facts| facts.billing = BillingGate::OrgExpired),
        ];
        // What holds protected health information receives such from a publisher: there the flag opens a share.
        if facts.share.is_none() {
            narrow.push(flag(|flags| flags.contains_phi = true));
        }
        if facts.object.is_some() {
            let label = |change: fn(&mut Labels)| masked(&|facts: &mut Facts| {
                if let Some(object) = &mut facts.object { change(&mut object.labels) }
            });
            narrow.push(label(|labels| labels.no_download = true));
            narrow.push(label(|labels| labels.no_copy = true));
            narrow.push(label(|labels| labels.phi = true));
        }
        if facts.share.is_some() {
            let publisher = |change: fn(&mut Flags)| masked(&|facts: &mut Facts| {
                if let Some(share) = &mut facts.share { change(&mut share.publisher) }
            });
            narrow.push(publisher(|flags| flags.restricted = true));
            narrow.push(publisher(|flags| flags.download_restricted = true));
            narrow.push(publisher(|flags| flags.contains_phi = true));
        }
        if facts.actor.kind == PlatformKind::Standard {
            narrow.push(masked(&|facts| facts.actor.kind = PlatformKind::ReadOnly));
        }
        if let Caller::Job { asked, .. } = facts.actor.caller {
            narrow.push(masked(&|facts| facts.actor.caller = Caller::Job { asked, confined: true }));
        }
        for narrow in &narrow {
            never_more(&facts, narrow);
        }
        let mut scoped = facts.clone();
        scoped.actor.scope = Scope::Full;
        for level in Level::ALL.into_iter().rev() {
            let mut narrower = scoped.clone();
            narrower.actor.scope = Scope::Level(level);
            never_more(&scoped, &narrower);
            scoped = narrower;
        }
    }

    /// Leaving a grant away gives nothing, where grants add up.
    #[test]
    fn grants_only_add(mut facts in facts()) {
        facts.project.resolution = Resolution::Greatest;
        for at in 0..facts.grants.len() {
            let mut fewer = facts.clone();
            let gone = fewer.grants.remove(at);
            // An owner without an entry of their own has both rights; whoever has one has those of the entry. And
            // PUBLIC is what keeps containsPHI from being set.
            if gone.via != Via::Public && !(facts.is_owner() && gone.via == Via::Direct) {
                never_more(&facts, &fewer);
            }
        }
    }

    /// Promise 5: what must not leave does not leave, whoever asks: administrators, owners, payers, jobs.
    #[test]
    fn restricted_bytes_do_not_leave(mut facts in facts()) {
        facts.object.get_or_insert_default();
        let person = facts.actor.caller == Caller::Person;
        let before = facts.clone();
        let closed = |facts: &Facts, action: Action| {
            let decision = decide(facts, action);
            assert!(!decision.allowed(), "{action:?} by {}\n{facts:#?}", decision.rule);
        };
        let copies = |action: &Action| matches!(action, Action::CopyOut { .. } | Action::UseAsInput { .. });

        facts.project.flags.restricted = true;
        exits().into_iter().filter(copies).for_each(|action| closed(&facts, action));

        let mut facts = before.clone();
        facts.object.get_or_insert_default().labels.no_copy = true;
        exits().into_iter().filter(copies).for_each(|action| closed(&facts, action));

        let mut facts = before.clone();
        facts.project.flags.download_restricted = true;
        closed(&facts, Action::ViewContent);
        closed(&facts, Action::Download { preauthenticated: true });
        if person {
            closed(&facts, Action::Download { preauthenticated: false });
            closed(&facts, Action::Need(Capability::BaseTableExport));
            closed(&facts, Action::Need(Capability::BaseQueryExport));
            closed(&facts, Action::QueryTables { direct: true });
        }

        let mut facts = before.clone();
        facts.object.get_or_insert_default().labels.no_download = true;
        closed(&facts, Action::Download { preauthenticated: true });
        if person {
            closed(&facts, Action::ViewContent);
            closed(&facts, Action::Download { preauthenticated: false });
            closed(&facts, Action::Need(Capability::BaseTableExport));
        }

        let mut facts = before;
        facts.project.flags.contains_phi = true;
        let open = Destination { contains_phi: false };
        closed(&facts, Action::CopyOut { into: open });
        closed(&facts, Action::UseAsInput { elsewhere: Some(open) });
    }

    /// What is made from restricted data carries the restriction on (contract B11.1).
    #[test]
    fn restrictions_travel(facts in facts()) {
        let labels = facts.derived_labels();
        let flags = facts.project.flags;
        let own = facts.object.unwrap_or_default().labels;
        prop_assert_eq!(labels.union(own), labels);
        prop_assert!(labels.no_download || !flags.download_restricted);
        prop_assert!(labels.no_copy || !flags.restricted);
        prop_assert!(labels.phi || !flags.contains_phi);
        if facts.share.is_none() {
            prop_assert!(!labels.no_download || flags.download_restricted || own.no_download);
            prop_assert!(!labels.no_copy || flags.restricted || own.no_copy);
            prop_assert!(!labels.phi || flags.contains_phi || own.phi);
        }
    }

    /// Promise 1: lists and checks never disagree.
    #[test]
    fn scope_agrees_with_decide(mut facts in facts()) {
        let visibility = scope(&facts);
        for object in objects() {
            facts.object = Some(object);
            let class = ObjectClass::new(object.labels, object.output);
            let listed = visibility.admits(class, object.made_by_actor, object.state);
            prop_assert_eq!(listed, decide(&facts, Action::ViewObject).allowed());
            let fields = object_fields(&facts);
            prop_assert_eq!(fields.is_some(), listed);
            if listed {
                prop_assert_eq!(fields == Some(ObjectFields::Maker), !visibility.listed.has(class));
            }
        }
        prop_assert_eq!(visibility.is_all(), visibility.listed.iter().count() == 16);
        prop_assert!(!visibility.is_nothing() || visibility.own_open.is_empty());
        prop_assert!(visibility.listed.iter().all(|class| visibility.own_open.has(class)));
    }

    /// One code path: an explanation decides as the check does, and its reasons add up to the capabilities.
    #[test]
    fn explanations_add_up(facts in facts()) {
        let report = describe(&facts);
        prop_assert_eq!(report.access, effective(&facts));
        for action in data_actions() {
            let quick = decide(&facts, action);
            let explained = explain(&facts, action);
            prop_assert!(quick.reasons.is_empty());
            let mut held = Capabilities::NONE;
            for reason in &explained.reasons {
                held = (held | reason.added) - reason.removed;
            }
            let subject = if about_object(action) { facts.clone() } else { without_object(&facts) };
            prop_assert_eq!(held, effective(&subject).capabilities);
            prop_assert_eq!(&Decision { reasons: Vec::new(), ..explained }, &quick);
            prop_assert!(!quick.missing.meets(held));
            prop_assert!(!quick.allowed() || quick.missing.is_empty());
        }
        for mask in report.masks {
            prop_assert!(!mask.removed.is_empty());
        }
    }

    /// Every answer has words for the person, and hidden things answer like absent ones.
    #[test]
    fn every_refusal_says_why(facts in facts()) {
        for action in all_actions() {
            let decision = decide(&facts, action);
            let message = decision.message("project-012301230123012301230123");
            prop_assert!(message.contains("project-012301230123012301230123") && message.len() > 40);
            prop_assert_eq!(decision.outcome.error_type().is_none(), decision.allowed());
            if decision.outcome == Outcome::Hidden {
                let project = decide(&facts, Action::SeeProject).allowed();
                prop_assert!(!project || about_object(action) && (facts.object.is_some() || facts.share.is_some()));
            }
        }
    }
}

/// Codes stand in the audit log: they are unique and read back.
#[test]
fn rule_codes_are_unique() {
    let codes: std::collections::BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.code()).collect();
    assert_eq!(codes.len(), Rule::ALL.len());
    for rule in Rule::ALL {
        assert_eq!(Rule::parse(rule.code()), Some(*rule));
    }
}
