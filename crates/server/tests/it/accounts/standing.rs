//! What administrators do to accounts, and what ends with an account.

use serde_json::json;
use wire::Level;

use super::{OTHER, login, works};
use crate::web::codes::mailed;
use crate::web::{PASSWORD, is_in, person, signed_in};
use crate::world::World;

/// F003: only platform administrators give and take kinds; the last one stays.
#[tokio::test]
async fn the_last_administrator_stays() {
    let world = World::new().await;
    let (root, bob) = (world.person("root", "ADMIN").await, world.user("bob").await);
    let kind = |kind: &str| json!({ "kind": kind });
    bob.fails("/user-bob/setKind", kind("ADMIN"), "PermissionDenied").await;
    for step in ["STANDARD", "READ_ONLY"] {
        root.fails("/user-root/setKind", kind(step), "InvalidState").await;
    }
    for verb in ["disable", "remove"] {
        root.fails(&format!("/user-root/{verb}"), json!({}), "InvalidState").await;
    }
    root.ok("/user-bob/setKind", kind("ADMIN")).await;
    assert_eq!(bob.describe("user-bob", &["kind"]).await["kind"], "ADMIN");
    bob.ok("/user-root/setKind", kind("STANDARD")).await;
    root.fails("/user-bob/setKind", kind("STANDARD"), "PermissionDenied").await;
    bob.fails("/user-bob/disable", json!({}), "InvalidState").await;
    assert!(works(&root).await && works(&bob).await);
}

/// Two administrators who lower each other at the same moment leave one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn administrators_do_not_lower_each_other_at_once() {
    let world = World::new().await;
    let (root, bob) = (world.person("root", "ADMIN").await, world.person("bob", "ADMIN").await);
    let standard = json!({ "kind": "STANDARD" });
    let (one, two) = tokio::join!(
        root.post("/user-bob/setKind", standard.clone()),
        bob.post("/user-root/setKind", standard.clone())
    );
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200, "{one:?} {two:?}");
    assert_ne!(statuses[1], 200, "{one:?} {two:?}");
    let left =
        world.read(|tx| tx.query("select key from account where kind = 'ADMIN'", store::db::params![])).await;
    assert_eq!(left.len(), 1);
}

/// B11.33: who pays for a project, or is the last ADMIN of an organisation, is not stopped, closed or made Read-Only
/// before somebody else does it.
#[tokio::test]
async fn those_who_are_needed_stay() {
    let world = World::new().await;
    let root = world.person("root", "ADMIN").await;
    let (payer, boss, heir) =
        (world.user("payer").await, world.user("boss").await, world.person("heir", "READ_ONLY").await);
    let project = payer.project("Trial").await;
    let lab = world.org("lab", &["boss"]).await;
    let ways = |user: &str| {
        [("setKind", json!({ "kind": "READ_ONLY" })), ("disable", json!({})), ("remove", json!({}))]
            .map(|(verb, input)| (format!("/{user}/{verb}"), input))
    };
    for user in ["user-payer", "user-boss"] {
        for (path, input) in ways(user) {
            root.fails(&path, input, "InvalidState").await;
        }
    }
    assert!(works(&payer).await && works(&boss).await);
    // A Read-Only ADMIN could not act for the organisation, so does not free the other one.
    let heir_admin = json!({ "invitee": "heir", "level": "ADMIN" });
    boss.fails(&format!("/{lab}/invite"), heir_admin.clone(), "InvalidInput").await;
    root.ok("/user-heir/setKind", json!({ "kind": "STANDARD" })).await;
    boss.ok(&format!("/{lab}/invite"), heir_admin).await;
    root.ok("/user-heir/setKind", json!({ "kind": "READ_ONLY" })).await;
    root.fails("/user-boss/disable", json!({}), "InvalidState").await;
    let own = json!({ "user-boss": { "level": "MEMBER" } });
    boss.fails(&format!("/{lab}/setMemberAccess"), own, "InvalidState").await;
    heir.fails(&format!("/{lab}/update"), json!({ "name": "Mine" }), "PermissionDenied").await;
    root.ok("/user-heir/setKind", json!({ "kind": "STANDARD" })).await;
    root.ok("/user-boss/disable", json!({})).await;
    payer.ok(&format!("/{project}/destroy"), json!({})).await;
    root.ok("/user-payer/disable", json!({})).await;
    assert!(!works(&payer).await && !works(&boss).await && works(&heir).await);
}

/// A stopped account loses tokens, sessions and links at once, and none of them comes back when it is enabled again.
#[tokio::test]
async fn a_stopped_account_loses_everything() {
    let world = World::new().await;
    let root = world.person("root", "ADMIN").await;
    person(&world, "ada").await;
    let ada = login(&world, "ada", PASSWORD).await;
    let mut browser = signed_in(&world, "ada").await;
    let reset = json!({ "usernameOrEmail": "ada" });
    world.anonymous().ok("/account/requestPasswordReset", reset.clone()).await;
    let link = mailed(&world, "ada@example.org", 0).await;
    let code = link.split_once("code=").unwrap().1;
    root.ok("/user-ada/disable", json!({})).await;
    root.fails("/user-ada/disable", json!({}), "InvalidState").await;
    assert!(!works(&ada).await && !is_in(&mut browser).await);
    let input = json!({ "code": code, "password": OTHER });
    world.anonymous().fails("/account/resetPassword", input.clone(), "InvalidInput").await;
    root.ok("/user-ada/enable", json!({})).await;
    assert!(!works(&ada).await && !is_in(&mut browser).await);
    world.anonymous().fails("/account/resetPassword", input, "InvalidInput").await;
    assert!(works(&login(&world, "ada", PASSWORD).await).await);

    root.ok("/user-ada/remove", json!({})).await;
    let input = json!({ "username": "ada", "password": PASSWORD });
    world.anonymous().fails("/system/newAuthToken", input, "UsernameOrPasswordError").await;
    root.fails("/user-ada/enable", json!({}), "InvalidState").await;
    // The handle stays taken, the address does not (F011, F012).
    let again = |name: &str| json!({ "username": name, "email": "ada@example.org", "first": "Ada" });
    root.fails("/user/new", again("Ada"), "UsernameError").await;
    root.ok("/user/new", again("ada2")).await;
    root.fails("/user/new", again("ada3"), "EmailError").await;
}

/// Closing an account erases what it says of a person, wherever that stands in the database; the id stays, for the audit
/// log, and so does the handle (contract B7, design 7).
#[tokio::test]
async fn a_closed_account_says_nothing_of_a_person() {
    let world = World::new().await;
    let root = world.person("root", "ADMIN").await;
    let made = json!({
        "username": "ALovelace", "email": "lovelace@example.org", "first": "Augusta", "middle": "Byron",
        "last": "King-Noel", "occupation": "Countess"
    });
    root.ok("/user/new", made).await;
    let link = mailed(&world, "lovelace@example.org", 0).await;
    let code = link.split_once("code=").unwrap().1;
    world.anonymous().ok("/account/activate", json!({ "code": code, "password": OTHER })).await;
    let ada = login(&world, "alovelace", OTHER).await;
    let settings = json!({ "sshPublicKey": "ssh-ed25519 AAAAKeyOfAda lovelace@engine", "preferences": { "city": "Marylebone" } });
    ada.ok("/user-alovelace/update", settings).await;
    ada.ok("/system/newAuthToken", json!({ "scope": { "full": true }, "label": "for the Engine" })).await;
    let change = json!({ "newEmail": "countess@example.org", "password": OTHER });
    ada.ok("/user-alovelace/updateEmail", change).await;
    let project = root.project("Trial").await;
    root.invite(&project, "alovelace", Level::View).await;
    let written = [
        "ALovelace",
        "lovelace@",
        "Augusta",
        "Byron",
        "King-Noel",
        "Countess",
        "countess@",
        "KeyOfAda",
        "Marylebone",
        "for the Engine",
    ];
    let held = async || {
        let tables = store::db::testing::dump(&world.app().db).await.unwrap();
        let all = format!("{tables:?}");
        written.into_iter().filter(|text| all.contains(text)).collect::<Vec<_>>()
    };
    assert_eq!(held().await, written, "all of it is there before");
    root.ok("/user-alovelace/remove", json!({})).await;
    assert_eq!(held().await, [""; 0]);
    let described = world.user("bob").await.ok("/user-alovelace/describe", json!({})).await;
    assert_eq!((&described["first"], &described["handle"]), (&json!(""), &json!("alovelace")));
    let again = json!({ "username": "ALovelace", "email": "lovelace@example.org", "first": "Other" });
    root.fails("/user/new", again, "UsernameError").await;
}

/// No token, session or link for another password opens anything for an account that is not in use, however it came to be so.
#[tokio::test]
async fn only_an_active_account_is_let_in() {
    let world = World::new().await;
    person(&world, "ada").await;
    let ada = login(&world, "ada", PASSWORD).await;
    let mut browser = signed_in(&world, "ada").await;
    world.anonymous().ok("/account/requestPasswordReset", json!({ "usernameOrEmail": "ada" })).await;
    let link = mailed(&world, "ada@example.org", 0).await;
    let reset = json!({ "code": link.split_once("code=").unwrap().1, "password": OTHER });
    let set = |state: &'static str| {
        world.write(move |tx| tx.execute("update account set state = $1", store::params![state]))
    };
    for state in ["pending", "disabled", "removed"] {
        set(state).await;
        assert!(!works(&ada).await && !is_in(&mut browser).await, "{state}");
        world.anonymous().fails("/account/resetPassword", reset.clone(), "InvalidInput").await;
    }
    set("active").await;
    assert!(works(&ada).await && is_in(&mut browser).await);
    world.anonymous().ok("/account/resetPassword", reset).await;
}

/// A closed account is a member of nothing any more, and the log of each project and organisation says so (F009).
#[tokio::test]
async fn a_closed_account_is_a_member_of_nothing() {
    let world = World::new().await;
    let (root, alice, _bob) =
        (world.person("root", "ADMIN").await, world.user("alice").await, world.user("bob").await);
    let lab = world.org("lab", &["alice", "bob"]).await;
    let project = alice.project("Trial").await;
    alice.invite(&project, "bob", Level::Contribute).await;
    root.ok("/user-bob/remove", json!({})).await;
    let permissions = alice.describe(&project, &["permissions"]).await["permissions"].clone();
    assert_eq!(permissions, json!({ "user-alice": "ADMINISTER" }));
    let members = alice.ok(&format!("/{lab}/findMembers"), json!({})).await;
    assert_eq!(members["results"].as_array().unwrap().len(), 1, "{members}");
    for (part, kind) in [("project", "member.removed"), ("org", "org.memberRemoved")] {
        let place = if part == "project" { &project } else { &lab };
        let query = json!({ part: place, "kind": kind, "object": "user-bob" });
        let found = alice.ok("/system/findAuditEvents", query).await;
        assert_eq!(found["results"].as_array().unwrap().len(), 1, "{kind}: {found}");
    }
}

/// Whoever takes a second factor away may end the tokens with it, and does when a device was stolen.
#[tokio::test]
async fn a_second_factor_goes_with_the_tokens_if_told_so() {
    let world = World::new().await;
    let root = world.person("root", "ADMIN").await;
    let ada = world.user("ada").await;
    for (ends, left) in [(false, true), (true, false)] {
        ada.ok("/user-ada/startOTP", json!({})).await;
        let input = json!({ "user_id": "user-ada", "revokeChildTokens": ends });
        root.ok("/user-ada/resetUserMFA", input).await;
        assert_eq!(works(&ada).await, left);
    }
}

/// Whoever made an account for an organisation helps its owner, but has no hold on a platform administrator.
#[tokio::test]
async fn an_organisation_has_no_hold_on_an_administrator() {
    let world = World::new().await;
    let (root, boss) = (world.person("root", "ADMIN").await, world.user("boss").await);
    let lab = world.org("lab", &["boss"]).await;
    let input =
        json!({ "username": "ada", "email": "ada@example.org", "first": "Ada", "provisioningOrg": lab });
    boss.ok("/user/new", input).await;
    let link = mailed(&world, "ada@example.org", 0).await;
    let code = link.split_once("code=").unwrap().1;
    world.anonymous().ok("/account/activate", json!({ "code": code, "password": PASSWORD })).await;
    let help = json!({ "user_id": "user-ada", "org_id": lab });
    // Before the user belongs to the organisation, it has no say.
    boss.fails("/user-ada/unlockUserAccount", help.clone(), "PermissionDenied").await;
    boss.ok(&format!("/{lab}/invite"), json!({ "invitee": "ada" })).await;
    boss.ok("/user-ada/unlockUserAccount", help.clone()).await;
    boss.fails("/user-ada/resetUserMFA", help.clone(), "InvalidState").await;
    root.ok("/user-ada/setKind", json!({ "kind": "ADMIN" })).await;
    for verb in ["unlockUserAccount", "resetUserMFA"] {
        boss.fails(&format!("/user-ada/{verb}"), help.clone(), "PermissionDenied").await;
    }
}
