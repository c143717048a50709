//! Mailed links: each is good once, for one thing, for a while, and not after the account was secured.

use std::time::Duration;

use serde_json::json;

use super::{OTHER, login, works};
use crate::wait;
use crate::web::codes::{invited, mailed};
use crate::web::{PASSWORD, person};
use crate::world::World;

/// The code of the link in a letter.
async fn code(world: &World, to: &str, seen: usize) -> String {
    mailed(world, to, seen).await.split_once("code=").unwrap().1.to_owned()
}

/// F017, F018: an account is activated with the code of its letter, once, in time, and with a fit password.
#[tokio::test]
async fn an_account_waits_for_its_code() {
    let world = World::new().await;
    let link = invited(&world, "bob").await;
    let good = link.split_once("code=").unwrap().1.to_owned();
    let stranger = world.anonymous();
    let activate = "/account/activate";
    let with = |code: &str, password: &str| json!({ "code": code, "password": password });
    for (code, password) in
        [(good.as_str(), "too short"), (good.as_str(), "bob@example.org bob"), ("wrong", OTHER)]
    {
        stranger.fails(activate, with(code, password), "InvalidInput").await;
    }
    // A code for one thing does nothing for another.
    stranger.fails("/account/resetPassword", with(&good, OTHER), "InvalidInput").await;
    stranger.fails("/account/confirmEmail", json!({ "code": good }), "InvalidInput").await;
    let input = json!({ "username": "bob", "password": OTHER });
    stranger.fails("/system/newAuthToken", input, "UsernameOrPasswordError").await;
    stranger.ok(activate, with(&good, OTHER)).await;
    stranger.fails(activate, with(&good, PASSWORD), "InvalidInput").await;
    assert!(works(&login(&world, "bob", OTHER).await).await);

    let root = world.client(Some("root-token"));
    let input = json!({ "username": "eve", "email": "eve@example.org", "first": "Eve" });
    root.ok("/user/new", input).await;
    let first = code(&world, "eve@example.org", 0).await;
    let again = json!({ "usernameOrEmail": "eve" });
    root.ok("/account/resendActivationEmail", again.clone()).await;
    let second = code(&world, "eve@example.org", 1).await;
    stranger.fails(activate, with(&first, OTHER), "InvalidInput").await;
    world.pass(Duration::from_secs(7 * 24 * 3600));
    stranger.fails(activate, with(&second, OTHER), "InvalidInput").await;
    root.ok("/account/resendActivationEmail", again).await;
    let third = code(&world, "eve@example.org", 2).await;
    stranger.ok(activate, with(&third, OTHER)).await;
}

/// F474: links point to the address that the operator set, whatever host a request names.
#[tokio::test]
async fn links_lead_to_this_server_alone() {
    let world = World::new().await;
    person(&world, "ada").await;
    let http = reqwest::Client::new();
    for (name, value) in
        [("host", "evil.example"), ("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example")]
    {
        let request = http
            .post(format!("{}/account/requestPasswordReset", world.base()))
            .header(name, value)
            .json(&json!({ "usernameOrEmail": "ada" }));
        assert_eq!(request.send().await.unwrap().status(), 200, "{name}");
    }
    for seen in 0..3 {
        let letter = world.letter("ada@example.org", seen).await;
        assert!(letter.text().contains(&format!("{}/reset-password?code=", world.base())));
        assert!(!letter.text().contains("evil"), "{}", letter.text());
    }
}

/// F474: a request for another password answers alike for everybody, ends nothing by itself, sends few letters to one
/// account, and turns away whoever goes through a list of names.
#[tokio::test]
async fn requests_for_another_password_are_few_and_tell_nothing() {
    let world = World::new().await;
    let root = world.person("root", "ADMIN").await;
    person(&world, "ada").await;
    person(&world, "stopped").await;
    root.ok("/user-stopped/disable", json!({})).await;
    let ada = login(&world, "ada", PASSWORD).await;
    let stranger = world.anonymous();
    let ask = |name: &str| json!({ "usernameOrEmail": name });
    let path = "/account/requestPasswordReset";
    let answer = stranger.ok(path, ask("ada")).await;
    for name in ["ada", "ada@EXAMPLE.org", "user-ada", "nobody", "stopped", "nobody@example.org"] {
        assert_eq!(stranger.ok(path, ask(name)).await, answer, "{name}");
    }
    assert!(works(&ada).await);
    world.letter("ada@example.org", 2).await;
    world.pass(Duration::from_secs(21 * 60));
    stranger.ok(path, ask("ada")).await;
    world.letter("ada@example.org", 3).await;
    assert_eq!(world.letters.sent().len(), 4);
    // What else is written to somebody leaves room for these.
    let bob = world.user("bob").await;
    for name in ["One", "Two", "Three", "Four"] {
        let project = bob.project(name).await;
        bob.invite(&project, "ada", wire::Level::View).await;
    }
    world.pass(Duration::from_secs(21 * 60));
    stranger.ok(path, ask("ada")).await;
    world.letter("ada@example.org", 8).await;
    let sent = world.letters.sent();
    assert_eq!(sent.iter().filter(|letter| letter.text().contains("/reset-password?code=")).count(), 5);
    for _ in 0..20 {
        stranger.post(path, ask("nobody")).await;
    }
    stranger.fails(path, ask("ada"), "RateLimitConditional").await;
}

/// F474: a reset ends tokens, sessions and every other link of the account, also one that still waits to be sent.
#[tokio::test]
async fn a_reset_ends_everything_that_was_there_before() {
    let world = World::new().await;
    person(&world, "ada").await;
    let thief = login(&world, "ada", PASSWORD).await;
    let stranger = world.anonymous();
    stranger.ok("/account/requestPasswordReset", json!({ "usernameOrEmail": "ada" })).await;
    let first = code(&world, "ada@example.org", 0).await;
    stranger.ok("/account/requestPasswordReset", json!({ "usernameOrEmail": "ada" })).await;
    let second = code(&world, "ada@example.org", 1).await;
    // The thief has the account send a link to an address of the thief's own.
    let change = json!({ "newEmail": "thief@example.org", "password": PASSWORD });
    thief.ok("/user-ada/updateEmail", change.clone()).await;
    let stolen = code(&world, "thief@example.org", 0).await;
    // And another one, which the mail server does not take yet.
    world.pass(Duration::from_secs(20 * 60));
    world.letters.fail_next(mail::SendError::Temporary("later".into()));
    thief.ok("/user-ada/updateEmail", change).await;
    let failed = async || {
        let rows = world.read(|tx| {
            tx.query("select attempts from outbox where failure is not null", store::db::params![])
        });
        rows.await.len()
    };
    wait::until("the letter is refused for now", async || failed().await > 0).await;
    stranger.ok("/account/resetPassword", json!({ "code": second, "password": OTHER })).await;
    assert!(!works(&thief).await);
    stranger
        .fails("/account/resetPassword", json!({ "code": first, "password": PASSWORD }), "InvalidInput")
        .await;
    stranger.fails("/account/confirmEmail", json!({ "code": stolen }), "InvalidInput").await;
    let notice = world.letter("ada@example.org", 2).await;
    assert!(notice.text().contains("was changed"), "{}", notice.text());
    world.pass(Duration::from_secs(3600));
    // A letter after the one that was withdrawn: had that one been sent, it would have come first.
    stranger.ok("/account/requestPasswordReset", json!({ "usernameOrEmail": "ada" })).await;
    world.letter("ada@example.org", 3).await;
    let to_thief =
        world.letters.sent().iter().filter(|letter| letter.to().as_str() == "thief@example.org").count();
    assert_eq!(to_thief, 1);
}

/// Another address takes effect once it is confirmed; links that went to the one before end then, and its reader is told.
#[tokio::test]
async fn another_address_is_confirmed_first() {
    let world = World::new().await;
    person(&world, "ada").await;
    person(&world, "bob").await;
    let ada = login(&world, "ada", PASSWORD).await;
    let change = |to: &str, password: &str| json!({ "newEmail": to, "password": password });
    let path = "/user-ada/updateEmail";
    ada.fails(path, change("new@example.org", "wrong wrong wrong"), "UsernameOrPasswordError").await;
    ada.fails(path, change("Ada@example.org", PASSWORD), "EmailError").await;
    ada.fails("/user-bob/updateEmail", change("new@example.org", PASSWORD), "PermissionDenied").await;
    world.anonymous().ok("/account/requestPasswordReset", json!({ "usernameOrEmail": "ada" })).await;
    let reset = code(&world, "ada@example.org", 0).await;
    // Whoever asks again has thought better of the address before.
    ada.ok(path, change("mistaken@example.org", PASSWORD)).await;
    let mistaken = code(&world, "mistaken@example.org", 0).await;
    ada.ok(path, change("New@Example.org", PASSWORD)).await;
    world.anonymous().fails("/account/confirmEmail", json!({ "code": mistaken }), "InvalidInput").await;
    let confirm = code(&world, "new@example.org", 0).await;
    assert_eq!(ada.describe("user-ada", &["email"]).await["email"], "ada@example.org");
    world.anonymous().ok("/account/confirmEmail", json!({ "code": confirm })).await;
    assert_eq!(ada.describe("user-ada", &["email"]).await["email"], "new@example.org");
    world.anonymous().fails("/account/confirmEmail", json!({ "code": confirm }), "InvalidInput").await;
    let late = json!({ "code": reset, "password": OTHER });
    world.anonymous().fails("/account/resetPassword", late, "InvalidInput").await;
    assert!(world.letter("ada@example.org", 1).await.text().contains("another e-mail address"));
}

/// F016: where people may make accounts for themselves, one that is there already is not told of to a stranger, but to its
/// owner; and nobody spends the money of an organisation by it.
#[tokio::test]
async fn who_makes_an_own_account_learns_nothing_of_others() {
    let world = World::with(|config| config.self_sign_up = true).await;
    person(&world, "ada").await;
    let stranger = world.anonymous();
    let new =
        |name: &str, email: &str| json!({ "username": name, "email": email, "first": "A", "last": "Person" });
    let fresh = stranger.ok("/user/new", new("bob", "bob@example.org")).await;
    let taken = stranger.ok("/user/new", new("eve", "ADA@example.org")).await;
    let told = |answer: &serde_json::Value, name: &str, email: &str| {
        answer.to_string().replace(email, "Y").replace(name, "X").to_lowercase()
    };
    assert_eq!(told(&fresh, "bob", "bob@example.org"), told(&taken, "eve", "ADA@example.org"));
    let link = code(&world, "bob@example.org", 0).await;
    stranger.ok("/account/activate", json!({ "code": link, "password": OTHER })).await;
    assert!(works(&login(&world, "bob", OTHER).await).await);
    let letter = world.letter("ada@example.org", 0).await;
    assert!(letter.text().contains("You have one already"), "{}", letter.text());
    // The handles are gone alike, and nobody can use the one that was asked for with ada's address.
    for name in ["bob", "eve"] {
        stranger.fails("/user/new", new(name, "third@example.org"), "UsernameError").await;
    }
    let bare = "select count(*) from account where id = 'user-eve' and email is null and state = 'pending'";
    assert_eq!(world.rows(bare).await, 1);
    stranger.fails("/user/new", new("Ada", "other@example.org"), "UsernameError").await;
    world.user("boss").await;
    let lab = world.org("lab", &["boss"]).await;
    for key in ["billTo", "provisioningOrg"] {
        let mut input = new("carl", "carl@example.org");
        input[key] = json!(lab);
        stranger.fails("/user/new", input, "PermissionDenied").await;
    }
    let closed = World::new().await;
    closed.anonymous().fails("/user/new", new("bob", "bob@example.org"), "PermissionDenied").await;
}

/// F016, F018: an account that somebody asked for and nobody activated ends after two weeks, whether it has the address that
/// was given or another account has it, and with what it was given. Its name is free again. Until then, nobody's letters
/// to it trouble the operator.
#[tokio::test]
async fn an_account_that_nobody_activates_ends() {
    let world = World::with(|config| config.self_sign_up = true).await;
    let root = world.person("root", "ADMIN").await;
    person(&world, "ada").await;
    let stranger = world.anonymous();
    let new =
        |name: &str, email: &str| json!({ "username": name, "email": email, "first": "A", "last": "Person" });
    stranger.ok("/user/new", new("eve", "ada@example.org")).await;
    stranger.ok("/user/new", new("fred", "fred@example.org")).await;
    stranger.ok("/user/new", new("gil", "gil@example.org")).await;
    root.ok("/user/new", new("hank", "hank@example.org")).await;
    let link = code(&world, "gil@example.org", 0).await;
    stranger.ok("/account/activate", json!({ "code": link, "password": OTHER })).await;
    let project = root.project("Trial").await;
    let lab = root.ok("/org/new", json!({ "handle": "lab", "name": "Lab" })).await["id"].clone();
    for name in ["eve", "fred"] {
        stranger.ok("/account/requestPasswordReset", json!({ "usernameOrEmail": name })).await;
        root.invite(&project, name, wire::Level::View).await;
        root.ok(&format!("/{}/invite", lab.as_str().unwrap()), json!({ "invitee": name })).await;
    }
    let unsent = "select count(*) from outbox where done is null";
    wait::until("all letters are sent or dropped", async || world.rows(unsent).await == 0).await;
    assert_eq!(root.ok("/system/findUnsentMail", json!({})).await["results"], json!([]));
    let day = Duration::from_secs(24 * 60 * 60);
    world.pass(14 * day - day / 24);
    world.app().forget_unused_accounts().await.unwrap();
    for name in ["eve", "fred"] {
        stranger.fails("/user/new", new(name, "third@example.org"), "UsernameError").await;
    }
    world.pass(day);
    world.app().forget_unused_accounts().await.unwrap();
    assert_eq!(world.rows("select count(*) from account where id in ('user-eve', 'user-fred')").await, 0);
    assert_eq!(
        root.describe(&project, &["permissions"]).await["permissions"],
        json!({ "user-root": "ADMINISTER" })
    );
    let told = root.ok("/system/findAuditEvents", json!({ "kind": "user.expired" })).await;
    assert_eq!(told["results"].as_array().unwrap().len(), 2, "{told}");
    // What was free is free again, and who was let in by others, or came in, is still there.
    stranger.ok("/user/new", new("eve", "eve@example.org")).await;
    stranger.ok("/user/new", new("fred2", "fred@example.org")).await;
    for name in ["gil", "hank"] {
        stranger.fails("/user/new", new(name, "fourth@example.org"), "UsernameError").await;
    }
}

/// F474: whoever reads the account's letters is not kept out by strangers who guess, wherever they sign in from.
#[tokio::test]
async fn a_reset_opens_the_door_that_strangers_shut() {
    let world = World::new().await;
    person(&world, "ada").await;
    let stranger = world.anonymous();
    let wrong = json!({ "username": "ada", "password": "not the one at all" });
    while stranger.post("/system/newAuthToken", wrong.clone()).await.status != 429 {}
    let ask = json!({ "usernameOrEmail": "ada" });
    stranger.ok("/account/requestPasswordReset", ask).await;
    let link = code(&world, "ada@example.org", 0).await;
    stranger.ok("/account/resetPassword", json!({ "code": link, "password": OTHER })).await;
    assert!(works(&login(&world, "ada", OTHER).await).await);
}

/// Whoever tries addresses does not learn whose they are, or that they are anybody's.
#[tokio::test]
async fn an_address_does_not_give_its_holder_away() {
    let world = World::new().await;
    person(&world, "ada").await;
    person(&world, "bob").await;
    let ada = login(&world, "ada", PASSWORD).await;
    let path = "/user-ada/updateEmail";
    let change = |to: &str| json!({ "newEmail": to, "password": PASSWORD });
    let free = ada.ok(path, change("free@example.org")).await.to_string();
    let taken = ada.ok(path, change("bob@example.org")).await.to_string();
    assert_eq!(free.replace("free@", "X@"), taken.replace("bob@", "X@"));
    code(&world, "free@example.org", 0).await;
    let told = world.letter("bob@example.org", 0).await;
    assert!(
        told.text().contains("You have one already") && !told.text().contains("code="),
        "{}",
        told.text()
    );
    // Both count as letters on ada's word.
    ada.ok(path, change("bob@example.org")).await;
    for to in ["bob@example.org", "other@example.org"] {
        ada.fails(path, change(to), "RateLimitConditional").await;
    }

    let resend = async |named: &str| {
        let input = json!({ "usernameOrEmail": named });
        let message = ada.fails("/account/resendActivationEmail", input, "ResourceNotFound").await;
        message.replace(named, "X")
    };
    let absent = resend("nobody@example.org").await;
    for named in ["bob@example.org", "bob", "user-bob", "nobody"] {
        assert_eq!(resend(named).await, absent, "{named}");
    }
}

/// F474: another password by its owner ends the other tokens and the links that were mailed before, not the token used.
#[tokio::test]
async fn another_password_ends_the_rest() {
    let world = World::new().await;
    person(&world, "ada").await;
    let (here, there) = (login(&world, "ada", PASSWORD).await, login(&world, "ada", PASSWORD).await);
    world.anonymous().ok("/account/requestPasswordReset", json!({ "usernameOrEmail": "ada" })).await;
    let reset = code(&world, "ada@example.org", 0).await;
    let path = "/user-ada/changePassword";
    let change = |old: &str, new: &str| json!({ "password": old, "newPassword": new });
    here.fails(path, change("wrong wrong wrong", OTHER), "UsernameOrPasswordError").await;
    here.fails(path, change(PASSWORD, "too short"), "InvalidInput").await;
    assert!(works(&there).await);
    here.ok(path, change(PASSWORD, OTHER)).await;
    assert!(works(&here).await && !works(&there).await);
    let late = json!({ "code": reset, "password": PASSWORD });
    world.anonymous().fails("/account/resetPassword", late, "InvalidInput").await;
    login(&world, "ada", OTHER).await;
}

/// The first user's link makes one account, also when it is used twice at once, and then no other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_user_is_made_once() {
    let world = World::new().await;
    let old = world.app().first_user_link().await.unwrap().unwrap();
    let new = world.app().first_user_link().await.unwrap().unwrap();
    let code = |link: &str| link.split_once("code=").unwrap().1.to_owned();
    let input = |code: &str, name: &str| json!({ "code": code, "username": name, "email": format!("{name}@example.org"), "first": name, "last": "", "password": PASSWORD });
    let path = "/account/createFirstUser";
    let stranger = world.anonymous();
    stranger.fails(path, input(&code(&old), "ada"), "InvalidInput").await;
    let both = ["ada", "eve"].map(|name| stranger.post(path, input(&code(&new), name)));
    let answers = futures::future::join_all(both).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert!(world.app().first_user_link().await.unwrap().is_none());
    stranger.fails(path, input(&code(&new), "bob"), "InvalidInput").await;
    let kinds = world.read(|tx| tx.query("select kind from account", store::db::params![])).await;
    let kinds: Vec<String> = kinds.iter().map(|row| row.get(0).unwrap()).collect();
    assert_eq!(kinds, ["ADMIN"]);
}
