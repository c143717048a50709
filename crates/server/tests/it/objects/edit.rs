//! Changing metadata: names, tags, properties, types, details and visibility (F174 to F179).

use std::time::Duration;

use serde_json::{Value, json};
use wire::Level;

use super::NOBODY;
use crate::world::World;

/// F174: any name that is one, in every state.
#[tokio::test]
async fn objects_are_renamed() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let record = alice.record(&project, json!({})).await;
    let path = format!("/{record}/rename");
    for name in ["new", "with / slash", "ä".repeat(10).as_str(), "new"] {
        assert_eq!(
            alice.ok(&path, json!({ "project": project, "name": name })).await,
            json!({ "id": record })
        );
        assert_eq!(alice.described(&record).await["name"], name);
    }
    for bad in [json!(""), json!("a\nb"), json!(1), json!(null)] {
        let message = alice.fails(&path, json!({ "project": project, "name": bad }), "InvalidInput").await;
        assert!(message.contains("name"), "{message}");
    }
    alice.fails(&path, json!({ "name": "x" }), "InvalidInput").await;
    assert_eq!(alice.described(&record).await["name"], "new");
}

/// F175: a string sets, null removes, the rest stays.
#[tokio::test]
async fn properties_are_merged() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let record = alice.record(&project, json!({ "properties": { "a": "1", "b": "2" } })).await;
    let path = format!("/{record}/setProperties");
    for (change, wanted) in [
        (json!({ "a": "3", "c": "" }), json!({ "a": "3", "b": "2", "c": "" })),
        (json!({ "a": null, "nothing": null }), json!({ "b": "2", "c": "" })),
        (json!({}), json!({ "b": "2", "c": "" })),
    ] {
        alice.ok(&path, json!({ "project": project, "properties": change })).await;
        assert_eq!(alice.described(&record).await["properties"], wanted);
    }
    for bad in [json!({ "": "x" }), json!({ "a": 1 }), json!({ "k".repeat(101): "x" }), json!([])] {
        alice.fails(&path, json!({ "project": project, "properties": bad }), "InvalidInput").await;
    }
}

/// F176, F177: sets that keep the order of adding; what is there already, or is not there, is no error.
#[tokio::test]
async fn tags_and_types_are_ordered_sets() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let record = alice.record(&project, json!({})).await;
    for (what, add, remove) in [("tags", "addTags", "removeTags"), ("types", "addTypes", "removeTypes")] {
        let call = |verb: &str, items: Value| {
            let (path, alice, project) = (format!("/{record}/{verb}"), alice.clone(), project.clone());
            async move { alice.ok(&path, json!({ "project": project, what: items })).await }
        };
        call(add, json!(["foo", "other", "foo"])).await;
        assert_eq!(alice.described(&record).await[what], json!(["foo", "other"]));
        call(add, json!(["third", "foo"])).await;
        assert_eq!(alice.described(&record).await[what], json!(["foo", "other", "third"]));
        call(remove, json!(["foo", "never"])).await;
        call(remove, json!([])).await;
        assert_eq!(alice.described(&record).await[what], json!(["other", "third"]));
    }
    let message =
        alice.fails(&format!("/{record}/addTypes"), json!({ "types": ["a b"] }), "InvalidInput").await;
    assert!(message.contains("be an array of valid strings for a type name"), "{message}");
}

/// A copy has at most a thousand of each; the call that would go beyond changes nothing.
#[tokio::test]
async fn sets_have_an_end() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let tags: Vec<String> = (0..1000).map(|n| format!("t{n}")).collect();
    let record = alice.record(&project, json!({ "tags": tags })).await;
    let message = alice
        .fails(
            &format!("/{record}/addTags"),
            json!({ "project": project, "tags": ["one", "more"] }),
            "InvalidInput",
        )
        .await;
    assert!(message.contains("1002") && message.contains("1000"), "{message}");
    assert_eq!(alice.described(&record).await["tags"], json!(tags));
    alice.ok(&format!("/{record}/addTags"), json!({ "project": project, "tags": ["t7"] })).await;
}

/// F178: details are replaced as a whole; their links follow.
#[tokio::test]
async fn details_are_replaced() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let record = alice.record(&project, json!({})).await;
    let path = format!("/{record}/setDetails");
    let link = json!({ "$dnanexus_link": record });
    for (details, links) in [
        (json!({ "foo": "bar" }), json!([])),
        (json!([link, link, { "$dnanexus_link": NOBODY }]), json!([record, NOBODY])),
        (
            json!({ "z": { "$dnanexus_link": { "project": project, "id": NOBODY } }, "a": [1.5, null, true] }),
            json!([NOBODY]),
        ),
        (json!([]), json!([])),
        (json!({}), json!([])),
    ] {
        assert_eq!(alice.ok(&path, details.clone()).await, json!({ "id": record }));
        let seen = alice.described(&record).await;
        assert_eq!((&seen["details"], &seen["links"]), (&details, &links));
        assert_eq!(alice.ok(&format!("/{record}/getDetails"), json!({})).await, details);
    }
    for bad in [
        json!("text"),
        json!(1),
        json!(null),
        json!({ "$dnanexus_link": "x" }),
        json!({ "a": { "$dnanexus_link": record, "b": 1 } }),
        json!({ "$dnanexus_link": { "job": "job-012301230123012301230123", "field": "f" } }),
    ] {
        alice.fails(&path, bad, "InvalidInput").await;
    }
    assert_eq!(alice.described(&record).await["details"], json!({}));
}

/// F179: hidden objects are left out of ordinary lists.
#[tokio::test]
async fn visibility_is_switched() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let record = alice.record(&project, json!({})).await;
    for (hidden, listed) in [(true, 0), (true, 0), (false, 1)] {
        alice.ok(&format!("/{record}/setVisibility"), json!({ "hidden": hidden })).await;
        assert_eq!(alice.described(&record).await["hidden"], json!(hidden));
        let list = alice.ok(&format!("/{project}/listFolder"), json!({})).await;
        assert_eq!(list["objects"].as_array().unwrap().len(), listed);
    }
    alice.fails(&format!("/{record}/setVisibility"), json!({}), "InvalidInput").await;
}

/// Contract data 5: open objects need UPLOAD, closed ones CONTRIBUTE; nothing changes for those who hold less.
#[tokio::test]
async fn the_level_depends_on_the_state() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    let (open, closed) =
        (alice.record(&project, json!({})).await, alice.record(&project, json!({ "close": true })).await);
    let copy_calls = [
        ("rename", json!({ "project": project, "name": "x" })),
        ("setProperties", json!({ "project": project, "properties": { "k": "v" } })),
        ("addTags", json!({ "project": project, "tags": ["x"] })),
        ("removeTags", json!({ "project": project, "tags": ["x"] })),
    ];
    let content_calls = [
        ("addTypes", json!({ "types": ["x"] })),
        ("removeTypes", json!({ "types": ["x"] })),
        ("setDetails", json!({ "x": 1 })),
        ("setVisibility", json!({ "hidden": false })),
    ];
    for (level, open_fails, closed_fails, frozen_fails) in [
        (Level::View, Some("PermissionDenied"), Some("PermissionDenied"), "PermissionDenied"),
        (Level::Upload, None, Some("PermissionDenied"), "InvalidState"),
        (Level::Contribute, None, None, "InvalidState"),
    ] {
        alice.invite(&project, "bob", level).await;
        let expect = |path: String, input: Value, kind: Option<&'static str>| {
            let bob = bob.clone();
            async move {
                let answer = bob.post(&path, input).await;
                assert_eq!(answer.body["error"]["type"].as_str(), kind, "{level} {path}: {}", answer.body);
            }
        };
        for (verb, input) in &copy_calls {
            expect(format!("/{open}/{verb}"), input.clone(), open_fails).await;
            expect(format!("/{closed}/{verb}"), input.clone(), closed_fails).await;
        }
        for (verb, input) in &content_calls {
            expect(format!("/{open}/{verb}"), input.clone(), open_fails).await;
            expect(format!("/{closed}/{verb}"), input.clone(), Some(frozen_fails)).await;
        }
    }
}

/// Invariants 2 and 3: `modified` moves with changes only and never back, also when the clock does; the rest stays.
#[tokio::test]
async fn modified_moves_forward_only() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let record =
        alice.record(&project, json!({ "tags": ["a"], "properties": { "k": "v" }, "name": "n" })).await;
    let first = alice.described(&record).await;
    world.pass(Duration::from_secs(10));
    for (verb, input) in [
        ("rename", json!({ "project": project, "name": "n" })),
        ("addTags", json!({ "project": project, "tags": ["a"] })),
        ("removeTags", json!({ "project": project, "tags": ["b"] })),
        ("setProperties", json!({ "project": project, "properties": { "k": "v", "l": null } })),
        ("addTypes", json!({ "types": [] })),
        ("setDetails", json!({})),
        ("setVisibility", json!({ "hidden": false })),
    ] {
        alice.ok(&format!("/{record}/{verb}"), input).await;
        assert_eq!(alice.described(&record).await, first, "{verb} changed nothing and shows");
    }
    let mut last = first["modified"].as_i64().unwrap();
    for (verb, input) in [
        ("rename", json!({ "project": project, "name": "m" })),
        ("addTags", json!({ "project": project, "tags": ["b"] })),
        ("removeTags", json!({ "project": project, "tags": ["a"] })),
        ("setProperties", json!({ "project": project, "properties": { "k": "w" } })),
        ("addTypes", json!({ "types": ["t"] })),
        ("removeTypes", json!({ "types": ["t"] })),
        ("setDetails", json!({ "a": 1 })),
        ("setVisibility", json!({ "hidden": true })),
        ("close", json!({})),
    ] {
        world.pass(Duration::from_secs(1));
        alice.ok(&format!("/{record}/{verb}"), input).await;
        let seen = alice.described(&record).await;
        let modified = seen["modified"].as_i64().unwrap();
        assert!(modified > last, "{verb}: {modified} is not after {last}");
        for same in ["id", "class", "created", "createdBy", "project"] {
            assert_eq!(seen[same], first[same], "{verb} changed {same}");
        }
        last = modified;
    }
    world.turn_back(Duration::from_secs(3600));
    alice.ok(&format!("/{record}/rename"), json!({ "project": project, "name": "back" })).await;
    let seen = alice.described(&record).await;
    assert_eq!((&seen["name"], &seen["modified"]), (&json!("back"), &json!(last)));
}
