//! What the audit log says of objects (F473): one event per change, with before and after; of what was only read, the content.

use std::sync::atomic::Ordering;

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

/// Every change leaves one event; what changes nothing, and what only looks at metadata, leaves none.
#[tokio::test]
async fn changes_are_recorded_once() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let input = json!({ "project": project, "name": "n", "tags": ["a"], "details": { "secret": "value" }, "nonce": "once" });
    let record = alice.ok("/record/new", input.clone()).await["id"].as_str().unwrap().to_owned();
    alice.ok("/record/new", input).await;
    for (verb, input) in [
        ("describe", json!({})),
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

/// Promise 7: details are content. Whichever call gives them away is in the log when its answer comes, with all the objects
/// of one project in one event; the same token's further readings within a minute fold into it. Metadata leaves none, and
/// neither do objects without details, or whose details the answer does not hold.
#[tokio::test]
async fn readings_of_details_are_recorded() {
    let (world, clock) = World::standing_still().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (project, other) = (alice.project("Trial").await, alice.project("Other").await);
    alice.invite(&project, "bob", Level::View).await;
    let mut records = Vec::new();
    for (project, details) in [
        (&project, json!({ "secret": "one" })),
        (&project, json!({ "secret": "two" })),
        (&project, json!({})),
        (&other, json!({ "secret": "three" })),
    ] {
        records.push(alice.record(project, json!({ "details": details, "close": true })).await);
    }
    let readings = async |project: &str| {
        let query = json!({ "project": project, "kind": "object.detailsRead" });
        let found = alice.ok("/system/findAuditEvents", query).await["results"].as_array().unwrap().clone();
        found.into_iter().map(|event| (event["actor"].clone(), event["subjects"].clone())).collect::<Vec<_>>()
    };
    let of_one = |record: &str, fields: Value| (format!("/{record}/describe"), fields);
    let find = "/system/findDataObjects".to_owned();
    let everywhere = json!({ "details": true, "name": true });
    for (path, input) in [
        of_one(&records[0], json!({})),
        of_one(&records[0], json!({ "fields": { "name": true, "properties": true } })),
        of_one(&records[2], json!({ "fields": { "details": true } })),
        (find.clone(), json!({ "describe": true, "scope": { "project": project } })),
        (format!("/{project}/listFolder"), json!({ "describe": true })),
    ] {
        alice.ok(&path, input).await;
    }
    assert_eq!(readings(&project).await, [], "none of these holds details");
    let first = json!([project, records[0]]);
    alice.ok(&format!("/{}/getDetails", records[0]), json!({})).await;
    let by_alice = json!("user-alice");
    assert_eq!(readings(&project).await, [(by_alice.clone(), first.clone())]);
    // Of what the search holds, the first record is covered, and the third has no details.
    let search = json!({ "describe": { "fields": everywhere } });
    alice.ok(&find, search.clone()).await;
    let second = json!([project, records[1]]);
    assert_eq!(
        readings(&project).await,
        [(by_alice.clone(), second), (by_alice.clone(), first)],
        "one event for each project"
    );
    assert_eq!(readings(&other).await, [(by_alice, json!([other, records[3]]))]);
    let (path, input) = of_one(&records[1], json!({ "fields": { "details": true } }));
    alice.ok(&path, input.clone()).await;
    alice
        .ok(
            "/system/describeDataObjects",
            json!({ "objects": records, "classDescribeOptions": { "*": { "fields": everywhere } } }),
        )
        .await;
    assert_eq!(
        (readings(&project).await.len(), readings(&other).await.len()),
        (2, 1),
        "all of it is covered"
    );
    bob.ok(&path, input.clone()).await;
    assert_eq!(readings(&project).await[0].0, json!("user-bob"), "nobody's reading covers another's");
    clock.fetch_add(60_000, Ordering::SeqCst);
    alice.ok(&path, input).await;
    assert_eq!(readings(&project).await.len(), 4, "a minute later");
    let said = alice.ok("/system/findAuditEvents", json!({ "project": project })).await.to_string();
    assert!(!said.contains("secret"), "{said}");
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
