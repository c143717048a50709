//! Worlds from a file.

use serde_json::json;
use server::Config;

use crate::world::World;

/// The world of the public client's tests, as that client meets it.
#[tokio::test]
async fn the_world_of_the_clients_tests_holds_what_they_name() {
    let file: toml::Table = include_str!("../../../../tests/fixtures/dx-suite.toml").parse().unwrap();
    let settings = Config::from_table(file["server"].as_table().unwrap().clone()).unwrap();
    let mut fixture = file;
    fixture.remove("server");
    let world = World::with(|config| config.regions = settings.regions).await;
    let issued = world.add(fixture.try_into().unwrap()).await;
    let token = |name: &str| issued.iter().find(|token| token.name == name).unwrap().text.clone();
    let (alice, bob) = (world.client(Some(&token("first"))), world.client(Some(&token("second"))));
    let eve = world.client(Some("outside3"));

    assert_eq!(alice.ok("/system/whoami", json!({})).await["id"], "user-alice");
    assert_eq!(bob.ok("/system/whoami", json!({})).await["id"], "user-bob");
    assert_eq!(eve.ok("/system/whoami", json!({})).await["id"], "user-eve");

    let pinned = alice.ok("/project-0000000000000000000000pb/describe", json!({})).await;
    assert_eq!(pinned["billTo"], "org-piratelabs");
    assert_eq!(pinned["level"], "ADMINISTER");
    assert_eq!(pinned["region"], "aws:us-east-1");
    let public = eve.ok("/project-0000000000000000000000pb/describe", json!({})).await;
    assert_eq!(public["level"], "VIEW");
    assert_eq!(bob.ok("/project-000000000000000000000001/describe", json!({})).await["level"], "VIEW");
    bob.fails("/project-000000000000000000000002/describe", json!({}), "ResourceNotFound").await;
    let made = alice.ok("/project/new", json!({ "name": "Far", "region": "azure:westus" })).await;
    let made = alice.ok(&format!("/{}/describe", made["id"].as_str().unwrap()), json!({})).await;
    assert_eq!((&made["region"], &made["billTo"]), (&json!("azure:westus"), &json!("user-alice")));
}

/// A fixture goes in whole or not at all, and only into an empty server.
#[tokio::test]
async fn a_contradiction_leaves_nothing_behind_and_a_second_load_is_refused() {
    let world = World::new().await;
    let broken = "user = [{ handle = 'ada' }]\nproject = [{ name = 'P', members = { bert = 'ADMINISTER' } }]";
    let error = app::fixture::load(world.app(), toml::from_str(broken).unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("there is no user \"bert\""), "{error}");
    let good = "user = [{ handle = 'ada' }]";
    app::fixture::load(world.app(), toml::from_str(good).unwrap()).await.unwrap();
    let error =
        app::fixture::load(world.app(), toml::from_str("user = [{ handle = 'bert' }]").unwrap()).await;
    assert!(error.unwrap_err().to_string().contains("empty"));
}
