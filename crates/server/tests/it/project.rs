//! Making, describing and sharing projects.

use serde_json::json;
use wire::Level;

use crate::world::World;

/// F097: a new project is private.
#[tokio::test]
async fn a_new_project_is_private_to_its_maker() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    let seen = alice.ok(&format!("/{project}/describe"), json!({ "permissions": true })).await;
    assert_eq!(seen["name"], "Trial");
    assert_eq!(seen["level"], "ADMINISTER");
    assert_eq!(seen["permissions"], json!({ "user-alice": "ADMINISTER" }));
    let refused = bob.fails(&format!("/{project}/describe"), json!({}), "ResourceNotFound").await;
    let absent = bob.fails("/project-012301230123012301230123/describe", json!({}), "ResourceNotFound").await;
    assert_eq!(refused.replace(&project, "X"), absent.replace("project-012301230123012301230123", "X"));
}

/// F102, F105: members are people and hold one of the levels.
#[tokio::test]
async fn an_invited_person_holds_the_level_at_once() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    alice.invite(&project, "bob", Level::View).await;
    let seen = bob.ok(&format!("/{project}/describe"), json!({})).await;
    assert_eq!(seen["level"], "VIEW");
    let message = bob
        .fails(
            &format!("/{project}/invite"),
            json!({ "invitee": "user-bob", "level": "CONTRIBUTE" }),
            "PermissionDenied",
        )
        .await;
    assert!(message.contains("ADMINISTER permission required"), "{message}");
}

/// The contract's words for callers without a good token.
#[tokio::test]
async fn tokens_are_asked_for_in_the_contracts_words() {
    let world = World::new().await;
    let message = world.anonymous().fails("/system/whoami", json!({}), "PermissionDenied").await;
    assert!(message.contains("token"), "{message}");
    let message =
        world.client(Some("expiredToken")).fails("/system/whoami", json!({}), "InvalidAuthentication").await;
    assert!(message.contains("The token could not be found"), "{message}");
}
