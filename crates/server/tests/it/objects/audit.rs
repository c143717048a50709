//! What the audit log says of objects (F473): one event per change, with before and after; nothing of what was only read.

use serde_json::{Value, json};
use wire::Level;

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
        ("rename", json!({ "project": project, "name": "m" })),
        ("setProperties", json!({ "project": project, "properties": { "k": "v", "none": null } })),
        ("addTags", json!({ "project": project, "tags": ["b"] })),
        ("addTypes", json!({ "types": ["T"] })),
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
    assert_eq!((&found[0].2["name"], &found[0].2["tags"]), (&json!("n"), &json!(["a"])));
    assert_eq!(change(1), (&json!({ "name": "n" }), &json!({ "name": "m" })));
    assert_eq!(change(2), (&json!({ "k": null }), &json!({ "k": "v" })));
    assert_eq!(change(3), (&json!(["a"]), &json!(["a", "b"])));
    assert_eq!(change(8), (&json!({ "state": "closing" }), &json!({ "state": "closed" })));
    // Details are named by their digest; the log never holds what they say.
    assert_eq!(found[0].2["details"], found[6].1, "the same details have the same digest");
    assert_ne!(found[6].1["sha256"], found[6].2["sha256"]);
    let said = format!("{found:?}");
    assert!(!said.contains("secret") && !said.contains("other"), "{said}");
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
