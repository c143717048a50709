//! Finding organisations, and the projects that one pays for.

use serde_json::json;
use wire::Level;

use crate::world::World;

/// The projects that an organisation pays for, to its ADMINs.
#[tokio::test]
async fn admins_find_what_their_organisation_pays_for() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let lab = world.org("lab", &["alice", "bob"]).await;
    let access = json!({ "user-bob": { "level": "MEMBER", "allowBillableActivities": true } });
    alice.ok(&format!("/{lab}/setMemberAccess"), access).await;
    alice.project("Elsewhere").await;
    let (open, hidden) = (alice.billed_project("Open", &lab).await, bob.billed_project("Hidden", &lab).await);
    alice.invite(&open, "PUBLIC", Level::View).await;
    bob.ok(&format!("/{hidden}/addTags"), json!({ "tags": ["t"] })).await;
    let find = format!("/{lab}/findProjects");
    bob.fails(&find, json!({}), "PermissionDenied").await;
    let found = alice.ok(&find, json!({})).await;
    assert_eq!(
        found,
        json!({
            "results": [
                { "id": open, "level": "ADMINISTER", "public": true },
                { "id": hidden, "level": "NONE", "public": false },
            ],
            "next": null,
        })
    );
    for (query, ids) in [
        (json!({ "public": true }), vec![&open]),
        (json!({ "public": false }), vec![&hidden]),
        (json!({ "id": [&hidden] }), vec![&hidden]),
        (json!({ "tags": "t" }), vec![&hidden]),
        (json!({ "name": { "glob": "O*" } }), vec![&open]),
        (json!({ "containsPHI": true }), vec![]),
        (json!({ "region": "elsewhere" }), vec![]),
    ] {
        let found = alice.ok(&find, query.clone()).await;
        let found: Vec<String> = found["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["id"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(found.iter().collect::<Vec<_>>(), ids, "{query}");
    }
    let described =
        alice.ok(&find, json!({ "describe": { "fields": { "name": true } }, "id": hidden })).await;
    assert_eq!(described["results"][0]["describe"], json!({ "id": hidden, "name": "Hidden" }));
}

/// The organisations that somebody belongs to.
#[tokio::test]
async fn people_find_their_organisations() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    world.org("aaa", &["alice"]).await;
    world.org("bbb", &["bob", "alice"]).await;
    world.org("ccc", &["bob", "alice"]).await;
    world.org("ddd", &["bob"]).await;
    let access = json!({ "user-alice": { "level": "MEMBER", "allowBillableActivities": true } });
    bob.ok("/org-bbb/setMemberAccess", access).await;
    for (query, ids) in [
        (json!({ "level": "MEMBER" }), vec!["org-aaa", "org-bbb", "org-ccc"]),
        (json!({ "level": "MEMBER", "allowBillableActivities": true }), vec!["org-aaa", "org-bbb"]),
        (json!({ "level": "MEMBER", "allowBillableActivities": false }), vec!["org-ccc"]),
        (json!({ "level": "ADMIN" }), vec!["org-aaa"]),
        (json!({ "level": "ADMIN", "allowBillableActivities": false }), vec![]),
    ] {
        let found = alice.ok("/system/findOrgs", query.clone()).await;
        let found: Vec<&str> =
            found["results"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(found, ids, "{query}");
    }
    let query = json!({ "level": "MEMBER", "limit": 2, "describe": { "fields": { "name": true } } });
    let first = alice.ok("/system/findOrgs", query).await;
    assert_eq!(
        first["results"][1],
        json!({ "id": "org-bbb", "level": "MEMBER", "describe": { "id": "org-bbb", "name": "bbb" } })
    );
    let rest = alice.ok("/system/findOrgs", json!({ "level": "MEMBER", "starting": first["next"] })).await;
    assert_eq!((&rest["results"][0]["id"], &rest["next"]), (&json!("org-ccc"), &json!(null)));
    alice.fails("/system/findOrgs", json!({}), "InvalidInput").await;
    alice.fails("/system/findOrgs", json!({ "level": "NONE" }), "InvalidInput").await;
}
