//! Cursors that are forged, or somebody else's: they say where to go on, never what may be seen.

use serde_json::{Value, json};
use wire::Level;

use crate::things::record;
use crate::world::World;

const FIND: &str = "/system/findDataObjects";

/// A cursor into a project that the caller does not see, or sees as everybody does, opens nothing there.
#[tokio::test]
async fn a_cursor_of_somebody_else_opens_nothing() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (secret, open, own) =
        (alice.project("Secret").await, alice.project("Open").await, bob.project("Own").await);
    alice.ok(&format!("/{open}/invite"), json!({ "invitee": "PUBLIC", "level": "VIEW" })).await;
    for project in [&secret, &open] {
        for name in ["a", "b", "c"] {
            world.put(&alice, project, record(name)).await;
        }
    }
    let mine = world.put(&bob, &own, record("mine")).await;
    for sort in ["ascending", "descending"] {
        for project in [&secret, &open] {
            let input = json!({
                "limit": 1, "scope": { "project": project }, "sortBy": { "field": "created", "ordering": sort },
            });
            let page = alice.ok(FIND, input).await;
            for at in [page["next"]["at"].clone(), json!(i64::MIN), json!(i64::MAX)] {
                for copy in [page["next"]["copy"].clone(), json!(i64::MIN), json!(i64::MAX)] {
                    let mut starting = page["next"].clone();
                    starting["at"] = at.clone();
                    starting["copy"] = copy;
                    let input = json!({
                        "starting": starting, "sortBy": { "field": "created", "ordering": sort }, "describe": true,
                    });
                    let found = bob.ok(FIND, input).await;
                    for result in found["results"].as_array().unwrap() {
                        assert_eq!(result["id"], *mine, "{starting}");
                    }
                    let scoped = json!({ "starting": starting, "scope": { "project": own } });
                    for result in bob.ok(FIND, scoped).await["results"].as_array().unwrap() {
                        assert_eq!(result["id"], *mine);
                    }
                    let hidden = json!({ "starting": starting, "scope": { "project": secret } });
                    bob.fails(FIND, hidden, "ResourceNotFound").await;
                }
            }
        }
    }
}

/// Cursors of any shape and size are refused or taken, never a fault.
#[tokio::test]
async fn no_cursor_is_a_fault() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let org = world.org("lab", &["alice"]).await;
    let project = alice.project("Trial").await;
    alice.invite(&project, "alice", Level::View).await;
    let hostile: Vec<Value> = vec![
        json!(i64::MIN),
        json!(i64::MAX),
        json!({ "after": i64::MIN }),
        json!({ "after": i64::MAX }),
        json!({ "after": "\u{0}" }),
        json!({ "after": "x".repeat(100_000) }),
        json!({ "after": "user-\u{10ffff}" }),
        json!({ "at": i64::MIN, "event": i64::MAX }),
        json!({ "project": project, "id": "record-000000000000000000000000", "place": -1, "at": 0, "copy": 0 }),
        json!([0, 0]),
        json!("' or 1 = 1 --"),
    ];
    for (path, input) in [
        (FIND.to_owned(), json!({})),
        ("/system/findProjects".to_owned(), json!({})),
        ("/system/findOrgs".to_owned(), json!({ "level": "MEMBER" })),
        ("/system/findProjectMembers".to_owned(), json!({})),
        ("/system/findAuthTokens".to_owned(), json!({})),
        ("/system/findAuditEvents".to_owned(), json!({ "project": project })),
        (format!("/{project}/findMembers"), json!({})),
        (format!("/{org}/findMembers"), json!({})),
        (format!("/{org}/findProjects"), json!({})),
    ] {
        for starting in &hostile {
            let mut input = input.clone();
            input["starting"] = starting.clone();
            let answer = alice.post(&path, input).await;
            assert!([200, 422].contains(&answer.status), "{path} {starting}: {}", answer.body);
        }
    }
}
