//! Answers that cannot be cut into pages, and take as many transactions as they need.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use wire::Level;

use crate::world::World;

/// What takes several transactions answers as in one, and what takes longer than a search may is ended with a sentence that
/// says how to narrow it.
#[tokio::test]
async fn what_has_no_pages_goes_on_in_another_transaction() {
    let (world, leap_ms) = World::leaping().await;
    let alice = world.user("alice").await;
    let people = ["bob", "carol", "dave", "erin"];
    for handle in people {
        world.user(handle).await;
    }
    for handle in ["lab", "ward"] {
        world.org(handle, &["alice", "erin"]).await;
    }
    let mut projects = Vec::new();
    for number in 0..9 {
        let project = alice.project(&format!("P{number}")).await;
        alice.invite(&project, people[number % 3], Level::View).await;
        for folder in ["/", "/in"] {
            let new = json!({ "project": project, "name": "x", "folder": folder, "parents": true });
            alice.ok("/record/new", new).await;
        }
        projects.push(project);
    }
    alice.invite(&projects[8], "org-ward", Level::View).await;
    let asked = [
        ("/system/findProjectMembers", json!({}), "Name with \"project\""),
        ("/system/findUsers", json!({}), "Name with \"org\""),
        (
            "/system/resolveDataObjects",
            json!({ "objects": [
                { "name": "x" },
                { "name": "x", "folder": "/in" },
                { "name": "x", "project": projects[3] },
                { "name": "y" },
            ] }),
            "Say in which project each is",
        ),
    ];
    let ids = |answer: &Value| answer.to_string().matches("\"id\":").count();
    for (path, input, advice) in asked {
        leap_ms.store(0, Ordering::SeqCst);
        let at_once = alice.ok(path, input.clone()).await;
        leap_ms.store(150, Ordering::SeqCst);
        assert_eq!(alice.ok(path, input.clone()).await, at_once, "{path}");
        let expected = match path {
            "/system/findUsers" => 5,
            "/system/findProjectMembers" => 5,
            _ => 9 + 9 + 1,
        };
        assert_eq!(ids(&at_once), expected, "{path}: {at_once}");
        leap_ms.store(700_000, Ordering::SeqCst);
        let refused = alice.fails(path, input, "InvalidInput").await;
        assert!(refused.contains(advice), "{path}: {refused}");
    }
}

/// A file that lies in more projects than can be looked at is downloaded from one that was looked at, or from one that is
/// named; where none of those serves, the answer says to name one.
#[tokio::test]
async fn a_file_in_very_many_projects_is_asked_for_in_one() {
    let (world, leap_ms) = World::leaping().await;
    let alice = world.user("alice").await;
    let (old, new) = (alice.project("Old").await, alice.project("New").await);
    let file = crate::files::closed(&alice, &old, "x", &[b"hello"]).await;
    alice.ok(&format!("/{old}/clone"), json!({ "objects": [file], "project": new })).await;
    let download = format!("/{file}/download");
    // Only the older one is looked at.
    leap_ms.store(150, Ordering::SeqCst);
    alice.ok(&download, json!({})).await;
    alice.ok(&format!("/{old}/update"), json!({ "downloadRestricted": true })).await;
    let refused = alice.fails(&download, json!({}), "InvalidInput").await;
    assert!(refused.contains("Say with \"project\""), "{refused}");
    alice.ok(&download, json!({ "project": new })).await;
    leap_ms.store(0, Ordering::SeqCst);
    alice.ok(&download, json!({})).await;
}
