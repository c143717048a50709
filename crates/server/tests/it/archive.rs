//! Archiving files and bringing them back.

use std::time::Duration;

use serde_json::{Value, json};
use wire::Level;
use wire::user::TokenScope;

use crate::things::{file, record};
use crate::world::{Client, World};

/// The archival state of each file directly in a folder, by name.
async fn states(client: &Client, project: &str, folder: &str) -> Value {
    let describe = json!({ "fields": { "archivalState": true, "name": true } });
    let input = json!({ "folder": folder, "only": "objects", "describe": describe });
    let listed = client.ok(&format!("/{project}/listFolder"), input).await;
    let objects = listed["objects"].as_array().unwrap();
    objects
        .iter()
        .map(|object| {
            let shown = &object["describe"];
            (shown["name"].as_str().unwrap().to_owned(), shown["archivalState"].clone())
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// F189: the table of `archive` for named files (contract: data 8.4).
#[tokio::test]
async fn named_files_are_archived() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let archive = format!("/{project}/archive");
    let a = world.put(&alice, &project, file("a", 10)).await;
    let b = world.put(&alice, &project, file("b", 20)).await;
    let open = world.put(&alice, &project, file("open", 0).open()).await;
    let note = world.put(&alice, &project, record("note")).await;
    let absent = "file-B00000000000000000000000";
    for (input, kind) in [
        (json!({}), "InvalidInput"),
        (json!({ "files": [a], "folder": "/" }), "InvalidInput"),
        (json!({ "files": [absent] }), "InvalidInput"),
        (json!({ "files": [a, absent] }), "InvalidInput"),
        (json!({ "files": [note] }), "InvalidInput"),
        (json!({ "files": [a, open] }), "InvalidState"),
        (json!({ "folder": "/none" }), "ResourceNotFound"),
        (json!({ "files": vec![absent; 1001] }), "InvalidInput"),
    ] {
        alice.fails(&archive, input, kind).await;
    }
    assert_eq!(states(&alice, &project, "/").await["a"], "live", "a failed call changes nothing");
    assert_eq!(alice.ok(&archive, json!({ "files": [a, b] })).await, json!({ "id": project, "count": 2 }));
    world.settled().await;
    let now = states(&alice, &project, "/").await;
    assert_eq!(
        (&now["a"], &now["b"], &now["open"]),
        (&json!("archived"), &json!("archived"), &json!("live"))
    );
    alice.fails(&archive, json!({ "files": [a] }), "InvalidState").await;
    alice
        .fails("/project-B00000000000000000000000/archive", json!({ "files": [a] }), "ResourceNotFound")
        .await;
}

/// A folder with or without what lies below it; what is archived already does not count.
#[tokio::test]
async fn folders_are_archived() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    world.put(&alice, &project, file("root", 1)).await;
    world.put(&alice, &project, file("sub", 1).in_folder("/sub")).await;
    world.put(&alice, &project, file("open", 1).open()).await;
    world.put(&alice, &project, record("note")).await;
    let archive = format!("/{project}/archive");
    assert_eq!(alice.ok(&archive, json!({ "folder": "/", "recurse": false })).await["count"], 1);
    world.settled().await;
    assert_eq!(states(&alice, &project, "/sub").await["sub"], "live");
    assert_eq!(alice.ok(&archive, json!({ "folder": "/" })).await["count"], 1);
    world.settled().await;
    assert_eq!(states(&alice, &project, "/sub").await["sub"], "archived");
    assert_eq!(states(&alice, &project, "/").await["root"], "archived");
    assert_eq!(alice.ok(&archive, json!({ "folder": "/" })).await["count"], 0);
}

/// The state belongs to the copy; per payer all copies are archived or none (invariant 42).
#[tokio::test]
async fn copies_are_archived_together() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let (one, two) = (alice.project("One").await, alice.project("Two").await);
    let a = world.put(&alice, &one, file("a", 10)).await;
    alice.ok(&format!("/{one}/clone"), json!({ "objects": [a], "project": two })).await;
    let state = async |project: &str| states(&alice, project, "/").await["a"].clone();
    alice.ok(&format!("/{one}/archive"), json!({ "files": [a] })).await;
    world.settled().await;
    assert_eq!((state(&one).await, state(&two).await), (json!("archival"), json!("live")));
    // Asking for a marked copy back cancels, at once.
    alice.ok(&format!("/{one}/unarchive"), json!({ "files": [a] })).await;
    assert_eq!(state(&one).await, "live");
    alice.ok(&format!("/{one}/archive"), json!({ "files": [a] })).await;
    alice.ok(&format!("/{two}/archive"), json!({ "files": [a] })).await;
    world.settled().await;
    assert_eq!((state(&one).await, state(&two).await), (json!("archived"), json!("archived")));
    // The copy asked for becomes live, the other is only marked from then on.
    alice.ok(&format!("/{two}/unarchive"), json!({ "files": [a], "rate": "Expedited" })).await;
    assert_eq!(state(&one).await, "archival");
    let query = json!({ "project": one, "kind": "data.archivalSettled", "limit": 1 });
    let told = alice.ok("/system/findAuditEvents", query).await["results"][0].clone();
    assert_eq!(
        (&told["subjects"], &told["after"]),
        (&json!([one, a]), &json!({ "archivalState": "archival" }))
    );
    world.settled().await;
    assert_eq!((state(&one).await, state(&two).await), (json!("archival"), json!("live")));
    // When the live copy goes, the marked one is the last.
    alice.ok(&format!("/{two}/removeObjects"), json!({ "objects": [a] })).await;
    world.settled().await;
    assert_eq!(state(&one).await, "archived");
    // An archived copy is cloned as such for the same payer, and not at all for another.
    alice.ok(&format!("/{one}/clone"), json!({ "objects": [a], "project": two })).await;
    world.settled().await;
    assert_eq!((state(&one).await, state(&two).await), (json!("archived"), json!("archived")));
    let bob = world.user("bob").await;
    alice.invite(&one, "bob", Level::View).await;
    let third = bob.project("Third").await;
    bob.fails(&format!("/{one}/clone"), json!({ "objects": [a], "project": third }), "InvalidState").await;
}

/// One call archives the copies in all projects of a payer, for those who answer for it.
#[tokio::test]
async fn all_copies_of_a_payer_are_archived_by_its_administrators() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (one, two) = (alice.project("One").await, alice.project("Two").await);
    let other = bob.project("Other").await;
    let a = world.put(&alice, &one, file("a", 10)).await;
    alice.invite(&one, "bob", Level::Contribute).await;
    for project in [&two, &other] {
        let client = if *project == other { &bob } else { &alice };
        client.ok(&format!("/{one}/clone"), json!({ "objects": [a], "project": project })).await;
    }
    let input = json!({ "files": [a], "allCopies": true });
    let message = bob.fails(&format!("/{one}/archive"), input.clone(), "PermissionDenied").await;
    assert!(message.contains("Must be an admin of user-alice to archive all copies"), "{message}");
    // A token that does not reach every project reaches none but those of its scope.
    let scope = TokenScope::Projects { projects: [(one.clone(), Level::Administer)].into() };
    let narrow = world.scoped("alice", scope).await;
    narrow.fails(&format!("/{one}/archive"), input.clone(), "PermissionDenied").await;
    assert_eq!(states(&alice, &two, "/").await["a"], "live");
    assert_eq!(alice.ok(&format!("/{one}/archive"), input).await["count"], 1);
    world.settled().await;
    for (client, project, state) in
        [(&alice, &one, "archived"), (&alice, &two, "archived"), (&bob, &other, "live")]
    {
        assert_eq!(states(client, project, "/").await["a"], state);
    }
    // Each project's own log tells of it, and of its own copies alone.
    for (client, project, archived) in [(&alice, &one, true), (&alice, &two, true), (&bob, &other, false)] {
        let query = json!({ "project": project, "kind": "data.archived" });
        let found = client.ok("/system/findAuditEvents", query).await["results"].clone();
        let subjects: Vec<&Value> =
            found.as_array().unwrap().iter().map(|event| &event["subjects"]).collect();
        assert_eq!(json!(subjects), if archived { json!([[project, a]]) } else { json!([]) });
    }
}

/// The table of `unarchive`: what it costs, what it changes, and how soon (invariant 44).
#[tokio::test]
async fn archived_files_come_back() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let unarchive = format!("/{project}/unarchive");
    let a = world.put(&alice, &project, file("a", 3 << 30)).await;
    let b = world.put(&alice, &project, file("b", 1 << 30).in_folder("/sub")).await;
    alice.fails(&unarchive, json!({ "files": [a] }), "InvalidState").await;
    alice.fails(&unarchive, json!({ "files": [a], "rate": "Tomorrow" }), "InvalidInput").await;
    assert_eq!(alice.ok(&unarchive, json!({ "folder": "/" })).await["files"], 0);
    alice.ok(&format!("/{project}/archive"), json!({ "folder": "/" })).await;
    world.settled().await;
    let dry = alice.ok(&unarchive, json!({ "folder": "/", "dryRun": true })).await;
    assert_eq!(dry, json!({ "id": project, "files": 2, "size": 4.0, "cost": 40 }));
    let bulk = alice.ok(&unarchive, json!({ "folder": "/", "dryRun": true, "rate": "Bulk" })).await;
    assert_eq!(bulk["cost"], 10);
    assert_eq!(states(&alice, &project, "/").await["a"], "archived");
    let done = alice.ok(&unarchive, json!({ "files": [a] })).await;
    assert_eq!(done, json!({ "id": project, "files": 1, "size": 3.0, "cost": 30 }));
    alice.fails(&unarchive, json!({ "files": [a] }), "InvalidState").await;
    world.settled().await;
    assert_eq!(states(&alice, &project, "/").await["a"], "unarchiving", "not before the rate's wait is over");
    alice
        .fails(
            &format!("/{project}/clone"),
            json!({ "objects": [a], "project": alice.project("Other").await }),
            "InvalidState",
        )
        .await;
    world.pass(Duration::from_secs(61));
    world.settled().await;
    assert_eq!(states(&alice, &project, "/").await["a"], "live");
    alice.ok(&unarchive, json!({ "files": [b], "rate": "Expedited" })).await;
    world.settled().await;
    assert_eq!(states(&alice, &project, "/sub").await["b"], "live");
}

/// CONTRIBUTE archives; `protected` does not matter.
#[tokio::test]
async fn levels_decide_who_archives() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.ok("/project/new", json!({ "name": "Trial", "protected": true })).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    world.put(&alice, &project, file("a", 10)).await;
    let calls = [("archive", json!({ "folder": "/" })), ("unarchive", json!({ "folder": "/" }))];
    for (verb, input) in &calls {
        bob.fails(&format!("/{project}/{verb}"), input.clone(), "ResourceNotFound").await;
    }
    for level in [Level::View, Level::Upload, Level::Contribute] {
        alice.invite(&project, "bob", level).await;
        for (verb, input) in &calls {
            let path = format!("/{project}/{verb}");
            if level < Level::Contribute {
                bob.fails(&path, input.clone(), "PermissionDenied").await;
            } else {
                bob.ok(&path, input.clone()).await;
            }
        }
    }
}
