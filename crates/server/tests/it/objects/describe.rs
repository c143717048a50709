//! `/<object>/describe`, `getDetails` and `listProjects` (F173, F186).

use serde_json::{Value, json};
use wire::Level;

use super::NOBODY;
use crate::world::World;

/// Contract data 9: which fields are answered.
#[tokio::test]
async fn the_fields_are_those_asked_for() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let record = alice.record(&project, json!({ "name": "n", "tags": ["tag"], "details": { "a": 1 } })).await;
    let path = format!("/{record}/describe");
    for (input, wanted) in [
        (
            json!({ "fields": { "name": true, "tags": true } }),
            json!({ "id": record, "name": "n", "tags": ["tag"] }),
        ),
        (json!({ "fields": { "name": true, "tags": false } }), json!({ "id": record, "name": "n" })),
        (json!({ "fields": { "name": true }, "defaultFields": false }), json!({ "id": record, "name": "n" })),
        (
            json!({ "fields": { "size": true, "parts": true, "media": true, "nonsense": true } }),
            json!({ "id": record }),
        ),
        (json!({ "fields": {} }), json!({ "id": record })),
        (
            json!({ "fields": { "details": true }, "properties": true }),
            json!({ "id": record, "details": { "a": 1 } }),
        ),
    ] {
        assert_eq!(alice.ok(&path, input.clone()).await, wanted, "{input}");
    }
    let both = alice
        .ok(&path, json!({ "fields": { "properties": true, "tags": false }, "defaultFields": true }))
        .await;
    assert!(both.get("modified").is_some() && both.get("properties").is_some(), "{both}");
    assert!(both.get("details").is_none() && both.get("tags").is_none(), "{both}");
    let older = alice.ok(&path, json!({ "details": true, "properties": false })).await;
    assert!(
        older.get("details").is_some() && older.get("properties").is_none() && older.get("name").is_some()
    );
}

/// Contract data 9: the hint, and what answers without a good one.
#[tokio::test]
async fn a_hint_that_does_not_fit_is_no_error() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let (project, other) = (alice.project("Trial").await, alice.project("Other").await);
    let record = alice.record(&project, json!({ "details": ["x"] })).await;
    let path = format!("/{record}/describe");
    for hint in
        [project.as_str(), &other, "project-012301230123012301230123", "container-012301230123012301230123"]
    {
        assert_eq!(alice.ok(&path, json!({ "project": hint })).await["project"], json!(project), "{hint}");
        assert_eq!(
            alice.ok(&format!("/{record}/getDetails"), json!({ "project": hint })).await,
            json!(["x"])
        );
    }
    for hint in [NOBODY, "project-x", "x"] {
        let message = alice.fails(&path, json!({ "project": hint }), "InvalidInput").await;
        assert!(message.contains("\"project\""), "{message}");
    }
}

/// F119: what lies in a destroyed project is gone with it, before the background has cleared it away.
#[tokio::test]
async fn what_lies_in_a_destroyed_project_is_absent() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let (project, other) = (alice.project("Trial").await, alice.project("Other").await);
    let record = alice.record(&project, json!({ "close": true })).await;
    alice.ok(&format!("/{project}/clone"), json!({ "objects": [record], "project": other })).await;
    let destroyed = project.clone();
    world
        .write(move |tx| {
            tx.execute("update project set destroyed = 1 where id = $1", store::params![destroyed.as_str()])
        })
        .await;
    assert_eq!(alice.described(&record).await["project"], other);
    assert_eq!(
        alice.ok(&format!("/{record}/listProjects"), json!({})).await,
        json!({ (other.as_str()): "ADMINISTER" })
    );
    alice.ok(&format!("/{other}/removeObjects"), json!({ "objects": [record] })).await;
    for verb in ["describe", "getDetails", "listProjects"] {
        alice.fails(&format!("/{record}/{verb}"), json!({}), "ResourceNotFound").await;
    }
}

/// Contract data 2.1: hidden is absent, for every method of an object, and before the shape of the input is looked at.
#[tokio::test]
async fn what_is_hidden_is_absent() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    let theirs = bob.project("Other").await;
    let record = alice.record(&project, json!({ "details": { "secret": true } })).await;
    for (verb, input) in [
        ("describe", json!({})),
        ("describe", json!({ "project": project })),
        ("describe", json!({ "project": 5 })),
        ("getDetails", json!({})),
        ("listProjects", json!({})),
        ("rename", json!({ "project": theirs, "name": "x" })),
        ("rename", json!({})),
        ("setProperties", json!({ "project": theirs, "properties": {} })),
        ("addTags", json!({ "project": theirs, "tags": ["x"] })),
        ("removeTags", json!({ "project": theirs, "tags": ["x"] })),
        ("addTypes", json!({ "types": ["x"] })),
        ("removeTypes", json!({ "types": [] })),
        ("addTypes", json!({ "types": 1 })),
        ("setDetails", json!({ "x": 1 })),
        ("setDetails", json!("x")),
        ("setVisibility", json!({ "hidden": true })),
        ("close", json!({})),
    ] {
        let hidden = bob.fails(&format!("/{record}/{verb}"), input.clone(), "ResourceNotFound").await;
        let absent = bob.fails(&format!("/{NOBODY}/{verb}"), input.clone(), "ResourceNotFound").await;
        assert_eq!(hidden.replace(&record, NOBODY), absent, "{verb} {input}");
    }
    // Where the project is named it is the project that is hidden.
    let named = json!({ "project": project, "name": "x" });
    bob.fails(&format!("/{record}/rename"), named, "ResourceNotFound").await;
    assert_eq!(alice.described(&record).await["name"], json!(record));
}

/// Identity-and-sharing B11.26: who makes without listing sees a little of what is theirs, until it is closed.
#[tokio::test]
async fn a_maker_who_may_not_list_sees_little() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    let theirs = alice.record(&project, json!({})).await;
    world.give(&project, "bob", policy::Preset::ProjectDataProvider).await;
    let file = bob.file(&project, json!({ "name": "f", "tags": ["t"], "details": { "a": 1 } })).await;
    let seen = bob.ok(&format!("/{file}/describe"), json!({ "properties": true, "details": true })).await;
    assert_eq!(
        seen,
        json!({ "id": file, "class": "file", "name": "f", "folder": "/", "state": "open", "parts": {} })
    );
    bob.fails(&format!("/{file}/getDetails"), json!({}), "PermissionDenied").await;
    bob.fails(&format!("/{theirs}/describe"), json!({}), "ResourceNotFound").await;
    let record = bob.record(&project, json!({ "name": "r" })).await;
    bob.ok(&format!("/{record}/close"), json!({})).await;
    bob.fails(&format!("/{record}/describe"), json!({}), "ResourceNotFound").await;
    assert_eq!(alice.described(&record).await["state"], "closed");
}

/// Contract data 4: the levels of the caller, in every project that shows the object.
#[tokio::test]
async fn projects_are_listed_with_the_level() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    let record = alice.record(&project, json!({})).await;
    alice.invite(&project, "bob", Level::View).await;
    let list = format!("/{record}/listProjects");
    assert_eq!(alice.ok(&list, json!({})).await, json!({ &project: "ADMINISTER" }));
    assert_eq!(bob.ok(&list, json!({})).await, json!({ &project: "VIEW" }));
}

/// F170: a class that has no such method says so as an unknown route.
#[tokio::test]
async fn applets_have_nothing_that_closing_freezes() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    for verb in ["addTypes", "removeTypes", "setDetails", "setVisibility", "close"] {
        let answer = alice.post(&format!("/applet-012301230123012301230123/{verb}"), json!({})).await;
        assert_eq!(answer.body["error"]["type"], "ResourceNotFound", "{verb}");
        assert!(answer.body["error"]["message"].as_str().unwrap().contains("There is nothing at"), "{verb}");
    }
    let seen: Value = alice.post("/applet-012301230123012301230123/describe", json!({})).await.body;
    assert!(seen["error"]["message"].as_str().unwrap().contains("There is no applet-"), "{seen}");
}
