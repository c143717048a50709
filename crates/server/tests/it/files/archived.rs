//! Where the bytes of archived and removed files lie.

use serde_json::json;

use super::{address_of, closed, noise};
use crate::wait;
use crate::world::{Client, World};

/// How many blobs lie in the live place and in the archive.
fn places(world: &World) -> (usize, usize) {
    (super::stored_in(world, "files").len(), super::stored_in(world, "archive").len())
}

async fn archive(client: &Client, project: &str, file: &str) {
    client.ok(&format!("/{project}/archive"), json!({ "files": [file] })).await;
}

async fn unarchive(client: &Client, project: &str, file: &str) {
    client.ok(&format!("/{project}/unarchive"), json!({ "files": [file], "rate": "Expedited" })).await;
}

/// F189: archived bytes lie in the archive and are not served; unarchived ones are back as they were (invariant 43).
#[tokio::test]
async fn bytes_move_with_the_state() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let (first, second) = (noise(5 << 20, 1), noise(1000, 2));
    let file = closed(&alice, &project, "data", &[&first, &second]).await;
    assert_eq!(places(&world), (2, 0));
    archive(&alice, &project, &file).await;
    world.settled().await;
    assert_eq!(places(&world), (0, 2));
    let message = alice.fails(&format!("/{file}/download"), json!({}), "InvalidState").await;
    assert!(message.contains("archived"), "{message}");
    unarchive(&alice, &project, &file).await;
    world.settled().await;
    assert_eq!(places(&world), (2, 0));
    let answer = address_of(&alice, &file, json!({})).await.get().await;
    assert_eq!(answer.bytes().await.unwrap(), [first, second].concat());
}

/// A copy that another account pays for keeps the bytes where they can be read, and so does another file of the same
/// content; when the last that needs them goes, they move.
#[tokio::test]
async fn bytes_stay_while_anybody_needs_them() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    alice.invite(&project, "bob", wire::Level::View).await;
    let others = bob.project("Bob's").await;
    let bytes = noise(3000, 3);
    let file = closed(&alice, &project, "data", &[&bytes]).await;
    bob.ok(&format!("/{project}/clone"), json!({ "objects": [file], "project": others })).await;
    archive(&alice, &project, &file).await;
    world.settled().await;
    assert_eq!(places(&world), (1, 0));
    alice.fails(&format!("/{file}/download"), json!({ "project": project }), "InvalidState").await;
    let answer = address_of(&bob, &file, json!({ "project": others })).await.get().await;
    assert_eq!(answer.bytes().await.unwrap(), bytes);
    bob.ok(&format!("/{others}/removeObjects"), json!({ "objects": [file] })).await;
    world.settled().await;
    assert_eq!(places(&world), (0, 1), "nobody reads them any more");

    // A file of the same content has bytes of its own while the first lies in the archive; two live ones share theirs.
    let twin = closed(&alice, &project, "twin", &[&bytes]).await;
    let third = closed(&alice, &project, "third", &[&bytes]).await;
    world.settled().await;
    wait::until("the two live ones share their bytes", async || places(&world) == (1, 1)).await;
    archive(&alice, &project, &twin).await;
    world.settled().await;
    assert_eq!(places(&world), (1, 1), "the third file is live");
    alice.ok(&format!("/{project}/removeObjects"), json!({ "objects": [third] })).await;
    world.settled().await;
    assert_eq!(places(&world), (0, 2), "the last live file of that content is gone");
}

/// The bytes go with the last copy, and not before (invariant 24).
#[tokio::test]
async fn bytes_go_with_the_last_copy() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let (one, two) = (alice.project("One").await, alice.project("Two").await);
    let file = closed(&alice, &one, "data", &[&noise(1000, 4)]).await;
    alice.ok(&format!("/{one}/clone"), json!({ "objects": [file], "project": two })).await;
    alice.ok(&format!("/{one}/removeFolder"), json!({ "folder": "/", "recurse": true })).await;
    world.settled().await;
    assert_eq!(places(&world), (1, 0));
    address_of(&alice, &file, json!({})).await.get().await.error_for_status().unwrap();
    alice.ok(&format!("/{two}/destroy"), json!({})).await;
    gone(&world).await;
    // Archived bytes too.
    let file = closed(&alice, &one, "data", &[&noise(1000, 5)]).await;
    archive(&alice, &one, &file).await;
    world.settled().await;
    assert_eq!(places(&world), (0, 1));
    alice.ok(&format!("/{one}/removeObjects"), json!({ "objects": [file] })).await;
    gone(&world).await;
    assert_eq!(world.rows("select count(*) from object").await, 0);
}

/// Waits until no bytes are left, nor a row that names them: it goes a moment later.
async fn gone(world: &World) {
    let rows = "select count(*) from stored_blob";
    wait::until("no bytes are left", async || places(world) == (0, 0) && world.rows(rows).await == 0).await;
}
