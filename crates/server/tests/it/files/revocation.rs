//! What was revoked is over at once, whatever was given out before (design promise 4, invariant 29).

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wire::Level;
use wire::user::TokenScope;

use super::{Address, SMALLEST, address_of, address_of_part, closed, new_file, noise};
use crate::world::{Client, World};

/// Addresses with and without headers follow the access of the person who asked for them, with every request.
#[tokio::test]
async fn addresses_follow_their_makers_access() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    let file = closed(&alice, &project, "x", &[b"hello"]).await;
    alice.invite(&project, "bob", Level::View).await;
    let plain = address_of(&bob, &file, json!({})).await;
    let link = address_of(&bob, &file, json!({ "preauthenticated": true })).await;
    for address in [&plain, &link] {
        assert_eq!(address.get().await.status(), 200);
    }
    remove(&alice, &project, "user-bob").await;
    for address in [&plain, &link] {
        let answer = address.get().await;
        assert_eq!(answer.status(), 404);
        assert!(answer.text().await.unwrap().contains("no access"));
    }
    alice.invite(&project, "bob", Level::View).await;
    assert_eq!(link.get().await.status(), 200);
    revoke_tokens(&world, "user-bob").await;
    for address in [&plain, &link] {
        assert_eq!(address.get().await.status(), 403);
    }
}

/// A part is taken only from who may still bring it.
#[tokio::test]
async fn a_part_is_refused_after_its_sender_lost_access() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    alice.invite(&project, "bob", Level::Upload).await;
    let file = new_file(&bob, &project, "x").await;
    let (one, two) =
        (address_of_part(&bob, &file, 1, b"abc").await, address_of_part(&bob, &file, 2, b"abc").await);
    assert_eq!(one.put(b"abc".to_vec()).await.0, 200);
    remove(&alice, &project, "user-bob").await;
    assert_eq!(two.put(b"abc".to_vec()).await.0, 404);
    alice.invite(&project, "bob", Level::Upload).await;
    revoke_tokens(&world, "user-bob").await;
    assert_eq!(two.put(b"abc".to_vec()).await.0, 403);
}

/// A link ends when its own time is over, an address with headers with the token that asked for it; the link goes on then.
#[tokio::test]
async fn addresses_end_in_time() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    let file = closed(&alice, &project, "x", &[b"hello"]).await;
    alice.invite(&project, "bob", Level::View).await;
    let plain = address_of(&bob, &file, json!({})).await;
    let link = address_of(&bob, &file, json!({ "preauthenticated": true, "duration": 600 })).await;
    let end = world.now() + 300_000;
    world
        .write(move |tx| {
            let bob = "update token set expires = $1
                 where account = (select key from account where id = 'user-bob')";
            tx.execute(bob, store::params![end])
        })
        .await;
    let statuses = async || [plain.get().await.status().as_u16(), link.get().await.status().as_u16()];
    assert_eq!(statuses().await, [200, 200]);
    world.pass(Duration::from_secs(301));
    assert_eq!(statuses().await, [403, 200]);
    world.pass(Duration::from_secs(300));
    assert_eq!(statuses().await, [403, 403]);
}

/// The address of a part is good for an hour.
#[tokio::test]
async fn an_address_for_a_part_ends_after_an_hour() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let file = new_file(&alice, &project, "x").await;
    let part = address_of_part(&alice, &file, 1, b"abc").await;
    world.pass(Duration::from_secs(59 * 60));
    assert_eq!(part.put(b"abc".to_vec()).await.0, 200);
    world.pass(Duration::from_secs(61));
    assert_eq!(part.put(b"abc".to_vec()).await.0, 403);
    // And no longer than the token that asked for it.
    let part = address_of_part(&alice, &file, 1, b"abc").await;
    let end = world.now() + 60_000;
    world.write(move |tx| tx.execute("update token set expires = $1", store::params![end])).await;
    assert_eq!(part.put(b"abc".to_vec()).await.0, 200);
    world.pass(Duration::from_secs(61));
    assert_eq!(part.put(b"abc".to_vec()).await.0, 403);
}

/// What a token that reaches one project gave out opens no copy elsewhere, though its person could read that one.
#[tokio::test]
async fn an_address_keeps_to_the_scope_of_its_token() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let (project, other) = (alice.project("Trial").await, alice.project("Other").await);
    let file = closed(&alice, &project, "x", &[b"hello"]).await;
    alice.ok(&format!("/{project}/clone"), json!({ "objects": [file], "project": other })).await;
    let scope = TokenScope::Projects { projects: [(project.clone(), Level::View)].into() };
    let scoped = world.scoped("alice", scope).await;
    let full = address_of(&alice, &file, json!({})).await;
    let plain = address_of(&scoped, &file, json!({})).await;
    let link = address_of(&scoped, &file, json!({ "preauthenticated": true })).await;
    for address in [&full, &plain, &link] {
        assert_eq!(address.get().await.status(), 200);
    }
    alice.ok(&format!("/{project}/removeObjects"), json!({ "objects": [file] })).await;
    assert_eq!(full.get().await.status(), 200);
    for address in [&plain, &link] {
        assert_eq!(address.get().await.status(), 404);
    }
}

/// A download that runs is cut, whether its reader reads slowly or not at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_download_is_cut() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    // More than the buffers between the two ends can hold.
    let part = noise(8 * SMALLEST, 1);
    let file = closed(&alice, &project, "x", &[&part]).await;
    alice.invite(&project, "bob", Level::View).await;
    let address = address_of(&bob, &file, json!({})).await;
    for reads_on in [true, false] {
        let mut socket = start(&world, &address).await;
        let mut taken = read(&mut socket, 1 << 20).await;
        remove(&alice, &project, "user-bob").await;
        let asked = tokio::time::Instant::now();
        if !reads_on {
            // Long enough for the server to notice; what it sent before waits in the buffers.
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        let ended = tokio::time::timeout(Duration::from_secs(20), async {
            loop {
                match read(&mut socket, 64 << 10).await {
                    0 => return,
                    got => taken += got,
                }
                if reads_on {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        });
        ended.await.expect("the download went on after the access was gone");
        println!("taken {taken} of {}", part.len());
        println!("reads on {reads_on}: {taken} bytes, {:?} after the revocation", asked.elapsed());
        assert!(taken < part.len(), "the whole file came");
        alice.invite(&project, "bob", Level::View).await;
    }
}

/// Starts a download by hand, so that nothing reads ahead.
async fn start(world: &World, address: &Address) -> tokio::net::TcpStream {
    let path = address.url.split_once(&world.address().to_string()).unwrap().1;
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 << 10).unwrap();
    let mut socket = socket.connect(world.address()).await.unwrap();
    let authorization = &address.headers["Authorization"];
    let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: {authorization}\r\n\r\n");
    socket.write_all(head.as_bytes()).await.unwrap();
    socket
}

/// Reads up to so many bytes; 0 when the connection is over, in whatever way.
async fn read(socket: &mut tokio::net::TcpStream, most: usize) -> usize {
    let mut buffer = vec![0; most];
    let mut filled = 0;
    while filled < most {
        match socket.read(&mut buffer[filled..]).await {
            Ok(0) | Err(_) => break,
            Ok(got) => filled += got,
        }
    }
    filled
}

async fn remove(client: &Client, project: &str, member: &str) {
    client.ok(&format!("/{project}/decreasePermissions"), json!({ member: null })).await;
}

async fn revoke_tokens(world: &World, user: &'static str) {
    world
        .write(move |tx| {
            tx.execute(
                "update token set revoked = 1 where account = (select key from account where id = $1)",
                store::params![user],
            )
        })
        .await;
}
