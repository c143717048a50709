//! Signing in with a real provider (npm `oidc-provider`).

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::codes::invited;
use super::own_account::switch_on;
use super::{PASSWORD, actions, is_in, person, signed_in};
use crate::browser::{Browser, Page};
use crate::world::World;

/// Where `cargo xtask setup` puts the modules and scripts of Node.
#[expect(clippy::disallowed_methods, reason = "tests are told by the environment where their tools are")]
fn script() -> PathBuf {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/test-env/node");
    let folder = std::env::var_os("OPERON_TEST_NODE").map_or(default, PathBuf::from);
    let script = folder.join("oidc-provider.mjs");
    assert!(script.exists(), "there is no {}: run `cargo xtask setup`", script.display());
    script
}

/// A running provider; ends with the value.
struct Provider {
    process: Child,
    issuer: String,
}

impl Provider {
    fn start(redirect: &str) -> Self {
        let mut command = Command::new("node");
        command.arg(script()).arg(redirect);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("node runs: run `cargo xtask setup`");
        let mut issuer = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut issuer).unwrap();
        assert!(!issuer.is_empty(), "the provider did not start");
        Self { process, issuer: issuer.trim().to_owned() }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // Closing its input lets it end by itself.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// A server and a provider that know each other.
async fn world() -> (World, Provider) {
    // The provider must know the server's address before either runs, so a free port is taken and given back.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let provider = Provider::start(&format!("http://127.0.0.1:{port}/oidc/test/callback"));
    let table = format!(
        "[[oidc]]\nname = 'test'\ntitle = 'The <Institute>'\nissuer = '{}'\nclient_id = 'operon'\n\
         client_secret = 'operon-secret'\nallow_private = true",
        provider.issuer
    );
    let described = server::Config::from_table(table.parse().unwrap()).unwrap();
    let world = World::with(|config| {
        config.oidc = described.oidc;
        config.listen = format!("127.0.0.1:{port}").parse().unwrap();
    })
    .await;
    (world, provider)
}

/// Presses a button for the provider on a page; answers the address that the browser comes back to.
async fn away(browser: &mut Browser, page: &Page, choice: (&str, &str)) -> String {
    let leave = browser.submit(page, "/oidc/test/start", &[]).await.says(200, "Continue to The <Institute>");
    assert!(!leave.body.contains("<Institute>"));
    let mut address: reqwest::Url = leave.between("url=", "\"").parse().unwrap();
    let home = format!("{}/", browser.base);
    // A browser of its own at the provider, so that each visit signs in anew.
    let mut there = browser.clone();
    there.cookies.clear();
    for _ in 0..10 {
        if address.as_str().starts_with(&home) {
            return address.to_string();
        }
        let answer = match address.path().starts_with("/sign-in/") {
            true => there.post_from(address.as_str(), &[choice], &[]).await,
            false => there.get(address.as_str()).await,
        };
        assert!(!answer.location().is_empty(), "{} {}", answer.status, answer.body);
        address = address.join(answer.location()).unwrap();
    }
    panic!("the provider sends the browser around in circles")
}

async fn through(browser: &mut Browser, page: &Page, account: &str) -> Page {
    let back = away(browser, page, ("account", account)).await;
    browser.get(&back).await
}

/// F016: a person at a provider opens an account only after its owner has linked the two, never by the address alone.
#[tokio::test]
async fn a_linked_account_is_signed_in_to() {
    let (world, provider) = world().await;
    person(&world, "ada").await;
    let mut browser = Browser::new(&world);
    let page = browser.get("/sign-in").await.says(200, "Sign in with The <Institute>");
    // The provider vouches for ada@example.org, which is ada's address here, too.
    through(&mut browser, &page, "ada").await.says(403, "no active account on this server is linked");
    assert!(!is_in(&mut browser).await);

    let mut own = signed_in(&world, "ada").await;
    let home = own.get("/").await;
    through(&mut own, &home, "ada").await.leads_to("/?notice=linked");
    let home = own.get("/").await.says(200, "The <Institute>, as <code>ada</code>");

    let page = browser.get("/sign-in").await;
    through(&mut browser, &page, "ada").await.leads_to("/");
    browser.get("/").await.says(200, "user-ada");

    // One person there is one account here.
    person(&world, "eve").await;
    let mut eve = signed_in(&world, "eve").await;
    let hers = eve.get("/").await;
    through(&mut eve, &hers, "ada").await.says(422, "linked with another account");

    own.submit(&home, "/me/unlink", &[]).await.leads_to("/?notice=unlinked");
    own.submit(&home, "/me/unlink", &[]).await.says(404, "not linked");
    let page = browser.get("/sign-out").await;
    assert_eq!(page.status, 404, "signing out is no link");
    let mut fresh = Browser::new(&world);
    let page = fresh.get("/sign-in").await;
    through(&mut fresh, &page, "ada").await.says(403, "linked");
    let done = actions(&world).await;
    for action in ["identity.linked", "identity.unlinked", "signIn.providerRefused", "session.begun"] {
        assert!(done.contains(&action.to_owned()), "{action}: {done:?}");
    }
    drop(provider);
}

/// The account's own second factor is asked for, whatever the provider did.
#[tokio::test]
async fn a_provider_is_only_the_first_factor() {
    let (world, _provider) = world().await;
    person(&world, "ada").await;
    let mut own = signed_in(&world, "ada").await;
    let home = own.get("/").await;
    through(&mut own, &home, "ada").await.leads_to("/?notice=linked");
    let (_, codes) = switch_on(&world, &mut own).await;
    let mut browser = Browser::new(&world);
    let page = browser.get("/sign-in").await;
    through(&mut browser, &page, "ada").await.leads_to("/sign-in/code");
    assert!(!is_in(&mut browser).await);
    let backup = codes.between("<li><code>", "</code>");
    browser.fill("/sign-in/code", &[("otp", &backup)]).await.leads_to("/");
    assert!(is_in(&mut browser).await);
}

/// F018: an account is activated with a provider; then it has no password, and its only identity stays.
#[tokio::test]
async fn an_account_is_activated_with_a_provider() {
    let (world, _provider) = world().await;
    let link = invited(&world, "bob").await;
    let mut browser = Browser::new(&world);
    let page = browser.get(&link).await.says(200, "Activate with The <Institute>");
    let refused = away(&mut browser, &page, ("cancel", "1")).await;
    browser.get(&refused).await.says(403, "cancelled at the provider");
    let page = browser.get(&link).await;
    through(&mut browser, &page, "bob").await.leads_to("/");
    let home = browser.get("/").await.says(200, "user-bob");
    browser.submit(&home, "/me/unlink", &[]).await.says(422, "the only way to sign in");
    let mut other = Browser::new(&world);
    other.sign_in("bob", PASSWORD).await.says(422, "is wrong");
    let page = other.get(&link).await;
    through(&mut other, &page, "nobody").await.says(422, "This link does not work");
    assert!(!is_in(&mut other).await);
}

/// What comes back counts only in the browser that left, once, and in time.
#[tokio::test]
async fn what_comes_back_belongs_to_one_browser() {
    let (world, _provider) = world().await;
    person(&world, "ada").await;
    let mut own = signed_in(&world, "ada").await;
    let home = own.get("/").await;
    through(&mut own, &home, "ada").await.leads_to("/?notice=linked");

    let mut browser = Browser::new(&world);
    let page = browser.get("/sign-in").await;
    let back = away(&mut browser, &page, ("account", "ada")).await;
    let mut victim = Browser::new(&world);
    victim.get(&back).await.says(400, "begun in another browser");
    assert!(!is_in(&mut victim).await);
    browser.get(&back).await.leads_to("/");
    browser.get(&back).await.says(400, "Begin again");

    // A link begun in one session is not finished in another.
    let mut eve = {
        person(&world, "eve").await;
        signed_in(&world, "eve").await
    };
    let hers = eve.get("/").await;
    let back = away(&mut eve, &hers, ("account", "bob")).await;
    own.cookies.insert("operon-provider".to_owned(), eve.cookies["operon-provider"].clone());
    own.get(&back).await.says(400, "begun in another browser");
    let home = own.get("/").await;
    assert!(!home.body.contains("<code>bob</code>"));

    let mut slow = Browser::new(&world);
    let page = slow.get("/sign-in").await;
    let back = away(&mut slow, &page, ("account", "ada")).await;
    world.pass(std::time::Duration::from_secs(11 * 60));
    slow.get(&back).await.says(400, "too long ago");
    slow.get("/oidc/other/callback").await.says(404, "no sign-in provider of that name");
}
