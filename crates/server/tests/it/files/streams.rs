//! Downloads over HTTP/2, of which one connection carries many.

use std::time::Duration;

use axum::body::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use tokio::net::TcpStream;
use wire::Level;

use super::revocation::remove;
use super::{Address, SMALLEST, address_of, closed, noise};
use crate::world::World;

/// A download whose reader lost access ends alone, whether it is read on or not; the others of the connection go on (design
/// promise 4, invariant 29).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_download_that_is_cut_leaves_the_other_streams() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (lost, kept) = (alice.project("Lost").await, alice.project("Kept").await);
    // More than a client lets come before it reads.
    let part = noise(4 * SMALLEST, 1);
    let mut addresses = Vec::new();
    for project in [&lost, &kept] {
        alice.invite(project, "bob", Level::View).await;
        let file = closed(&alice, project, "x", &[&part]).await;
        addresses.push(address_of(&bob, &file, json!({ "project": project })).await);
    }
    let socket = TcpStream::connect(world.address()).await.unwrap();
    let (mut sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(socket)).await.unwrap();
    tokio::spawn(connection);
    for reads_on in [true, false] {
        let mut cut = get(&mut sender, &addresses[0]).await;
        let goes_on = get(&mut sender, &addresses[1]).await;
        remove(&alice, &lost, "user-bob").await;
        if !reads_on {
            // Long enough for the server to notice; what it sent before waits with the client.
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        let mut taken = 0;
        let ended = async {
            while let Some(frame) = cut.frame().await {
                let Ok(frame) = frame else { return };
                taken += frame.into_data().unwrap().len();
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(120), ended).await.expect("the download went on");
        assert!(taken < part.len(), "the whole file came");
        let whole = goes_on.collect().await.expect("the other download ended too").to_bytes();
        assert!(whole == part);
        alice.invite(&lost, "bob", Level::View).await;
    }
}

async fn get(sender: &mut SendRequest<Empty<Bytes>>, address: &Address) -> Incoming {
    let mut request = hyper::Request::get(&address.url);
    for (name, value) in &address.headers {
        request = request.header(name, value);
    }
    let answer = sender.send_request(request.body(Empty::new()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.into_body()
}
