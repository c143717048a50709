//! Making accounts for others: who may, how many, and what hold it gives.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::World;

fn new(handle: &str, org: &str) -> Value {
    json!({ "username": handle, "email": format!("{handle}@example.org"), "first": handle, "provisioningOrg": org })
}

/// F014: anybody makes an organisation, and nobody makes accounts by that: the operator lets an organisation do so, and may
/// end it together with the hold on the accounts that were made.
#[tokio::test]
async fn an_organisation_makes_accounts_when_the_operator_lets_it() {
    let world = World::new().await;
    let (root, eve) = (world.person("root", "ADMIN").await, world.user("eve").await);
    let lab = eve.ok("/org/new", json!({ "handle": "lab", "name": "Lab" })).await["id"].clone();
    let lab = lab.as_str().unwrap();
    let features = eve.describe(lab, &["features"]).await["features"].clone();
    assert_eq!((&features["provisioning"], &features["phi"]), (&json!(false), &json!(true)));
    let plain = json!({ "username": "ada", "email": "ada@example.org", "first": "Ada" });
    for input in [new("ada", lab), plain.clone()] {
        let message = eve.fails("/user/new", input, "PermissionDenied").await;
        assert!(message.contains("ask a platform administrator to switch it on"), "{message}");
    }
    assert_eq!(world.rows("select count(*) from account").await, 2);
    assert_eq!(world.rows("select count(*) from outbox").await, 0);

    let switch = |on: bool| json!({ "features": { "provisioning": on } });
    eve.fails(&format!("/{lab}/setFeatures"), switch(true), "PermissionDenied").await;
    root.ok(&format!("/{lab}/setFeatures"), switch(true)).await;
    eve.ok("/user/new", new("ada", lab)).await;
    // Whoever names none needs one that may, wherever it stands among others.
    for handle in ["aaa", "zzz"] {
        eve.ok("/org/new", json!({ "handle": handle, "name": "Other" })).await;
    }
    eve.ok("/user/new", json!({ "username": "cyd", "email": "cyd@example.org", "first": "Cyd" })).await;
    let help = json!({ "user_id": "user-ada", "org_id": lab });
    eve.ok("/user-ada/unlockUserAccount", help.clone()).await;
    root.ok(&format!("/{lab}/setFeatures"), switch(false)).await;
    eve.fails("/user-ada/unlockUserAccount", help, "PermissionDenied").await;
    eve.fails("/user/new", new("bob", lab), "PermissionDenied").await;
    eve.fails("/user/new", plain, "PermissionDenied").await;
    // The platform's administrators need no licence, for whomever they make it.
    root.ok("/user/new", new("bob", lab)).await;
}

/// Letters to people who never asked for one are few on one caller's word, whichever address they go to.
#[tokio::test]
async fn activation_links_are_counted_by_who_has_them_written() {
    let world = World::new().await;
    let (root, boss) = (world.person("root", "ADMIN").await, world.user("boss").await);
    let lab = world.org("lab", &["boss"]).await;
    for number in 0..50 {
        boss.ok("/user/new", new(&format!("a{number}x"), &lab)).await;
    }
    boss.fails("/user/new", new("late", &lab), "RateLimitConditional").await;
    let again = json!({ "usernameOrEmail": "a0x" });
    boss.fails("/account/resendActivationEmail", again, "RateLimitConditional").await;
    assert_eq!(world.rows("select count(*) from outbox").await, 50);
    root.ok("/user/new", new("urgent", &lab)).await;
    world.pass(Duration::from_secs(61));
    boss.ok("/user/new", new("late", &lab)).await;
}
