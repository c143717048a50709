//! Cursors that are forged, or somebody else's: they are refused.

use serde_json::{Value, json};
use wire::Level;

use crate::things::record;
use crate::world::World;

/// A cursor is for whoever got it and for the call that gave it, and does not tell where in the database it stands.
#[tokio::test]
async fn a_cursor_is_for_its_holder_and_its_method() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    for name in ["A", "B"] {
        let project = alice.project(name).await;
        alice.invite(&project, "bob", Level::Contribute).await;
        for name in ["a", "b"] {
            world.put(&alice, &project, record(name)).await;
        }
    }
    let (objects, projects) = ("/system/findDataObjects", "/system/findProjects");
    let first = async |path: &str| alice.ok(path, json!({ "limit": 1 })).await["next"].clone();
    let (of_objects, of_projects) = (first(objects).await, first(projects).await);
    let at = of_objects["at"].clone();
    assert_eq!(of_objects.as_object().unwrap().len(), 3);
    // One as long as the other, whatever the numbers in it.
    assert_eq!(at.as_str().unwrap().len(), of_projects.as_str().unwrap().len());
    let again = world.scoped("alice", wire::user::TokenScope::FULL).await;
    for client in [&alice, &again] {
        for (path, starting) in [(objects, &of_objects), (objects, &at), (projects, &of_projects)] {
            let page = client.ok(path, json!({ "limit": 1, "starting": starting })).await;
            assert_eq!(page["results"].as_array().unwrap().len(), 1, "{path} {starting}");
        }
    }
    for (path, starting) in [(objects, &of_projects), (projects, &of_objects), (projects, &at)] {
        alice.fails(path, json!({ "starting": starting }), "InvalidInput").await;
    }
    for (path, starting) in [(objects, &of_objects), (objects, &at), (projects, &of_projects)] {
        let message = bob.fails(path, json!({ "starting": starting }), "InvalidInput").await;
        assert!(message.contains("key \"starting\""), "{message}");
    }
    let text = at.as_str().unwrap();
    for place in 0..text.len() {
        let with = if text.as_bytes()[place] == b'A' { "B" } else { "A" };
        let changed = format!("{}{with}{}", &text[..place], &text[place + 1..]);
        alice.fails(objects, json!({ "starting": changed }), "InvalidInput").await;
    }
}

/// Cursors of any other shape and size are refused.
#[tokio::test]
async fn what_was_never_a_cursor_is_refused() {
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
        ("/system/findDataObjects".to_owned(), json!({})),
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
            alice.fails(&path, input, "InvalidInput").await;
        }
    }
}
