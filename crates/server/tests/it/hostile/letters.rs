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

/// Nor does an ADMIN who lets themselves in and leaves, again and again; those letters are counted apart, so that nobody
/// comes in unseen behind many invitations.
#[tokio::test]
async fn joining_again_and_again_does_not_fill_a_letter_box() {
    let world = World::new().await;
    let (victim, boss) = (world.user("victim").await, world.user("boss").await);
    let lab = world.org("lab", &["boss", "victim"]).await;
    let may_bill = json!({ "user-victim": { "level": "MEMBER", "allowBillableActivities": true } });
    boss.ok(&format!("/{lab}/setMemberAccess"), may_bill).await;
    let paid = victim.billed_project("Paid", &lab).await;
    let spam = boss.project("Spam").await;
    for _ in 0..30 {
        invite_and_remove(&boss, &spam).await;
    }
    let written = "select count(*) from outbox where kind = 'mail'";
    let before = world.rows(written).await;
    for _ in 0..30 {
        boss.ok(&format!("/{paid}/join"), json!({})).await;
        boss.ok(&format!("/{paid}/leave"), json!({})).await;
    }
    assert_eq!(world.rows(written).await - before, 20);
    let told = "select count(*) from notification where kind = 'project.selfInvite'";
    assert_eq!(world.rows(told).await, 30);
}

async fn invite_and_remove(client: &Client, project: &str) {
    client.ok(&format!("/{project}/invite"), json!({ "invitee": "victim", "level": "VIEW" })).await;
    client.ok(&format!("/{project}/decreasePermissions"), json!({ "user-victim": null })).await;
}
