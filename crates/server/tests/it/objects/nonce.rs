//! Creations that are repeated (F025, invariant 37).

use std::collections::HashSet;
use std::time::Duration;

use serde_json::json;
use wire::Level;
use wire::user::TokenScope;

use super::applet::spec_with;
use crate::world::World;

const KEPT: Duration = Duration::from_secs(60 * 60);
const REUSED: &str = "Nonce was reused for an earlier API request that had a different input";

/// F025: the same call gets the same answer and does nothing more.
#[tokio::test]
async fn the_same_call_is_answered_again() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    for route in ["/record/new", "/file/new"] {
        let input = json!({ "project": project, "name": "once", "nonce": "n1" });
        let reordered = json!({ "nonce": "n1", "name": "once", "project": project });
        let first = alice.ok(route, input.clone()).await;
        assert_eq!(alice.ok(route, input).await, first);
        assert_eq!(alice.ok(route, reordered).await, first);
        let message = alice
            .fails(route, json!({ "project": project, "name": "other", "nonce": "n1" }), "InvalidInput")
            .await;
        assert_eq!(message, REUSED);
    }
    let listed = alice.ok(&format!("/{project}/listFolder"), json!({})).await;
    assert_eq!(listed["objects"].as_array().unwrap().len(), 2, "one record and one file");
}

/// F025: a nonce is one caller's word for one route; without one every call counts.
#[tokio::test]
async fn nonces_of_others_and_other_routes_do_not_meet() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (mine, theirs) = (alice.project("Trial").await, bob.project("Trial").await);
    let mut made = HashSet::new();
    for (client, route, project, nonce) in [
        (&alice, "/record/new", &mine, json!("n")),
        (&bob, "/record/new", &theirs, json!("n")),
        (&alice, "/file/new", &mine, json!("n")),
        (&alice, "/record/new", &mine, json!("m")),
        (&alice, "/record/new", &mine, json!("")),
        (&alice, "/record/new", &mine, json!("")),
        (&alice, "/record/new", &mine, json!(null)),
        (&alice, "/record/new", &mine, json!(null)),
    ] {
        let answer = client.ok(route, json!({ "project": project, "nonce": nonce })).await;
        assert!(made.insert(answer["id"].to_string()), "{answer} was made twice");
    }
}

/// F025: a call that failed stores nothing, so its nonce is still free.
#[tokio::test]
async fn a_failed_call_keeps_its_nonce_free() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    alice
        .fails(
            "/record/new",
            json!({ "project": project, "folder": "/none", "nonce": "n" }),
            "ResourceNotFound",
        )
        .await;
    alice.ok("/record/new", json!({ "project": project, "folder": "/", "nonce": "n" })).await;
}

/// Invariant 37: twins that run at the same time are answered alike, with one effect.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twins_get_one_answer() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    for round in 0..5 {
        let input = json!({ "project": project, "nonce": format!("round {round}") });
        let calls = (0..12).map(|_| {
            let (alice, input) = (alice.clone(), input.clone());
            tokio::spawn(async move { alice.post("/record/new", input).await })
        });
        let mut answers = HashSet::new();
        for call in calls.collect::<Vec<_>>() {
            let answer = call.await.unwrap();
            assert_eq!(answer.status, 200, "{}", answer.body);
            answers.insert(answer.body.to_string());
        }
        assert_eq!(answers.len(), 1, "{answers:?}");
    }
    let listed = alice.ok(&format!("/{project}/listFolder"), json!({})).await;
    assert_eq!(listed["objects"].as_array().unwrap().len(), 5);
}

/// F025: answers outlive the server.
#[tokio::test]
async fn an_answer_outlives_a_restart() {
    let mut world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let input = json!({ "project": project, "nonce": "n" });
    let first = alice.ok("/record/new", input.clone()).await;
    world.restart().await;
    assert_eq!(alice.ok("/record/new", input).await, first);
}

/// F025: an hour later the nonce may be used anew, also when what expired was not removed yet.
#[tokio::test]
async fn an_answer_is_kept_for_an_hour() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let input = json!({ "project": project, "nonce": "n" });
    let first = alice.ok("/record/new", input.clone()).await;
    world.pass(KEPT - Duration::from_secs(60));
    world.app().forget_nonces().await.unwrap();
    assert_eq!(alice.ok("/record/new", input.clone()).await, first);
    world.pass(Duration::from_secs(120));
    let second = alice.ok("/record/new", input.clone()).await;
    assert_ne!(second, first);
    assert_eq!(alice.ok("/record/new", input.clone()).await, second);
    world.pass(KEPT + Duration::from_secs(60));
    world.app().forget_nonces().await.unwrap();
    // Were the old answer still there, a clock that is put right would find it again.
    world.turn_back(KEPT);
    let third = alice.ok("/record/new", input).await;
    assert_ne!(third, second);
}

/// F025, promise 4: a stored answer is for whoever may still make what it tells of. Whoever lost the project, or the level, or
/// calls with a token that does not reach it, is refused as by a fresh call, and an earlier answer comes back with the access.
#[tokio::test]
async fn an_answer_is_not_repeated_to_who_lost_access() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (project, other) = (alice.project("Trial").await, bob.project("Other").await);
    alice.invite(&project, "bob", Level::Contribute).await;
    let calls = [
        ("/record/new", json!({ "project": project, "nonce": "n" })),
        ("/file/new", json!({ "project": project, "nonce": "n" })),
        ("/applet/new", spec_with(&project, json!({ "nonce": "n" }), json!({}))),
    ];
    let mut first = Vec::new();
    for (route, input) in &calls {
        first.push(bob.ok(route, input.clone()).await);
    }
    let elsewhere = TokenScope::Projects { projects: [(other, Level::Administer)].into() };
    let elsewhere = world.scoped("bob", elsewhere).await;
    let level = |level: &str| json!({ "user-bob": level });
    let lower = format!("/{project}/decreasePermissions");
    alice.ok(&lower, level("VIEW")).await;
    for (route, input) in &calls {
        bob.fails(route, input.clone(), "PermissionDenied").await;
    }
    alice.ok(&lower, level("NONE")).await;
    for (route, input) in &calls {
        bob.fails(route, input.clone(), "ResourceNotFound").await;
    }
    alice.invite(&project, "bob", Level::Contribute).await;
    for ((route, input), first) in calls.iter().zip(first) {
        elsewhere.fails(route, input.clone(), "ResourceNotFound").await;
        assert_eq!(bob.ok(route, input.clone()).await, first, "{route}");
    }
    let made = json!({ "handle": "labs", "name": "Labs", "nonce": "n" });
    bob.ok("/org/new", made.clone()).await;
    elsewhere.fails("/org/new", made, "PermissionDenied").await;
}
