//! Filling somebody's letter box.

use serde_json::json;

use crate::world::{Client, World};

/// Invitations, however many, neither flood the letter box nor use up the letters that let somebody in again.
#[tokio::test]
async fn invitations_do_not_fill_a_letter_box() {
    let world = World::new().await;
    let (_victim, mallory) = (world.user("victim").await, world.user("mallory").await);
    let project = mallory.project("Spam").await;
    for _ in 0..40 {
        invite_and_remove(&mallory, &project).await;
    }
    let written = "select count(*) from outbox where kind = 'mail'";
    assert_eq!(world.rows(written).await, 20);
    let asked = json!({ "usernameOrEmail": "victim" });
    world.anonymous().ok("/account/requestPasswordReset", asked).await;
    assert_eq!(world.rows(written).await, 21);
    world.pass(std::time::Duration::from_secs(3601));
    invite_and_remove(&mallory, &project).await;
    assert_eq!(world.rows(written).await, 22);
}

async fn invite_and_remove(client: &Client, project: &str) {
    client.ok(&format!("/{project}/invite"), json!({ "invitee": "victim", "level": "VIEW" })).await;
    client.ok(&format!("/{project}/decreasePermissions"), json!({ "user-victim": null })).await;
}
