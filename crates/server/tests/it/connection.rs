//! What every answer carries, and the methods that test a client's patience.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn every_answer_has_its_own_request_id_and_says_nosniff() {
    let world = World::new().await;
    let mut seen = std::collections::BTreeSet::new();
    for path in
        ["/system/headers", "/system/whoami", "/does_not_exist/invite", "/project-эксперимент/describe"]
    {
        let answer = world.anonymous().post(path, json!({})).await;
        let id = answer.headers["x-request-id"].to_str().unwrap().to_owned();
        let (time, count) = id.split_once('-').unwrap();
        assert!(time.len() == 13 && (1..=6).contains(&count.len()), "{id}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["content-type"], "application/json");
        assert!(seen.insert(id), "a request id was used twice");
    }
}

#[tokio::test]
async fn unknown_routes_are_not_found() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    for path in
        ["/does_not_exist/invite", "/project-эксперимент/describe", "/system/nothing", "/", "/a/b/c/d"]
    {
        alice.fails(path, json!({}), "ResourceNotFound").await;
    }
}

#[tokio::test]
async fn headers_come_back_in_lower_case() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let headers = alice.ok("/system/headers", json!({})).await;
    assert_eq!(headers["content-type"], "application/json");
}

#[tokio::test]
async fn who_asks_to_wait_is_turned_away_until_then() {
    let world = World::new().await;
    let anyone = world.anonymous();
    let now = anyone.ok("/system/comeBackLater", json!({})).await["currentTime"].as_i64().unwrap();
    let later = now + 3_600_000;
    let answer = anyone.post("/system/comeBackLater", json!({ "waitUntil": later })).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.headers["retry-after"], "2");
    let answer =
        anyone.post("/system/comeBackLater", json!({ "waitUntil": later, "setRetryAfter": false })).await;
    assert_eq!(answer.status, 503);
    assert!(!answer.headers.contains_key("retry-after"));
    anyone.ok("/system/comeBackLater", json!({ "waitUntil": now })).await;
}
