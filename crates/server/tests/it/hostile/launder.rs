//! Getting bytes out of a project that does not let them go.

use serde_json::json;
use wire::Level;

use super::{fetch, file};
use crate::world::World;

/// A restriction stays with the bytes through every copy, whoever administers the projects on the way (B11.1).
#[tokio::test]
async fn a_restriction_goes_along_with_every_copy() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let source = alice.project("Source").await;
    let secret = file(&alice, &source, b"secret").await;
    alice.ok(&format!("/{source}/update"), json!({ "downloadRestricted": true })).await;
    alice.invite(&source, "bob", Level::Contribute).await;
    let (first, second, third) =
        (bob.project("First").await, bob.project("Second").await, bob.project("Third").await);
    let clone = async |from: &str, into: &str| {
        bob.ok(&format!("/{from}/clone"), json!({ "objects": [secret], "project": into })).await;
    };
    clone(&source, &first).await;
    clone(&first, &second).await;
    let refused = async || {
        for input in [
            json!({}),
            json!({ "preauthenticated": true }),
            json!({ "project": source }),
            json!({ "project": first }),
            json!({ "project": second, "preauthenticated": true }),
        ] {
            bob.fails(&format!("/{secret}/download"), input, "PermissionDenied").await;
        }
    };
    refused().await;
    // Flags of one's own projects, on and off again.
    for on in [true, false] {
        let flags = json!({ "downloadRestricted": on, "previewViewerRestricted": on });
        bob.ok(&format!("/{second}/update"), flags).await;
    }
    refused().await;
    // Through the archive and back.
    bob.ok(&format!("/{second}/archive"), json!({ "files": [secret] })).await;
    bob.ok(&format!("/{second}/unarchive"), json!({ "files": [secret], "rate": "Expedited" })).await;
    world.settled().await;
    refused().await;
    // Away, and back from the copy of the copy; moved, renamed and in a folder.
    bob.ok(&format!("/{first}/removeObjects"), json!({ "objects": [secret] })).await;
    bob.ok(&format!("/{second}/newFolder"), json!({ "folder": "/f" })).await;
    bob.ok(&format!("/{second}/move"), json!({ "objects": [secret], "destination": "/f" })).await;
    bob.ok(&format!("/{secret}/rename"), json!({ "project": second, "name": "other" })).await;
    bob.ok(&format!("/{second}/clone"), json!({ "folders": ["/f"], "project": first })).await;
    bob.ok(&format!("/{second}/clone"), json!({ "folders": ["/"], "project": third })).await;
    refused().await;
    bob.fails(&format!("/{secret}/download"), json!({ "project": third }), "PermissionDenied").await;
    // The place where it came from opens it again; the copies stay shut.
    alice
        .ok(
            &format!("/{source}/update"),
            json!({ "downloadRestricted": false, "previewViewerRestricted": false }),
        )
        .await;
    let address = bob.ok(&format!("/{secret}/download"), json!({ "project": source })).await;
    assert_eq!(fetch(&address).await.text().await.unwrap(), "secret");
    bob.fails(&format!("/{secret}/download"), json!({ "project": third }), "PermissionDenied").await;
    // An address names its copy: with another project it is no address of this server's.
    let mut swapped = address.clone();
    swapped["url"] = address["url"].as_str().unwrap().replace(&source, &third).into();
    assert_eq!(fetch(&swapped).await.status(), 403);
    let bare = address["url"].as_str().unwrap().split('?').next().unwrap();
    swapped["url"] = bare.into();
    assert_eq!(fetch(&swapped).await.status(), 403);
}

/// What was given out while it was allowed is over when it no longer is: the flag, the right, the archive, the copy.
#[tokio::test]
async fn links_end_with_what_allowed_them() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    let read = file(&alice, &project, b"bytes").await;
    alice.invite(&project, "bob", Level::View).await;
    let link =
        bob.ok(&format!("/{read}/download"), json!({ "preauthenticated": true, "duration": 86_400 })).await;
    let headed = bob.ok(&format!("/{read}/download"), json!({ "project": project })).await;
    let open = async |expected: u16| {
        for address in [&link, &json!({ "url": headed["url"], "headers": headed["headers"] })] {
            let mut address = address.clone();
            if address["headers"].is_null() {
                address["headers"] = json!({});
            }
            assert_eq!(fetch(&address).await.status().as_u16(), expected, "{address}");
        }
    };
    open(200).await;
    alice.ok(&format!("/{project}/update"), json!({ "downloadRestricted": true })).await;
    open(403).await;
    let off = json!({ "downloadRestricted": false, "previewViewerRestricted": false });
    alice.ok(&format!("/{project}/update"), off).await;
    open(200).await;
    alice.ok(&format!("/{project}/archive"), json!({ "files": [read] })).await;
    open(403).await;
    alice.ok(&format!("/{project}/unarchive"), json!({ "files": [read], "rate": "Expedited" })).await;
    world.settled().await;
    open(200).await;
    world.give(&project, "bob", policy::Preset::CollaboratorView).await;
    open(404).await;
    world.give(&project, "bob", policy::Preset::View).await;
    open(200).await;
    alice.ok(&format!("/{project}/removeObjects"), json!({ "objects": [read] })).await;
    open(404).await;
}

/// A reading stands in the log for each place that it came from and each kind of address: a link that went on to others
/// does not hide behind the reading of the one who made it.
#[tokio::test]
async fn the_log_tells_a_holder_of_the_link_from_the_person() {
    let world = World::with(|config| config.trust_forwarded_for = true).await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let read = file(&alice, &project, b"bytes").await;
    let headed = alice.ok(&format!("/{read}/download"), json!({})).await;
    assert_eq!(fetch(&headed).await.status(), 200);
    let link = alice.ok(&format!("/{read}/download"), json!({ "preauthenticated": true })).await;
    let url = link["url"].as_str().unwrap();
    for from in ["192.0.2.1", "192.0.2.1", "198.51.100.7"] {
        let got = reqwest::Client::new().get(url).header("x-forwarded-for", from).send().await.unwrap();
        assert_eq!(got.status(), 200);
    }
    let events = json!({ "project": project, "kind": "file.read" });
    let found = alice.ok("/system/findAuditEvents", events).await;
    let kinds: Vec<bool> = found["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["after"]["preauthenticated"].as_bool().unwrap())
        .collect();
    assert_eq!(kinds, [true, true, false]);
}
