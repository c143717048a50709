//! Read-Only users of the platform (F006, F007): whatever they are given, by whomever and however, they look and no more.

use serde_json::json;
use wire::Level;

use crate::world::World;

/// F006: nobody gives a Read-Only user more than looking, in a project or in an organisation.
#[tokio::test]
async fn they_are_given_no_more_than_looking() {
    let world = World::new().await;
    let (alice, _eve) = (world.user("alice").await, world.person("eve", "READ_ONLY").await);
    let lab = world.org("lab", &["alice"]).await;
    let project = alice.project("Trial").await;
    for level in ["UPLOAD", "CONTRIBUTE", "ADMINISTER"] {
        let input = json!({ "invitee": "eve@example.org", "level": level });
        alice.fails(&format!("/{project}/invite"), input, "InvalidInput").await;
    }
    let invite = format!("/{lab}/invite");
    for beyond in [
        json!({ "level": "ADMIN" }),
        json!({ "level": "MEMBER", "projectAccess": "UPLOAD" }),
        json!({ "level": "MEMBER", "allowBillableActivities": true }),
        json!({ "level": "MEMBER", "dataDeletion": true }),
        json!({ "level": "MEMBER", "projectMemberDemotion": true }),
    ] {
        let mut input = beyond.clone();
        input["invitee"] = json!("eve");
        alice.fails(&invite, input, "InvalidInput").await;
    }
    alice.ok(&invite, json!({ "invitee": "eve" })).await;
    let change = format!("/{lab}/setMemberAccess");
    for beyond in [json!({ "level": "ADMIN" }), json!({ "level": "MEMBER", "archivalManagement": true })] {
        alice.fails(&change, json!({ "user-eve": beyond }), "InvalidInput").await;
    }
    alice.ok(&change, json!({ "user-eve": { "level": "MEMBER", "projectAccess": "VIEW" } })).await;
}

/// F007: what they had before, or have through an organisation, is cut to View; they make, change and pay for nothing.
#[tokio::test]
async fn they_keep_no_more_than_looking() {
    let world = World::new().await;
    let root = world.person("root", "ADMIN").await;
    let (alice, eve) = (world.user("alice").await, world.user("eve").await);
    let lab = world.org("lab", &["alice", "eve"]).await;
    alice.ok(&format!("/{lab}/setMemberAccess"), json!({ "user-eve": { "level": "ADMIN" } })).await;
    let direct = alice.project("Direct").await;
    alice.invite(&direct, "eve", Level::Administer).await;
    let through = alice.project("Through").await;
    alice.invite(&through, &lab, Level::Administer).await;
    let paid = alice.billed_project("Paid", &lab).await;
    let record = json!({ "project": direct, "name": "r" });
    let open = eve.ok("/record/new", record.clone()).await["id"].as_str().unwrap().to_owned();
    root.ok("/user-eve/setKind", json!({ "kind": "READ_ONLY" })).await;

    eve.fails("/project/new", json!({ "name": "Mine" }), "PermissionDenied").await;
    eve.fails("/project/new", json!({ "name": "Mine", "billTo": lab }), "PermissionDenied").await;
    eve.fails("/org/new", json!({ "handle": "mine", "name": "Mine" }), "PermissionDenied").await;
    eve.fails("/user-eve/update", json!({ "billTo": lab }), "PermissionDenied").await;
    let input =
        json!({ "username": "bob", "email": "bob@example.org", "first": "Bob", "provisioningOrg": lab });
    eve.fails("/user/new", input, "PermissionDenied").await;
    for (verb, input) in [
        ("update", json!({ "name": "Mine" })),
        ("invite", json!({ "invitee": "root" })),
        ("setMemberAccess", json!({ "user-alice": { "level": "MEMBER" } })),
        ("removeMember", json!({ "user": "user-alice" })),
        ("destroy", json!({})),
    ] {
        eve.fails(&format!("/{lab}/{verb}"), input, "PermissionDenied").await;
    }
    for project in [&direct, &through] {
        for (verb, input) in [
            ("update", json!({ "name": "Mine" })),
            ("addTags", json!({ "tags": ["t"] })),
            ("invite", json!({ "invitee": "root", "level": "VIEW" })),
            ("decreasePermissions", json!({ "user-alice": "VIEW" })),
            ("newFolder", json!({ "folder": "/a" })),
            ("destroy", json!({})),
        ] {
            eve.fails(&format!("/{project}/{verb}"), input, "PermissionDenied").await;
        }
    }
    eve.fails("/record/new", record, "PermissionDenied").await;
    eve.fails("/file/new", json!({ "project": through, "name": "f" }), "PermissionDenied").await;
    for (verb, input) in [("setDetails", json!({ "a": 1 })), ("close", json!({}))] {
        let answer = eve.post(&format!("/{open}/{verb}"), input).await;
        assert!(matches!(answer.status, 401 | 404), "{verb}: {}", answer.body);
    }
    // Nobody in the paying organisation who is Read-Only lets themselves in above View.
    let own = |level: &str| json!({ "invitee": "eve", "level": level });
    eve.fails(&format!("/{paid}/invite"), own("CONTRIBUTE"), "InvalidInput").await;
    // The way back: nothing was taken out of the entries.
    root.ok("/user-eve/setKind", json!({ "kind": "STANDARD" })).await;
    assert_eq!(eve.describe(&direct, &["level"]).await["level"], "ADMINISTER");
    eve.ok(&format!("/{open}/close"), json!({})).await;
}
