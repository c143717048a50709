//! What of secrets lies on the disk and goes to the log: nothing that opens anything.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use super::{OTHER, login, switch_on, with_otp};
use crate::browser::Browser;
use crate::web::codes::{invited, mailed};
use crate::web::own_account::authenticator;
use crate::web::{PASSWORD, person};
use crate::world::World;

/// Everything that was logged in this process.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Adds every file below a folder to `found`.
fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// F474: a whole life of an account, with every kind of secret there is: none of them can be read in the files of the
/// server, in its tables or in its log, however much it is told to log.
#[tokio::test]
async fn no_secret_lies_open() {
    let log = Log::default();
    let levels = "info,app=trace,server=trace,store=trace,blobs=trace,mail=trace,oidc=trace,secrets=trace";
    tracing_subscriber::fmt().json().with_env_filter(levels).with_writer(log.clone()).try_init().unwrap();

    let world = World::new().await;
    let mut secrets: Vec<(&str, String)> =
        vec![("password", PASSWORD.to_owned()), ("other", OTHER.to_owned())];
    let link = invited(&world, "bob").await;
    let code = link.split_once("code=").unwrap().1.to_owned();
    world.anonymous().ok("/account/activate", json!({ "code": code, "password": PASSWORD })).await;
    secrets.push(("activation code", code));

    person(&world, "ada").await;
    let mut browser = Browser::new(&world);
    browser.sign_in("ada", "a wrong password of hers").await.says(422, "is wrong");
    // People type their password where the name belongs.
    browser.sign_in("my secret pass phrase", "x").await.says(422, "is wrong");
    secrets.extend([
        ("wrong", "a wrong password of hers".to_owned()),
        ("as a name", "my secret pass phrase".to_owned()),
    ]);
    browser.sign_in("ada", PASSWORD).await.leads_to("/");
    secrets.push(("session", browser.cookies["operon"].clone()));
    let ada = login(&world, "ada", PASSWORD).await;
    secrets.push(("login token", ada.token.clone().unwrap()));
    let api = ada.ok("/system/newAuthToken", json!({ "scope": { "full": true }, "label": "l" })).await;
    secrets.push(("token", api["access_token"].as_str().unwrap().to_owned()));
    world
        .client(Some("an-unknown-token-of-hers"))
        .fails("/system/whoami", json!({}), "InvalidAuthentication")
        .await;
    secrets.push(("unknown token", "an-unknown-token-of-hers".to_owned()));
    let (seed, backup) = switch_on(&ada, "user-ada", world.now()).await;
    secrets.extend(backup.iter().map(|code| ("backup code", code.clone())));
    secrets.push(("seed", seed.clone()));
    world.pass(Duration::from_secs(60));
    let otp = authenticator(&seed, world.now());
    world.anonymous().ok("/system/newAuthToken", with_otp("ada", &otp)).await;
    world.anonymous().ok("/account/requestPasswordReset", json!({ "usernameOrEmail": "ada" })).await;
    let reset = mailed(&world, "ada@example.org", 1).await;
    browser.get(&reset).await.says(200, "Choose another password");
    browser.fill(&reset, &[("password", OTHER), ("again", OTHER)]).await.leads_to("/sign-in?notice=password");
    secrets.push(("reset code", reset.split_once("code=").unwrap().1.to_owned()));

    let mut places = Vec::new();
    files(world.data.path(), &mut places);
    assert!(!places.is_empty());
    let tables = store::db::testing::dump(&world.app().db).await.unwrap();
    places.push(("the tables".to_owned(), format!("{tables:?}").into_bytes()));
    let logged = log.0.lock().unwrap().clone();
    assert!(holds(&logged, b"answered") && holds(&logged, b"/reset-password"), "nothing was logged");
    places.push(("the log".to_owned(), logged));
    // Not for nothing: what may be read is found.
    assert!(places.iter().any(|(_, bytes)| holds(bytes, b"ada@example.org")));
    for (place, bytes) in &places {
        for (what, secret) in &secrets {
            assert!(!holds(bytes, secret.as_bytes()), "the {what} lies open in {place}");
            let joined = secret.replace('-', "");
            assert!(!holds(bytes, joined.as_bytes()), "the {what} lies open in {place}");
        }
        let raw = totp_rs::Secret::try_from_base32(&seed).unwrap();
        assert!(!holds(bytes, raw.as_bytes()), "the seed lies open in {place}");
    }
    // Hashes and sealed seeds are what is kept.
    let kept = world
        .read(|tx| {
            tx.query(
                "select password_hash, otp_secret from account where id = 'user-ada'",
                store::db::params![],
            )
        })
        .await;
    let (hash, seed): (String, String) = (kept[0].get(0).unwrap(), kept[0].get(1).unwrap());
    assert!(hash.starts_with("$argon2id$v=19$m="), "{hash}");
    assert!(seed.starts_with("s1."), "{seed}");
}
