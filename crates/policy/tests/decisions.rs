//! Decisions told as stories: one rule of the contract each, with its feature id.

use policy::*;
use wire::Level;
use wire::id::{OrgId, ProjectId, UserId};

fn user(handle: &str) -> UserId {
    UserId::from_handle(handle).expect("a handle")
}

fn world(level: Level) -> Facts {
    let id = ProjectId::parse("project-012301230123012301230123").expect("an id");
    let mut facts = Facts::new(Actor::user(user("ada")), ProjectFacts::new(id, user("payer")));
    if level != Level::None {
        facts.grants.push(Grant::level(Via::Direct, level));
    }
    facts
}

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
    let org = OrgId::from_handle("lab").expect("a handle");
    for cap in Level::ALL {
        let member = OrgMember { project_access: cap, ..OrgMember::MEMBER };
        let mut facts = world(Level::None);
        facts.grants.push(Grant::level(Via::Org { org: org.clone(), member }, Level::Administer));
        assert_eq!(effective(&facts).level, cap);
        assert_eq!(decide(&facts, Action::SeeProject).allowed(), cap != Level::None);
    }
}
