//! Two calls at the same time, many times over, on both databases: the end is as if one came after the other (design 4, 5).
//!
//! PostgreSQL would let most of these through at read committed, and those in `skew` also at repeatable read. From round to
//! round one call starts a little before or after the other.

mod files;
mod skew;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use store::db::{DbKind, params};
use wire::Level;

use crate::world::{Answer, Client, World};

/// How often each race is run.
const ROUNDS: i64 = 12;

/// Makes a test for each database of an `async fn(world: &World)`.
macro_rules! on_both_databases {
    ($($(#[$doc:meta])* async fn $name:ident($world:ident: &World) $body:block)+) => {$(
        $(#[$doc])*
        mod $name {
            use super::*;

            async fn race($world: &World) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let world = World::on(DbKind::Sqlite).await;
                Box::pin(race(&world)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let world = World::on(DbKind::Postgres).await;
                Box::pin(race(&world)).await;
            }
        }
    )+};
}
use on_both_databases;

/// Runs two futures at the same time. Which starts first, and how much, goes round with the rounds.
async fn at_once<A: Send + 'static, B: Send + 'static>(
    round: i64,
    one: impl Future<Output = A> + Send + 'static,
    two: impl Future<Output = B> + Send + 'static,
) -> (A, B) {
    // Between 3 ms before and 3 ms after.
    let lead = round % 7 - 3;
    let wait = |ms: i64| tokio::time::sleep(Duration::from_millis(u64::try_from(ms.max(0)).unwrap()));
    let one = tokio::spawn(async move {
        wait(lead).await;
        one.await
    });
    let two = tokio::spawn(async move {
        wait(-lead).await;
        two.await
    });
    (one.await.unwrap(), two.await.unwrap())
}

/// A call, to be awaited elsewhere.
fn call(client: &Client, path: String, input: Value) -> impl Future<Output = Answer> + Send + use<> {
    let client = client.clone();
    async move { client.post(&path, input).await }
}

async fn levels(client: &Client, project: &str) -> Value {
    client.describe(project, &["permissions"]).await["permissions"].clone()
}

on_both_databases! {
    /// The last two administrators of a project that one person pays for cannot both go, however close together they call.
    async fn two_administrators_leave(world: &World) {
        let owner = world.user("owner").await;
        let lab = world.org("lab", &["owner"]).await;
        let (alice, bob) = (world.user("alice").await, world.user("bob").await);
        for round in 0..ROUNDS {
            // Paid by the owner, who holds ADMINISTER through an organisation alone: a state that no call makes, and
            // where only the rule about the last administrator stands.
            let project = owner.project(&format!("Round {round}")).await;
            owner.invite(&project, &lab, Level::Administer).await;
            owner.invite(&project, "alice", Level::Administer).await;
            owner.invite(&project, "bob", Level::Administer).await;
            remove_entry(world, &project, "user-owner").await;
            let leave = |client: &Client| call(client, format!("/{project}/leave"), json!({}));
            let (one, two) = at_once(round, leave(&alice), leave(&bob)).await;
            let mut statuses = [one.status, two.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 422], "round {round}: {} {}", one.body, two.body);
            let left = levels(&owner, &project).await;
            assert_eq!(left.as_object().unwrap().len(), 2, "round {round}: {left}");
        }
    }

    /// What is written while access is revoked is written wholly or refused; what is asked for afterwards is refused.
    async fn revoke_while_writing(world: &World) {
        let (alice, bob) = (world.user("alice").await, world.user("bob").await);
        for round in 0..ROUNDS {
            let project = alice.project(&format!("Round {round}")).await;
            alice.invite(&project, "bob", Level::Contribute).await;
            let revoked = Arc::new(AtomicBool::new(false));
            let writing = {
                let (bob, project, revoked) = (bob.clone(), project.clone(), Arc::clone(&revoked));
                async move {
                    // Until the first refusal, and a little further.
                    let (mut written, mut refused) = (Vec::new(), 0);
                    while refused < 3 {
                        let late = revoked.load(Ordering::SeqCst);
                        let answer = bob.post("/record/new", json!({ "project": project, "tags": ["t"] })).await;
                        match answer.status {
                            200 => {
                                assert!(!late, "round {round}: asked for after the revocation, and written");
                                assert_eq!(refused, 0, "round {round}: written after a refusal");
                                written.push(answer.body["id"].as_str().unwrap().to_owned());
                            }
                            404 => refused += 1,
                            other => panic!("round {round}: {other} {}", answer.body),
                        }
                    }
                    written
                }
            };
            let revoke = call(&alice, format!("/{project}/decreasePermissions"), json!({ "user-bob": null }));
            let revoke = async move {
                let answer = revoke.await;
                revoked.store(true, Ordering::SeqCst);
                answer
            };
            let (mut written, answer) = at_once(round, writing, revoke).await;
            assert_eq!(answer.status, 200, "round {round}: {}", answer.body);
            let mut there = alice.ids_in(&project, "/").await;
            written.sort();
            there.sort();
            assert_eq!(there, written, "round {round}");
            let made = format!("select count(*) from audit_event where action = 'object.made' and project = '{project}'");
            assert_eq!(world.rows(made.leak()).await, i64::try_from(written.len()).unwrap(), "round {round}");
        }
    }

    /// Two invitations of one person leave one entry, of the higher level (F102).
    async fn two_invitations(world: &World) {
        let (alice, carol) = (world.user("alice").await, world.user("carol").await);
        world.user("bob").await;
        for round in 0..ROUNDS {
            let project = alice.project(&format!("Round {round}")).await;
            alice.invite(&project, "carol", Level::Administer).await;
            let invite = |client: &Client, level: &str| {
                call(client, format!("/{project}/invite"), json!({ "invitee": "bob", "level": level }))
            };
            let (one, two) = at_once(round, invite(&alice, "VIEW"), invite(&carol, "CONTRIBUTE")).await;
            assert_eq!((one.status, two.status), (200, 200), "round {round}: {} {}", one.body, two.body);
            assert_eq!(levels(&alice, &project).await["user-bob"], "CONTRIBUTE", "round {round}");
        }
        let entries = "select count(*) from project_grant where principal = 'user-bob'";
        assert_eq!(world.rows(entries).await, ROUNDS);
    }

    /// Of two folders that are moved into one another, one lies in the other at the end, and neither is lost.
    async fn two_folders_into_each_other(world: &World) {
        let alice = world.user("alice").await;
        for round in 0..ROUNDS {
            let project = alice.project(&format!("Round {round}")).await;
            for folder in ["/a", "/b"] {
                alice.ok(&format!("/{project}/newFolder"), json!({ "folder": folder })).await;
            }
            let put = |folder, destination| {
                let input = json!({ "objects": [], "folders": [folder], "destination": destination });
                call(&alice, format!("/{project}/move"), input)
            };
            let (one, two) = at_once(round, put("/a", "/b"), put("/b", "/a")).await;
            let folders = alice.describe(&project, &["folders"]).await["folders"].clone();
            match (one.status, two.status) {
                (200, 404) => assert_eq!(folders, json!(["/", "/b", "/b/a"]), "round {round}"),
                (404, 200) => assert_eq!(folders, json!(["/", "/a", "/a/b"]), "round {round}"),
                _ => panic!("round {round}: {} {}; {folders}", one.body, two.body),
            }
        }
    }

    /// Two calls with one nonce make one thing, and both are told of it (F025).
    async fn one_nonce_twice(world: &World) {
        let alice = world.user("alice").await;
        let project = alice.project("Trial").await;
        for round in 0..ROUNDS {
            let input = json!({ "project": project, "nonce": format!("round {round}") });
            let make = || call(&alice, "/record/new".to_owned(), input.clone());
            let (one, two) = at_once(round, make(), make()).await;
            assert_eq!((one.status, two.status), (200, 200), "round {round}: {} {}", one.body, two.body);
            assert_eq!(one.body, two.body, "round {round}");
        }
        assert_eq!(world.rows("select count(*) from object").await, ROUNDS);
    }
}

async fn remove_entry(world: &World, project: &str, principal: &'static str) {
    let project = project.to_owned();
    world
        .app()
        .db
        .write(move |tx| {
            tx.execute(
                "delete from project_grant where principal = $2 and project = (select key from project where id = $1)",
                params![project.as_str(), principal],
            )
        })
        .await
        .unwrap();
}
