//! Parts on their way in, and closing.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wire::Level;
use wire::user::TokenScope;

use super::{
    Address, SMALLEST, address_of, address_of_part, close, closed, describe, md5_of, new_file, noise, send,
    stored,
};
use crate::wait;
use crate::world::World;

/// Contract: data 8.1. Parts may come in any order, at the same time and with gaps in their numbers; the content is their
/// concatenation by number (invariant 9).
#[tokio::test]
async fn parts_come_in_any_order_and_in_parallel() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let file = new_file(&alice, &project, "reads.bin").await;
    let parts = [(7, noise(SMALLEST, 1)), (2, noise(SMALLEST + 1, 2)), (30, noise(12_345, 3))];
    let sending: Vec<_> = parts
        .iter()
        .map(|(index, bytes)| {
            let (alice, file, index, bytes) = (alice.clone(), file.clone(), *index, bytes.clone());
            tokio::spawn(async move { send(&alice, &file, index, &bytes).await })
        })
        .collect();
    for sent in sending {
        sent.await.unwrap();
    }
    let seen = describe(&alice, &file).await;
    assert_eq!(seen["state"], "open");
    assert_eq!(
        seen["parts"]["7"],
        json!({ "state": "complete", "size": SMALLEST, "md5": md5_of(&parts[0].1) })
    );
    close(&alice, &file).await;
    let whole = [parts[1].1.clone(), parts[0].1.clone(), parts[2].1.clone()].concat();
    let seen = describe(&alice, &file).await;
    assert_eq!(seen["size"], whole.len());
    assert_eq!(seen["md5"], md5_of(&whole));
    let read = address_of(&alice, &file, json!({})).await.get().await.bytes().await.unwrap();
    assert!(read == whole, "the file is not the parts by their numbers");
}

/// The last successful upload of a part wins; one that is announced only, or that fails, changes nothing (contract: data 8.1).
/// The bytes of before go.
#[tokio::test]
async fn a_part_is_replaced_only_by_the_bytes_announced() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let file = new_file(&alice, &project, "x").await;
    send(&alice, &file, 1, b"first").await;
    let first = json!({ "state": "complete", "size": 5, "md5": md5_of(b"first") });
    for (announced, sent, says) in [
        (&b"another"[..], &b"an0ther"[..], "MD5"),
        (b"another", b"anothe", "bytes were announced"),
        (b"another", b"another!", "bytes were announced"),
    ] {
        let mut address = address_of_part(&alice, &file, 1, announced).await;
        address.headers.remove("content-length");
        let (status, text) = address.put(sent.to_vec()).await;
        assert_eq!(status, 400, "{text}");
        assert!(text.contains(says) && !text.starts_with('{'), "{text}");
        assert_eq!(describe(&alice, &file).await["parts"]["1"], first);
    }
    send(&alice, &file, 1, b"second!").await;
    let seen = describe(&alice, &file).await;
    assert_eq!(seen["parts"]["1"], json!({ "state": "complete", "size": 7, "md5": md5_of(b"second!") }));
    // Announced last, and never sent.
    address_of_part(&alice, &file, 1, b"the third").await;
    close(&alice, &file).await;
    let seen = describe(&alice, &file).await;
    assert_eq!((&seen["size"], &seen["md5"]), (&json!(7), &json!(md5_of(b"second!"))));
    let read = address_of(&alice, &file, json!({})).await.get().await;
    assert_eq!(read.bytes().await.unwrap(), &b"second!"[..]);
    wait::until("the bytes that were replaced are removed", async || stored(&world).len() == 1).await;
}

/// A body without a length is bounded by what was announced, and one longer than that is cut off.
#[tokio::test]
async fn a_body_of_unknown_length_is_bounded() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let file = new_file(&alice, &project, "x").await;
    let chunked = |address: Address, bytes: Vec<u8>| async move {
        let pieces =
            bytes.chunks(1000).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect::<Vec<_>>();
        let body = reqwest::Body::wrap_stream(futures::stream::iter(pieces));
        let mut request = reqwest::Client::new().put(&address.url);
        request = request.header("content-type", "application/octet-stream");
        let response = request.body(body).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    let bytes = noise(100_000, 4);
    let address = address_of_part(&alice, &file, 1, &bytes).await;
    let (status, text) = chunked(address.clone(), noise(100_001, 4)).await;
    assert_eq!(status, 400, "{text}");
    let (status, text) = chunked(address, bytes).await;
    assert_eq!(status, 200, "{text}");
    // Without an announced size, somebody has to say it.
    let unknown = Address::of(&alice.ok(&format!("/{file}/upload"), json!({ "index": 2 })).await);
    let (status, text) = chunked(unknown.clone(), b"abc".to_vec()).await;
    assert_eq!(status, 411, "{text}");
    assert_eq!(unknown.put(b"abc".to_vec()).await.0, 200);
    // One that goes on and on is not waited for.
    let address = address_of_part(&alice, &file, 3, b"abc").await;
    let (host, path) = (world.address(), address.url.split_once(&world.address().to_string()).unwrap().1);
    let endless = format!(
        "PUT {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n4\r\nabcd\r\n"
    );
    let answer = crate::raw::exchange(host, endless.as_bytes()).await.unwrap();
    let text = String::from_utf8(answer.body).unwrap();
    assert!(answer.status == 400 && text.contains("bytes were announced"), "{text}");
}

/// What `/file-xxxx/upload` refuses.
#[tokio::test]
async fn parts_are_refused_that_cannot_be() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    let file = new_file(&alice, &project, "x").await;
    let upload = format!("/{file}/upload");
    for bad in [
        json!({ "index": 0, "size": 1, "md5": md5_of(b"a") }),
        json!({ "index": 10_001, "size": 1, "md5": md5_of(b"a") }),
        json!({ "index": "1", "size": 1, "md5": md5_of(b"a") }),
        json!({ "index": 1, "size": -1, "md5": md5_of(b"a") }),
        json!({ "index": 1, "size": 5_368_709_121_i64, "md5": md5_of(b"a") }),
        json!({ "index": 1, "size": 1, "md5": md5_of(b"a").to_uppercase() }),
        json!({ "index": 1, "size": 1, "md5": "abc" }),
    ] {
        alice.fails(&upload, bad, "InvalidInput").await;
    }
    bob.fails(&upload, json!({ "size": 1, "md5": md5_of(b"a") }), "ResourceNotFound").await;
    alice.invite(&project, "bob", Level::View).await;
    bob.fails(&upload, json!({ "size": 1, "md5": md5_of(b"a") }), "PermissionDenied").await;
    bob.fails(&format!("/{file}/close"), json!({}), "PermissionDenied").await;
    send(&alice, &file, 1, b"a").await;
    close(&alice, &file).await;
    let message = alice.fails(&upload, json!({ "size": 1, "md5": md5_of(b"a") }), "InvalidState").await;
    assert!(message.contains("is not in the open state"), "{message}");
}

/// Invariant 7: an address from before the close is of no use after it. Nor is one that was changed.
#[tokio::test]
async fn an_address_ends_with_the_close_and_cannot_be_changed() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let file = new_file(&alice, &project, "x").await;
    let other = new_file(&alice, &project, "y").await;
    let address = address_of_part(&alice, &file, 1, b"abc").await;
    // Nor does it go over to another token, which is as good.
    let second = world.scoped("alice", TokenScope::FULL).await;
    let [mine, hers] =
        [&alice, &second].map(|client| secrets::token::signature(client.token.as_deref().unwrap()));
    for (from, to) in [
        (mine.as_str(), hers),
        ("/1?", "/2?".to_owned()),
        (file.as_str(), other),
        ("size=3", "size=4".to_owned()),
        ("&size=3", String::new()),
        ("&md5=900", "&md5=901".to_owned()),
        ("&md5=", "&other=".to_owned()),
        ("by=", "by=0".to_owned()),
        ("expires=1", "expires=2".to_owned()),
        ("signature=", "signature=A".to_owned()),
    ] {
        let mut changed = address.clone();
        changed.url = changed.url.replace(from, &to);
        assert_ne!(changed.url, address.url);
        let (status, text) = changed.put(b"abc".to_vec()).await;
        assert_eq!(status, 403, "{from}: {text}");
    }
    assert_eq!(address.put(b"abc".to_vec()).await.0, 200);
    close(&alice, &file).await;
    let (status, text) = address.put(b"abc".to_vec()).await;
    assert_eq!(status, 403, "{text}");
    assert!(text.contains("is not in the open state"), "{text}");
}

/// Invariant 7: nor is it of use while the server is still reading the file.
#[tokio::test]
async fn a_file_that_is_being_closed_takes_no_part() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let file = new_file(&alice, &project, "x").await;
    send(&alice, &file, 1, &noise(SMALLEST, 1)).await;
    send(&alice, &file, 2, b"end").await;
    let address = address_of_part(&alice, &file, 2, b"END").await;
    // Damaged bytes keep it from being closed.
    world.write(|tx| tx.execute("update stored_blob set damaged = 'for a test'", store::params![])).await;
    alice.ok(&format!("/{file}/close"), json!({})).await;
    assert_eq!(describe(&alice, &file).await["state"], "closing");
    let (status, text) = address.put(b"END".to_vec()).await;
    assert_eq!(status, 403, "{text}");
    let again = json!({ "index": 2, "size": 3, "md5": md5_of(b"END") });
    alice.fails(&format!("/{file}/upload"), again, "InvalidState").await;
    assert_eq!(describe(&alice, &file).await["parts"]["2"]["md5"], md5_of(b"end"));
}

/// Contract: data 8.1, invariants 8 and 10: what makes a file, and closing it twice.
#[tokio::test]
async fn a_file_closes_only_when_it_is_whole() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let file = new_file(&alice, &project, "x").await;
    let end = format!("/{file}/close");
    let message = alice.fails(&end, json!({}), "InvalidState").await;
    assert!(message.contains("no parts"), "{message}");
    send(&alice, &file, 1, b"small").await;
    send(&alice, &file, 2, b"last").await;
    let message = alice.fails(&end, json!({}), "InvalidState").await;
    assert!(message.contains("5242880"), "{message}");
    send(&alice, &file, 1, &noise(SMALLEST, 1)).await;
    let last = address_of_part(&alice, &file, 3, b"").await;
    let message = alice.fails(&end, json!({}), "InvalidState").await;
    assert!(message.contains("have not arrived"), "{message}");
    assert_eq!(describe(&alice, &file).await["parts"]["3"]["state"], "pending");
    assert_eq!(describe(&alice, &file).await["state"], "open");
    // The second part is not the last any more, so it is too small.
    assert_eq!(last.put(Vec::new()).await.0, 200);
    alice.fails(&end, json!({}), "InvalidState").await;
    send(&alice, &file, 2, &noise(SMALLEST, 2)).await;
    close(&alice, &file).await;
    let first = describe(&alice, &file).await;
    assert_eq!(first["size"], 2 * SMALLEST);
    let again = alice.ok(&end, json!({})).await;
    assert_eq!(again["id"], file);
    assert!(again["detail"].is_string());
    assert_eq!(describe(&alice, &file).await, first);
}

/// A file of one part is closed as soon as the call returns; an empty one is one empty part.
#[tokio::test]
async fn one_part_closes_at_once() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    for bytes in [&b""[..], b"some bytes"] {
        let file = new_file(&alice, &project, "x").await;
        send(&alice, &file, 1, bytes).await;
        alice.ok(&format!("/{file}/close"), json!({})).await;
        let seen = describe(&alice, &file).await;
        assert_eq!(seen["state"], "closed");
        assert_eq!(seen["size"], bytes.len());
        let answer = address_of(&alice, &file, json!({})).await.get_range("bytes=0-").await;
        assert_eq!(answer.status(), if bytes.is_empty() { 200 } else { 206 });
        assert_eq!(answer.bytes().await.unwrap(), bytes);
    }
}

/// Design promise 8: what was acknowledged survives, and an upload goes on where it was.
#[tokio::test]
async fn an_upload_goes_on_after_a_restart() {
    let mut world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let file = new_file(&alice, &project, "x").await;
    let (one, two) = (noise(SMALLEST, 1), noise(1000, 2));
    send(&alice, &file, 1, &one).await;
    let address = address_of_part(&alice, &file, 2, &two).await;
    world.restart().await;
    assert_eq!(describe(&alice, &file).await["parts"]["1"]["state"], "complete");
    assert_eq!(address.put(two.clone()).await.0, 200);
    // Stopped between the close and the seal, as far as that can be met.
    alice.ok(&format!("/{file}/close"), json!({})).await;
    world.restart().await;
    close(&alice, &file).await;
    assert_eq!(describe(&alice, &file).await["md5"], md5_of(&[one, two].concat()));
}

/// Whether bytes of a part lie on the disk that are not all there yet.
fn is_receiving(world: &World) -> bool {
    std::fs::read_dir(world.data.path().join("data/files/tmp")).unwrap().next().is_some()
}

/// Sends this many bytes of a part, and no more; the server has begun to take them.
async fn begin(world: &World, address: &Address, bytes: &[u8], sent: usize) -> TcpStream {
    let path = address.url.split_once(&world.address().to_string()).unwrap().1;
    let mut socket = TcpStream::connect(world.address()).await.unwrap();
    let length = bytes.len();
    let head =
        format!("PUT {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&bytes[..sent]).await.unwrap();
    wait::until("bytes are on the disk", async || is_receiving(world)).await;
    socket
}

/// The token counts when the bytes are there, too: with one whose time ran out while they came, nothing is brought in.
#[tokio::test]
async fn a_token_that_ends_meanwhile_brings_nothing_in() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let file = new_file(&alice, &project, "x").await;
    let bytes = noise(3 << 20, 1);
    let address = address_of_part(&alice, &file, 1, &bytes).await;
    let mut socket = begin(&world, &address, &bytes, 2 << 20).await;
    let now = world.now();
    world.write(move |tx| tx.execute("update token set expires = $1", store::params![now])).await;
    socket.write_all(&bytes[2 << 20..]).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(stored(&world).is_empty());
    let pending = "select count(*) from file_part where state = 'pending' and stored_blob is null";
    assert_eq!(world.rows(pending).await, 1);
}

/// A sender who goes away in the middle leaves the part as it was.
#[tokio::test]
async fn a_broken_upload_changes_nothing() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let file = new_file(&alice, &project, "x").await;
    let bytes = noise(3 << 20, 1);
    let address = address_of_part(&alice, &file, 1, &bytes).await;
    drop(begin(&world, &address, &bytes, 2 << 20).await);
    wait::until("the cut part is removed", async || !is_receiving(&world)).await;
    assert!(stored(&world).is_empty());
    assert_eq!(describe(&alice, &file).await["parts"]["1"]["state"], "pending");
    assert_eq!(address.put(bytes).await.0, 200);
}

/// Equal content is stored once within one account, found after the close; never across accounts (design 6).
#[tokio::test]
async fn equal_content_is_stored_once_for_each_payer() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (first, second) = (alice.project("One").await, alice.project("Two").await);
    let bobs = bob.project("Three").await;
    let bytes = noise(50_000, 9);
    let mut files = Vec::new();
    for (client, project) in [(&alice, &first), (&alice, &second), (&bob, &bobs)] {
        files.push((client, closed(client, project, "same", &[&bytes]).await));
    }
    wait::until("equal content is stored once", async || stored(&world).len() == 2).await;
    for (client, file) in files {
        let read = address_of(client, &file, json!({})).await.get().await.bytes().await.unwrap();
        assert!(read == bytes, "{file}");
    }
}
