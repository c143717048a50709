//! Looking at what one may see for what one may not know.

use serde_json::json;
use wire::Level;

use crate::world::World;

/// Who is a member of a public project is nothing for the public; what it costs is for those who pay.
#[tokio::test]
async fn a_project_keeps_members_and_prices_to_itself() {
    let world = World::new().await;
    let (alice, bob, carol, eve) = (
        world.user("alice").await,
        world.user("bob").await,
        world.user("carol").await,
        world.user("eve").await,
    );
    let lab = world.org("lab", &["alice", "carol"]).await;
    let project = alice.billed_project("Trial", &lab).await;
    alice.invite(&project, "bob", Level::View).await;
    alice.invite(&project, "carol", Level::Administer).await;
    alice.invite(&project, "PUBLIC", Level::View).await;
    let fields = ["name", "permissions", "storageCost", "dataUsage"];
    for (who, client, members, price) in [
        ("alice", &alice, true, true),
        ("bob", &bob, true, false),
        ("carol", &carol, true, false),
        ("eve", &eve, false, false),
    ] {
        let seen = client.describe(&project, &fields).await;
        assert_eq!(seen["name"], "Trial", "{who}");
        assert!(seen.get("dataUsage").is_some(), "{who}");
        let told = ["permissions", "storageCost"].map(|field| seen.get(field).is_some());
        assert_eq!(told, [members, price], "{who}: {seen}");
    }
    eve.fails(&format!("/{project}/findMembers"), json!({}), "PermissionDenied").await;
    let address = format!("/{project}/describeAccess");
    eve.fails(&address, json!({ "user": "user-alice", "action": "data.view" }), "PermissionDenied").await;
}

/// What an organisation may spend is for those who spend it, and how many belong to it for its ADMINs.
#[tokio::test]
async fn an_organisation_keeps_its_money_to_itself() {
    let world = World::new().await;
    let (alice, bob, carol, eve) = (
        world.user("alice").await,
        world.user("bob").await,
        world.user("carol").await,
        world.user("eve").await,
    );
    let lab = world.org("lab", &["alice", "bob", "carol"]).await;
    let access = json!({ "user-carol": { "level": "MEMBER", "allowBillableActivities": true } });
    alice.ok(&format!("/{lab}/setMemberAccess"), access).await;
    let fields = ["name", "policies", "billingEnabled", "spendingLimit", "memberCount", "admins"];
    for (who, client, told) in [
        ("alice", &alice, [true, true, true, true, true]),
        ("carol", &carol, [true, true, true, false, false]),
        ("bob", &bob, [true, false, false, false, false]),
        ("eve", &eve, [false, false, false, false, false]),
    ] {
        let seen = client.describe(&lab, &fields).await;
        assert_eq!(seen["name"], "lab", "{who}");
        let is_told: Vec<bool> = fields[1..].iter().map(|field| seen.get(*field).is_some()).collect();
        assert_eq!(is_told, told, "{who}: {seen}");
    }
}
