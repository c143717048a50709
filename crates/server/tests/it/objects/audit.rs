//! What the audit log says of objects (F473): one event per change, with before and after; nothing of what was only read.

use serde_json::{Value, json};
use wire::Level;

use crate::things::record;
use crate::world::{Client, World};

/// The events about an object, oldest first: action, before and after.
async fn events(client: &Client, project: &str, object: &str) -> Vec<(String, Value, Value)> {
    let query = json!({ "project": project, "object": object });
    let found = client.ok("/system/findAuditEvents", query).await["results"].as_array().unwrap().clone();
    let event = |event: &Value| {
        let action = event["action"].as_str().unwrap().to_owned();
        (action, event["before"].clone(), event["after"].clone())
    };
    found.iter().rev().map(event).collect()
}

/// Every change leaves one event; what changes nothing, and what only looks, leaves none.
#[tokio::test]
async fn changes_are_recorded_once() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let input = json!({ "project": project, "name": "n", "tags": ["a"], "details": { "secret": "value" }, "nonce": "once" });
    let record = alice.ok("/record/new", input.clone()).await["id"].as_str().unwrap().to_owned();
    alice.ok("/record/new", input).await;
    for (verb, input) in [
        ("describe", json!({ "details": true })),
        ("getDetails", json!({})),
        ("listProjects", json!({})),
        ("rename", json!({ "project": project, "name": "n" })),
        ("addTags", json!({ "project": project, "tags": ["a"] })),
        ("removeTypes", json!({ "types": ["x"] })),
        ("setDetails", json!({ "secret": "value" })),
        ("setVisibility", json!({ "hidden": false })),
        // From here on each call changes something.
        ("rename", json!({ "project": project, "name": "Jane Roe" })),
        ("setProperties", json!({ "project": project, "properties": { "patient": "Roe", "none": null } })),
        ("addTags", json!({ "project": project, "tags": ["consented"] })),
        ("addTypes", json!({ "types": ["Interview"] })),
        ("setVisibility", json!({ "hidden": true })),
        ("setDetails", json!({ "secret": "other" })),
        ("close", json!({})),
        ("close", json!({})),
    ] {
        alice.ok(&format!("/{record}/{verb}"), input).await;
    }
    let found = events(&alice, &project, &record).await;
    let actions: Vec<_> = found.iter().map(|(action, ..)| action.as_str()).collect();
    assert_eq!(
        actions,
        [
            "object.made",
            "object.renamed",
            "object.propertiesSet",
            "object.tagsSet",
            "object.typesSet",
            "object.visibilitySet",
            "object.detailsSet",
            "object.frozen",
            "object.closed",
        ]
    );
    let change = |place: usize| (&found[place].1, &found[place].2);
    assert_eq!(change(8), (&json!({ "state": "closing" }), &json!({ "state": "closed" })));
    // What people write is in the log as marks, equal for equal text.
    for (made, first) in [("name", 1), ("tags", 3), ("types", 4), ("details", 6)] {
        assert_eq!(&found[0].2[made], change(first).0, "{made}: the same text has the same mark");
    }
    for place in [1, 2, 3, 4, 6] {
        let (before, after) = change(place);
        assert!(before.is_string() && after.is_string() && before != after, "{place}: {before} {after}");
    }
    let said = format!("{found:?}");
    for written in ["secret", "other", "Roe", "patient", "consented", "Interview"] {
        assert!(!said.contains(written), "{written} is in the log: {said}");
    }
}

/// A refusal is recorded, and says what was asked; what was asked did not happen.
#[tokio::test]
async fn refusals_are_recorded() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    let record = alice.record(&project, json!({})).await;
    alice.invite(&project, "bob", Level::View).await;
    bob.fails(&format!("/{record}/rename"), json!({ "project": project, "name": "x" }), "PermissionDenied")
        .await;
    let found = events(&alice, &project, &record).await;
    let actions: Vec<_> = found.iter().map(|(action, ..)| action.as_str()).collect();
    assert_eq!(actions, ["object.made", "access.refused"]);
    assert_eq!(found[1].2["asked"], "EditObject");
}

/// A call about several objects is in the log of each.
#[tokio::test]
async fn each_of_many_objects_is_named() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let (project, other) = (alice.project("Trial").await, alice.project("Other").await);
    let mut objects = Vec::new();
    for _ in 0..3 {
        let made = alice.ok("/record/new", json!({ "project": project, "close": true })).await;
        objects.push(made["id"].as_str().unwrap().to_owned());
    }
    alice.ok(&format!("/{project}/newFolder"), json!({ "folder": "/f" })).await;
    for (verb, rest) in [
        ("clone", json!({ "project": other })),
        ("move", json!({ "destination": "/f" })),
        ("removeObjects", json!({})),
    ] {
        let mut input = rest;
        input["objects"] = json!(objects);
        alice.ok(&format!("/{project}/{verb}"), input).await;
    }
    for object in objects {
        let found = events(&alice, &project, &object).await;
        let actions: Vec<_> = found.iter().map(|(action, ..)| action.as_str()).collect();
        assert_eq!(actions, ["object.made", "data.cloned", "data.moved", "data.removed"], "{object}");
    }
}

/// However many objects a call is about, the log names the last of them, too: one event for as many as it can hold.
#[tokio::test]
async fn no_object_of_a_large_call_is_passed_over() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let objects = world.put_all(&alice, &project, vec![record("x"); 2_100]).await;
    alice.ok(&format!("/{project}/removeObjects"), json!({ "objects": objects })).await;
    let named = "select count(distinct s.subject) from audit_subject s join audit_event e on e.key = s.event
         where e.action = 'data.removed' and s.subject like 'record-%'";
    assert_eq!(world.rows(named).await, 2_100);
}
