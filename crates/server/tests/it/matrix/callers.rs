//! Every method × who calls it (contract: data 2.1, identity-and-sharing 1).

use serde_json::json;
use wire::method::Caller;
use wire::{Level, MethodName};

use super::cast::{Cast, LEVELS, Role};
use super::refusal::refusal;
use super::samples::{Needs, Sample, samples};

/// Methods whose body names a member by each of its keys, so that none is unknown to them.
const KEYS_ARE_MEMBERS: &[MethodName] =
    &[MethodName::ProjectDecreasePermissions, MethodName::OrgSetMemberAccess];

/// Without a good token nothing that needs one answers, and nothing changes.
#[tokio::test]
async fn tokens_are_looked_at_before_anything_else() {
    let cast = Cast::new().await;
    let place = cast.place().await;
    let before = cast.world.snapshot().await;
    for sample in samples() {
        let (path, body) = (sample.path(&place), (sample.body)(&place));
        for (role, kind) in [
            (Role::Nobody, "PermissionDenied"),
            (Role::BadToken, "InvalidAuthentication"),
            (Role::ExpiredToken, "InvalidAuthentication"),
        ] {
            if role == Role::Nobody && sample.method.row().caller == Caller::Anyone {
                continue;
            }
            let what = format!("{path} as {role:?}");
            assert_eq!(refusal(&what, &cast.role(role).post(&path, body.clone()).await), kind, "{what}");
        }
        assert_eq!(
            before.changes_to(&cast.world.snapshot().await),
            [""; 0],
            "{path} was refused and changed this"
        );
    }
}

/// To a stranger, and to a token that reaches other projects only, a project is as absent as one that never was; below
/// the level that a method needs, it is denied; nothing changes.
#[tokio::test]
async fn who_may_not_is_refused_in_the_contracts_words() {
    let cast = Cast::new().await;
    let place = cast.place().await;
    let before = cast.world.snapshot().await;
    for sample in samples() {
        let (path, body) = (sample.path(&place), (sample.body)(&place));
        for (role, kind) in refused(&sample) {
            let what = format!("{path} as {role:?}");
            assert_eq!(refusal(&what, &cast.role(role).post(&path, body.clone()).await), kind, "{what}");
        }
        assert_eq!(
            before.changes_to(&cast.world.snapshot().await),
            [""; 0],
            "{path} was refused and changed this"
        );
    }
}

/// Who is refused what a sample needs, and with which error type.
fn refused(sample: &Sample) -> Vec<(Role, &'static str)> {
    let mut refused = Vec::new();
    let full_token_only = sample.method.row().caller == Caller::FullToken;
    if full_token_only {
        refused.push((Role::ScopedToken, "PermissionDenied"));
    }
    match sample.needs {
        Needs::Nothing | Needs::Account => {}
        Needs::OrgAdmin => {
            let others = [Role::Stranger, Role::Member(Level::Contribute)];
            refused.extend(others.map(|role| (role, "PermissionDenied")));
        }
        Needs::Operator => {
            let others = [Role::Stranger, Role::Member(Level::Administer)];
            refused.extend(others.map(|role| (role, "PermissionDenied")));
        }
        Needs::Never(kind) => {
            refused.push((Role::Stranger, "ResourceNotFound"));
            refused.extend(LEVELS.map(|level| (Role::Member(level), kind)));
        }
        Needs::Project(least) | Needs::ProjectButLastAdministrator(least) => {
            refused.push((Role::Stranger, "ResourceNotFound"));
            if !full_token_only {
                refused.push((Role::ScopedToken, "ResourceNotFound"));
            }
            let below = LEVELS.into_iter().filter(|level| *level < least);
            refused.extend(below.map(|level| (Role::Member(level), "PermissionDenied")));
        }
    }
    refused
}

/// Whoever holds the level may, at every level above too, and keys that no method knows change nothing about it.
#[tokio::test]
async fn who_may_is_answered() {
    let cast = Cast::new().await;
    let mut refused = Vec::new();
    for sample in samples() {
        for role in sample.allowed() {
            let place = cast.place_for(&sample).await;
            let mut body = (sample.body)(&place);
            if !KEYS_ARE_MEMBERS.contains(&sample.method) {
                body["zzUnknown"] = json!({ "$and": [null, { "deep": [1.5] }] });
            }
            let path = sample.path(&place);
            let answer = cast.role(role).post(&path, body).await;
            if answer.status != 200 {
                refused.push(format!("{path} as {role:?}: {}", answer.body));
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// A stranger cannot tell a hidden project from an absent one: the answers differ in the id alone.
#[tokio::test]
async fn hidden_and_absent_answer_alike() {
    let cast = Cast::new().await;
    let place = cast.place().await;
    let absent = super::cast::Place {
        project: "project-ZZZZ23012301230123012301".to_owned(),
        open_file: "file-ZZZZ23012301230123012301".to_owned(),
        closed_file: "file-ZZZZ23012301230123012301".to_owned(),
        ..place.clone()
    };
    let stranger = cast.role(Role::Stranger);
    for sample in samples().iter().filter(|sample| matches!(sample.needs, Needs::Project(_))) {
        let mut said = Vec::new();
        for place in [&place, &absent] {
            let answer = stranger.post(&sample.path(place), (sample.body)(place)).await;
            said.push((answer.status, place.hidden_in(&answer.body.to_string())));
        }
        assert_eq!(said[0], said[1], "{}", sample.path(&place));
    }
}
