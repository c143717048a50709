//! Races of two calls that write to different rows, each of which the other has looked at: PostgreSQL lets both through at
//! every level below serializable.

use serde_json::json;
use store::db::DbKind;

use super::{ROUNDS, at_once, call, on_both_databases};
use crate::world::World;

/// Objects that take a call some time.
const MANY: i64 = 60;

on_both_databases! {
    /// The last two ADMINs of an organisation cannot both go (F030).
    async fn two_admins_leave_an_organisation(world: &World) {
        let (alice, bob) = (world.user("alice").await, world.user("bob").await);
        for round in 0..ROUNDS {
            let lab = world.org(&format!("lab{round}"), &["alice", "bob"]).await;
            let access = json!({ "user-bob": { "level": "ADMIN" } });
            alice.ok(&format!("/{lab}/setMemberAccess"), access).await;
            let leave = |client, user: &str| call(client, format!("/{lab}/removeMember"), json!({ "user": user }));
            let (one, two) = at_once(round, leave(&alice, "user-alice"), leave(&bob, "user-bob")).await;
            let mut statuses = [one.status, two.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 422], "round {round}: {} {}", one.body, two.body);
        }
        let members = "select count(*) from org_member where level = 'ADMIN'";
        assert_eq!(world.rows(members).await, ROUNDS);
    }

    /// The last two administrators of a server cannot both become something else (F001).
    async fn two_administrators_of_the_server_step_down(world: &World) {
        let (alice, bob) = (world.person("alice", "ADMIN").await, world.person("bob", "ADMIN").await);
        for round in 0..ROUNDS {
            let step_down = |client, user: &str| {
                call(client, format!("/user-{user}/setKind"), json!({ "kind": "STANDARD" }))
            };
            let (one, two) = at_once(round, step_down(&alice, "alice"), step_down(&bob, "bob")).await;
            let mut statuses = [one.status, two.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 422], "round {round}: {} {}", one.body, two.body);
            let (left, gone) = if one.status == 200 { (&bob, "alice") } else { (&alice, "bob") };
            left.ok(&format!("/user-{gone}/setKind"), json!({ "kind": "ADMIN" })).await;
        }
    }

    /// What comes into a project while it is destroyed goes with it, or does not come.
    async fn destroy_while_filling(world: &World) {
        let alice = world.user("alice").await;
        let source = alice.project("Source").await;
        // So many that the project is destroyed in the middle of the call.
        let mut many = Vec::new();
        for _ in 0..MANY {
            let made = alice.ok("/record/new", json!({ "project": source, "close": true })).await;
            many.push(made["id"].as_str().unwrap().to_owned());
        }
        for round in 0..ROUNDS {
            let project = alice.project(&format!("Round {round}")).await;
            let fill = json!({ "objects": many, "project": project });
            let fill = call(&alice, format!("/{source}/clone"), fill);
            let destroy = call(&alice, format!("/{project}/destroy"), json!({}));
            let (filled, destroyed) = at_once(round, fill, destroy).await;
            assert_eq!(destroyed.status, 200, "round {round}: {}", destroyed.body);
            assert!(matches!(filled.status, 200 | 404), "round {round}: {}", filled.body);
        }
        world.settled().await;
        for rows in ["select count(*) from object", "select count(*) from placement"] {
            assert_eq!(world.rows(rows).await, MANY, "{rows}");
        }
        assert_eq!(world.rows("select count(*) from folder").await, 1);
    }
}
