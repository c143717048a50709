//! The audit log: what is recorded, who may search it, and that nobody can rewrite it unseen.

use serde_json::{Value, json};
use store::db::{DbError, params};
use wire::Level;

use crate::world::{Client, World};

async fn events(client: &Client, query: Value) -> Vec<Value> {
    client.ok("/system/findAuditEvents", query).await["results"].as_array().unwrap().clone()
}

/// F473: changes and refusals are recorded with actor, action, project and rule; before and after are kept.
#[tokio::test]
async fn changes_and_refusals_are_recorded() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    alice.invite(&project, "bob", Level::View).await;
    bob.fails(
        &format!("/{project}/invite"),
        json!({ "invitee": "user-bob", "level": "UPLOAD" }),
        "PermissionDenied",
    )
    .await;
    let found = events(&alice, json!({ "project": project })).await;
    let actions: Vec<_> = found.iter().map(|event| event["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["access.refused", "member.invited", "project.made"]);
    assert_eq!(found[0]["actor"], "user-bob");
    assert_eq!(found[0]["outcome"], "refused");
    assert!(found[0]["rule"].is_string(), "{}", found[0]);
    assert_eq!(found[1]["subjects"], json!([project, "user-bob"]));
    assert_eq!(found[1]["after"]["level"], "VIEW");
}

/// Hidden projects leave a refusal in the log too, though the caller is told that there is nothing.
#[tokio::test]
async fn a_strangers_look_is_refused_and_told_nothing() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    bob.fails("/system/findAuditEvents", json!({ "project": project }), "ResourceNotFound").await;
    bob.fails("/system/findAuditEvents", json!({}), "PermissionDenied").await;
    alice.invite(&project, "bob", Level::Contribute).await;
    bob.fails("/system/findAuditEvents", json!({ "project": project }), "PermissionDenied").await;
}

/// F474: pages are exact and filters hold.
#[tokio::test]
async fn pages_and_filters_are_exact() {
    let world = World::new().await;
    let (alice, _bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    for level in [Level::View, Level::Upload, Level::Contribute, Level::Administer] {
        alice.invite(&project, "bob", level).await;
    }
    let whole = events(&alice, json!({ "project": project, "kind": "member.invited" })).await;
    assert_eq!(whole.len(), 4);
    let (mut walked, mut starting) = (Vec::new(), Value::Null);
    loop {
        let mut query = json!({ "project": project, "kind": "member.invited", "limit": 3 });
        if !starting.is_null() {
            query["starting"] = starting.clone();
        }
        let page = alice.ok("/system/findAuditEvents", query).await;
        walked.extend(page["results"].as_array().unwrap().clone());
        starting = page["next"].clone();
        if starting.is_null() {
            break;
        }
    }
    let places = |events: &[Value]| events.iter().map(|event| event["after"].clone()).collect::<Vec<_>>();
    assert_eq!(places(&walked), places(&whole));
    assert!(events(&alice, json!({ "project": project, "actor": "user-bob" })).await.is_empty());
    assert!(events(&alice, json!({ "project": project, "before": 1 })).await.is_empty());
}

/// The log verifies, and a changed, removed or added event is found.
#[tokio::test]
async fn nobody_rewrites_the_log_unseen() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    alice.invite(&project, "PUBLIC", Level::View).await;
    let app = world.app();
    app.fold_audit_log().await.unwrap();
    app.sign_checkpoint(0).await.unwrap();
    let verify = || async {
        let keys = vec![audit::TrustedKey::always(app.audit.key.public().clone())];
        app::audit_log::verify(&app.db, &app.audit.origin, keys, Vec::new()).await.unwrap()
    };
    assert!(verify().await.is_intact());
    app.db
        .write(|tx| {
            tx.execute(
                "update audit_event set body = replace(body, 'user-alice', 'user-mallo') where position = 2",
                params![],
            )?;
            Ok::<_, DbError>(())
        })
        .await
        .unwrap();
    let report = verify().await;
    assert!(!report.is_intact());
    assert_eq!(report.broken.map(|broken| broken.position), Some(2));
}
