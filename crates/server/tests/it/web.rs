//! The pages, as a browser without script meets them: signing in, sessions, forms, and what a form from elsewhere can do.

pub(crate) mod codes;
pub(crate) mod own_account;
mod provider;

use std::time::Duration;

use app::fixture::{self, Fixture};
use serde_json::{Value, json};

use crate::browser::{Browser, Page};
use crate::world::World;

/// A password that the rules accept.
pub(crate) const PASSWORD: &str = "lamp orbit kettle seven";

/// A new active person who signs in with [`PASSWORD`].
pub(crate) async fn person(world: &World, handle: &str) {
    let user = fixture::User { password: Some(PASSWORD.to_owned()), ..fixture::User::new(handle) };
    world.add(Fixture { user: vec![user], ..Fixture::default() }).await;
}

/// The actions in the audit log, oldest first.
pub(crate) async fn actions(world: &World) -> Vec<String> {
    let rows = world
        .app()
        .db
        .read(|tx| tx.query("select action from audit_event order by key", store::db::params![]))
        .await
        .unwrap();
    rows.iter().map(|row| row.get(0).unwrap()).collect()
}

pub(crate) async fn signed_in(world: &World, handle: &str) -> Browser {
    let mut browser = Browser::new(world);
    browser.sign_in(handle, PASSWORD).await.leads_to("/");
    browser
}

/// Whether the start page knows this browser.
pub(crate) async fn is_in(browser: &mut Browser) -> bool {
    let page = browser.get("/").await;
    match page.status {
        200 => true,
        303 => {
            page.leads_to("/sign-in");
            false
        }
        other => panic!("{other}: {}", page.body),
    }
}

/// F474: a password opens a session, signing out ends it, both are in the audit log.
#[tokio::test]
async fn people_sign_in_and_out() {
    let world = World::new().await;
    person(&world, "ada").await;
    let mut browser = Browser::new(&world);
    assert!(!is_in(&mut browser).await);
    let page = browser.sign_in("Ada", PASSWORD).await.leads_to("/");
    let cookie = page.headers.get("set-cookie").unwrap().to_str().unwrap();
    for part in ["operon=", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    let home = browser.get("/").await.says(200, "user-ada").says(200, "Sign out");
    browser.submit(&home, "/sign-out", &[]).await.leads_to("/sign-in?notice=out");
    assert!(!browser.cookies.contains_key("operon"));
    browser.get("/sign-in?notice=out").await.says(200, "You are signed out.");
    assert!(!is_in(&mut browser).await);
    let done = actions(&world).await;
    assert!(done.ends_with(&["session.begun".to_owned(), "session.ended".to_owned()]), "{done:?}");
}

/// Where people reach the server by https, every cookie goes back by https alone, to this host alone.
#[tokio::test]
async fn cookies_are_bound_to_https_and_this_host() {
    let world = World::with(|config| config.public_url = Some("https://operon.example.org".to_owned())).await;
    person(&world, "ada").await;
    let mut browser = Browser::new(&world);
    // What a page of plain http has set does not count.
    browser.cookies.insert("operon".to_owned(), "planted".to_owned());
    let page = browser.sign_in("ada", PASSWORD).await.leads_to("/");
    let lines: Vec<&str> =
        page.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect();
    assert!(lines.iter().any(|line| line.starts_with("__Host-operon=")), "{lines:?}");
    for line in lines {
        assert!(line.starts_with("__Host-operon"), "{line}");
        for part in ["; Path=/", "; HttpOnly", "; Secure", "; SameSite=Lax"] {
            assert!(line.contains(part), "{line}");
        }
        assert!(!line.contains("Domain"), "{line}");
    }
    assert!(is_in(&mut browser).await);
    browser.cookies.retain(|name, _| !name.starts_with("__Host-"));
    assert!(!is_in(&mut browser).await);
}

/// Nothing that is sent along decides where a page leads.
#[tokio::test]
async fn pages_lead_nowhere_else() {
    let world = World::new().await;
    person(&world, "ada").await;
    let away = "https%3A%2F%2Fevil.example";
    let mut browser = Browser::new(&world);
    for name in ["next", "redirect", "return", "url", "continue", "notice"] {
        let page = browser.get(&format!("/sign-in?{name}={away}")).await;
        assert!(page.status == 200 && !page.body.contains("evil.example"), "{name}");
        let fields = [("username", "ada"), ("password", PASSWORD), (name, "https://evil.example")];
        let page = browser.submit(&page, "/sign-in", &fields).await.leads_to("/");
        assert!(!page.headers.contains_key("refresh"));
        let home = browser.get(&format!("/?{name}=//evil.example")).await.says(200, "user-ada");
        assert!(!home.body.contains("evil.example"), "{name}");
        browser.submit(&home, "/sign-out", &[(name, "//evil.example")]).await.leads_to("/sign-in?notice=out");
    }
}

/// F474: refusals of signing in say the same for a wrong password and an unknown name, keep what was typed but never the
/// password, and are in the audit log.
#[tokio::test]
async fn refused_sign_ins_tell_little() {
    let world = World::new().await;
    person(&world, "ada").await;
    let mut browser = Browser::new(&world);
    let wrong = browser
        .sign_in("ada", "hush hush hush hush")
        .await
        .says(422, "The user name or the password is wrong");
    assert!(wrong.body.contains("role=\"alert\"") && wrong.body.contains("<title>Error: "));
    assert!(wrong.body.contains("value=\"ada\"") && !wrong.body.contains("hush"));
    let unknown = browser.sign_in("bob", "hush hush hush hush").await;
    let problem = |page: &Page| page.between("<ul>", "</ul>");
    assert_eq!((unknown.status, problem(&unknown)), (422, problem(&wrong)));
    let empty = browser.sign_in("ada", "").await.says(422, "Enter your password.");
    assert!(empty.body.contains("aria-invalid=\"true\"") && empty.body.contains("id=\"password-error\""));
    assert!(!browser.cookies.contains_key("operon"));
    assert_eq!(actions(&world).await.iter().filter(|action| *action == "signIn.passwordRefused").count(), 2);
}

/// F474: guessing on the page slows down like guessing on the API, and one counts for the other.
#[tokio::test]
async fn guessing_slows_down() {
    let world = World::new().await;
    person(&world, "ada").await;
    let mut browser = Browser::new(&world);
    let mut failures = 0;
    loop {
        let page = browser.sign_in("ada", "wrong wrong wrong").await;
        if page.status == 429 {
            page.says(429, "too many failed attempts");
            break;
        }
        page.says(422, "is wrong");
        failures += 1;
        assert!(failures < 40, "guessing does not slow down");
    }
    assert!(failures >= 6, "{failures}");
    world.pass(Duration::from_secs(3600));
    // What is guessed on the API counts on the page.
    let guess = json!({ "username": "ada", "password": "wrong wrong wrong" });
    let mut failures = 0;
    while world.anonymous().post("/system/newAuthToken", guess.clone()).await.status == 401 {
        failures += 1;
        assert!(failures < 40, "guessing does not slow down");
    }
    let mut failures = 0;
    while browser.sign_in("ada", "wrong wrong wrong").await.status == 422 {
        failures += 1;
        assert!(failures < 5, "the page counts by itself");
    }
    world.pass(Duration::from_secs(3600));
    browser.sign_in("ada", PASSWORD).await.leads_to("/");
}

/// A sign-in never goes on with a session or a key that was there before.
#[tokio::test]
async fn a_planted_session_is_not_taken_up() {
    let world = World::new().await;
    person(&world, "ada").await;
    person(&world, "eve").await;
    let planted = "0".repeat(64);
    let mut browser = Browser::new(&world);
    browser.cookies.insert("operon".to_owned(), planted.clone());
    browser.sign_in("ada", PASSWORD).await.leads_to("/");
    assert_ne!(browser.cookies["operon"], planted);
    // Eve's own session in ada's browser ends when ada signs in there.
    let mut eve = signed_in(&world, "eve").await;
    let mut shared = eve.clone();
    let home = shared.get("/").await;
    let token = &home.hidden("/sign-out")[0].1;
    shared
        .post("/sign-in", &[("form-token", token), ("username", "ada"), ("password", PASSWORD)])
        .await
        .leads_to("/");
    assert_ne!(shared.cookies["operon"], eve.cookies["operon"]);
    shared.get("/").await.says(200, "user-ada");
    assert!(!is_in(&mut eve).await);
}

/// Forms from other sites, without the token, or with the token of another session do nothing.
#[tokio::test]
async fn forms_from_elsewhere_do_nothing() {
    let world = World::new().await;
    person(&world, "ada").await;
    person(&world, "eve").await;
    let mut ada = signed_in(&world, "ada").await;
    let mut eve = signed_in(&world, "eve").await;
    let own = ada.get("/").await.hidden("/sign-out-everywhere")[0].1.clone();
    let other = eve.get("/").await.hidden("/sign-out-everywhere")[0].1.clone();
    for token in ["", "x", &other] {
        ada.post("/sign-out-everywhere", &[("form-token", token)]).await.says(403, "Nothing was done");
    }
    let base = ada.base.clone();
    for headers in [
        [("sec-fetch-site", "cross-site"), ("origin", "null")],
        [("sec-fetch-site", "same-site"), ("origin", base.as_str())],
        [("x-none", ""), ("origin", "https://evil.example")],
    ] {
        let page = ada.post_from("/sign-out-everywhere", &[("form-token", &own)], &headers).await;
        page.says(403, "another web site");
    }
    assert!(is_in(&mut ada).await);
    // Signing in, too: nobody is to be signed in to an account of somebody else's choice.
    let mut fresh = Browser::new(&world);
    let fields = [("username", "eve"), ("password", PASSWORD)];
    fresh.post("/sign-in", &fields).await.says(403, "Nothing was done");
    let token = fresh.get("/sign-in").await.hidden("/sign-in")[0].1.clone();
    let fields = [("form-token", token.as_str()), ("username", "eve"), ("password", PASSWORD)];
    Browser::new(&world).post("/sign-in", &fields).await.says(403, "Nothing was done");
    fresh.post_from("/sign-in", &fields, &[("origin", &base)]).await.leads_to("/");
}

/// F474: a session ends after 15 minutes without a request, and after twelve hours whatever happens.
#[tokio::test]
async fn idle_sessions_end() {
    let world = World::new().await;
    person(&world, "ada").await;
    let mut browser = signed_in(&world, "ada").await;
    world.pass(Duration::from_secs(14 * 60));
    assert!(is_in(&mut browser).await);
    world.pass(Duration::from_secs(14 * 60));
    let home = browser.get("/").await.says(200, "user-ada");
    world.pass(Duration::from_secs(16 * 60));
    let late = browser
        .submit(&home, "/me/make-token", &[("label", "late"), ("scope", "full"), ("days", "30")])
        .await;
    late.leads_to("/sign-in?notice=ended");
    assert!(!is_in(&mut browser).await);
    browser.sign_in("ada", PASSWORD).await.leads_to("/");
    for _ in 0..12 * 6 {
        assert!(is_in(&mut browser).await);
        world.pass(Duration::from_secs(10 * 60));
    }
    assert!(!is_in(&mut browser).await);
}

/// Organisations say how long their members' browsers may be idle; the shortest time counts, and 15 minutes where none says.
#[tokio::test]
async fn an_organisation_sets_when_idle_sessions_end() {
    let world = World::new().await;
    let root = world.person("root", "ADMIN").await;
    person(&world, "ada").await;
    let (long, short) = (world.org("long", &["ada"]).await, world.org("short", &["ada"]).await);
    let set = async |org: &str, minutes: i64| {
        root.ok(&format!("/{org}/setFeatures"), json!({ "autoLogoutAfter": minutes * 60_000 })).await;
    };
    set(&long, 120).await;
    let mut browser = signed_in(&world, "ada").await;
    world.pass(Duration::from_secs(110 * 60));
    assert!(is_in(&mut browser).await);
    set(&short, 5).await;
    world.pass(Duration::from_secs(6 * 60));
    assert!(!is_in(&mut browser).await);
    let policies = root.describe(&short, &["policies"]).await["policies"].clone();
    assert_eq!(policies["autoLogoutAfter"], 5 * 60_000);

    root.ok(&format!("/{short}/setFeatures"), json!({ "autoLogoutAfter": null })).await;
    root.ok(&format!("/{long}/setFeatures"), json!({ "autoLogoutAfter": null })).await;
    let policies = root.describe(&long, &["policies"]).await["policies"].clone();
    assert_eq!(policies["autoLogoutAfter"], 15 * 60_000);
    let mut browser = signed_in(&world, "ada").await;
    world.pass(Duration::from_secs(16 * 60));
    assert!(!is_in(&mut browser).await);
    for wrong in [0, -1, 5 * 60_000 - 1, 12 * 3_600_000 + 1] {
        let input = json!({ "autoLogoutAfter": wrong });
        root.fails(&format!("/{long}/setFeatures"), input, "InvalidInput").await;
    }
}

/// F474: whatever ends an account's access ends its sessions at once.
#[tokio::test]
async fn sessions_end_with_the_access() {
    let world = World::new().await;
    person(&world, "ada").await;
    let admin = fixture::User { kind: "ADMIN".to_owned(), ..fixture::User::new("root") };
    let token = fixture::Token {
        name: "test".to_owned(),
        user: "root".to_owned(),
        text: Some("root-token".to_owned()),
        scope: None,
    };
    world.add(Fixture { user: vec![admin], token: vec![token], ..Fixture::default() }).await;
    let mut browser = signed_in(&world, "ada").await;
    let mut other = signed_in(&world, "ada").await;
    let input = json!({ "username": "ada", "password": PASSWORD });
    let client = world.anonymous().ok("/system/newAuthToken", input).await;
    let client = world.client(client["access_token"].as_str());
    let everything = json!({ "scope": { "full": true } });
    let program = client.ok("/system/newAuthToken", everything).await;
    let program = world.client(program["access_token"].as_str());
    let home = browser.get("/").await;
    browser.submit(&home, "/sign-out-everywhere", &[]).await.leads_to("/sign-in?notice=everywhere");
    assert!(!is_in(&mut browser).await && !is_in(&mut other).await);
    client.fails("/system/whoami", json!({}), "InvalidAuthentication").await;
    program.ok("/system/whoami", json!({})).await;
    let mut browser = signed_in(&world, "ada").await;
    world.client(Some("root-token")).ok("/user-ada/disable", json!({})).await;
    assert!(!is_in(&mut browser).await);
    browser.sign_in("ada", PASSWORD).await.says(422, "is wrong");
}

/// A session is worth nothing on API routes, neither as a cookie nor as a token.
#[tokio::test]
async fn a_session_opens_no_api_route() {
    let world = World::new().await;
    person(&world, "ada").await;
    let browser = signed_in(&world, "ada").await;
    let session = &browser.cookies["operon"];
    world.client(Some(session)).fails("/system/whoami", json!({}), "InvalidAuthentication").await;
    let answer: Value = reqwest::Client::new()
        .post(format!("{}/system/whoami", browser.base))
        .header("cookie", format!("operon={session}"))
        .json(&json!({}))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(answer["error"]["type"], "PermissionDenied");
}

/// Nor does a token of a program stand for a signed-in browser.
#[tokio::test]
async fn a_token_is_no_session() {
    let world = World::new().await;
    let ada = world.user("ada").await;
    let mut browser = Browser::new(&world);
    browser.cookies.insert("operon".to_owned(), ada.token.unwrap());
    assert!(!is_in(&mut browser).await);
}

/// Every page, also one that refuses, is kept out of frames, caches and other sites' hands.
#[tokio::test]
async fn pages_are_protected() {
    let world = World::new().await;
    let mut browser = Browser::new(&world);
    for path in ["/", "/sign-in", "/activate?code=abc", "/forgot-password", "/oidc/none/callback"] {
        let page = browser.get(path).await;
        let header = |name: &str| page.headers[name].to_str().unwrap().to_owned();
        assert_eq!(
            header("content-security-policy"),
            "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        );
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("cache-control"), "no-store");
        assert!(!page.body.contains("<script") && !page.body.contains("style=\""), "{path}");
        assert_eq!(page.headers.get("access-control-allow-origin"), None);
    }
    let large = "x".repeat(100_000);
    browser.post("/sign-in", &[("username", &large)]).await.says(400, "too large");
    let style = browser.get("/style.css").await;
    assert_eq!(style.headers["content-type"], "text/css; charset=utf-8");
}
