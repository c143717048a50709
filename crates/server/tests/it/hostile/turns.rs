//! Holding what others wait for.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use wire::Level;

use super::{fetch, file, open_file};
use crate::world::World;

/// Somebody who begins as many uploads as the server takes at once, and finishes none, keeps nobody else from theirs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unfinished_uploads_leave_turns_for_others() {
    let world = World::new().await;
    let (alice, mallory) = (world.user("alice").await, world.user("mallory").await);
    let project = mallory.project("Idle").await;
    let idle = open_file(&mallory, &project).await;
    let mut held = Vec::new();
    for index in 1..=40 {
        let address = mallory.ok(&format!("/{idle}/upload"), json!({ "index": index, "size": 100 })).await;
        let path =
            address["url"].as_str().unwrap().split_once(&world.address().to_string()).unwrap().1.to_owned();
        let head = format!("PUT {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nx");
        held.push(begin(&world, &head).await);
    }
    // Long enough for the server to have begun with them.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let own = alice.project("Trial").await;
    file(&alice, &own, b"bytes").await;
}

/// The same with downloads that nobody reads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unread_downloads_leave_turns_for_others() {
    let world = World::new().await;
    let (alice, mallory) = (world.user("alice").await, world.user("mallory").await);
    let project = alice.project("Trial").await;
    // More than the buffers between the two ends can hold.
    let large = file(&alice, &project, &vec![7; 24 << 20]).await;
    alice.invite(&project, "mallory", Level::View).await;
    let address = mallory.ok(&format!("/{large}/download"), json!({})).await;
    let path = address["url"].as_str().unwrap().split_once(&world.address().to_string()).unwrap().1;
    let authorization = address["headers"]["Authorization"].as_str().unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: {authorization}\r\n\r\n");
    let mut held = Vec::new();
    for _ in 0..140 {
        held.push(begin(&world, &head).await);
    }
    let mut some = [0; 16];
    held[0].read_exact(&mut some).await.unwrap();
    assert_eq!(&some[..12], b"HTTP/1.1 200");
    let address = alice.ok(&format!("/{large}/download"), json!({})).await;
    let got = fetch(&address).await;
    assert_eq!(got.status(), 200);
    assert_eq!(got.bytes().await.unwrap().len(), 24 << 20);
}

/// Large bodies that come drop by drop take the room of their own account only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_bodies_that_never_end_leave_room_for_others() {
    let world = World::new().await;
    let (alice, mallory) = (world.user("alice").await, world.user("mallory").await);
    let token = mallory.token.clone().unwrap();
    let head = format!(
        "POST /system/greet HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: 16000000\r\n\r\n{{"
    );
    let mut held = Vec::new();
    for _ in 0..100 {
        held.push(begin(&world, &head).await);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    mallory.ok("/system/greet", json!({})).await;
    let large = json!({ "filler": "x".repeat(8 << 20) });
    alice.ok("/system/greet", large).await;
}

/// A connection on which a request was begun.
async fn begin(world: &World, head: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 << 10).unwrap();
    let mut socket = socket.connect(world.address()).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    socket
}
