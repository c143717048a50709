//! Signing in with a real provider (npm `oidc-provider`) through a small browser.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what goes wrong in a test's helper fails the test"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use oidc::{Callback, Identity, Pending, Provider, ProviderConfig, RANDOM_LEN, SignInError};
use reqwest::Url;

const REDIRECT: &str = "http://127.0.0.1:9/oidc/callback";

/// Where `cargo xtask setup` puts the modules and scripts of Node.
#[expect(clippy::disallowed_methods, reason = "tests are told by the environment where their tools are")]
fn script() -> PathBuf {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/test-env/node");
    let folder = std::env::var_os("OPERON_TEST_NODE").map_or(default, PathBuf::from);
    let script = folder.join("oidc-provider.mjs");
    assert!(script.exists(), "there is no {}: run `cargo xtask setup`", script.display());
    script
}

/// The provider stamps its tokens with the real time, so the test must know it, too.
#[expect(clippy::disallowed_methods, reason = "the provider in the other process has a real clock")]
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

/// A running provider; ends with the value.
struct Server {
    process: Child,
    issuer: String,
}

impl Server {
    fn start(port: Option<u16>) -> Self {
        let mut command = Command::new("node");
        command.arg(script()).arg(REDIRECT).args(port.map(|port| port.to_string()));
        // Its notices about being a development server are not the test's.
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("node runs: run `cargo xtask setup`");
        let mut issuer = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut issuer).unwrap();
        assert!(!issuer.is_empty(), "the provider did not start");
        Self { process, issuer: issuer.trim().to_owned() }
    }

    fn config(&self) -> ProviderConfig {
        ProviderConfig {
            issuer: self.issuer.clone(),
            client_id: "operon".to_owned(),
            client_secret: Some("operon-secret".to_owned()),
            scopes: vec!["profile".to_owned(), "email".to_owned()],
            allow_private: true,
            extra_root: None,
        }
    }

    async fn discover(&self) -> Provider {
        Provider::discover(self.config(), now()).await.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Closing its input lets it end by itself.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// Goes to the provider as a browser does, signs in with the form field given, and returns what comes back.
async fn browse(start: &str, choice: (&str, &str)) -> Callback {
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let tls =
        rustls::ClientConfig::builder_with_provider(ring).with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap();
    let mut cookies = BTreeMap::new();
    let mut url: Url = start.parse().unwrap();
    for _ in 0..10 {
        if url.as_str().starts_with(REDIRECT) {
            return Callback::from_query(url.query().unwrap_or_default());
        }
        let request = match url.path().starts_with("/sign-in/") {
            true => client.post(url.clone()).form(&[choice]),
            false => client.get(url.clone()),
        };
        let jar: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header("cookie", jar.join("; ")).send().await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let (pair, _) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            cookies.insert(name.to_owned(), value.to_owned());
        }
        let next = answer.headers().get("location").map(|place| place.to_str().unwrap().to_owned());
        let Some(next) = next else { panic!("{} {}", answer.status(), answer.text().await.unwrap()) };
        url = url.join(&next).unwrap();
    }
    panic!("the provider sends the browser around in circles")
}

async fn sign_in(provider: &Provider, account: &str, at: i64) -> Result<Identity, SignInError> {
    let (url, pending) = provider.begin(REDIRECT, &[7; RANDOM_LEN]).unwrap();
    let callback = browse(&url, ("account", account)).await;
    provider.finish(&pending, &callback, at).await
}

/// The same sign-in with one of its secrets exchanged.
fn with(pending: &Pending, field: &str, value: &str) -> Pending {
    let mut json = serde_json::to_value(pending).unwrap();
    assert!(json.get(field).is_some());
    json[field] = value.into();
    serde_json::from_value(json).unwrap()
}

#[tokio::test]
async fn people_are_known_by_issuer_and_subject() {
    let server = Server::start(None);
    let provider = server.discover().await;
    let ada = sign_in(&provider, "ada", now()).await.unwrap();
    let expected = Identity {
        issuer: server.issuer.clone(),
        subject: "ada".to_owned(),
        email: Some("ada@example.org".to_owned()),
        email_verified: true,
        name: Some("Ada Lovelace".to_owned()),
        handle_hint: Some("ada".to_owned()),
    };
    assert_eq!(ada, expected);
    // Somebody else who claims the same address without having shown that it is theirs.
    let bob = sign_in(&provider, "bob", now()).await.unwrap();
    assert_eq!((bob.subject.as_str(), bob.email, bob.email_verified), ("bob", ada.email, false));
    let nobody = sign_in(&provider, "nobody", now()).await.unwrap();
    assert_eq!((nobody.subject.as_str(), nobody.email, nobody.name), ("nobody", None, None));
}

#[tokio::test]
async fn the_way_out_carries_state_nonce_and_challenge_but_no_secret() {
    let server = Server::start(None);
    let mut random = [0; RANDOM_LEN];
    random.iter_mut().zip(0..).for_each(|(byte, place)| *byte = place);
    let (url, pending) = server.discover().await.begin(REDIRECT, &random).unwrap();
    let url: Url = url.parse().unwrap();
    let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    assert_eq!(query["code_challenge_method"], "S256");
    assert_eq!(query["response_type"], "code");
    assert_eq!(query["scope"], "openid profile email");
    assert_eq!(query["redirect_uri"], REDIRECT);
    assert_eq!(query["state"], pending.state());
    assert_eq!(query["nonce"].len(), 43);
    assert_ne!(query["nonce"], query["state"]);
    let verifier = serde_json::to_value(&pending).unwrap()["verifier"].as_str().unwrap().to_owned();
    assert!(!url.as_str().contains(&verifier) && !url.as_str().contains("operon-secret"));
}

#[tokio::test]
async fn saying_no_at_the_provider_is_said_back() {
    let server = Server::start(None);
    let provider = server.discover().await;
    let (url, pending) = provider.begin(REDIRECT, &[7; RANDOM_LEN]).unwrap();
    let callback = browse(&url, ("cancel", "1")).await;
    let refusal = provider.finish(&pending, &callback, now()).await.unwrap_err();
    assert!(matches!(&refusal, SignInError::Denied { reason, .. } if reason == "access_denied"), "{refusal}");
}

#[tokio::test]
async fn an_answer_to_another_sign_in_is_not_accepted() {
    let server = Server::start(None);
    let provider = server.discover().await;
    let (url, pending) = provider.begin(REDIRECT, &[7; RANDOM_LEN]).unwrap();
    let callback = browse(&url, ("account", "ada")).await;
    let finish = |pending: Pending, callback: Callback| {
        let provider = &provider;
        async move { provider.finish(&pending, &callback, now()).await.unwrap_err() }
    };
    for (field, value) in [("state", "another"), ("issuer", "https://id.example")] {
        assert_eq!(
            finish(with(&pending, field, value), callback.clone()).await,
            SignInError::Stale,
            "{field}"
        );
    }
    let state = pending.state();
    for query in [
        String::new(),
        format!("state={state}"),
        format!("state={state}&code="),
        "code=x".to_owned(),
        format!("state={state}&code=x&iss=https://id.example"),
        "state=&code=x".to_owned(),
    ] {
        let refusal = finish(pending.clone(), Callback::from_query(&query)).await;
        assert_eq!(refusal, SignInError::Stale, "{query}");
    }
    // A code somebody made up.
    let refusal = finish(pending.clone(), Callback::from_query(&format!("state={state}&code=x"))).await;
    assert!(matches!(refusal, SignInError::Refused { .. }), "{refusal}");
    // A code that was caught on its way: without the verifier it is worth nothing.
    let stolen = finish(with(&pending, "verifier", &"x".repeat(43)), callback).await;
    assert!(matches!(stolen, SignInError::Refused { .. }), "{stolen}");
}

#[tokio::test]
async fn a_token_made_for_another_sign_in_or_time_is_not_accepted() {
    let server = Server::start(None);
    let provider = server.discover().await;
    let (url, pending) = provider.begin(REDIRECT, &[7; RANDOM_LEN]).unwrap();
    let callback = browse(&url, ("account", "ada")).await;
    let refusal = provider.finish(&with(&pending, "nonce", "another"), &callback, now()).await.unwrap_err();
    assert!(matches!(&refusal, SignInError::Refused { why, .. } if why.contains("nonce")), "{refusal}");
    let again = provider.finish(&pending, &callback, now()).await.unwrap_err();
    assert!(matches!(again, SignInError::Refused { .. }), "a code is good once: {again}");
    let tomorrow = sign_in(&provider, "ada", now() + 48 * 3_600_000).await.unwrap_err();
    assert!(matches!(&tomorrow, SignInError::Refused { why, .. } if why.contains("expired")), "{tomorrow}");
}

#[tokio::test]
async fn new_keys_of_the_provider_are_fetched_but_not_too_often() {
    let server = Server::start(None);
    let provider = server.discover().await;
    sign_in(&provider, "ada", now()).await.unwrap();
    let port = server.issuer.rsplit_once(':').unwrap().1.parse().unwrap();
    drop(server);
    let _restarted = Server::start(Some(port));
    let soon = sign_in(&provider, "ada", now()).await.unwrap_err();
    assert!(matches!(soon, SignInError::Refused { .. }), "{soon}");
    let later = now() + 61_000;
    assert_eq!(sign_in(&provider, "ada", later).await.unwrap().subject, "ada");
    // With the new keys there is nothing more to fetch.
    assert_eq!(sign_in(&provider, "bob", later).await.unwrap().subject, "bob");
}

#[tokio::test]
async fn what_is_set_up_wrongly_is_told_from_what_is_away() {
    let server = Server::start(None);
    let discover = async |config: ProviderConfig| Provider::discover(config, now()).await.unwrap_err();
    let guarded = discover(ProviderConfig { allow_private: false, ..server.config() }).await;
    assert!(matches!(guarded, SignInError::Config { .. }), "{guarded}");
    let other_name = server.issuer.replace("127.0.0.1", "localhost");
    let misnamed = discover(ProviderConfig { issuer: other_name, ..server.config() }).await;
    assert!(matches!(misnamed, SignInError::Config { .. }), "{misnamed}");
    let nonsense = discover(ProviderConfig { issuer: "no address".to_owned(), ..server.config() }).await;
    assert!(matches!(nonsense, SignInError::Config { .. }), "{nonsense}");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let away = discover(ProviderConfig { issuer: format!("http://{closed}"), ..server.config() }).await;
    assert!(matches!(away, SignInError::Unreachable { .. }), "{away}");

    let wrong = ProviderConfig { client_secret: Some("wrong".to_owned()), ..server.config() };
    assert!(!format!("{wrong:?}").contains("wrong"));
    let provider = Provider::discover(wrong, now()).await.unwrap();
    let refusal = sign_in(&provider, "ada", now()).await.unwrap_err();
    assert!(
        matches!(&refusal, SignInError::Refused { why, .. } if why.contains("invalid_client")),
        "{refusal}"
    );
}
