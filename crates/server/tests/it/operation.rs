//! Running a server: its counters, its log, TLS, and what it says when it cannot start.

use std::io;
use std::sync::{Arc, Mutex};

use app::fixture::{self, Fixture};
use serde_json::{Value, json};
use server::config::Tls;
use store::db::DbKind;
use tracing_subscriber::EnvFilter;

use crate::raw;
use crate::wait;
use crate::world::World;

async fn get(address: std::net::SocketAddr, path: &str, token: Option<&str>) -> raw::RawAnswer {
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{token}\r\n");
    raw::exchange(address, request.as_bytes()).await.unwrap()
}

/// Counters are for whoever the operator gave a token for them, and for nobody by default.
#[tokio::test]
async fn metrics_need_a_token_of_their_own() {
    let closed = World::new().await;
    assert_eq!(get(closed.address(), "/metrics", None).await.status, 404);
    let world = World::with(|config| {
        config.metrics.token = Some(serde_json::from_value(json!("scrape-me")).unwrap());
    })
    .await;
    let alice = world.user("alice").await;
    alice.ok("/system/whoami", json!({})).await;
    alice.ok("/system/whoami", json!({})).await;
    alice.fails("/nothing/here", json!({}), "ResourceNotFound").await;
    assert_eq!(get(world.address(), "/metrics", None).await.status, 401);
    assert_eq!(get(world.address(), "/metrics", Some("wrong")).await.status, 401);
    assert_eq!(get(world.address(), "/metrics", alice.token.as_deref()).await.status, 401);
    let page = get(world.address(), "/metrics", Some("scrape-me")).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let page = String::from_utf8(page.body).unwrap();
    for line in [
        "operon_requests_total{method=\"SystemWhoami\",status=\"200\"} 2",
        "operon_requests_total{method=\"none\",status=\"404\"} 1",
        "operon_request_seconds_count{method=\"SystemWhoami\"} 2",
        "operon_requests_in_flight 0",
    ] {
        assert!(page.lines().any(|there| there == line), "{line} is not in\n{page}");
    }
    assert!(page.contains("operon_database_waiting "), "{page}");
    wait::until("the audit log had a turn", async || {
        let page = String::from_utf8(get(world.address(), "/metrics", Some("scrape-me")).await.body).unwrap();
        page.contains("operon_job_turns_total{job=\"audit log\",outcome=\"done\"}")
    })
    .await;
}

/// Background work that fails stands in the counters until it goes on, although the job that tries it goes on with the rest.
#[tokio::test]
async fn background_work_that_fails_is_seen() {
    let world = World::with(|config| config.metrics.listen = Some("127.0.0.1:0".parse().unwrap())).await;
    let apart = world.running().metrics.unwrap();
    let page = async || String::from_utf8(get(apart, "/metrics", None).await.body).unwrap();
    assert!(page().await.contains("operon_tasks_failing{kind=\"project.destroy\"} 0\n"));
    let now = world.now();
    world
        .write(move |tx| {
            store::task::add(tx, store::task::TaskKind::DestroyProject, "no project at all", now, now)
        })
        .await;
    let failed = "operon_job_turns_total{job=\"collect\",outcome=\"failed\"}";
    wait::until("the failure is counted", async || page().await.contains(failed)).await;
    world.app().count_failing_tasks().await.unwrap();
    assert!(page().await.contains("operon_tasks_failing{kind=\"project.destroy\"} 1\n"));
    // Other work is not held up by it.
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    alice.ok(&format!("/{project}/destroy"), json!({})).await;
    let tasks = "select count(*) from background_task";
    wait::until("the destroyed project is collected", async || world.rows(tasks).await == 1).await;
}

/// The counters may have an address of their own, which serves nothing else.
#[tokio::test]
async fn metrics_may_have_an_address_of_their_own() {
    let world = World::with(|config| config.metrics.listen = Some("127.0.0.1:0".parse().unwrap())).await;
    let apart = world.running().metrics.unwrap();
    assert_eq!(get(apart, "/metrics", None).await.status, 200);
    assert_eq!(get(apart, "/healthz", None).await.status, 404);
    assert_eq!(get(world.address(), "/metrics", None).await.status, 404);
}

/// What a log line is written into.
#[derive(Clone, Default)]
pub struct Lines(pub Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A line for each request with its id, method, actor, status and duration; no token, password, body or query.
#[tokio::test]
async fn logs_say_who_called_what_and_keep_secrets() {
    let lines = Lines::default();
    let writer = lines.clone();
    let filter = EnvFilter::new("info,app=trace,server=trace,store=trace,hyper=info");
    let _logging =
        tracing::subscriber::set_default(server::logging::subscriber(filter, move || writer.clone()));
    let world = World::new().await;
    let alice = world.user("alice").await;
    world
        .add(Fixture {
            user: vec![fixture::User {
                password: Some("open-sesame-42".into()),
                ..fixture::User::new("bob")
            }],
            ..Fixture::default()
        })
        .await;
    let answer = alice.post("/system/whoami?signature=QUERYSECRET", json!({ "note": "BODYSECRET" })).await;
    let request = answer.headers["x-request-id"].to_str().unwrap().to_owned();
    let nobody = world.anonymous();
    let signed_in =
        nobody.ok("/system/newAuthToken", json!({ "username": "bob", "password": "open-sesame-42" })).await;
    let wrong = json!({ "username": "bob", "password": "PASSWORDSECRET" });
    nobody.fails("/system/newAuthToken", wrong, "UsernameOrPasswordError").await;
    world.client(Some("BADTOKENSECRET")).fails("/system/whoami", json!({}), "InvalidAuthentication").await;
    nobody.fails("/PATHSECRET/read", json!({}), "ResourceNotFound").await;
    alice.fails("/project/new", json!({ "name": ["BODYSECRET"] }), "InvalidInput").await;

    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let line = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .find(|line| line["request"] == request.as_str())
        .unwrap_or_else(|| panic!("no line of {request} in\n{text}"));
    assert_eq!(line["method"], "SystemWhoami");
    assert_eq!(line["actor"], "user-alice");
    assert_eq!(line["status"], 200);
    assert!(line["ms"].is_number(), "{line}");
    for secret in [
        "SECRET",
        "open-sesame",
        alice.token.as_deref().unwrap(),
        signed_in["access_token"].as_str().unwrap(),
        "note",
    ] {
        assert!(!text.contains(secret), "{secret} stands in the log:\n{text}");
    }
}

/// TLS with the operator's certificate; clients that do not trust it turn away.
#[tokio::test]
async fn tls_serves_with_the_operators_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let made =
        rcgen::generate_simple_self_signed(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let tls = Tls { certificate: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
    std::fs::write(&tls.certificate, made.cert.pem()).unwrap();
    std::fs::write(&tls.key, made.signing_key.serialize_pem()).unwrap();
    let world = World::with(|config| config.tls = Some(tls)).await;
    let url = format!("https://{}/healthz", world.address());
    let trusted = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([trusted]).build().unwrap();
    let answer = client.get(&url).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (200, "ok\n"));

    let other = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let other = reqwest::Certificate::from_pem(other.cert.pem().as_bytes()).unwrap();
    let distrusting = reqwest::Client::builder().tls_certs_only([other]).build().unwrap();
    assert!(distrusting.get(&url).send().await.is_err());
    let in_clear = b"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    let answer = raw::exchange(world.address(), in_clear).await;
    assert!(answer.is_none_or(|answer| answer.status != 200));
    // A client in clear does not disturb the others.
    assert_eq!(client.get(&url).send().await.unwrap().status(), 200);
}

/// What stands in the way of a start is said with the place where it stands.
#[tokio::test]
async fn a_server_that_cannot_start_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "no directory").unwrap();
    let config = |data_dir: &std::path::Path| server::Config {
        data_dir: data_dir.to_owned(),
        listen: "127.0.0.1:0".parse().unwrap(),
        ..server::Config::default()
    };
    let said = |error: Option<anyhow::Error>| format!("{:#}", error.expect("the server started"));

    let inside_file = said(server::start(config(&file.join("data"))).await.err());
    assert!(inside_file.contains("cannot make the data directory"), "{inside_file}");

    let broken = folder.path().join("broken");
    std::fs::create_dir(&broken).unwrap();
    std::fs::write(broken.join("operon.sqlite"), "this is no database, it is text of some length".repeat(50))
        .unwrap();
    let damaged = said(server::start(config(&broken)).await.err());
    assert!(damaged.contains("cannot open the database"), "{damaged}");

    let no_key = folder.path().join("no-key");
    std::fs::create_dir(&no_key).unwrap();
    std::fs::write(no_key.join("server.key"), "short").unwrap();
    let unusable = said(server::start(config(&no_key)).await.err());
    assert!(unusable.contains("cannot use the key file"), "{unusable}");

    let taken = World::new().await;
    let in_use = server::Config { listen: taken.address(), ..config(&folder.path().join("data")) };
    let in_use = said(server::start(in_use).await.err());
    assert!(in_use.contains("cannot listen on"), "{in_use}");
}

/// Several servers may work on one PostgreSQL, each in a data directory of its own; whatever the database, one directory is
/// for one server.
#[tokio::test]
async fn servers_share_a_postgres_and_never_a_data_directory() {
    let world = World::on(DbKind::Postgres).await;
    let same = server::Config { listen: "127.0.0.1:0".parse().unwrap(), ..world.config().clone() };
    let why = format!("{:#}", server::start(same.clone()).await.err().expect("a second server started"));
    assert!(why.contains("another operon runs on the data directory"), "{why}");

    let folder = tempfile::tempdir().unwrap();
    for key in ["server.key", "audit.key"] {
        std::fs::copy(same.data_dir.join(key), folder.path().join(key)).unwrap();
    }
    let alice = world.user("alice").await;
    let beside = server::start(server::Config { data_dir: folder.path().to_owned(), ..same }).await.unwrap();
    let answer = reqwest::Client::new()
        .post(format!("http://{}/system/whoami", beside.address))
        .bearer_auth(alice.token.as_deref().unwrap())
        .body("{}");
    let answer: Value = serde_json::from_str(&answer.send().await.unwrap().text().await.unwrap()).unwrap();
    assert_eq!(answer["id"], "user-alice");
    beside.stop.ask();
    beside.wait().await;
}
