//! What the audit log says of a file.

use serde_json::json;
use store::params;

use super::{SMALLEST, address_of, closed, noise};
use crate::world::World;

/// Every step of a file's life stands in the log, about that file (F473): also those that the server takes by itself.
#[tokio::test]
async fn a_files_life_stands_in_the_log() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let file = closed(&alice, &project, "x", &[&noise(SMALLEST, 1), b"end"]).await;
    let address = address_of(&alice, &file, json!({})).await;
    // Size and digest are metadata: this leaves no event.
    let head = address.request(reqwest::Method::HEAD).send().await.unwrap();
    assert_eq!(head.headers()["content-length"], (SMALLEST + 3).to_string());
    for _ in 0..2 {
        assert_eq!(address.get().await.status(), 200);
    }
    alice.ok(&format!("/{project}/removeObjects"), json!({ "objects": [file] })).await;
    let found: Vec<String> = world
        .read(move |tx| {
            tx.query(
                "select e.action from audit_event e join audit_subject s on s.event = e.key
                 where s.subject = $1 order by e.key",
                params![file.as_str()],
            )?
            .iter()
            .map(|row| row.get(0))
            .collect()
        })
        .await;
    assert_eq!(
        found,
        [
            "object.made",
            "file.partAnnounced",
            "file.partStored",
            "file.partAnnounced",
            "file.partStored",
            "object.frozen",
            "file.sealed",
            "object.closed",
            "file.read",
            "data.removed",
        ]
    );
}
