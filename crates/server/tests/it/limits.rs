//! What the server takes on: requests and connections at once, calls of an account, heads and bodies.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::raw::{self, RawAnswer};
use crate::wait;
use crate::world::World;

/// A call whose body has not come yet: it is in flight until `finish`.
struct Unfinished(TcpStream);

impl Unfinished {
    async fn begin(world: &World) -> Self {
        let mut stream = TcpStream::connect(world.address()).await.unwrap();
        let head =
            "POST /system/headers HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{";
        stream.write_all(head.as_bytes()).await.unwrap();
        Self(stream)
    }

    async fn finish(mut self) -> Option<RawAnswer> {
        self.0.write_all(b"}").await.ok()?;
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes).await.ok()?;
        raw::read(&bytes)
    }
}

async fn get(world: &World, path: &str) -> RawAnswer {
    let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    raw::exchange(world.address(), request.as_bytes()).await.unwrap()
}

/// Beyond the bound callers are asked to come back, and health is answered all the same.
#[tokio::test]
async fn a_busy_server_asks_to_come_back() {
    let world = World::with(|config| {
        config.limits.concurrent_requests = 1;
        config.metrics.token = Some(serde_json::from_value(json!("scrape")).unwrap());
    })
    .await;
    let first = Unfinished::begin(&world).await;
    let nobody = world.anonymous();
    let turned_away = || nobody.post("/system/headers", json!({}));
    wait::until("the first request", async || turned_away().await.status == 503).await;
    let answer = turned_away().await;
    assert_eq!(answer.body["error"]["type"], "ServiceUnavailable");
    assert_eq!(answer.headers["retry-after"], "1");
    assert!(answer.headers.contains_key("x-request-id"));
    assert_eq!(get(&world, "/healthz").await.status, 200);
    assert_eq!(first.finish().await.unwrap().status, 200);
    wait::until("the place", async || turned_away().await.status == 200).await;
    let token =
        "GET /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: Bearer scrape\r\n\r\n";
    let page = raw::exchange(world.address(), token.as_bytes()).await.unwrap().body;
    let page = String::from_utf8(page).unwrap();
    // However it was turned away, it is counted once: here at the door.
    let of = |start: &str| -> u64 {
        let lines = page.lines().filter(|line| line.starts_with(start) && line.contains("status=\"503\""));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    };
    assert!(of("operon_turned_away_total{") > 0, "{page}");
    assert_eq!(of("operon_turned_away_total{"), of("operon_requests_total{"), "{page}");
}

/// Whoever sends on after the server has refused is heard out, and finds the reason: a closed connection would have none.
#[tokio::test]
async fn a_refusal_reaches_those_who_still_send() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let token = format!("Authorization: Bearer {}\r\n", alice.token.as_ref().unwrap());
    let body = vec![b' '; 40 << 20];
    for (target, header, status) in
        [("PUT /upload/file-x/1?size=41943040", "", 403), ("POST /system/greet", token.as_str(), 422)]
    {
        let mut stream = TcpStream::connect(world.address()).await.unwrap();
        let head = format!("{target} HTTP/1.1\r\nHost: h\r\n{header}Content-Length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        let answer = raw::read(&bytes).unwrap();
        assert_eq!(answer.status, status, "{target}: {}", String::from_utf8_lossy(&answer.body));
    }
}

/// Off by default; when the operator sets a rate, one account's calls do not slow another's.
#[tokio::test]
async fn an_account_that_calls_too_fast_waits() {
    let world = World::with(|config| config.limits.account_calls_per_second = 1).await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let mut refused = None;
    for _ in 0..500 {
        let answer = alice.post("/system/whoami", json!({})).await;
        if answer.status != 200 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("500 calls passed a limit of one a second");
    assert_eq!(refused.status, 429, "{}", refused.body);
    assert_eq!(refused.body["error"]["type"], "RateLimitConditional");
    let seconds: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=2).contains(&seconds), "{seconds}");
    bob.ok("/system/whoami", json!({})).await;
}

/// Too many or too large header fields and addresses end at the door.
#[tokio::test]
async fn heads_are_bounded() {
    let world = World::new().await;
    let call = |target: &str, fields: &str| {
        format!(
            "POST {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{fields}Content-Length: 2\r\n\r\n{{}}"
        )
    };
    let many = (0..200).map(|number| format!("x-{number}: 1\r\n")).collect::<String>();
    let large = format!("x-large: {}\r\n", "x".repeat(100_000));
    let long = format!("/system/{}", "x".repeat(100_000));
    for (request, statuses) in [
        (call("/system/headers", &many), &[431][..]),
        (call("/system/headers", &large), &[431]),
        (call(&long, ""), &[414, 431]),
        (call("/system/headers", ""), &[200]),
    ] {
        let answer = raw::exchange(world.address(), request.as_bytes()).await.unwrap();
        assert!(statuses.contains(&answer.status), "{statuses:?}: {}", answer.head);
    }
}

/// Connections beyond the bound wait until one ends.
#[tokio::test]
async fn connections_are_bounded() {
    let world = World::with(|config| config.limits.connections = 1).await;
    let first = Unfinished::begin(&world).await;
    wait::until("the first connection", async || {
        let mut second = TcpStream::connect(world.address()).await.unwrap();
        second.write_all(b"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").await.unwrap();
        // An answer would come at once; none within this time says that the connection waits.
        let mut byte = [0];
        tokio::time::timeout(Duration::from_millis(300), second.read(&mut byte)).await.is_err()
    })
    .await;
    assert_eq!(first.finish().await.unwrap().status, 200);
    assert_eq!(get(&world, "/healthz").await.status, 200);
}

/// Who has no good token cannot make the server hold a large body.
#[tokio::test]
async fn strangers_send_small_bodies() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let large = json!({ "name": "Trial", "filler": "x".repeat(100_000) });
    let nobody = world.anonymous();
    nobody.fails("/project/new", large.clone(), "PermissionDenied").await;
    let bad = world.client(Some("0123456789abcdef"));
    bad.fails("/project/new", large.clone(), "InvalidAuthentication").await;
    let message = nobody.fails("/system/newAuthToken", large.clone(), "InvalidInput").await;
    assert!(message.contains("65536 bytes"), "{message}");
    alice.ok("/project/new", large).await;
}

/// A body that never ends is not waited for.
#[tokio::test]
async fn slow_bodies_are_given_up() {
    let world = World::with(|config| config.limits.body_seconds = 1).await;
    let mut slow = Unfinished::begin(&world).await;
    let mut bytes = Vec::new();
    slow.0.read_to_end(&mut bytes).await.unwrap();
    let answer = raw::read(&bytes).unwrap();
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["error"]["type"], "MalformedJSON");
}

/// A stop lets what is in flight finish and takes nothing new.
#[tokio::test]
async fn a_stop_lets_requests_finish() {
    let world = World::with(|config| {
        config.metrics.token = Some(serde_json::from_value(json!("scrape")).unwrap());
        config.limits.concurrent_requests = 1;
    })
    .await;
    let (address, stop) = (world.address(), world.running().stop.clone());
    let first = Unfinished::begin(&world).await;
    let probe = world.anonymous();
    wait::until("the request", async || probe.post("/system/headers", json!({})).await.status == 503).await;
    drop(probe);
    stop.ask();
    wait::until("the refusal of new connections", async || TcpStream::connect(address).await.is_err()).await;
    assert_eq!(first.finish().await.unwrap().status, 200);
    world.ended().await;
}
