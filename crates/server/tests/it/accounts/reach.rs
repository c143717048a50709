//! How far kinds of accounts reach, as the operator sets it (contract: identity-and-sharing B7).

use serde_json::json;
use server::config::{AdminAccess, ReadOnlyCap};
use wire::Level;

use crate::files;
use crate::world::World;

/// F002: an administrator of the platform opens a project of others only after adding themselves, which is recorded.
#[tokio::test]
async fn administrators_add_themselves_first() {
    let world = World::new().await;
    let (alice, root) = (world.user("alice").await, world.person("root", "ADMIN").await);
    let project = alice.project("Private").await;
    let file = files::closed(&alice, &project, "a", &[b"data"]).await;
    let listed = format!("/{project}/listFolder");
    root.fails(&listed, json!({}), "PermissionDenied").await;
    root.fails(&format!("/{file}/describe"), json!({ "project": project }), "ResourceNotFound").await;
    root.ok(&format!("/{project}/invite"), json!({ "invitee": "user-root", "level": "VIEW" })).await;
    root.ok(&listed, json!({})).await;
    root.ok(&format!("/{file}/describe"), json!({ "project": project })).await;
    let events = json!({ "project": project, "kind": "member.selfInvited" });
    let found = alice.ok("/system/findAuditEvents", events).await;
    assert_eq!(found["results"].as_array().unwrap().len(), 1, "{found}");
}

/// F002: where the operator chose so, the same administrator opens it without being added; nobody else does.
#[tokio::test]
async fn administrators_reach_everything_where_that_is_chosen() {
    let world = World::with(|config| config.admin_access = AdminAccess::Implicit).await;
    let (alice, root) = (world.user("alice").await, world.person("root", "ADMIN").await);
    let stranger = world.user("stranger").await;
    let project = alice.project("Private").await;
    let file = files::closed(&alice, &project, "a", &[b"data"]).await;
    let found = root.ok("/system/findProjects", json!({ "name": "Private" })).await;
    assert_eq!(found["results"][0]["id"], json!(project), "{found}");
    root.ok(&format!("/{project}/listFolder"), json!({})).await;
    let address = files::address_of(&root, &file, json!({ "project": project })).await;
    assert_eq!(address.get().await.bytes().await.unwrap().as_ref(), b"data");
    stranger.fails(&format!("/{project}/listFolder"), json!({}), "ResourceNotFound").await;
    assert_eq!(
        alice.describe(&project, &["permissions"]).await["permissions"],
        json!({ "user-alice": "ADMINISTER" })
    );
}

/// F007: a Read-Only user sees no data, unless the operator lets them have what the level VIEW gives; never more.
#[tokio::test]
async fn read_only_users_are_cut_as_chosen() {
    for (cap, level, reads) in
        [(ReadOnlyCap::CollaboratorView, "NONE", false), (ReadOnlyCap::LevelView, "VIEW", true)]
    {
        let world = World::with(move |config| config.read_only_cap = cap).await;
        let (alice, eve) = (world.user("alice").await, world.user("eve").await);
        let root = world.person("root", "ADMIN").await;
        let project = alice.project("Trial").await;
        alice.invite(&project, "eve", Level::Administer).await;
        root.ok("/user-eve/setKind", json!({ "kind": "READ_ONLY" })).await;
        let file = files::closed(&alice, &project, "a", &[b"data"]).await;
        assert_eq!(eve.describe(&project, &["level"]).await["level"], level);
        let asked = json!({ "project": project });
        if reads {
            let address = files::address_of(&eve, &file, asked).await;
            assert_eq!(address.get().await.bytes().await.unwrap().as_ref(), b"data");
        } else {
            let answer = eve.post(&format!("/{file}/download"), asked).await;
            assert!(answer.status == 401 || answer.status == 404, "{}", answer.body);
        }
        let change = json!({ "name": "Hers" });
        eve.fails(&format!("/{project}/update"), change, "PermissionDenied").await;
    }
}
