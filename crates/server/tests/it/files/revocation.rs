//! What was revoked is over at once, whatever was given out before (design promise 4, invariant 29).

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wire::Level;
use wire::user::TokenScope;

use super::{Address, SMALLEST, address_of, address_of_part, closed, new_file, noise};
use crate::wait;
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
        let ended = tokio::time::timeout(Duration::from_secs(120), async {
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

/// A download that names no project keeps to one copy, which its event names. When that one is lost, it goes on under
/// another that may be read, whose event is there before more is read; when there is none, it is cut.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_download_says_which_copy_is_read() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (best, other) = (alice.project("Best").await, alice.project("Other").await);
    let part = noise(8 * SMALLEST, 1);
    let file = closed(&alice, &best, "x", &[&part]).await;
    alice.ok(&format!("/{best}/clone"), json!({ "objects": [file], "project": other })).await;
    alice.invite(&best, "bob", Level::Contribute).await;
    alice.invite(&other, "bob", Level::View).await;
    let address = address_of(&bob, &file, json!({})).await;
    let mut socket = start(&world, &address).await;
    let mut taken = read(&mut socket, 1 << 20).await;
    assert_eq!(readings(&world).await, [(best.clone(), 0)]);
    // A better copy that comes later, and one that is lost and was not read, change nothing.
    let third = alice.project("Third").await;
    alice.ok(&format!("/{best}/clone"), json!({ "objects": [file], "project": third })).await;
    alice.invite(&third, "bob", Level::Administer).await;
    remove(&alice, &third, "user-bob").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(readings(&world).await.len(), 1);
    remove(&alice, &best, "user-bob").await;
    wait::until("the other copy has an event", async || readings(&world).await.len() >= 2).await;
    let [(first, 0), (second, from)] = &readings(&world).await[..] else { panic!("no two readings") };
    assert_eq!((first, second), (&best, &other));
    assert!((1..=i64::try_from(part.len()).unwrap()).contains(from), "{from}");
    taken += read(&mut socket, 1 << 20).await;
    assert!(taken > 1 << 20, "it did not go on");
    // The log says that nothing was refused: the person may read the file all the while.
    assert_eq!(refusals(&world).await, 0);
    remove(&alice, &other, "user-bob").await;
    let ended = tokio::time::timeout(Duration::from_secs(120), async {
        loop {
            match read(&mut socket, 64 << 10).await {
                0 => return,
                got => taken += got,
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    ended.await.expect("the download went on after the access was gone");
    assert!(taken < part.len(), "the whole file came");
    assert_eq!(readings(&world).await.len(), 2);
}

/// A copy that is flagged while it is read is left for another; a project that was named is kept to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_download_of_a_named_project_goes_on_nowhere_else() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let (named, other) = (alice.project("Named").await, alice.project("Other").await);
    let part = noise(8 * SMALLEST, 1);
    let file = closed(&alice, &named, "x", &[&part]).await;
    alice.ok(&format!("/{named}/clone"), json!({ "objects": [file], "project": other })).await;
    for (input, goes_on) in [(json!({ "project": named }), false), (json!({}), true)] {
        let address = address_of(&alice, &file, input).await;
        let mut socket = start(&world, &address).await;
        let mut taken = read(&mut socket, 1 << 20).await;
        alice.ok(&format!("/{named}/update"), json!({ "downloadRestricted": true })).await;
        let ended = tokio::time::timeout(Duration::from_secs(120), async {
            // Slow enough for the server to ask again before all is in the buffers.
            tokio::time::sleep(Duration::from_secs(2)).await;
            loop {
                match read(&mut socket, 1 << 20).await {
                    0 => return,
                    got => taken += got,
                }
                // The head of the answer comes on top.
                if taken >= part.len() {
                    return;
                }
            }
        });
        ended.await.expect("the download neither ended nor went on");
        assert_eq!(taken >= part.len(), goes_on, "{taken} bytes");
        let lift = json!({ "downloadRestricted": false, "previewViewerRestricted": false });
        alice.ok(&format!("/{named}/update"), lift).await;
    }
    let last = readings(&world).await.pop().unwrap();
    assert_eq!(last.0, other);
}

/// The project and the first byte of each reading in the log.
async fn readings(world: &World) -> Vec<(String, i64)> {
    let bodies = world.read(|tx| {
        tx.query("select body from audit_event where action = 'file.read' order by key", store::params![])?
            .iter()
            .map(|row| row.get::<String>(0))
            .collect::<Result<Vec<_>, _>>()
    });
    let events =
        bodies.await.into_iter().map(|body| serde_json::from_str::<serde_json::Value>(&body).unwrap());
    events
        .map(|event| {
            (event["subjects"][0].as_str().unwrap().to_owned(), event["after"]["from"].as_i64().unwrap())
        })
        .collect()
}

async fn refusals(world: &World) -> i64 {
    let refused = "select count(*) from audit_event where action = 'access.refused'";
    world.read(move |tx| tx.query_one(refused, store::params![])?.get(0)).await
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

pub async fn remove(client: &Client, project: &str, member: &str) {
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
