//! Every method × the audit log: what is done leaves an event, and so does what is refused (contract: F473).

use serde_json::Value;
use store::params;
use wire::method::Effect;
use wire::{Level, MethodName};

use super::cast::{Cast, Place, Role};
use super::samples::{Sample, samples};

/// Samples that change nothing, so that there is nothing to record.
const CHANGE_NOTHING: &[MethodName] = &[
    // It holds the level already.
    MethodName::ProjectJoin,
    // There is no such tag.
    MethodName::ProjectRemoveTags,
    // The project has no notice.
    MethodName::ProjectAcceptDataProtectionNotice,
    // No object is named.
    MethodName::ContainerRemoveObjects,
    // There is no file in the folder.
    MethodName::ProjectArchive,
    // It asks what would happen.
    MethodName::ProjectUnarchive,
];

/// The event of a method names who did it and what it was done to; it is there when the answer comes.
#[tokio::test]
async fn what_is_done_leaves_an_event() {
    let cast = Cast::new().await;
    for sample in samples() {
        if sample.method.row().effect == Effect::Read || CHANGE_NOTHING.contains(&sample.method) {
            continue;
        }
        let Some(role) = sample.allowed().into_iter().next() else { continue };
        let place = cast.place_for(sample.method).await;
        let before = newest(&cast).await;
        let path = sample.path(&place);
        let answer = cast.role(role).post(&path, (sample.body)(&place)).await;
        assert_eq!(answer.status, 200, "{path} as {role:?}: {}", answer.body);
        let events = since(&cast, before, sample.method, "allowed").await;
        assert!(!events.is_empty(), "{path} left no event");
        for event in &events {
            assert_eq!(event["actor"].as_str(), id_of(role), "{path}: {event}");
        }
        if let Some(subject) = subject(&sample, &place) {
            let named = events.iter().any(|event| event["subjects"].as_array().unwrap().contains(&subject));
            assert!(named, "{path} left no event about {subject}: {events:?}");
        }
    }
}

/// The number of the newest event.
pub async fn newest(cast: &Cast) -> i64 {
    cast.world.rows("select coalesce(max(key), 0) from audit_event").await
}

/// The events of a method since one, with an outcome.
pub async fn since(cast: &Cast, before: i64, method: MethodName, outcome: &'static str) -> Vec<Value> {
    let bodies: Vec<String> = cast
        .world
        .read(move |tx| {
            tx.query(
                "select body from audit_event where key > $1 and outcome = $2 order by key",
                params![before, outcome],
            )?
            .iter()
            .map(|row| row.get(0))
            .collect()
        })
        .await;
    let events = bodies.iter().map(|body| serde_json::from_str::<Value>(body).unwrap());
    events.filter(|event| event["method"] == method.as_str()).collect()
}

/// What the route names.
fn subject(sample: &Sample, place: &Place) -> Option<Value> {
    sample.subject?;
    let path = sample.path(place);
    path.split('/').nth(1).map(Value::from)
}

/// Whom the log names.
pub fn id_of(role: Role) -> Option<&'static str> {
    Some(match role {
        Role::Nobody | Role::BadToken | Role::ExpiredToken => return None,
        Role::ScopedToken | Role::Narrow(_) | Role::Member(Level::Administer) => "user-administrator",
        Role::Stranger | Role::Member(Level::None) => "user-stranger",
        Role::Member(Level::View) => "user-viewer",
        Role::Member(Level::Upload) => "user-uploader",
        Role::Member(Level::Contribute) => "user-contributor",
        Role::Operator => "user-operator",
    })
}
