//! Files on their way out.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use sha2::{Digest, Sha256};
use wire::Level;
use wire::user::TokenScope;

use super::{SMALLEST, address_of, address_of_part, closed, md5_of, new_file, noise, send};
use crate::world::World;

/// Contract: data 8.2: the shape of addresses, with headers and without.
#[tokio::test]
async fn addresses_have_the_contracts_shape() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    let file = closed(&alice, &project, "my reads.txt", &[b"hello"]).await;
    let address = address_of(&alice, &file, json!({})).await;
    assert_eq!(address, address_of(&alice, &file, json!({})).await);
    assert!(address.url.contains(&file) && !address.url.contains("project-"), "{}", address.url);
    assert!(address.url.ends_with("/my%20reads.txt"), "{}", address.url);
    assert_eq!(address.get().await.text().await.unwrap(), "hello");
    assert_eq!(reqwest::get(&address.url).await.unwrap().status(), 403);

    let download = format!("/{file}/download");
    let input = json!({ "preauthenticated": true, "duration": 60, "filename": "b.txt", "project": project });
    let answer = alice.ok(&download, input.clone()).await;
    assert_eq!(answer["headers"], json!({}));
    assert!(answer["expires"].is_i64());
    let url = answer["url"].as_str().unwrap();
    assert!(url.split('?').next().unwrap().ends_with("/b.txt"), "{url}");
    assert_eq!(reqwest::get(url).await.unwrap().text().await.unwrap(), "hello");
    // What is signed is all of it: of neither kind does an address open another file, or go over to another token.
    let second = world.scoped("alice", TokenScope::FULL).await;
    let [mine, hers] =
        [&alice, &second].map(|client| secrets::token::signature(client.token.as_deref().unwrap()));
    let another = closed(&alice, &project, "my reads.txt", &[b"other"]).await;
    for (from, to) in [
        ("expires=1", "expires=2"),
        ("b.txt", "c.txt"),
        ("signature=", "signature=x"),
        ("&by=", "&by=0"),
        (&mine, &hers),
        (&file, &another),
    ] {
        let changed = url.replace(from, to);
        assert_ne!(changed, url);
        assert_eq!(reqwest::get(changed).await.unwrap().status(), 403, "{from}");
    }
    let mut of_another_file = address.clone();
    of_another_file.url = address.url.replace(&file, &another);
    let mut of_another_token = address.clone();
    let header = of_another_token.headers.get_mut("Authorization").unwrap();
    *header = header.replace(&mine, &hers);
    for changed in [of_another_file, of_another_token] {
        assert_ne!(changed, address);
        assert_eq!(changed.get().await.status(), 403);
    }

    bob.fails(&download, json!({}), "ResourceNotFound").await;
    let other = alice.project("Other").await;
    for missing in [other.as_str(), "project-012301230123012301230123"] {
        alice.fails(&download, json!({ "project": missing }), "ResourceNotFound").await;
    }
    for bad in [json!({ "duration": 0 }), json!({ "duration": 40_000_000 }), json!({ "filename": "" })] {
        alice.fails(&download, bad, "InvalidInput").await;
    }
    let open = new_file(&alice, &project, "open").await;
    alice.fails(&format!("/{open}/download"), json!({}), "InvalidState").await;
}

/// A preauthenticated address needs no header, so none can spoil it: a browser may send a password that was meant for a proxy on
/// the way. An address that needs the header says what is wrong with the one that came (contract: data 8.2).
#[tokio::test]
async fn a_header_that_is_no_token_matters_only_where_one_is_needed() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let file = closed(&alice, &project, "a.txt", &[b"hello"]).await;
    let link = address_of(&alice, &file, json!({ "preauthenticated": true, "duration": 60 })).await;
    let bound = address_of(&alice, &file, json!({})).await;
    for stray in ["Basic YWxpY2U6c2VjcmV0", "Bearer", "Bearer ", "Bearer of nothing", "", "x"] {
        let with = async |url: &str| {
            let request = reqwest::Client::new().get(url).header("authorization", stray);
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        };
        assert_eq!(with(&link.url).await, (200, "hello".to_owned()), "{stray}");
        let (status, text) = with(&bound.url).await;
        assert_eq!(status, 403, "{stray}: {text}");
        let of_a_form = stray == "Bearer of nothing";
        assert_eq!(text.contains("not of the form `Bearer <token>`"), !of_a_form, "{stray}: {text}");
    }
    assert_eq!(bound.get().await.text().await.unwrap(), "hello");
}

/// What every answer says, so that a browser does nothing with the content but save it.
#[tokio::test]
async fn answers_carry_what_keeps_browsers_calm() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let name = "a\"b/ü\\%.html";
    let file = closed(&alice, &project, name, &[b"<script>"]).await;
    let address = address_of(&alice, &file, json!({})).await;
    let whole = address.get().await;
    let etag = format!("\"{}\"", hex::encode(Sha256::digest(b"<script>")));
    for (header, value) in [
        ("content-length", "8"),
        ("accept-ranges", "bytes"),
        ("cache-control", "private"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("etag", etag.as_str()),
        (
            "content-disposition",
            "attachment; filename=\"a_b____.html\"; filename*=UTF-8''a%22b_%C3%BC_%25.html",
        ),
    ] {
        assert_eq!(whole.headers()[header], value, "{header}");
    }
    assert!(whole.headers()["content-security-policy"].to_str().unwrap().contains("sandbox"));
    let head = address.request(reqwest::Method::HEAD).send().await.unwrap();
    assert_eq!(head.headers()["content-length"], "8");
    assert!(head.bytes().await.unwrap().is_empty());

    let conditional = |name: &'static str, value: String| {
        address.request(reqwest::Method::GET).header("range", "bytes=1-2").header(name, value).send()
    };
    for (name, value, status) in [
        ("if-match", etag.clone(), 206),
        ("if-match", "\"x\"".to_owned(), 412),
        ("if-none-match", etag.clone(), 304),
        ("if-range", "\"x\"".to_owned(), 200),
        ("if-range", etag.clone(), 206),
    ] {
        assert_eq!(conditional(name, value).await.unwrap().status(), status, "{name}");
    }
    let outside = address.get_range("bytes=8-").await;
    assert_eq!(outside.status(), 416);
    assert_eq!(outside.headers()["content-range"], "bytes */8");
    assert_eq!(address.get_range("bytes=0-1,4-5").await.status(), 200);
}

/// Any range of a file of several parts is the same range of its bytes, also across the parts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ranges_are_slices() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let whole = noise(3 * SMALLEST + 7, 5);
    let parts: Vec<&[u8]> =
        vec![&whole[..SMALLEST], &whole[SMALLEST..2 * SMALLEST + 7], &whole[2 * SMALLEST + 7..], b""];
    let file = closed(&alice, &project, "x", &parts).await;
    let address = address_of(&alice, &file, json!({})).await;
    assert!(address.get().await.bytes().await.unwrap() == whole);
    let (size, near) = (whole.len(), [0, SMALLEST, 2 * SMALLEST + 7, 262_144]);
    let start = prop_oneof![
        0..size,
        (0..near.len(), 0usize..20).prop_map(move |(border, off)| (near[border] + off).saturating_sub(10))
    ];
    let length = prop_oneof![1usize..200, 1..size];
    let runtime = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        let mut runner =
            TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
        runner
            .run(&(start, length), |(start, length)| {
                let last = start + length - 1;
                let read = runtime.block_on(async {
                    let answer = address.get_range(&format!("bytes={start}-{last}")).await;
                    assert_eq!(answer.status(), 206);
                    answer.bytes().await.unwrap()
                });
                let end = (last + 1).min(size);
                prop_assert!(read == whole[start..end], "bytes={start}-{last}");
                Ok(())
            })
            .unwrap();
    });
}

/// Design promise 7: content is read only after its audit event is committed; further ranges of one opening fold into it.
#[tokio::test]
async fn reading_leaves_one_event_for_each_opening() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    let file = closed(&alice, &project, "x", &[b"0123456789"]).await;
    alice.invite(&project, "bob", Level::View).await;
    let (of_alice, of_bob) =
        (address_of(&alice, &file, json!({})).await, address_of(&bob, &file, json!({})).await);
    of_alice.request(reqwest::Method::HEAD).send().await.unwrap();
    assert_eq!(reads(&world, "user-alice").await, 0);
    for _ in 0..3 {
        of_alice.get_range("bytes=0-1").await.bytes().await.unwrap();
        of_bob.get_range("bytes=2-3").await.bytes().await.unwrap();
    }
    assert_eq!(reads(&world, "user-alice").await, 1);
    assert_eq!(reads(&world, "user-bob").await, 1);
    // Another copy and another token are openings of their own.
    let other = alice.project("Other").await;
    alice.ok(&format!("/{project}/clone"), json!({ "objects": [file], "project": other })).await;
    let of_copy = address_of(&alice, &file, json!({ "project": other })).await;
    let second = world.scoped("alice", TokenScope::FULL).await;
    let of_second = address_of(&second, &file, json!({})).await;
    for (address, events) in [(&of_copy, 2), (&of_second, 3), (&of_alice, 3)] {
        address.get_range("bytes=0-1").await.bytes().await.unwrap();
        assert_eq!(reads(&world, "user-alice").await, events);
    }
}

async fn reads(world: &World, actor: &'static str) -> i64 {
    world.read(move |tx| {
            tx.query_one(
                "select count(*) from audit_event where action = 'file.read' and actor = $1 and outcome = 'allowed'",
                store::params![actor],
            )?
            .get(0)
        })
        .await
}

/// Contract: identity-and-sharing 7: bytes of a download-restricted project do not leave, bytes from outside do not come into
/// one that takes none, and addresses of before open nothing.
#[tokio::test]
async fn restricted_bytes_do_not_leave() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("R").await;
    alice.invite(&project, "bob", Level::View).await;
    let file = closed(&alice, &project, "x", &[b"secret"]).await;
    let before = address_of(&alice, &file, json!({ "preauthenticated": true })).await;
    assert_eq!(before.get().await.status(), 200);
    let open = new_file(&alice, &project, "y").await;
    let part = address_of_part(&alice, &open, 1, b"y").await;
    world
        .write(|tx| {
            tx.execute(
                "update project set download_restricted = 1, external_upload_restricted = 1",
                store::params![],
            )
        })
        .await;
    assert_eq!(before.get().await.status(), 403);
    let upload = json!({ "size": 1, "md5": md5_of(b"y") });
    let message = alice.fails(&format!("/{open}/upload"), upload, "PermissionDenied").await;
    assert!(message.contains("through jobs only"), "{message}");
    assert_eq!(part.put(b"y".to_vec()).await.0, 403);
    for client in [&alice, &bob] {
        for input in [json!({}), json!({ "preauthenticated": true }), json!({ "project": project })] {
            client.fails(&format!("/{file}/download"), input, "PermissionDenied").await;
        }
    }
}

/// Invariant 43: only live files are read, also through addresses of before.
#[tokio::test]
async fn archived_files_are_not_read() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let file = closed(&alice, &project, "x", &[b"cold"]).await;
    let address = address_of(&alice, &file, json!({})).await;
    assert_eq!(address.get().await.status(), 200);
    for state in ["archival", "archived", "unarchiving"] {
        world.write(move |tx| tx.execute("update placement set archival = $1", store::params![state])).await;
        alice.fails(&format!("/{file}/download"), json!({}), "InvalidState").await;
        let answer = address.get().await;
        assert_eq!(answer.status(), 403);
        assert!(answer.text().await.unwrap().contains("archive"));
    }
    let open = new_file(&alice, &project, "y").await;
    send(&alice, &open, 1, b"y").await;
}
