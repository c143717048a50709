//! Every method × who calls it (contract: data 2.1, identity-and-sharing 1).

use serde_json::json;
use wire::method::{Caller, Effect};
use wire::{Level, MethodName};

use super::cast::{Cast, LEVELS, Place, Role};
use super::events::{id_of, newest, since};
use super::refusal::refusal;
use super::samples::{KEYS_ARE_NAMES, Needs, OURS, Sample, samples};

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
/// the level that a method needs, it is denied, and the log says whom; nothing changes.
#[tokio::test]
async fn who_may_not_is_refused_in_the_contracts_words() {
    let cast = Cast::new().await;
    let place = cast.place().await;
    let before = cast.world.snapshot().await;
    for sample in samples() {
        let (path, body) = (sample.path(&place), (sample.body)(&place));
        for (role, kind) in refused(&sample) {
            let what = format!("{path} as {role:?}");
            let event = newest(&cast).await;
            assert_eq!(refusal(&what, &cast.role(role).post(&path, body.clone()).await), kind, "{what}");
            if kind == "PermissionDenied" && role != Role::Nobody {
                let events = since(&cast, event, sample.method, "refused").await;
                let actors: Vec<_> = events.iter().map(|event| event["actor"].as_str()).collect();
                assert_eq!(actors, [id_of(role)], "{what} left these events: {events:?}");
            }
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
        Needs::Never(kind) if sample.subject.is_some() => {
            refused.push((Role::Stranger, "ResourceNotFound"));
            refused.push((Role::ScopedToken, "ResourceNotFound"));
            refused.extend(LEVELS.map(|level| (Role::Member(level), kind)));
        }
        Needs::Never(kind) => {
            refused.extend([Role::Nobody, Role::Stranger, Role::Operator].map(|role| (role, kind)));
        }
        Needs::These { refused: these, .. } => refused.extend_from_slice(these),
        Needs::OrgAdmin | Needs::Operator => {
            refused.push((Role::Stranger, "PermissionDenied"));
            refused.push((Role::Member(Level::Contribute), "PermissionDenied"));
        }
        Needs::Project(least) | Needs::ProjectBelow(least, _) => {
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

/// A token that is cut to a level does no more than a member of that level, whoever holds it: what needs a higher one, an
/// administrator of an organisation, or a token of full scope, is denied and changes nothing.
#[tokio::test]
async fn a_token_goes_no_further_than_its_scope() {
    let cast = Cast::new().await;
    let place = cast.place().await;
    let before = cast.world.snapshot().await;
    for sample in samples() {
        let (path, body) = (sample.path(&place), (sample.body)(&place));
        let row = sample.method.row();
        for level in LEVELS {
            let changes = row.effect != Effect::Read;
            let denied = match sample.needs {
                // Whom it ends is decided by the person's own entry, so that any other token may not.
                _ if sample.method == MethodName::ProjectLeave => level < Level::Administer,
                Needs::Project(least) | Needs::ProjectBelow(least, _) => level < least,
                Needs::OrgAdmin => true,
                Needs::Operator => true,
                Needs::Never(_) => false,
                Needs::Nothing | Needs::Account | Needs::These { .. } => {
                    changes && level < Level::Administer && row.caller != Caller::Anyone
                }
            };
            if denied || row.caller == Caller::FullToken {
                let what = format!("{path} with a token cut to {level}");
                let answer = cast.role(Role::Narrow(level)).post(&path, body.clone()).await;
                assert_eq!(refusal(&what, &answer), "PermissionDenied", "{what}");
            }
        }
        assert_eq!(
            before.changes_to(&cast.world.snapshot().await),
            [""; 0],
            "{path} was refused and changed this"
        );
    }
}

/// Whoever holds the level may, at every level above too, and keys that no method knows change nothing about it, but where
/// the method is ours.
#[tokio::test]
async fn who_may_is_answered() {
    let cast = Cast::new().await;
    for sample in samples() {
        for role in sample.allowed() {
            let place = cast.place_for(sample.method).await;
            let (path, mut body) = (sample.path(&place), (sample.body)(&place));
            if !KEYS_ARE_NAMES.contains(&sample.method) && !OURS.contains(&sample.method) {
                body["zzUnknown"] = json!({ "$and": [null, { "deep": [1.5] }] });
            }
            let answer = cast.role(role).post(&path, body).await;
            assert_eq!(answer.status, 200, "{path} as {role:?}: {}", answer.body);
        }
    }
}

/// Methods of ours refuse keys that they do not know, by name, and do nothing.
#[tokio::test]
async fn methods_of_ours_know_their_keys() {
    let cast = Cast::new().await;
    let place = cast.place().await;
    let before = cast.world.snapshot().await;
    let ours = samples().into_iter().filter(|sample| OURS.contains(&sample.method));
    let mut tried = 0;
    for sample in ours {
        let (path, mut body) = (sample.path(&place), (sample.body)(&place));
        body["zzUnknown"] = json!(1);
        let answer = cast.role(sample.caller()).post(&path, body).await;
        assert_eq!(refusal(&path, &answer), "InvalidInput", "{path}: {}", answer.body);
        assert!(answer.body.to_string().contains("zzUnknown"), "{path}: {}", answer.body);
        assert_eq!(before.changes_to(&cast.world.snapshot().await), [""; 0], "{path}");
        tried += 1;
    }
    assert!(tried >= OURS.len(), "{tried} calls");
}

/// A stranger cannot tell a hidden project from an absent one: the answers differ in the id alone.
#[tokio::test]
async fn hidden_and_absent_answer_alike() {
    let cast = Cast::new().await;
    let place = cast.place().await;
    let absent = Place {
        project: "project-ZZZZ23012301230123012301".to_owned(),
        record: "record-ZZZZ23012301230123012301".to_owned(),
        open_file: "file-ZZZZ23012301230123012301".to_owned(),
        closed_file: "file-ZZZZ23012301230123012302".to_owned(),
        applet: "applet-ZZZZ23012301230123012301".to_owned(),
        ..place.clone()
    };
    let stranger = cast.role(Role::Stranger);
    for sample in
        samples().iter().filter(|sample| matches!(sample.needs, Needs::Project(_) | Needs::ProjectBelow(..)))
    {
        let mut said = Vec::new();
        for place in [&place, &absent] {
            let answer = stranger.post(&sample.path(place), (sample.body)(place)).await;
            said.push((answer.status, place.without_ids(&answer.body.to_string())));
        }
        assert_eq!(said[0], said[1], "{}", sample.path(&place));
    }
}

/// A level is never enough for what a lower one is refused by state: the weakest role of each sample is a real one.
#[test]
fn every_sample_can_be_called_by_somebody() {
    for sample in samples() {
        let never = matches!(sample.needs, Needs::Never(_));
        assert_eq!(sample.allowed().is_empty(), never, "{}", sample.method.as_str());
        assert!(sample.needs != Needs::Project(Level::None), "{}", sample.method.as_str());
    }
}
