//! Tokens over the API: what each may do, how long, and how it ends.

use std::time::Duration;

use serde_json::{Value, json};

use super::{login, works};
use crate::web::{PASSWORD, person};
use crate::world::{Client, World};

/// A token that somebody makes with another one.
async fn made(world: &World, client: &Client, input: Value) -> Client {
    let token = client.ok("/system/newAuthToken", input).await;
    world.client(token["access_token"].as_str())
}

/// F023: a token never reaches further than the one it was made with: only one of full scope makes others, reads what is
/// private, and lists or ends others than itself.
#[tokio::test]
async fn scopes_never_widen() {
    let world = World::new().await;
    person(&world, "ada").await;
    let full = login(&world, "ada", PASSWORD).await;
    let project = full.project("Trial").await;
    for scope in [
        json!({ "full": false }),
        json!({ "projects": { "*": "NONE" } }),
        json!({ "projects": { "project-1": "VIEW" } }),
        json!({ "projects": { "*": "OWNER" } }),
        json!({}),
        json!("full"),
        json!(null),
    ] {
        full.fails("/system/newAuthToken", json!({ "scope": scope }), "InvalidInput").await;
    }
    let every = made(&world, &full, json!({ "scope": { "projects": { "*": "ADMINISTER" } } })).await;
    let view = made(&world, &full, json!({ "scope": { "projects": { (project.as_str()): "VIEW" } } })).await;
    for narrow in [&every, &view] {
        for scope in [json!({ "full": true }), json!({ "projects": { (project.as_str()): "VIEW" } })] {
            narrow.fails("/system/newAuthToken", json!({ "scope": scope }), "PermissionDenied").await;
        }
        narrow.fails("/system/findAuthTokens", json!({}), "PermissionDenied").await;
        narrow.fails("/user-ada/update", json!({ "first": "Eve" }), "PermissionDenied").await;
        narrow.fails("/user-ada/startOTP", json!({}), "PermissionDenied").await;
        narrow.fails("/system/findUsers", json!({}), "PermissionDenied").await;
        narrow.fails("/org/new", json!({ "handle": "lab", "name": "Lab" }), "PermissionDenied").await;
        let seen = narrow.ok("/user-ada/describe", json!({})).await;
        assert!(seen.get("email").is_none() && seen.get("billTo").is_none(), "{seen}");
        assert_eq!(narrow.ok("/system/getUserInfo", json!({})).await.get("email"), None);
    }
    assert_eq!(view.describe(&project, &["level"]).await["level"], "VIEW");
    view.fails(&format!("/{project}/addTags"), json!({ "tags": ["t"] }), "PermissionDenied").await;
    let other = full.project("Other").await;
    view.fails(&format!("/{other}/describe"), json!({}), "ResourceNotFound").await;
    // Sending a password along with a token signs nobody in.
    let both = json!({ "username": "ada", "password": PASSWORD });
    view.fails("/system/newAuthToken", both, "InvalidInput").await;
}

/// F023, F043: a token for some projects tells nothing of its owner's organisations but what anybody may know.
#[tokio::test]
async fn a_token_for_projects_reads_no_organisation() {
    let world = World::new().await;
    let ada = world.user("ada").await;
    let lab = world.org("lab", &["ada"]).await;
    let scope =
        wire::user::TokenScope::Projects { projects: [("*".to_owned(), wire::Level::Administer)].into() };
    let narrow = world.scoped("ada", scope).await;
    let (members, projects) = (format!("/{lab}/findMembers"), format!("/{lab}/findProjects"));
    for (path, input) in [
        ("/system/findOrgs", json!({ "level": "MEMBER" })),
        (members.as_str(), json!({ "describe": true })),
        (projects.as_str(), json!({})),
    ] {
        ada.ok(path, input.clone()).await;
        narrow.fails(path, input, "PermissionDenied").await;
    }
    for (client, sees) in [(&ada, true), (&narrow, false)] {
        let seen = client.describe(&lab, &["admins", "memberCount"]).await;
        assert_eq!((seen.get("admins").is_some(), seen.get("memberCount").is_some()), (sees, sees), "{seen}");
    }
    ada.ok(&format!("/{lab}/update"), json!({ "policies": { "memberListVisibility": "PUBLIC" } })).await;
    narrow.ok(&members, json!({})).await;
}

/// F023: tokens are listed with label, scope, end and last use; one that ended is gone from the list and opens nothing.
#[tokio::test]
async fn tokens_are_listed_used_and_ended() {
    let world = World::new().await;
    person(&world, "ada").await;
    person(&world, "eve").await;
    let ada = login(&world, "ada", PASSWORD).await;
    let end = world.now() + 3_600_000;
    let input = json!({ "scope": { "projects": { "*": "VIEW" } }, "label": "nightly", "expires": end });
    let token = ada.ok("/system/newAuthToken", input).await;
    let nightly = world.client(token["access_token"].as_str());
    let signature = token["token_signature"].as_str().unwrap();
    let listed = async |client: &Client| -> Vec<Value> {
        let page = client.ok("/system/findAuthTokens", json!({})).await;
        page["results"].as_array().unwrap().clone()
    };
    let row = async || listed(&ada).await.into_iter().find(|row| row["tokenSignature"] == signature);
    let before = row().await.unwrap();
    assert_eq!(before["label"], "nightly");
    assert_eq!(before["scope"], json!({ "projects": { "*": "VIEW" } }));
    assert_eq!((&before["expires"], &before["lastUsed"]), (&json!(end), &json!(null)));
    assert!(before.get("access_token").is_none());
    assert!(works(&nightly).await);
    world.app().write_token_uses().await.unwrap();
    let used = row().await.unwrap()["lastUsed"].as_i64().unwrap();
    assert!((world.now() - used).abs() < 60_000);

    // Nobody else ends it, and a token of limited scope ends itself alone.
    let eve = login(&world, "eve", PASSWORD).await;
    let this = json!({ "tokenSignature": signature });
    eve.fails("/system/destroyAuthToken", this.clone(), "ResourceNotFound").await;
    let login_signature = listed(&ada).await[0]["tokenSignature"].clone();
    nightly
        .fails("/system/destroyAuthToken", json!({ "tokenSignature": login_signature }), "PermissionDenied")
        .await;
    assert!(works(&ada).await && works(&nightly).await);
    nightly.ok("/system/destroyAuthToken", this.clone()).await;
    assert!(!works(&nightly).await && row().await.is_none());
    ada.fails("/system/destroyAuthToken", this, "ResourceNotFound").await;

    let short = json!({ "scope": { "full": true }, "expires": world.now() + 60_000 });
    let short = made(&world, &ada, short).await;
    assert!(works(&short).await);
    world.pass(Duration::from_secs(60));
    assert!(!works(&short).await);
    for expires in [json!(world.now()), json!(0), json!(-5), json!(i64::MAX), json!("soon")] {
        let input = json!({ "scope": { "full": true }, "expires": expires });
        ada.fails("/system/newAuthToken", input, "InvalidInput").await;
    }
    let listed = listed(&ada).await;
    assert_eq!(listed.len(), 1, "{listed:?}");
}

/// A token ends with those that were made with it, on demand; else they stay.
#[tokio::test]
async fn a_token_ends_with_its_children() {
    let world = World::new().await;
    person(&world, "ada").await;
    let full = json!({ "scope": { "full": true } });
    let other = login(&world, "ada", PASSWORD).await;
    for with_children in [false, true] {
        let parent = login(&world, "ada", PASSWORD).await;
        let child = made(&world, &parent, full.clone()).await;
        let grandchild = made(&world, &child, full.clone()).await;
        let signature = secrets::token::signature(parent.token.as_deref().unwrap());
        let input = json!({ "tokenSignature": signature, "revokeChildTokens": with_children });
        parent.ok("/system/destroyAuthToken", input).await;
        assert!(!works(&parent).await);
        assert_eq!(works(&child).await, !with_children);
        assert_eq!(works(&grandchild).await, !with_children);
        assert!(works(&other).await);
    }
}

/// A request with this token that was let in just now and goes on later.
async fn let_in(world: &World, token: &str) -> app::Ctx {
    let app = world.app();
    let caller = app.authenticate(token, world.now()).await.unwrap();
    let info = app::RequestInfo { id: "test".into(), origin: None, now: world.now(), headers: None };
    app::Ctx::new(std::sync::Arc::clone(app), Some(caller), info, app::Door::Other("Test"))
}

/// A request that waited while its token ended, or its sender became an ordinary user, reads nothing any more.
#[tokio::test]
async fn nothing_is_read_with_what_ended_meanwhile() {
    let world = World::new().await;
    person(&world, "ada").await;
    let ada = login(&world, "ada", PASSWORD).await;
    let token = ada.token.clone().unwrap();
    let read = async |ctx: app::Ctx| ctx.look(|_| Ok(())).await.map_err(|error| error.into_wire().kind);
    let waiting = let_in(&world, &token).await;
    assert_eq!(read(waiting.clone()).await, Ok(()));
    let kind = |kind: &str| json!({ "kind": kind });
    let root = world.person("root", "ADMIN").await;
    root.ok("/user-ada/setKind", kind("READ_ONLY")).await;
    assert_eq!(read(waiting.clone()).await, Err(wire::ErrorType::ServiceUnavailable));
    root.ok("/user-ada/setKind", kind("STANDARD")).await;
    assert_eq!(read(waiting.clone()).await, Ok(()));
    ada.ok("/system/destroyAuthToken", json!({ "tokenSignature": secrets::token::signature(&token) })).await;
    assert_eq!(read(waiting).await, Err(wire::ErrorType::InvalidAuthentication));
    let waiting = let_in(&world, &login(&world, "ada", PASSWORD).await.token.unwrap()).await;
    root.ok("/user-ada/disable", json!({})).await;
    assert_eq!(read(waiting).await, Err(wire::ErrorType::InvalidAuthentication));
}

/// A link that was made with a token lasts beyond the token's expiry; ending the expired token ends it.
#[tokio::test]
async fn an_expired_token_can_be_ended_with_its_links() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let file = crate::files::closed(&alice, &project, "x", &[b"bytes"]).await;
    let short = json!({ "scope": { "full": true }, "expires": world.now() + 60_000 });
    let made = alice.ok("/system/newAuthToken", short).await;
    let limited = world.client(made["access_token"].as_str());
    let forever = json!({ "project": project, "preauthenticated": true, "duration": 86_400 });
    let link = limited.ok(&format!("/{file}/download"), forever).await["url"].as_str().unwrap().to_owned();
    world.pass(Duration::from_secs(120));
    assert!(!works(&limited).await);
    assert_eq!(reqwest::get(&link).await.unwrap().status(), 200);
    let end = json!({ "tokenSignature": secrets::token::signature(made["access_token"].as_str().unwrap()) });
    alice.ok("/system/destroyAuthToken", end.clone()).await;
    assert_eq!(reqwest::get(&link).await.unwrap().status(), 403);
    alice.fails("/system/destroyAuthToken", end, "ResourceNotFound").await;
}

/// A request that was let in before its token ended changes nothing after: neither can it make a token that lives on.
#[tokio::test]
async fn nothing_is_changed_with_a_token_that_ended_meanwhile() {
    let world = World::new().await;
    person(&world, "ada").await;
    let ada = login(&world, "ada", PASSWORD).await;
    let text = ada.token.clone().unwrap();
    let ctx = let_in(&world, &text).await;
    ada.ok("/system/destroyAuthToken", json!({ "tokenSignature": secrets::token::signature(&text) })).await;
    let before = world.snapshot().await;
    let full = json!({ "scope": { "full": true } });
    let input = wire::json::decode::<wire::user::NewAuthToken>(full).unwrap();
    let error = app::sign_in::new_auth_token(ctx.clone(), input).await.unwrap_err().into_wire();
    assert_eq!(error.kind, wire::ErrorType::InvalidAuthentication);
    let id = wire::id::UserId::parse("user-ada").unwrap();
    let started = app::account::start_otp(ctx, id, wire::answer::NoKeys::default()).await;
    let error = started.err().unwrap().into_wire();
    assert_eq!(error.kind, wire::ErrorType::InvalidAuthentication);
    assert_eq!(before.changes_to(&world.snapshot().await), Vec::<String>::new());
}
