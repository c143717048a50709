//! One's own account: tokens and the second factor.

use serde_json::json;

use super::{PASSWORD, actions, is_in, person, signed_in};
use crate::browser::{Browser, Page};
use crate::world::World;

/// What an authenticator with this secret shows at a time (ms).
pub(crate) fn authenticator(secret: &str, now: i64) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
    let builder = totp_rs::Builder::new().with_algorithm(totp_rs::Algorithm::SHA1).with_digits(6);
    let totp = builder.with_secret(secret).with_step_duration(30).build().unwrap();
    totp.generate(u64::try_from(now).unwrap() / 1000).to_string()
}

/// Switches the second factor on; answers the secret and the page with the backup codes.
pub(crate) async fn switch_on(world: &World, browser: &mut Browser) -> (String, Page) {
    let home = browser.get("/").await;
    let begun = browser.submit(&home, "/me/start-second-factor", &[]).await.says(200, "otpauth://totp/");
    let secret = begun.between("Secret: <code>", "</code>");
    let again = browser
        .submit(&begun, "/me/confirm-second-factor", &[("otp", "000000"), ("password", PASSWORD)])
        .await
        .says(422, "The code is wrong");
    let code = authenticator(&secret, world.now());
    let both = [("otp", code.as_str()), ("password", PASSWORD)];
    let on = browser.submit(&again, "/me/confirm-second-factor", &both).await;
    (secret, on.says(200, "keep these backup codes"))
}

/// F023: a token is shown once, works within its scope, stands in the list with its name escaped, and ends when it is told to.
#[tokio::test]
async fn tokens_are_made_listed_and_ended() {
    let world = World::new().await;
    person(&world, "ada").await;
    let mut browser = signed_in(&world, "ada").await;
    let home = browser.get("/").await;
    let fields = [("label", "<script>alert(1)</script>"), ("scope", "VIEW"), ("days", "7")];
    let made = browser.submit(&home, "/me/make-token", &fields).await.says(200, "Your new token");
    let token = made.between("<p><code>", "</code>");
    assert!(!made.body.contains("<script>") && made.body.contains("&#60;script&#62;"), "{}", made.body);
    let client = world.client(Some(&token));
    client.ok("/system/whoami", json!({})).await;
    client.fails("/project/new", json!({ "name": "x" }), "PermissionDenied").await;
    let list = browser.get("/").await.says(200, "VIEW in every project");
    assert!(!list.body.contains(&token));
    for (fields, why) in [
        ([("label", ""), ("scope", "full"), ("days", "4000")], "choose how long"),
        ([("label", ""), ("scope", "NONE"), ("days", "7")], "choose what"),
        ([("label", "a\nb"), ("scope", "full"), ("days", "7")], "cannot be used"),
    ] {
        browser.submit(&list, "/me/make-token", &fields).await.says(422, why);
    }
    browser.submit(&list, "/me/end-token", &[]).await.leads_to("/?notice=ended");
    client.fails("/system/whoami", json!({}), "InvalidAuthentication").await;
    assert!(is_in(&mut browser).await, "the session that asked goes on");
    let again = browser.submit(&list, "/me/end-token", &[]).await;
    again.says(404, "You have no token of this signature");
    let done = actions(&world).await;
    assert!(done.contains(&"token.made".to_owned()) && done.contains(&"token.ended".to_owned()), "{done:?}");
    // Without a session there is nothing to make or to end.
    let mut stranger = Browser::new(&world);
    let token = stranger.get("/sign-in").await.hidden("/sign-in")[0].1.clone();
    for place in [
        "/me/make-token",
        "/me/end-token",
        "/me/change-password",
        "/me/start-second-factor",
        "/me/unlink",
        "/sign-out-everywhere",
    ] {
        stranger.post(place, &[("form-token", &token)]).await.leads_to("/sign-in");
    }
}

/// F474: another password, by whoever knows the present one: other sessions and tokens end, a letter tells of it, and wrong
/// tries are slowed down as those of signing in are.
#[tokio::test]
async fn the_password_is_changed_on_the_page() {
    const OTHER: &str = "violet harbour nine spoons";
    let world = World::new().await;
    person(&world, "ada").await;
    let mut browser = signed_in(&world, "ada").await;
    let mut elsewhere = signed_in(&world, "ada").await;
    let home = browser.get("/").await;
    let made =
        browser.submit(&home, "/me/make-token", &[("label", "x"), ("scope", "full"), ("days", "7")]).await;
    let client = world.client(Some(&made.between("<p><code>", "</code>")));
    for (fields, why) in [
        (["", OTHER, OTHER], "Enter your present password"),
        ([PASSWORD, "", ""], "Choose a password"),
        ([PASSWORD, OTHER, PASSWORD], "not the password that you entered first"),
        ([PASSWORD, "short", "short"], "too short"),
        (["wrong wrong wrong", OTHER, OTHER], "The password is wrong. Nothing was changed."),
    ] {
        let fields = [("present", fields[0]), ("password", fields[1]), ("again", fields[2])];
        browser.submit(&home, "/me/change-password", &fields).await.says(422, why);
    }
    client.ok("/system/whoami", json!({})).await;

    let fields = [("present", PASSWORD), ("password", OTHER), ("again", OTHER)];
    browser.submit(&home, "/me/change-password", &fields).await.leads_to("/?notice=password");
    browser.get("/?notice=password").await.says(200, "Your password is changed");
    assert!(!is_in(&mut elsewhere).await);
    client.fails("/system/whoami", json!({}), "InvalidAuthentication").await;
    let done = actions(&world).await;
    assert_eq!(done.last().unwrap(), "user.passwordChanged", "{done:?}");
    let letter = world.letter("ada@example.org", 0).await;
    assert!(letter.subject().contains("was changed"), "{}", letter.subject());
    Browser::new(&world).sign_in("ada", PASSWORD).await.says(422, "is wrong");
    Browser::new(&world).sign_in("ada", OTHER).await.leads_to("/");

    let guess = [("present", "wrong wrong wrong"), ("password", PASSWORD), ("again", PASSWORD)];
    for _ in 0..20 {
        let answer = browser.submit(&home, "/me/change-password", &guess).await;
        if answer.status == 429 {
            return;
        }
    }
    panic!("the password can be guessed as fast as one likes");
}

/// With the second factor on, another password takes its code, too.
#[tokio::test]
async fn another_password_takes_the_second_factor() {
    const OTHER: &str = "violet harbour nine spoons";
    let world = World::new().await;
    person(&world, "ada").await;
    let mut browser = signed_in(&world, "ada").await;
    let (secret, _) = switch_on(&world, &mut browser).await;
    world.pass(std::time::Duration::from_secs(60));
    let home = browser.get("/").await;
    let code = authenticator(&secret, world.now());
    for (otp, why) in [("", "Enter the code"), ("000000", "The code is wrong")] {
        let fields = [("present", PASSWORD), ("password", OTHER), ("again", OTHER), ("otp", otp)];
        browser.submit(&home, "/me/change-password", &fields).await.says(422, why);
    }
    let fields = [("present", PASSWORD), ("password", OTHER), ("again", OTHER), ("otp", code.as_str())];
    browser.submit(&home, "/me/change-password", &fields).await.leads_to("/?notice=password");
    Browser::new(&world).sign_in("ada", OTHER).await.leads_to("/sign-in/code");
}

/// F474: with the second factor on, the password alone opens nothing; each code works once; a backup code replaces it.
#[tokio::test]
async fn the_second_factor_is_asked_for() {
    let world = World::new().await;
    person(&world, "ada").await;
    let mut browser = signed_in(&world, "ada").await;
    let (secret, codes) = switch_on(&world, &mut browser).await;
    let backup = codes.between("<li><code>", "</code>");

    let mut other = Browser::new(&world);
    other.sign_in("ada", PASSWORD).await.leads_to("/sign-in/code");
    assert!(!is_in(&mut other).await && !other.cookies.contains_key("operon"));
    other.fill("/sign-in/code", &[("otp", "")]).await.says(422, "Enter the code.");
    other.fill("/sign-in/code", &[("otp", "123456")]).await.says(422, "The code is wrong");
    let used = authenticator(&secret, world.now());
    other.fill("/sign-in/code", &[("otp", &used)]).await.says(422, "was used before");
    world.pass(std::time::Duration::from_secs(60));
    let code = authenticator(&secret, world.now());
    other.fill("/sign-in/code", &[("otp", &code)]).await.leads_to("/");
    assert!(is_in(&mut other).await);

    let mut third = Browser::new(&world);
    third.sign_in("ada", PASSWORD).await.leads_to("/sign-in/code");
    let mut late = third.clone();
    third.fill("/sign-in/code", &[("otp", &backup)]).await.leads_to("/");
    late.fill("/sign-in/code", &[("otp", &backup)]).await.says(422, "was used before");
    world.pass(std::time::Duration::from_secs(6 * 60));
    late.get("/sign-in/code").await.leads_to("/sign-in?notice=step");
    // A step that somebody made up is none.
    late.cookies.insert("operon-step".to_owned(), "s1.abc.abc".to_owned());
    late.get("/sign-in/code").await.leads_to("/sign-in?notice=step");

    let home = third.get("/").await.says(200, "It is on");
    let code = authenticator(&secret, world.now());
    let wrong = [("password", "wrong wrong wrong"), ("otp", code.as_str())];
    third.submit(&home, "/me/end-second-factor", &wrong).await.says(422, "is wrong");
    let right = [("password", PASSWORD), ("otp", code.as_str())];
    third.submit(&home, "/me/end-second-factor", &right).await.leads_to("/?notice=factor-off");
    Browser::new(&world).sign_in("ada", PASSWORD).await.leads_to("/");
}
