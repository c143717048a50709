//! Organisations: making, describing, changing and ending them, and their members.

mod found;

use serde_json::{Value, json};
use wire::Level;
use wire::user::TokenScope;

use crate::world::World;

/// F030, F031: whoever makes an organisation is its ADMIN; its defaults are the contract's.
#[tokio::test]
async fn a_new_organisation_has_its_maker_as_admin() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let made = alice.ok("/org/new", json!({ "handle": "Pirate_Labs", "name": "Pirate Labs" })).await;
    assert_eq!(made, json!({ "id": "org-pirate_labs" }));
    let seen = alice.ok("/org-pirate_labs/describe", json!({})).await;
    for (field, value) in [
        ("id", json!("org-pirate_labs")),
        ("class", json!("org")),
        ("handle", json!("Pirate_Labs")),
        ("name", json!("Pirate Labs")),
        ("level", json!("ADMIN")),
        ("allowBillableActivities", json!(true)),
        ("projectAccess", json!("ADMINISTER")),
        ("appAccess", json!(true)),
        ("admins", json!(["user-alice"])),
        ("permittedRegions", json!(["local"])),
        ("billingEnabled", json!(false)),
        (
            "policies",
            json!({
                "memberListVisibility": "ADMIN", "restrictProjectTransfer": "MEMBER", "jobReuse": true,
                "detailedJobMetricsCollectDefault": false, "autoLogoutAfter": 900_000,
            }),
        ),
    ] {
        assert_eq!(seen[field], value, "{field}");
    }
    let stranger = bob.ok("/org-pirate_labs/describe", json!({})).await;
    assert_eq!(
        stranger,
        json!({ "id": "org-pirate_labs", "class": "org", "handle": "Pirate_Labs", "name": "Pirate Labs" })
    );
    for handle in ["pirate_labs", "PIRATE_LABS", "ab", "a b", "ä-labs", ""] {
        bob.fails("/org/new", json!({ "handle": handle, "name": "x" }), "InvalidInput").await;
    }
    // Nothing is charged to it before the operator allows that.
    let message = alice
        .fails("/project/new", json!({ "name": "p", "billTo": "org-pirate_labs" }), "PermissionDenied")
        .await;
    assert!(message.contains("on behalf of the account named"), "{message}");
    bob.fails("/org-nothing/describe", json!({}), "ResourceNotFound").await;
}

/// F025: a repeated creation makes one organisation.
#[tokio::test]
async fn a_nonce_makes_one_organisation() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let input = json!({ "handle": "labs", "name": "Labs", "nonce": "n1" });
    let first = alice.ok("/org/new", input.clone()).await;
    assert_eq!(alice.ok("/org/new", input).await, first);
    let other = json!({ "handle": "labs2", "name": "Labs", "nonce": "n1" });
    alice.fails("/org/new", other, "InvalidInput").await;
}

/// B11.31: a token that is cut to projects reads of an organisation what a stranger does, whatever its holder is there: no
/// policies, no level or flags, no list of one's organisations.
#[tokio::test]
async fn a_scoped_token_reads_what_strangers_do() {
    let world = World::new().await;
    let (alice, stranger) = (world.user("alice").await, world.user("eve").await);
    world.user("bob").await;
    let root = world.person("root", "ADMIN").await;
    let lab = world.org("lab", &["alice", "bob"]).await;
    let describe = format!("/{lab}/describe");
    let told = stranger.ok(&describe, json!({})).await;
    for full in [&alice, &root] {
        assert!(full.ok(&describe, json!({})).await["policies"].is_object());
    }
    let mine = json!({ "level": "MEMBER", "describe": true });
    assert_eq!(alice.ok("/system/findOrgs", mine.clone()).await["results"][0]["describe"]["level"], "ADMIN");
    for handle in ["alice", "bob", "root"] {
        let scope = TokenScope::Projects { projects: [("*".to_owned(), Level::Administer)].into() };
        let scoped = world.scoped(handle, scope).await;
        assert_eq!(scoped.ok(&describe, json!({})).await, told, "{handle}");
        let asked = json!({ "fields": { "level": true, "policies": true, "features": true, "billingEnabled": true } });
        assert_eq!(scoped.ok(&describe, asked).await, json!({ "id": lab }), "{handle}");
        let why = scoped.fails("/system/findOrgs", mine.clone(), "PermissionDenied").await;
        assert!(why.contains("full scope"), "{why}");
    }
}

/// F031: only ADMINs change it; what is not named stays.
#[tokio::test]
async fn policies_are_merged() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let lab = world.org("lab", &["alice", "bob"]).await;
    let update = format!("/{lab}/update");
    bob.fails(&update, json!({ "name": "Mine" }), "PermissionDenied").await;
    let scope = TokenScope::Projects { projects: [("*".to_owned(), Level::Administer)].into() };
    world.scoped("alice", scope).await.fails(&update, json!({}), "PermissionDenied").await;
    assert_eq!(alice.ok(&update, json!({})).await, json!({ "id": lab }));
    alice.ok(&update, json!({ "policies": { "restrictProjectTransfer": "ADMIN", "jobReuse": false } })).await;
    alice.ok(&update, json!({ "policies": { "memberListVisibility": "PUBLIC" }, "name": "Lab 2" })).await;
    alice.ok(&update, json!({ "samlIdP": "provider" })).await;
    let seen = bob.ok(&format!("/{lab}/describe"), json!({})).await;
    assert_eq!(
        (&seen["name"], &seen["samlIdP"], &seen["policies"]),
        (
            &json!("Lab 2"),
            &json!("provider"),
            &json!({
                "memberListVisibility": "PUBLIC", "restrictProjectTransfer": "ADMIN", "jobReuse": false,
                "detailedJobMetricsCollectDefault": false, "autoLogoutAfter": 900_000,
            })
        )
    );
    for bad in [
        json!({ "policies": { "memberListVisibility": "NOBODY" } }),
        json!({ "policies": { "restrictProjectTransfer": "PUBLIC" } }),
        json!({ "jobLogsForwarding": { "url": "https://logs.example.org", "token": "t" } }),
        json!({ "name": "" }),
    ] {
        alice.fails(&update, bad, "InvalidInput").await;
    }
    alice.ok(&update, json!({ "jobLogsForwarding": {}, "samlIdP": null })).await;
    assert!(alice.ok(&format!("/{lab}/describe"), json!({})).await.get("samlIdP").is_none());
}

const MEMBER: &str = r#"{"level":"MEMBER","allowBillableActivities":false,"projectAccess":"CONTRIBUTE","appAccess":true,
    "archivalManagement":false,"dataDeletion":false,"dataSearch":false,"projectMemberDemotion":false,
    "treManagement":false,"cloudIntegrationManagement":false}"#;
const ADMIN: &str = r#"{"level":"ADMIN","allowBillableActivities":true,"projectAccess":"ADMINISTER","appAccess":true,
    "archivalManagement":true,"dataDeletion":true,"dataSearch":true,"projectMemberDemotion":true,
    "treManagement":false,"cloudIntegrationManagement":false}"#;

/// The row that a list must show: a level's defaults with some changes.
#[expect(clippy::needless_pass_by_value, reason = "so that `json!` can stand in the call")]
fn row(base: &str, user: &str, changes: Value) -> Value {
    let mut row: Value = serde_json::from_str(base).unwrap();
    row["id"] = user.into();
    for (key, value) in changes.as_object().unwrap() {
        row[key] = value.clone();
    }
    row
}

/// F030: levels and flags of members, exactly as the client's tests compare them.
#[tokio::test]
async fn members_have_levels_and_flags() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    world.user("carol").await;
    let lab = world.org("lab", &["alice"]).await;
    let (invite, set) = (format!("/{lab}/invite"), format!("/{lab}/setMemberAccess"));
    let member = async |user: &str| {
        let found = alice.ok(&format!("/{lab}/findMembers"), json!({ "id": [user] })).await;
        found["results"][0].clone()
    };
    let answer = alice.ok(&invite, json!({ "invitee": "user-bob" })).await;
    assert_eq!(answer, json!({ "id": lab, "state": "accepted" }));
    assert_eq!(member("user-bob").await, row(MEMBER, "user-bob", json!({})));
    alice.fails(&invite, json!({ "invitee": "user-bob" }), "InvalidState").await;
    alice.fails(&invite, json!({ "invitee": "nobody" }), "ResourceNotFound").await;
    alice.fails(&invite, json!({ "invitee": "org-lab" }), "ResourceNotFound").await;
    bob.fails(&invite, json!({ "invitee": "carol" }), "PermissionDenied").await;
    // What an ADMIN has by level is ignored in an invitation, and refused in a change.
    let narrow = json!({
        "invitee": "carol@example.org", "level": "ADMIN", "projectAccess": "NONE", "appAccess": false,
        "allowBillableActivities": false, "suppressEmailNotification": true,
    });
    alice.ok(&invite, narrow).await;
    assert_eq!(member("user-carol").await, row(ADMIN, "user-carol", json!({})));
    let flags = json!({ "user-carol": { "level": "ADMIN", "allowBillableActivities": true } });
    alice.fails(&set, flags, "InvalidInput").await;
    alice.ok(&set, json!({ "user-carol": { "level": "ADMIN", "treManagement": true } })).await;
    assert_eq!(member("user-carol").await, row(ADMIN, "user-carol", json!({ "treManagement": true })));

    let change = json!({ "user-bob": { "level": "MEMBER", "projectAccess": "VIEW", "allowBillableActivities": true } });
    assert_eq!(alice.ok(&set, change).await, json!({ "id": lab }));
    alice.ok(&set, json!({ "user-bob": { "level": "MEMBER", "dataSearch": true } })).await;
    let kept = json!({ "projectAccess": "VIEW", "allowBillableActivities": true, "dataSearch": true });
    assert_eq!(member("user-bob").await, row(MEMBER, "user-bob", kept));
    alice.ok(&set, json!({ "user-bob": { "level": "ADMIN" } })).await;
    assert_eq!(member("user-bob").await, row(ADMIN, "user-bob", json!({})));
    alice.ok(&set, json!({ "user-bob": { "level": "MEMBER" }, "user-carol": { "level": "MEMBER" } })).await;
    assert_eq!(member("user-bob").await, row(MEMBER, "user-bob", json!({})));
    assert_eq!(member("user-carol").await, row(MEMBER, "user-carol", json!({ "treManagement": true })));

    alice.fails(&set, json!({ "user-alice": { "level": "MEMBER" } }), "InvalidState").await;
    let swap = json!({ "user-alice": { "level": "MEMBER" }, "user-bob": { "level": "ADMIN" } });
    alice.ok(&set, swap).await;
    alice.fails(&set, json!({ "user-bob": { "level": "MEMBER" } }), "PermissionDenied").await;
    world.user("dave").await;
    bob.fails(&set, json!({ "user-dave": { "level": "MEMBER" } }), "InvalidInput").await;
    bob.fails(&set, json!({ "user-nobody": { "level": "MEMBER" } }), "ResourceNotFound").await;
}

/// F043: who sees the members is the organisation's policy; lists are paged and described.
#[tokio::test]
async fn the_member_list_is_shown_by_policy() {
    let world = World::new().await;
    let (alice, bob, eve) = (world.user("alice").await, world.user("bob").await, world.user("eve").await);
    let lab = world.org("lab", &["alice", "bob"]).await;
    let find = format!("/{lab}/findMembers");
    for (visible, member, stranger) in
        [("ADMIN", false, false), ("MEMBER", true, false), ("PUBLIC", true, true)]
    {
        alice.ok(&format!("/{lab}/update"), json!({ "policies": { "memberListVisibility": visible } })).await;
        for (client, sees) in [(&alice, true), (&bob, member), (&eve, stranger)] {
            let answer = client.post(&find, json!({})).await;
            assert_eq!(answer.status == 200, sees, "{visible}: {}", answer.body);
            let described = client.ok(&format!("/{lab}/describe"), json!({})).await;
            assert_eq!(described.get("admins").is_some(), sees, "{visible}: {described}");
        }
    }
    let first = alice.ok(&find, json!({ "limit": 1, "describe": true })).await;
    assert_eq!(
        first["results"][0]["describe"],
        json!({ "id": "user-alice", "class": "user", "first": "alice", "middle": "", "last": "Test", "handle": "alice" })
    );
    let second = alice.ok(&find, json!({ "limit": 1, "starting": first["next"] })).await;
    assert_eq!((&second["results"][0]["id"], &second["next"]), (&json!("user-bob"), &json!(null)));
    for (query, ids) in [
        (json!({ "level": "ADMIN" }), vec!["user-alice"]),
        (json!({ "level": "MEMBER" }), vec!["user-bob"]),
        (json!({ "id": "user-bob" }), vec!["user-bob"]),
        (json!({ "id": ["user-eve", "x"] }), vec![]),
    ] {
        let found = alice.ok(&find, query).await;
        let found: Vec<&str> =
            found["results"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(found, ids);
    }
}

/// Removing a member ends what came through the organisation, and the member's own entries in what it pays for.
#[tokio::test]
async fn removing_a_member_revokes() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let lab = world.org("lab", &["alice", "bob"]).await;
    let (one, two) = (alice.billed_project("One", &lab).await, alice.billed_project("Two", &lab).await);
    let (own, shared) = (alice.project("Own").await, alice.project("Shared").await);
    alice.invite(&one, "bob", Level::View).await;
    alice.invite(&two, "bob", Level::Administer).await;
    alice.invite(&own, "bob", Level::View).await;
    alice.invite(&shared, &lab, Level::Contribute).await;
    let remove = format!("/{lab}/removeMember");
    bob.fails(&remove, json!({ "user": "user-alice" }), "PermissionDenied").await;
    alice.fails(&remove, json!({ "user": "user-nobody" }), "ResourceNotFound").await;
    alice.fails(&remove, json!({ "user": "user-alice" }), "InvalidState").await;
    assert_eq!(bob.describe(&shared, &["level"]).await["level"], "CONTRIBUTE");
    let answer = alice.ok(&remove, json!({ "user": "user-bob" })).await;
    let projects = json!({ &one: "VIEW", &two: "ADMINISTER" });
    assert_eq!(answer, json!({ "id": lab, "projects": projects, "apps": {} }));
    for gone in [&one, &two, &shared] {
        bob.fails(&format!("/{gone}/describe"), json!({}), "ResourceNotFound").await;
    }
    assert_eq!(bob.describe(&own, &["level"]).await["level"], "VIEW");
    // Who is gone can be removed again, and nothing more ends.
    let nothing = json!({ "id": lab, "projects": {}, "apps": {} });
    assert_eq!(alice.ok(&remove, json!({ "user": "user-bob" })).await, nothing);
    assert_eq!(bob.describe(&own, &["level"]).await["level"], "VIEW");

    // Entries stay when told so, and members may go by themselves.
    alice.ok(&format!("/{lab}/invite"), json!({ "invitee": "bob" })).await;
    alice.invite(&one, "bob", Level::View).await;
    let answer = bob.ok(&remove, json!({ "user": "user-bob", "revokeProjectPermissions": false })).await;
    assert_eq!(answer, json!({ "id": lab, "projects": {}, "apps": {} }));
    assert_eq!(bob.describe(&one, &["level"]).await["level"], "VIEW");
}

/// Who is removed does not go on spending the organisation's money: new projects are their own to pay for.
#[tokio::test]
async fn a_removed_member_pays_again() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let lab = world.org("lab", &["alice", "bob"]).await;
    let access = json!({ "user-bob": { "level": "MEMBER", "allowBillableActivities": true } });
    alice.ok(&format!("/{lab}/setMemberAccess"), access).await;
    bob.ok("/user-bob/update", json!({ "billTo": lab })).await;
    let paid = bob.project("Paid").await;
    assert_eq!(bob.describe(&paid, &["billTo"]).await["billTo"], json!(lab));
    alice.ok(&format!("/{lab}/removeMember"), json!({ "user": "user-bob" })).await;
    let own = bob.project("Own").await;
    assert_eq!(bob.describe(&own, &["billTo"]).await["billTo"], "user-bob");
}

/// Two ADMINs cannot both step down, however close together they call.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_always_remains() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    for round in 0..8 {
        let lab = world.org(&format!("lab{round}"), &["alice", "bob"]).await;
        let set = format!("/{lab}/setMemberAccess");
        alice.ok(&set, json!({ "user-bob": { "level": "ADMIN" } })).await;
        let (one, two) = tokio::join!(
            alice.post(&set, json!({ "user-bob": { "level": "MEMBER" } })),
            bob.post(&set, json!({ "user-alice": { "level": "MEMBER" } })),
        );
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        // Whoever comes second is no ADMIN any more.
        assert_eq!(statuses, [200, 401], "round {round}: {} {}", one.body, two.body);
    }
    for round in 0..8 {
        let lab = world.org(&format!("org{round}"), &["alice", "bob"]).await;
        alice.ok(&format!("/{lab}/setMemberAccess"), json!({ "user-bob": { "level": "ADMIN" } })).await;
        let remove = format!("/{lab}/removeMember");
        let (one, two) = tokio::join!(
            alice.post(&remove, json!({ "user": "user-alice" })),
            bob.post(&remove, json!({ "user": "user-bob" })),
        );
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422], "round {round}: {} {}", one.body, two.body);
    }
}

/// An organisation ends when nothing depends on it, and its name is not given away.
#[tokio::test]
async fn an_organisation_ends_empty() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let lab = world.org("lab", &["alice", "bob"]).await;
    let destroy = format!("/{lab}/destroy");
    let (billed, shared) = (alice.billed_project("Billed", &lab).await, alice.project("Shared").await);
    alice.invite(&shared, &lab, Level::View).await;
    bob.fails(&destroy, json!({}), "PermissionDenied").await;
    alice.fails(&destroy, json!({}), "InvalidState").await;
    alice.ok(&format!("/{lab}/removeMember"), json!({ "user": "user-bob" })).await;
    alice.fails(&destroy, json!({}), "InvalidState").await;
    alice.ok(&format!("/{billed}/destroy"), json!({})).await;
    assert_eq!(alice.ok(&destroy, json!({})).await, json!({ "id": lab }));
    alice.fails(&format!("/{lab}/describe"), json!({}), "ResourceNotFound").await;
    let left = alice.describe(&shared, &["permissions"]).await;
    assert_eq!(left["permissions"], json!({ "user-alice": "ADMINISTER" }));
    let message = bob.fails("/org/new", json!({ "handle": "lab", "name": "Lab" }), "InvalidInput").await;
    assert!(message.contains("taken"), "{message}");
}

/// What a project shared with an organisation gives a member is cut by that member's cap.
#[tokio::test]
async fn the_cap_of_a_member_cuts() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let lab = world.org("lab", &["alice", "bob"]).await;
    let owner = world.user("owner").await;
    let project = owner.project("Shared").await;
    owner.invite(&project, &lab, Level::Administer).await;
    let set = format!("/{lab}/setMemberAccess");
    for (cap, level) in [("CONTRIBUTE", "CONTRIBUTE"), ("VIEW", "VIEW"), ("ADMINISTER", "ADMINISTER")] {
        alice.ok(&set, json!({ "user-bob": { "level": "MEMBER", "projectAccess": cap } })).await;
        assert_eq!(bob.describe(&project, &["level"]).await["level"], level, "{cap}");
    }
    alice.ok(&set, json!({ "user-bob": { "level": "MEMBER", "projectAccess": "NONE" } })).await;
    bob.fails(&format!("/{project}/describe"), json!({}), "ResourceNotFound").await;
    assert_eq!(alice.describe(&project, &["level"]).await["level"], "ADMINISTER");
}
