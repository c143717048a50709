//! Members of projects: inviting, lowering, leaving, listing and explaining.

mod explained;

use serde_json::{Value, json};
use wire::Level;
use wire::user::TokenScope;

use crate::world::{Client, World};

async fn levels(client: &Client, project: &str) -> Value {
    client.describe(project, &["permissions"]).await["permissions"].clone()
}

/// F102, F105: an invitation gives at once and never lowers.
#[tokio::test]
async fn invitations_only_raise() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("Bob").await);
    let lab = world.org("lab", &["alice"]).await;
    let project = alice.project("Trial").await;
    let invite = format!("/{project}/invite");
    for (invitee, level, holds) in [
        ("user-bob", "UPLOAD", "UPLOAD"),
        ("BOB", "VIEW", "UPLOAD"),
        ("bob@EXAMPLE.org", "CONTRIBUTE", "CONTRIBUTE"),
        ("bob", "CONTRIBUTE", "CONTRIBUTE"),
    ] {
        let answer = alice.ok(&invite, json!({ "invitee": invitee, "level": level })).await;
        assert_eq!(answer, json!({ "id": project, "state": "accepted" }));
        assert_eq!(levels(&alice, &project).await["user-bob"], holds);
    }
    alice.ok(&invite, json!({ "invitee": lab, "level": "VIEW" })).await;
    alice.ok(&invite, json!({ "invitee": "PUBLIC" })).await;
    assert_eq!(
        levels(&alice, &project).await,
        json!({ "PUBLIC": "VIEW", "org-lab": "VIEW", "user-alice": "ADMINISTER", "user-bob": "CONTRIBUTE" })
    );
    for unknown in ["Ψ", "nobody", "user-nobody", "org-nothing", "nobody@example.com"] {
        alice.fails(&invite, json!({ "invitee": unknown }), "ResourceNotFound").await;
    }
    for level in ["NONE", "view", "OWNER", ""] {
        alice.fails(&invite, json!({ "invitee": "bob", "level": level }), "InvalidInput").await;
    }
    alice.fails(&invite, json!({ "invitee": "PUBLIC", "level": "UPLOAD" }), "InvalidInput").await;
    bob.fails(&invite, json!({ "invitee": "PUBLIC" }), "PermissionDenied").await;
    for route in ["acceptInvite", "declineInvite"] {
        bob.fails(&format!("/{project}/{route}"), json!({}), "InvalidState").await;
    }
}

/// F103: what is taken away is gone at once; unknown names change nothing.
#[tokio::test]
async fn decreasing_only_lowers() {
    let world = World::new().await;
    let (alice, bob, carol) = (world.user("alice").await, world.user("bob").await, world.user("carol").await);
    let project = alice.project("Trial").await;
    alice.invite(&project, "bob", Level::Contribute).await;
    alice.invite(&project, "carol", Level::View).await;
    alice.invite(&project, "PUBLIC", Level::View).await;
    let decrease = format!("/{project}/decreasePermissions");
    bob.fails(&decrease, json!({ "user-carol": null }), "PermissionDenied").await;
    let mixed = json!({ "user-carol": null, "user-nobody": null });
    alice.fails(&decrease, mixed, "ResourceNotFound").await;
    assert_eq!(levels(&alice, &project).await["user-carol"], "VIEW");
    let change = json!({ "user-bob": "UPLOAD", "user-carol": "CONTRIBUTE", "org-lab": null });
    alice.fails(&decrease, change, "ResourceNotFound").await;
    world.org("lab", &["alice"]).await;
    let change = json!({ "user-bob": "UPLOAD", "user-carol": "CONTRIBUTE", "org-lab": null });
    assert_eq!(alice.ok(&decrease, change).await, json!({ "id": project }));
    assert_eq!(
        levels(&alice, &project).await,
        json!({ "PUBLIC": "VIEW", "user-alice": "ADMINISTER", "user-bob": "UPLOAD", "user-carol": "VIEW" })
    );
    alice.ok(&decrease, json!({ "PUBLIC": null, "carol": null, "bob@example.org": null })).await;
    assert_eq!(levels(&alice, &project).await, json!({ "user-alice": "ADMINISTER" }));
    for client in [&bob, &carol] {
        client.fails(&format!("/{project}/describe"), json!({}), "ResourceNotFound").await;
    }
    alice.fails(&decrease, json!({ "user-bob": "HIGH" }), "InvalidInput").await;
    alice.ok(&decrease, json!({})).await;
}

/// The person who pays stays an administrator (contract 5.4); so does somebody, in a project that a person pays for.
#[tokio::test]
async fn somebody_always_administers() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let own = alice.project("Own").await;
    alice.invite(&own, "bob", Level::Administer).await;
    for (client, body) in [(&alice, json!({ "user-alice": "VIEW" })), (&bob, json!({ "user-alice": null }))] {
        client.fails(&format!("/{own}/decreasePermissions"), body, "PermissionDenied").await;
    }
    alice.fails(&format!("/{own}/leave"), json!({}), "PermissionDenied").await;
    bob.ok(&format!("/{own}/leave"), json!({})).await;
    assert_eq!(levels(&alice, &own).await, json!({ "user-alice": "ADMINISTER" }));

    // An organisation's ADMINs can let themselves in again.
    let lab = world.org("lab", &["alice"]).await;
    let billed = alice.billed_project("Billed", &lab).await;
    alice.ok(&format!("/{billed}/leave"), json!({})).await;
    assert_eq!(alice.describe(&billed, &["level"]).await["level"], "NONE");
    alice.fails(&format!("/{billed}/leave"), json!({}), "InvalidState").await;
}

/// F473: each change of a member, also a leaving, stands in the log with the rule that allowed it and what was held.
#[tokio::test]
async fn every_loss_of_access_names_its_rule() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    world.user("carol").await;
    let project = alice.project("Trial").await;
    alice.invite(&project, "bob", Level::Contribute).await;
    alice.invite(&project, "carol", Level::Upload).await;
    let lower = json!({ "user-bob": "VIEW", "user-carol": null });
    alice.ok(&format!("/{project}/decreasePermissions"), lower).await;
    bob.ok(&format!("/{project}/leave"), json!({})).await;
    let events = alice.ok("/system/findAuditEvents", json!({ "project": project })).await;
    let mut told: Vec<Value> = events["results"].as_array().unwrap()[..3]
        .iter()
        .map(|event| json!([event["action"], event["subjects"][1], event["before"]["level"], event["rule"]]))
        .collect();
    told.sort_by_key(Value::to_string);
    assert_eq!(
        json!(told),
        json!([
            ["member.decreased", "user-bob", "CONTRIBUTE", "grant.direct"],
            ["member.decreased", "user-carol", "UPLOAD", "grant.direct"],
            ["member.left", "user-bob", "VIEW", "grant.direct"],
        ])
    );
}

/// Leaving ends the own entry alone.
#[tokio::test]
async fn what_comes_through_an_organisation_stays_after_leaving() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let lab = world.org("lab", &["alice", "bob"]).await;
    let project = alice.project("Trial").await;
    alice.invite(&project, "bob", Level::Contribute).await;
    alice.invite(&project, &lab, Level::Upload).await;
    bob.ok(&format!("/{project}/leave"), json!({})).await;
    assert_eq!(bob.describe(&project, &["level"]).await["level"], "UPLOAD");
    bob.fails(&format!("/{project}/leave"), json!({}), "InvalidState").await;
}

/// A Read-Only user is given View at most, whoever invites.
#[tokio::test]
async fn read_only_users_are_invited_to_view() {
    let world = World::new().await;
    let (alice, eve) = (world.user("alice").await, world.person("eve", "READ_ONLY").await);
    let project = alice.project("Trial").await;
    let invite = format!("/{project}/invite");
    alice.fails(&invite, json!({ "invitee": "eve", "level": "UPLOAD" }), "InvalidInput").await;
    alice.ok(&invite, json!({ "invitee": "eve", "level": "VIEW" })).await;
    assert_eq!(eve.describe(&project, &["level", "name"]).await["level"], "NONE");
    eve.fails("/project/new", json!({ "name": "Mine" }), "PermissionDenied").await;
}

/// An ADMIN of the paying organisation lets themselves in, on record and seen by the project's administrators.
#[tokio::test]
async fn admins_of_the_payer_let_themselves_in() {
    let world = World::new().await;
    let (boss, alice, bob) = (world.user("boss").await, world.user("alice").await, world.user("bob").await);
    let lab = world.org("lab", &["boss", "alice", "bob"]).await;
    let access = json!({ "user-alice": { "level": "MEMBER", "allowBillableActivities": true } });
    boss.ok(&format!("/{lab}/setMemberAccess"), access).await;
    let project = alice.billed_project("Trial", &lab).await;
    let invite = format!("/{project}/invite");
    // A MEMBER of the payer is nobody in the project; an ADMIN sees that it exists and who is in it, and no more.
    bob.fails(&invite, json!({ "invitee": "bob" }), "ResourceNotFound").await;
    let seen = boss.describe(&project, &["level", "permissions", "folders", "dataUsage"]).await;
    assert_eq!(seen["level"], "NONE");
    assert_eq!(seen["permissions"], json!({ "user-alice": "ADMINISTER" }));
    assert_eq!(seen["dataUsage"], json!(0.0));
    assert!(seen.get("folders").is_none());
    boss.fails(&format!("/{project}/listFolder"), json!({}), "PermissionDenied").await;
    // A token that does not reach ADMINISTER does not let its owner in.
    let scope = TokenScope::Projects { projects: [("*".to_owned(), Level::Contribute)].into() };
    let weak = world.scoped("boss", scope).await;
    weak.fails(&invite, json!({ "invitee": "boss" }), "PermissionDenied").await;

    boss.ok(&invite, json!({ "invitee": "user-boss", "suppressAllNotifications": true })).await;
    assert_eq!(levels(&alice, &project).await["user-boss"], "ADMINISTER");
    assert_eq!(notified(&world).await, ["user-alice project.selfInvite"]);
    let events = alice
        .ok("/system/findAuditEvents", json!({ "project": project, "kind": "member.selfInvited" }))
        .await;
    assert_eq!(events["results"].as_array().unwrap().len(), 1, "{events}");
    // `join` is the older word for it; who holds as much already keeps it.
    let join = format!("/{project}/join");
    alice.ok(&format!("/{project}/decreasePermissions"), json!({ "user-boss": "VIEW" })).await;
    weak.fails(&join, json!({ "level": "ADMINISTER" }), "PermissionDenied").await;
    bob.fails(&join, json!({ "level": "VIEW" }), "ResourceNotFound").await;
    assert_eq!(boss.ok(&join, json!({ "level": "CONTRIBUTE" })).await, json!({ "id": project }));
    assert_eq!(levels(&alice, &project).await["user-boss"], "CONTRIBUTE");
    alice.ok(&join, json!({ "level": "VIEW" })).await;
    assert_eq!(levels(&alice, &project).await["user-alice"], "ADMINISTER");
    // Nobody raises their own entry otherwise.
    let other = alice.project("Other").await;
    alice.invite(&other, "bob", Level::View).await;
    bob.fails(
        &format!("/{other}/invite"),
        json!({ "invitee": "bob", "level": "UPLOAD" }),
        "PermissionDenied",
    )
    .await;
}

/// What people were told, as `user kind`.
async fn notified(world: &World) -> Vec<String> {
    let rows = world.app().db.read(|tx| {
        tx.query(
            "select a.id, n.kind from notification n join account a on a.key = n.account order by n.key",
            store::params![],
        )
    });
    let rows: Vec<store::db::Row> = rows.await.unwrap();
    rows.iter()
        .map(|row| format!("{} {}", row.get::<String>(0).unwrap(), row.get::<String>(1).unwrap()))
        .collect()
}

/// How many letters wait or went out.
async fn letters(world: &World) -> i64 {
    let count =
        world.app().db.read(|tx| tx.query_one("select count(*) from outbox", store::params![])?.get(0));
    count.await.unwrap()
}

/// Invitees are told, unless the inviter says otherwise.
#[tokio::test]
async fn invitees_are_told_once() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    for name in ["bob", "carol", "dave"] {
        world.user(name).await;
    }
    let project = alice.project("Trial").await;
    let invite = format!("/{project}/invite");
    alice.ok(&invite, json!({ "invitee": "bob" })).await;
    assert_eq!(
        (notified(&world).await, letters(&world).await),
        (vec!["user-bob project.invite".to_owned()], 1)
    );
    alice.ok(&invite, json!({ "invitee": "bob" })).await;
    alice.ok(&invite, json!({ "invitee": "PUBLIC" })).await;
    assert_eq!((notified(&world).await.len(), letters(&world).await), (1, 1));
    alice.ok(&invite, json!({ "invitee": "carol", "suppressEmailNotification": true })).await;
    assert_eq!((notified(&world).await.len(), letters(&world).await), (2, 1));
    alice.ok(&invite, json!({ "invitee": "dave", "suppressAllNotifications": true })).await;
    assert_eq!((notified(&world).await.len(), letters(&world).await), (2, 1));
}

/// Who may see the members sees all that their entries give.
#[tokio::test]
async fn the_team_is_listed_in_pages() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    alice.invite(&project, "bob", Level::View).await;
    alice.invite(&project, "PUBLIC", Level::View).await;
    let find = format!("/{project}/findMembers");
    let first = bob.ok(&find, json!({ "limit": 2 })).await;
    let ids: Vec<&str> =
        first["results"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["PUBLIC", "user-alice"]);
    let rest = bob.ok(&find, json!({ "limit": 2, "starting": first["next"] })).await;
    assert_eq!((&rest["results"][0]["id"], &rest["next"]), (&json!("user-bob"), &json!(null)));
    let row = &rest["results"][0];
    assert_eq!(
        (&row["level"], &row["preset"], &row["kind"], &row["grantedBy"]),
        (&json!("VIEW"), &json!("VIEW"), &json!("user"), &json!("user-alice"))
    );
    assert!(row["capabilities"].as_array().unwrap().contains(&json!("data.view")));
    let one = bob.ok(&find, json!({ "principal": "alice" })).await;
    assert_eq!(one["results"][0]["level"], "ADMINISTER");
    let public = world.user("carol").await;
    public.fails(&find, json!({}), "PermissionDenied").await;
    bob.fails(&find, json!({ "starting": 7 }), "InvalidInput").await;
}

/// An invitation and a decrease at the same time end as if one came after the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inviting_and_lowering_at_once_keep_one_order() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    world.user("bob").await;
    let project = alice.project("Trial").await;
    for round in 0..8 {
        alice.invite(&project, "bob", Level::Upload).await;
        let (invite, lower) = (format!("/{project}/invite"), format!("/{project}/decreasePermissions"));
        let raise = json!({ "invitee": "bob", "level": "ADMINISTER", "suppressAllNotifications": true });
        let (one, two) =
            tokio::join!(alice.post(&invite, raise), alice.post(&lower, json!({ "user-bob": "VIEW" })));
        assert_eq!((one.status, two.status), (200, 200), "round {round}: {} {}", one.body, two.body);
        let level = levels(&alice, &project).await["user-bob"].clone();
        assert!(level == "ADMINISTER" || level == "VIEW", "round {round}: {level}");
        alice.ok(&lower, json!({ "user-bob": null })).await;
    }
}
