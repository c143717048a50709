//! Folders: making, listing, renaming and moving them.

use serde_json::{Value, json};
use wire::Level;

use crate::world::{Client, World};

/// The folders directly in a folder.
async fn folders(client: &Client, project: &str, folder: &str) -> Value {
    client.ok(&format!("/{project}/listFolder"), json!({ "folder": folder })).await["folders"].clone()
}

async fn make(client: &Client, project: &str, folder: &str) {
    client.ok(&format!("/{project}/newFolder"), json!({ "folder": folder, "parents": true })).await;
}

/// F118: the table of `newFolder` (contract: data 3.2).
#[tokio::test]
async fn folders_are_made() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let new = format!("/{project}/newFolder");
    let made = alice.ok(&new, json!({ "folder": "/a" })).await;
    assert_eq!(made, json!({ "id": project }));
    let message = alice.fails(&new, json!({ "folder": "/b/c" }), "ResourceNotFound").await;
    // The client's own tests look for these words.
    assert!(message.contains("parent folder") && message.contains("does not exist"), "{message}");
    alice.fails(&new, json!({ "folder": "/a" }), "InvalidState").await;
    alice.fails(&new, json!({ "folder": "/" }), "InvalidState").await;
    alice.ok(&new, json!({ "folder": "/a", "parents": true })).await;
    alice.ok(&new, json!({ "folder": "//b///c//", "parents": true })).await;
    assert_eq!(folders(&alice, &project, "/").await, json!(["/a", "/b"]));
    assert_eq!(folders(&alice, &project, "/b/").await, json!(["/b/c"]));
    for bad in ["", "a", "a/b", "/a/./b", "/..", "/tab\there", "/nul\u{0}"] {
        alice.fails(&new, json!({ "folder": bad, "parents": true }), "InvalidInput").await;
    }
    let message = alice.fails(&new, json!({}), "InvalidInput").await;
    assert!(message.contains("\"folder\""), "{message}");
    assert_eq!(folders(&alice, &project, "/").await, json!(["/a", "/b"]));
}

/// Names may hold any other character; a `/` inside one is escaped, and none acts as a wildcard or as a prefix of
/// another (invariant 13).
#[tokio::test]
async fn names_are_taken_as_they_are() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let names = ["a", "a b", "a%", "a_", "a0", "a\\/b", "aa", "A", "Größe", "数", "a.", "a'\"$1"];
    for name in names {
        make(&alice, &project, &format!("/{name}/in")).await;
    }
    let mut expected: Vec<String> = names.iter().map(|name| format!("/{name}")).collect();
    expected.sort();
    assert_eq!(folders(&alice, &project, "/").await, json!(expected));
    alice.ok(&format!("/{project}/renameFolder"), json!({ "folder": "/a", "name": "z" })).await;
    for name in names.iter().filter(|name| **name != "a") {
        assert_eq!(folders(&alice, &project, &format!("/{name}")).await, json!([format!("/{name}/in")]));
    }
    assert_eq!(folders(&alice, &project, "/z").await, json!(["/z/in"]));
    alice
        .ok(&format!("/{project}/renameFolder"), json!({ "folder": "/Größe", "newpath": "/数/größer" }))
        .await;
    assert_eq!(folders(&alice, &project, "/数").await, json!(["/数/größer", "/数/in"]));
    assert_eq!(folders(&alice, &project, "/数/größer").await, json!(["/数/größer/in"]));
}

/// The table of `listFolder`.
#[tokio::test]
async fn folders_are_listed() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let list = format!("/{project}/listFolder");
    assert_eq!(alice.ok(&list, json!({})).await, json!({ "objects": [], "folders": [] }));
    make(&alice, &project, "/b/x").await;
    make(&alice, &project, "/a").await;
    assert_eq!(alice.ok(&list, json!({ "only": "folders" })).await["folders"], json!(["/a", "/b"]));
    assert_eq!(alice.ok(&list, json!({ "only": "objects" })).await["folders"], json!([]));
    let flagged = alice.ok(&list, json!({ "hasSubfolderFlags": true })).await;
    assert_eq!(flagged["folders"], json!([["/a", false], ["/b", true]]));
    alice.fails(&list, json!({ "folder": "/none" }), "ResourceNotFound").await;
    alice.fails(&list, json!({ "only": "files" }), "InvalidInput").await;
}

/// The table of `renameFolder`.
#[tokio::test]
async fn folders_are_renamed() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let rename = format!("/{project}/renameFolder");
    make(&alice, &project, "/a/b/c").await;
    make(&alice, &project, "/d").await;
    for (input, kind) in [
        (json!({ "folder": "/", "name": "x" }), "InvalidInput"),
        (json!({ "folder": "/a" }), "InvalidInput"),
        (json!({ "folder": "/a", "name": "x", "newpath": "/x" }), "InvalidInput"),
        (json!({ "folder": "/a", "name": "x/y" }), "InvalidInput"),
        (json!({ "folder": "/a", "name": ".." }), "InvalidInput"),
        (json!({ "folder": "/a", "newpath": "/a/b/x" }), "InvalidInput"),
        (json!({ "folder": "/none", "name": "x" }), "ResourceNotFound"),
        (json!({ "folder": "/a", "newpath": "/none/x" }), "ResourceNotFound"),
        (json!({ "folder": "/a", "name": "d" }), "InvalidState"),
        (json!({ "folder": "/a", "newpath": "/" }), "InvalidState"),
    ] {
        alice.fails(&rename, input, kind).await;
    }
    assert_eq!(folders(&alice, &project, "/").await, json!(["/a", "/d"]));
    assert_eq!(alice.ok(&rename, json!({ "folder": "/a", "name": "a" })).await, json!({ "id": project }));
    alice.ok(&rename, json!({ "folder": "/a", "name": "e" })).await;
    assert_eq!(folders(&alice, &project, "/").await, json!(["/d", "/e"]));
    alice.ok(&rename, json!({ "folder": "/e/b", "newpath": "/d/f" })).await;
    assert_eq!(folders(&alice, &project, "/d/f").await, json!(["/d/f/c"]));
    assert_eq!(folders(&alice, &project, "/e").await, json!([]));
}

/// The table of `move`, as far as folders go (invariants 13, 18, 19).
#[tokio::test]
async fn folders_are_moved() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let r#move = format!("/{project}/move");
    make(&alice, &project, "/a/b/c/d").await;
    make(&alice, &project, "/e/b").await;
    for (input, kind) in [
        (json!({ "folders": ["/"], "destination": "/e" }), "InvalidInput"),
        (json!({ "folders": ["/a"], "destination": "/a" }), "InvalidInput"),
        (json!({ "folders": ["/a"], "destination": "/a/b/c" }), "InvalidInput"),
        (json!({ "folders": ["/a"] }), "InvalidInput"),
        (json!({ "folders": ["/a"], "destination": "/none" }), "ResourceNotFound"),
        (json!({ "folders": ["/a/b/c/d", "/none"], "destination": "/" }), "ResourceNotFound"),
        (json!({ "folders": ["/a/b/c/d", "/a/b"], "destination": "/e" }), "InvalidState"),
        (json!({ "folders": ["/a/b", "/e/b"], "destination": "/" }), "InvalidState"),
        (
            json!({ "objects": ["record-000000000000000000000000"], "folders": ["/a"], "destination": "/e" }),
            "ResourceNotFound",
        ),
    ] {
        alice.fails(&r#move, input, kind).await;
    }
    assert_eq!(
        folders(&alice, &project, "/a/b/c").await,
        json!(["/a/b/c/d"]),
        "a failed move changes nothing"
    );
    // The client's own example: the inner folder goes to the destination itself.
    assert_eq!(
        alice.ok(&r#move, json!({ "folders": ["/a/b/c/d"], "destination": "/a" })).await,
        json!({ "id": project })
    );
    assert_eq!(folders(&alice, &project, "/a").await, json!(["/a/b", "/a/d"]));
    alice.ok(&r#move, json!({ "folders": ["/a", "/a/b/c", "/a/d", "/a"], "destination": "/e" })).await;
    assert_eq!(folders(&alice, &project, "/").await, json!(["/e"]));
    assert_eq!(folders(&alice, &project, "/e").await, json!(["/e/a", "/e/b", "/e/c", "/e/d"]));
    assert_eq!(folders(&alice, &project, "/e/a").await, json!(["/e/a/b"]));
    // To where it is already: no change.
    alice.ok(&r#move, json!({ "folders": ["/e/a"], "destination": "/e" })).await;
    assert_eq!(folders(&alice, &project, "/e").await, json!(["/e/a", "/e/b", "/e/c", "/e/d"]));
}

/// A move or a new name that would make some path too deep is refused as a whole.
#[tokio::test]
async fn paths_keep_their_limits_when_they_move() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let deep = "/d".repeat(100);
    make(&alice, &project, &deep).await;
    let other = "/o".repeat(100);
    make(&alice, &project, &other).await;
    let message = alice
        .fails(
            &format!("/{project}/move"),
            json!({ "folders": ["/d"], "destination": other }),
            "InvalidInput",
        )
        .await;
    assert!(message.contains("levels"), "{message}");
    let long = "n".repeat(2048);
    let wide = format!("/w/{long}/{long}/{long}/{long}");
    make(&alice, &project, &wide).await;
    let message = alice
        .fails(
            &format!("/{project}/renameFolder"),
            json!({ "folder": "/w", "name": "w".repeat(2048) }),
            "InvalidInput",
        )
        .await;
    assert!(message.contains("characters"), "{message}");
    assert_eq!(folders(&alice, &project, "/").await, json!(["/d", "/o", "/w"]));
    // A name with escaped slashes has more of them than levels.
    let slashes = format!("/{}", "\\/".repeat(150));
    make(&alice, &project, &format!("/s{slashes}")).await;
    alice
        .ok(&format!("/{project}/move"), json!({ "folders": [format!("/s{slashes}")], "destination": "/" }))
        .await;
}

/// F118: UPLOAD makes folders, CONTRIBUTE renames and moves them, VIEW lists them; strangers meet nothing.
#[tokio::test]
async fn levels_decide_who_changes_folders() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    make(&alice, &project, "/a/b").await;
    let calls = [
        ("listFolder", json!({}), Level::View),
        ("newFolder", json!({ "folder": "/a", "parents": true }), Level::Upload),
        ("renameFolder", json!({ "folder": "/a", "name": "a" }), Level::Contribute),
        ("move", json!({ "folders": ["/a"], "destination": "/" }), Level::Contribute),
    ];
    for (handle, level) in [
        ("none", Level::None),
        ("viewer", Level::View),
        ("uploader", Level::Upload),
        ("contributor", Level::Contribute),
    ] {
        let person = world.user(handle).await;
        if level > Level::None {
            alice.invite(&project, handle, level).await;
        }
        for (verb, input, needed) in &calls {
            let path = format!("/{project}/{verb}");
            if level == Level::None {
                person.fails(&path, input.clone(), "ResourceNotFound").await;
            } else if level < *needed {
                let message = person.fails(&path, input.clone(), "PermissionDenied").await;
                assert!(message.contains(needed.as_str()), "{verb} at {level}: {message}");
            } else {
                person.ok(&path, input.clone()).await;
            }
        }
    }
}
