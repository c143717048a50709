//! `/system/findUsers` (contract: identity-and-sharing 9).

use serde_json::{Value, json};
use wire::Level;

use crate::world::{Client, World};

async fn ids(client: &Client, query: Value) -> Vec<String> {
    let page = client.ok("/system/findUsers", query).await;
    let rows = page["results"].as_array().unwrap();
    rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// F013: people find those whom they share an organisation or a project with, where they may see its members; what they
/// see is what anybody may see.
#[tokio::test]
async fn people_find_those_they_work_with() {
    let world = World::new().await;
    let root = world.person("root", "ADMIN").await;
    let alice = world.user("alice").await;
    let carol = world.user("carol").await;
    for handle in ["dave", "erin", "frank", "mallory"] {
        world.user(handle).await;
    }
    let lab = world.org("lab", &["carol", "alice"]).await;
    let far = world.org("far", &["erin"]).await;
    let project = alice.project("Trial").await;
    alice.invite(&project, "dave", Level::View).await;
    // Who is in another organisation is not learnt by sharing something with it.
    alice.invite(&project, &far, Level::View).await;
    let gone = alice.project("Gone").await;
    alice.invite(&gone, "frank", Level::View).await;
    alice.ok(&format!("/{gone}/destroy"), json!({})).await;
    // Nor in one's own, as long as its members may not see one another; its ADMINs see them.
    assert_eq!(ids(&alice, json!({})).await, ["user-alice", "user-dave"]);
    assert_eq!(ids(&carol, json!({})).await, ["user-alice", "user-carol"]);
    let shown = |to: &str| json!({ "policies": { "memberListVisibility": to } });
    carol.ok(&format!("/{lab}/update"), shown("MEMBER")).await;
    let known = ["user-alice", "user-carol", "user-dave"];
    assert_eq!(ids(&alice, json!({})).await, known);
    let everybody = ids(&root, json!({})).await;
    assert_eq!(everybody.len(), 7);
    assert_eq!(ids(&root, json!({ "kind": "ADMIN" })).await, ["user-root"]);

    assert_eq!(ids(&alice, json!({ "handle": "Dave" })).await, ["user-dave"]);
    assert_eq!(ids(&alice, json!({ "email": "Dave@Example.org" })).await, ["user-dave"]);
    assert_eq!(ids(&alice, json!({ "name": "dave Test" })).await, ["user-dave"]);
    for none in [
        json!({ "handle": "mallory" }),
        json!({ "email": "mallory@example.org" }),
        json!({ "name": "dave" }),
        json!({ "handle": "dave", "email": "carol@example.org" }),
        json!({ "handle": "no such handle!" }),
        json!({ "name": "' or 1 = 1 --" }),
    ] {
        assert_eq!(ids(&alice, none.clone()).await, Vec::<String>::new(), "{none}");
    }
    let row = alice.ok("/system/findUsers", json!({ "handle": "dave" })).await["results"][0].clone();
    let public = json!({ "id": "user-dave", "class": "user", "first": "dave", "middle": "", "last": "Test", "handle": "dave" });
    assert_eq!(row, public);

    // Members only where one may list them, kinds only for administrators.
    assert_eq!(ids(&alice, json!({ "org": lab })).await, ["user-alice", "user-carol"]);
    alice.fails("/system/findUsers", json!({ "org": far }), "PermissionDenied").await;
    alice.fails("/system/findUsers", json!({ "kind": "ADMIN" }), "PermissionDenied").await;
    alice.fails("/system/findUsers", json!({ "org": "org-none" }), "ResourceNotFound").await;
    assert_eq!(ids(&root, json!({ "org": far })).await, ["user-erin"]);

    let first = alice.ok("/system/findUsers", json!({ "limit": 2 })).await;
    assert_eq!(first["results"].as_array().unwrap().len(), 2);
    let rest = ids(&alice, json!({ "limit": 2, "starting": first["next"] })).await;
    assert_eq!(rest, known[2..]);
    // Whoever leaves is found no more.
    alice.ok(&format!("/{project}/decreasePermissions"), json!({ "user-dave": null })).await;
    assert_eq!(ids(&alice, json!({})).await, known[..2]);
    carol.ok(&format!("/{lab}/update"), shown("ADMIN")).await;
    assert_eq!(ids(&alice, json!({})).await, known[..1]);
}

/// Whoever works in a project without seeing its members does not find them either.
#[tokio::test]
async fn a_role_that_sees_no_members_finds_none() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    world.give(&project, "bob", policy::Preset::ProjectDataProvider).await;
    bob.fails(&format!("/{project}/findMembers"), json!({}), "PermissionDenied").await;
    assert_eq!(ids(&bob, json!({})).await, ["user-bob"]);
    alice.invite(&project, "bob", Level::View).await;
    assert_eq!(ids(&bob, json!({})).await, ["user-alice", "user-bob"]);
}
