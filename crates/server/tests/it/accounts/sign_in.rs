//! Signing in over the API: what a guesser learns and how fast, and the second factor.

use std::time::Duration;

use serde_json::{Value, json};
use store::params;

use super::{OTHER, login, slowed, switch_on, with_otp, works};
use crate::web::own_account::authenticator;
use crate::web::{PASSWORD, actions, person};
use crate::world::World;

fn guess(name: &str) -> Value {
    json!({ "username": name, "password": "wrong wrong wrong" })
}

/// F474: a wrong password, an unknown name, an account that waits for activation and one that was stopped are told
/// apart by nobody, and each failure is in the audit log.
#[tokio::test]
async fn refusals_tell_nothing_about_the_account() {
    let world = World::new().await;
    let root = world.person("root", "ADMIN").await;
    person(&world, "ada").await;
    person(&world, "stopped").await;
    root.ok("/user-stopped/disable", json!({})).await;
    let input = json!({ "username": "pending", "email": "pending@example.org", "first": "P" });
    root.ok("/user/new", input).await;
    let stranger = world.anonymous();
    let answer = stranger.post("/system/newAuthToken", guess("ada")).await;
    assert_eq!((answer.status, &answer.body["error"]["type"]), (401, &json!("UsernameOrPasswordError")));
    for name in ["nobody", "nobody@example.org", "pending", "stopped", "stopped@example.org", "user-ada"] {
        let other = stranger.post("/system/newAuthToken", guess(name)).await;
        assert_eq!((other.status, &other.body), (answer.status, &answer.body), "{name}");
    }
    let input = json!({ "username": "stopped", "password": PASSWORD });
    let right = stranger.post("/system/newAuthToken", input).await;
    assert_eq!((right.status, &right.body), (answer.status, &answer.body));
    let failures = actions(&world).await.iter().filter(|action| *action == "signIn.passwordRefused").count();
    assert_eq!(failures, 8);
}

/// F474: failures are counted by name, whether there is such an account or not; waiting helps, and an administrator
/// lifts the wait, also where the person has signed in before.
#[tokio::test]
async fn guessing_at_one_name_slows_down() {
    let world = World::new().await;
    let root = world.person("root", "ADMIN").await;
    person(&world, "ada").await;
    let stranger = world.anonymous();
    assert!(slowed(&stranger, &guess("nobody")).await >= 6);
    // One account, one count, however its handle is written.
    for name in [" User-ADA", "Ada", "user-ada"] {
        stranger.fails("/system/newAuthToken", guess(name), "UsernameOrPasswordError").await;
    }
    assert!(slowed(&stranger, &guess("ada")).await >= 3);
    world.pass(Duration::from_secs(3600));
    let ada = login(&world, "ada", PASSWORD).await;
    assert!(works(&ada).await);

    // From here ada is known, and counted apart from strangers. That wait is lifted as well.
    assert!(slowed(&stranger, &guess("ada")).await >= 6);
    ada.fails("/user-ada/unlockUserAccount", json!({}), "PermissionDenied").await;
    world.pass(Duration::from_millis(10));
    root.ok("/user-ada/unlockUserAccount", json!({})).await;
    world.pass(Duration::from_millis(10));
    stranger.fails("/system/newAuthToken", guess("ada"), "UsernameOrPasswordError").await;
    login(&world, "ada", PASSWORD).await;
}

/// F474: an account has one number of tries, whichever of its names is typed, at a place that is known and elsewhere; a name
/// that no account has has as many.
#[tokio::test]
async fn an_account_is_guessed_at_by_all_its_names_together() {
    let (world, _clock) = World::standing_still().await;
    person(&world, "ada").await;
    // The fixture's people were never here before.
    world.user("bob").await;
    world
        .write(|tx| {
            tx.execute("update account set email = 'bob@example.org' where id = 'user-bob'", params![])
        })
        .await;
    let stranger = world.anonymous();
    for names in [
        ["ada", "ada@example.org", " User-ADA", "ADA@example.org"],
        ["bob", "bob@example.org", "user-bob", "Bob@Example.org"],
        ["nobody", "user-nobody", " NOBODY", "nobody "],
    ] {
        let mut tries = 0;
        for name in names.iter().cycle().take(20) {
            if stranger.post("/system/newAuthToken", guess(name)).await.status == 429 {
                break;
            }
            tries += 1;
        }
        assert_eq!(tries, 6, "{names:?}");
        for name in names {
            stranger.fails("/system/newAuthToken", guess(name), "RateLimitConditional").await;
        }
    }
}

/// Guesses with what a proxy, or somebody who plays one, writes about the address; answers the status.
async fn guess_from(world: &World, forwarded: &[&str], name: &str) -> u16 {
    let address = format!("{}/system/newAuthToken", world.base());
    let mut request = reqwest::Client::new().post(address).json(&guess(name));
    for line in forwarded {
        request = request.header("x-forwarded-for", *line);
    }
    request.send().await.unwrap().status().as_u16()
}

/// F474: failures are counted by address, too, so that trying one password with many names is slow. Behind a proxy the
/// address is the one that the proxy added, never one that the caller made up.
#[tokio::test]
async fn guessing_from_one_address_slows_down() {
    let world = World::with(|config| config.trust_forwarded_for = true).await;
    person(&world, "ada").await;
    let mut answered = 0;
    for place in 0..60 {
        let made_up = format!("198.51.100.{place}");
        // A made-up address in the same line, and in a line of its own before the proxy's.
        let lines = [format!("{made_up}, 203.0.113.5"), "203.0.113.5".to_owned()];
        let forwarded: Vec<&str> = match place % 2 {
            0 => vec![&lines[0]],
            _ => vec![&made_up, &lines[1]],
        };
        match guess_from(&world, &forwarded, &format!("name{place}")).await {
            401 => answered += 1,
            429 => break,
            other => panic!("{place}: {other}"),
        }
    }
    assert!((21..60).contains(&answered), "{answered}");
    assert_eq!(guess_from(&world, &["203.0.113.6"], "ada").await, 401);
}

/// F474: where the operator speaks of no proxy, whoever calls is where the connection comes from, whatever they write.
#[tokio::test]
async fn nobody_makes_an_address_up_without_a_proxy() {
    let world = World::new().await;
    let mut answered = 0;
    for place in 0..60 {
        let made_up = format!("198.51.100.{place}");
        match guess_from(&world, &[&made_up], &format!("name{place}")).await {
            401 => answered += 1,
            429 => break,
            other => panic!("{place}: {other}"),
        }
    }
    assert!((21..60).contains(&answered), "{answered}");
}

/// F474: an address is not known for ever: somebody else may have it by then.
#[tokio::test]
async fn an_address_is_known_for_three_months() {
    let world = World::new().await;
    person(&world, "ada").await;
    login(&world, "ada", PASSWORD).await;
    world.pass(Duration::from_secs(91 * 24 * 3600));
    let stranger = world.anonymous();
    for place in 0.. {
        if stranger.post("/system/newAuthToken", guess(&format!("name{place}"))).await.status == 429 {
            break;
        }
        assert!(place < 60, "guessing does not slow down");
    }
    let input = json!({ "username": "ada", "password": PASSWORD });
    stranger.fails("/system/newAuthToken", input, "RateLimitConditional").await;
}

/// F474: guessing at the code that switches a second factor on slows down as well, though the password is right each time.
#[tokio::test]
async fn guessing_at_the_first_code_slows_down() {
    let world = World::new().await;
    person(&world, "ada").await;
    let ada = login(&world, "ada", PASSWORD).await;
    ada.ok("/user-ada/startOTP", json!({})).await;
    let input = json!({ "otp": "000000", "password": PASSWORD });
    for _ in 0..6 {
        ada.fails("/user-ada/confirmOTP", input.clone(), "OTPMismatchError").await;
    }
    ada.fails("/user-ada/confirmOTP", input, "RateLimitConditional").await;
}

/// F474: whoever signed in from an address before is not kept out by others who fail from there, nor do they lift the wait
/// of the others.
#[tokio::test]
async fn strangers_of_the_same_address_keep_nobody_out() {
    let world = World::new().await;
    person(&world, "ada").await;
    login(&world, "ada", PASSWORD).await;
    let stranger = world.anonymous();
    let mut wait = 0;
    for place in 0.. {
        let answer = stranger.post("/system/newAuthToken", guess(&format!("name{place}"))).await;
        if answer.status == 429 {
            wait = answer.body["error"]["details"]["retryAfter"].as_u64().unwrap();
            if wait > 30 {
                break;
            }
            world.pass(Duration::from_secs(wait));
        }
        assert!(place < 100, "guessing does not slow down: {wait}");
    }
    login(&world, "ada", PASSWORD).await;
    stranger.fails("/system/newAuthToken", guess("bob"), "RateLimitConditional").await;
    // Guessing at the one who is known is as slow as anywhere.
    assert!(slowed(&stranger, &guess("ada")).await >= 5);
}

/// F474: the second factor over the API: asked for after the right password only, each code good once in any place,
/// backup codes good once, wrong ones slowed down like passwords.
#[tokio::test]
async fn the_second_factor_is_asked_for_and_used_up() {
    let world = World::new().await;
    person(&world, "ada").await;
    let ada = login(&world, "ada", PASSWORD).await;
    ada.fails("/user-ada/confirmOTP", json!({ "otp": "123456" }), "InvalidState").await;
    // A token alone does not lock its owner out.
    let begun = ada.ok("/user-ada/startOTP", json!({})).await;
    let code = authenticator(begun["secret"].as_str().unwrap(), world.now());
    for stolen in [json!({ "otp": code }), json!({ "otp": code, "password": "another one" })] {
        ada.fails("/user-ada/confirmOTP", stolen, "UsernameOrPasswordError").await;
    }
    let at = world.now();
    let (secret, backup) = switch_on(&ada, "user-ada", at).await;
    assert_eq!(backup.len(), 10);
    ada.fails("/user-ada/startOTP", json!({}), "InvalidState").await;
    let stranger = world.anonymous();
    let path = "/system/newAuthToken";
    stranger.fails(path, guess("ada"), "UsernameOrPasswordError").await;
    let bare = json!({ "username": "ada", "password": PASSWORD });
    stranger.fails(path, bare, "OTPRequiredError").await;
    // The code that switched it on is used up.
    stranger.fails(path, with_otp("ada", &authenticator(&secret, at)), "OTPMismatchError").await;
    world.pass(Duration::from_secs(60));
    let code = authenticator(&secret, world.now());
    stranger.ok(path, with_otp("ada", &code)).await;
    stranger.fails(path, with_otp("ada", &code), "OTPMismatchError").await;
    let spent = json!({ "password": PASSWORD, "otp": code });
    ada.fails("/user-ada/disableOTP", spent, "OTPMismatchError").await;
    // Nor is an earlier one good that was never used.
    let earlier = authenticator(&secret, world.now() - 30_000);
    stranger.fails(path, with_otp("ada", &earlier), "OTPMismatchError").await;

    world.pass(Duration::from_secs(3600));
    stranger.ok(path, with_otp("ada", &backup[3].to_uppercase().replace('-', " "))).await;
    stranger.fails(path, with_otp("ada", &backup[3]), "OTPMismatchError").await;
    stranger.ok(path, with_otp("ada", &backup[4])).await;
    assert!(slowed(&stranger, &with_otp("ada", "000000")).await >= 5);

    world.pass(Duration::from_secs(24 * 3600));
    let off = json!({ "password": PASSWORD, "otp": authenticator(&secret, world.now()) });
    ada.ok("/user-ada/disableOTP", off).await;
    login(&world, "ada", PASSWORD).await;
    // What belonged to the earlier setting does not come back with another one.
    switch_on(&ada, "user-ada", world.now()).await;
    stranger.fails(path, with_otp("ada", &backup[6]), "OTPMismatchError").await;
}

/// One code presented twice at the same moment is accepted once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_presented_twice_at_once_is_accepted_once() {
    let world = World::new().await;
    person(&world, "ada").await;
    let ada = login(&world, "ada", PASSWORD).await;
    let (secret, backup) = switch_on(&ada, "user-ada", world.now()).await;
    world.pass(Duration::from_secs(60));
    for code in [authenticator(&secret, world.now()), backup[0].clone()] {
        let stranger = world.anonymous();
        let both = [0, 1].map(|_| stranger.post("/system/newAuthToken", with_otp("ada", &code)));
        let mut statuses: Vec<u16> =
            futures::future::join_all(both).await.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401], "{code}");
        // So long ago that what failed slows nobody down.
        world.pass(Duration::from_secs(3600));
    }
}

/// Another password ends a sign-in that was half done with the one before.
#[tokio::test]
async fn a_half_done_sign_in_ends_with_the_password() {
    let world = World::new().await;
    person(&world, "ada").await;
    let ada = login(&world, "ada", PASSWORD).await;
    let (secret, backup) = switch_on(&ada, "user-ada", world.now()).await;
    let mut browser = crate::browser::Browser::new(&world);
    browser.sign_in("ada", PASSWORD).await.leads_to("/sign-in/code");
    world.pass(Duration::from_secs(60));
    let change =
        json!({ "password": PASSWORD, "newPassword": OTHER, "otp": authenticator(&secret, world.now()) });
    ada.ok("/user-ada/changePassword", change).await;
    browser.fill("/sign-in/code", &[("otp", &backup[0])]).await.leads_to("/sign-in?notice=step");
}

/// What somebody has shown is worth nothing once the account was secured in between: no session and no token comes of it.
#[tokio::test]
async fn a_proof_ends_with_what_it_proved() {
    let world = World::new().await;
    person(&world, "ada").await;
    let app = world.app();
    let proved = async || {
        let found =
            world.read(|tx| store::account::by_id(tx, &wire::id::UserId::from_handle("ada").unwrap()));
        found.await.unwrap()
    };
    let begin = async |account| {
        let ctx = app::Ctx::own(app, "test");
        app::session::begin(&ctx, account, app::session::Proof::Password, None).await
    };
    begin(proved().await).await.unwrap();
    let earlier = proved().await;
    let key = earlier.key;
    world.write(move |tx| store::token::revoke_all(tx, key, None, 1)).await;
    let why = begin(earlier).await.unwrap_err().into_wire();
    assert_eq!(why.kind, wire::ErrorType::UsernameOrPasswordError);
    begin(proved().await).await.unwrap();
}
