//! Pages behind mailed and printed links.

use std::time::Duration;

use app::fixture::{self, Fixture};
use serde_json::json;
use wire::id::UserId;

use super::{PASSWORD, is_in, person, signed_in};
use crate::browser::Browser;
use crate::world::World;

const OTHER: &str = "violet harbour nine spoons";

/// The path of the link in the first letter behind those that were seen that has one: letters overtake each other.
pub(crate) async fn mailed(world: &World, to: &str, seen: usize) -> String {
    let base = format!("{}/", world.base());
    for number in seen.. {
        let letter = world.letter(to, number).await;
        if let Some(link) = letter.text().split_whitespace().find(|word| word.starts_with(&base)) {
            return link[base.len() - 1..].to_owned();
        }
    }
    unreachable!("letters do not end")
}

/// A person whose account was made by an administrator, and who has got the activation letter.
pub(crate) async fn invited(world: &World, handle: &str) -> String {
    let admin = fixture::User { kind: "ADMIN".to_owned(), ..fixture::User::new("root") };
    let token = fixture::Token {
        name: "test".to_owned(),
        user: "root".to_owned(),
        text: Some("root-token".to_owned()),
        scope: None,
    };
    world.add(Fixture { user: vec![admin], token: vec![token], ..Fixture::default() }).await;
    let email = format!("{handle}@example.org");
    let input = json!({ "username": handle, "email": email, "first": handle });
    world.client(Some("root-token")).ok("/user/new", input).await;
    mailed(world, &email, 0).await
}

fn twice(password: &str) -> [(&str, &str); 2] {
    [("password", password), ("again", password)]
}

/// F474: a link of the operator signs in one person, once, and only when its button is pressed; an earlier link ends.
#[tokio::test]
async fn a_link_of_the_operator_signs_in_once() {
    let world = World::new().await;
    person(&world, "ada").await;
    let ada = UserId::from_handle("ada").unwrap();
    let path = |link: String| link.strip_prefix(&world.base()).unwrap().to_owned();
    let earlier = path(world.app().sign_in_link(&ada).await.unwrap());
    let link = path(world.app().sign_in_link(&ada).await.unwrap());
    let mut browser = Browser::new(&world);
    browser.fill(&earlier, &[]).await.says(422, "This link does not work");
    assert!(!is_in(&mut browser).await);
    for _ in 0..2 {
        browser.get(&link).await.says(200, "signs you in once");
    }
    browser.fill(&link, &[]).await.leads_to("/");
    browser.get("/").await.says(200, "user-ada");
    let mut other = Browser::new(&world);
    other.fill(&link, &[]).await.says(422, "This link does not work");
    assert!(!is_in(&mut other).await);
    let absent = UserId::from_handle("nobody").unwrap();
    assert!(world.app().sign_in_link(&absent).await.is_err());
}

/// F474: such a link lasts a day, and stands for the password alone: who has a second factor is asked for it.
#[tokio::test]
async fn a_link_of_the_operator_stands_for_the_password_alone() {
    let world = World::new().await;
    person(&world, "ada").await;
    let ada = UserId::from_handle("ada").unwrap();
    let path = |link: String| link.strip_prefix(&world.base()).unwrap().to_owned();
    let late = path(world.app().sign_in_link(&ada).await.unwrap());
    world.pass(Duration::from_secs(24 * 3600));
    Browser::new(&world).fill(&late, &[]).await.says(422, "This link does not work");
    let mut browser = signed_in(&world, "ada").await;
    super::own_account::switch_on(&world, &mut browser).await;
    let link = path(world.app().sign_in_link(&ada).await.unwrap());
    let mut browser = Browser::new(&world);
    browser.fill(&link, &[]).await.leads_to("/sign-in/code");
    assert!(!is_in(&mut browser).await);
}

/// The first user makes an account with the printed link, once.
#[tokio::test]
async fn the_first_user_makes_an_account() {
    let world = World::new().await;
    let link = world.app().first_user_link().await.unwrap().unwrap();
    let link = link.strip_prefix(&world.base()).unwrap().to_owned();
    let mut browser = Browser::new(&world);
    browser.get("/sign-in").await.says(200, "no users yet");
    let form = browser.get(&link).await.says(200, "Make the first account");
    let [password, again] = twice(PASSWORD);
    let fields = [
        ("username", "Ada"),
        ("email", "ada@example.org"),
        ("first", "Ada"),
        ("last", "L<b>"),
        password,
        again,
    ];
    let weak = browser.submit(&form, "/first-user", &[&fields[..4], &twice("short")].concat()).await;
    let weak = weak.says(422, "too short");
    assert!(
        weak.body.contains("value=\"Ada\"") && !weak.body.contains("L<b>") && !weak.body.contains("short\"")
    );
    browser.submit(&weak, "/first-user", &fields).await.leads_to("/sign-in?notice=password");
    // Whoever comes later is shown the way in, and not the form again.
    for late in [browser.submit(&form, "/first-user", &fields).await, browser.get(&link).await] {
        let late = late.says(410, "The first account of this server is made");
        assert!(
            late.body.contains("href=\"/sign-in\"") && !late.body.contains("action=\"/first-user\""),
            "{late:?}"
        );
    }
    assert!(!browser.get("/sign-in").await.body.contains("no users yet"));
    browser.sign_in("ada", PASSWORD).await.leads_to("/");
    let home = browser.get("/").await.says(200, "user-ada");
    assert!(home.body.contains("L&#60;b&#62;") && !home.body.contains("L<b>"), "{}", home.body);
}

/// F017, F018: opening the activation link, however often, uses nothing up; sending the form does, once.
#[tokio::test]
async fn an_account_is_activated() {
    let world = World::new().await;
    let link = invited(&world, "bob").await;
    let mut scanner = Browser::new(&world);
    for _ in 0..3 {
        scanner.get(&link).await.says(200, "Activate your account");
    }
    let mut browser = Browser::new(&world);
    browser.fill(&link, &[("password", PASSWORD), ("again", OTHER)]).await.says(422, "Enter both again");
    browser.fill(&link, &twice("bob bob bob bob bob")).await.says(422, "problem");
    browser.sign_in("bob", PASSWORD).await.says(422, "is wrong");
    browser.fill(&link, &twice(PASSWORD)).await.leads_to("/sign-in?notice=password");
    browser.fill(&link, &twice(OTHER)).await.says(422, "This link does not work");
    browser.sign_in("bob", OTHER).await.says(422, "is wrong");
    browser.sign_in("bob", PASSWORD).await.leads_to("/");
    // Without a code in the address the page asks for it.
    browser.get("/activate").await.says(200, "It is part of the link");
    browser
        .fill("/activate", &[("code", "0000"), twice(OTHER)[0], twice(OTHER)[1]])
        .await
        .says(422, "does not work");
}

/// F474: another password ends every session; the link is good once and not for ever; whether there is an account is not told.
#[tokio::test]
async fn a_forgotten_password_is_replaced() {
    let world = World::new().await;
    person(&world, "ada").await;
    let mut old = signed_in(&world, "ada").await;
    let mut browser = Browser::new(&world);
    let known = browser
        .fill("/forgot-password", &[("username", "ada")])
        .await
        .says(200, "If there is such an account");
    let unknown = browser.fill("/forgot-password", &[("username", "nobody")]).await;
    assert_eq!(
        (unknown.status, unknown.between("<main", "</main>")),
        (200, known.between("<main", "</main>"))
    );
    browser.fill("/forgot-password", &[("username", "")]).await.says(422, "Enter your user name");
    let link = mailed(&world, "ada@example.org", 0).await;
    browser.fill(&link, &twice(OTHER)).await.leads_to("/sign-in?notice=password");
    assert!(!is_in(&mut old).await);
    browser.fill(&link, &twice(PASSWORD)).await.says(422, "This link does not work");
    browser.sign_in("ada", PASSWORD).await.says(422, "is wrong");
    browser.sign_in("ada", OTHER).await.leads_to("/");
    // Before it or behind it comes the notice that the password was changed, which has no link.
    browser.fill("/forgot-password", &[("username", "ada@example.org")]).await.says(200, "is on its way");
    let link = mailed(&world, "ada@example.org", 1).await;
    world.pass(Duration::from_secs(8 * 24 * 3600));
    browser.fill(&link, &twice(PASSWORD)).await.says(422, "This link does not work");
}
