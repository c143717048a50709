//! What the accept loop and the outermost layer put on a request is needed further in. Where it is missing there is a fault of ours:
//! nothing is taken for granted in its place.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use serde_json::json;
use tower::ServiceExt;

use crate::faults::{errors, logged};
use crate::files::{address_of, closed};
use crate::world::World;

/// Answers a request with the routes of the server, without its accept loop.
async fn without_loop(world: &World, request: Request<Body>) -> (StatusCode, String) {
    let app = Arc::clone(&world.running().app);
    let server = server::Server::new(app, world.config().clone(), server::Meter::default()).unwrap();
    let answer = server::http::router(Arc::new(server)).oneshot(request).await.unwrap();
    let status = answer.status();
    let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn peer() -> ConnectInfo<SocketAddr> {
    ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1)))
}

#[tokio::test]
async fn a_request_from_nowhere_is_not_taken_for_one_of_this_machine() {
    let (lines, _logging) = logged();
    let world = World::new().await;
    for path in ["/healthz", "/system/whoami", "/sign-in", "/download/file-x/name"] {
        let request = || Request::get(path).body(Body::empty()).unwrap();
        let (status, text) = without_loop(&world, request()).await;
        assert_eq!(status, 500, "{path}: {text}");
        let mut known = request();
        known.extensions_mut().insert(peer());
        let (status, text) = without_loop(&world, known).await;
        assert_ne!(status, 500, "{path}: {text}");
    }
    let said = errors(&lines);
    assert_eq!(said.len(), 4, "{said:?}");
    assert!(said.iter().all(|line| line.contains("without the address of its peer")), "{said:?}");
}

/// A reader whose access ends is cut off by ending the connection, so nobody reads on one that cannot be ended.
#[tokio::test]
async fn nobody_downloads_over_a_connection_that_cannot_be_cut() {
    let (lines, _logging) = logged();
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let file = closed(&alice, &project, "a.txt", &[b"hello"]).await;
    let link = address_of(&alice, &file, json!({ "preauthenticated": true, "duration": 60 })).await;
    assert_eq!(link.get().await.text().await.unwrap(), "hello");
    let (_, path) = link.url().split_once("//").unwrap().1.split_once('/').unwrap();
    let mut request = Request::get(format!("/{path}")).body(Body::empty()).unwrap();
    request.extensions_mut().insert(peer());
    let (status, text) = without_loop(&world, request).await;
    assert_eq!(status, 500, "{text}");
    assert!(!text.contains("hello"), "{text}");
    let said = errors(&lines);
    assert!(said.iter().any(|line| line.contains("no connection that can be cut")), "{said:?}");
}
