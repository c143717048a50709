//! Holding what others wait for.

use std::sync::mpsc;
use std::time::Duration;

use app::{Ctx, Door, RequestInfo};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;
use wire::Level;

use super::{fetch, file, open_file, preauthenticated};
use crate::files::{closed, noise};
use crate::wait;
use crate::world::{Client, World};

/// Several who begin as many uploads as the server takes at once, and finish none, keep nobody else from theirs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unfinished_uploads_leave_turns_for_others() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let mut held = Vec::new();
    for name in ["mallory", "trudy", "oscar"] {
        let client = world.user(name).await;
        let project = client.project("Idle").await;
        let idle = open_file(&client, &project).await;
        for index in 1..=20 {
            let address = client.ok(&format!("/{idle}/upload"), json!({ "index": index, "size": 100 })).await;
            let path = address["url"].as_str().unwrap().split_once(&world.address().to_string()).unwrap().1;
            let head = format!("PUT {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nx");
            held.push(begin(&world, &head).await);
        }
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

/// Whoever has one link that needs no token cannot fill the server by it: those who must wait for the turns of its owner are
/// few, and the rest is answered at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_link_leaves_places_for_others() {
    let world = World::with(|config| config.limits.concurrent_requests = 100).await;
    let (alice, mallory) = (world.user("alice").await, world.user("mallory").await);
    let project = mallory.project("Link").await;
    let large = file(&mallory, &project, &vec![7; 24 << 20]).await;
    let path = preauthenticated(&world, &mallory, &large).await;
    let (answered, mut answers) = tokio::sync::mpsc::unbounded_channel();
    let mut held = Vec::new();
    // Of those at the door 16 are read and 16 wait; whoever comes after them is answered.
    for (wave, expected) in [32].into_iter().chain([10; 8]).zip((0..).map(|later| 16 + 10 * later)) {
        for _ in 0..wave {
            let mut socket = begin(&world, &format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
            let answered = answered.clone();
            tokio::spawn(async move {
                let mut head = [0; 12];
                socket.read_exact(&mut head).await.unwrap();
                answered.send((head, socket)).unwrap();
            });
        }
        while held.len() < expected {
            let (head, socket) = answers.recv().await.unwrap();
            held.push((String::from_utf8_lossy(&head).into_owned(), socket));
        }
        alice.ok("/system/whoami", json!({})).await;
    }
    let read = held.iter().filter(|(head, _)| head == "HTTP/1.1 200").count();
    assert_eq!(read, 16);
    // They take nothing from what the owner reads with a token.
    let address = mallory.ok(&format!("/{large}/download"), json!({})).await;
    let got = fetch(&address).await;
    assert_eq!((got.status().as_u16(), got.bytes().await.unwrap().len()), (200, 24 << 20));
    assert_eq!(held.iter().filter(|(head, _)| head == "HTTP/1.1 503").count(), held.len() - read);
}

/// Nor do those fill it who send no token at all, and their bodies or forms slowly.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_strangers_leave_places_for_others() {
    for target in ["/system/greet", "/sign-in"] {
        let world = World::with(|config| config.limits.concurrent_requests = 16).await;
        let alice = world.user("alice").await;
        let head = format!(
            "POST {target} HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 100\r\n\r\na"
        );
        let mut held = Vec::new();
        for _ in 0..40 {
            held.push(begin(&world, &head).await);
        }
        // The first who is turned away tells that the others have come.
        let mut status = [0; 12];
        let mut refused = begin(&world, &head).await;
        refused.read_exact(&mut status).await.unwrap();
        assert_eq!(&status, b"HTTP/1.1 503", "{target}");
        alice.ok("/system/whoami", json!({})).await;
    }
}

/// Answers that nobody takes fill the room of their own account only, and are given again once they were taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn untaken_answers_leave_room_for_others() {
    let world = World::new().await;
    let (alice, mallory) = (world.user("alice").await, world.user("mallory").await);
    let mut inputs = Vec::new();
    for client in [&mallory, &alice] {
        let project = client.project("Large").await;
        let details = json!({ "a": "x".repeat(6 << 20) });
        let made = client.ok("/record/new", json!({ "project": project, "details": details })).await;
        let one = json!({ "id": made["id"], "describe": { "fields": { "details": true } } });
        inputs.push(json!({ "objects": vec![one; 6] }));
    }
    let token = mallory.token.clone().unwrap();
    let body = inputs[0].to_string();
    let mut untaken = begin(
        &world,
        &format!(
            "POST /system/describeDataObjects HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ),
    )
    .await;
    let mut status = [0; 12];
    untaken.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
    let message = mallory.fails("/system/describeDataObjects", inputs[0].clone(), "ServiceUnavailable").await;
    assert!(message.contains("large answers"), "{message}");
    mallory.ok("/system/whoami", json!({})).await;
    alice.ok("/system/describeDataObjects", inputs[1].clone()).await;
    drop(untaken);
    wait::until("the room comes back", async || {
        mallory.post("/system/describeDataObjects", inputs[0].clone()).await.status == 200
    })
    .await;
}

/// One account reads with a part of the database's readers at once, however many calls it makes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_readings_leave_readers_for_others() {
    let world = World::new().await;
    let (alice, mallory) = (world.user("alice").await, world.user("mallory").await);
    let mut readings = Readings::hold(&world, &mallory).await;
    let project = alice.project("Trial").await;
    let path = format!("/{project}/describe");
    let described = tokio::time::timeout(Duration::from_secs(60), alice.ok(&path, json!({}))).await;
    assert!(described.is_ok(), "one account's readings left no reader");
    assert!(readings.has_begun.try_recv().is_err(), "more than half of the readers were taken");
    readings.end().await;
}

/// A link that needs no token is of one copy, which was chosen when it was made: whoever has it reads without the readers of
/// its maker, however long the file is, and so takes none from the maker either.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_needs_no_reader_of_its_maker() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let (project, other) = (alice.project("Trial").await, alice.project("Other").await);
    // Of three parts, more than are looked up together.
    let parts = [20 << 20, 21 << 20, 1].map(|length| noise(length, 1));
    let read = closed(&alice, &project, "long", &parts.each_ref().map(Vec::as_slice)).await;
    alice.ok(&format!("/{project}/clone"), json!({ "objects": [read], "project": other })).await;
    let path = preauthenticated(&world, &alice, &read).await;
    assert!(path.contains(&format!("?project={project}&")), "{path}");
    let readings = Readings::hold(&world, &alice).await;
    let got = reqwest::get(format!("{}{path}", world.base())).await.unwrap();
    assert_eq!(got.status(), 200);
    assert!(got.bytes().await.unwrap() == parts.concat());
    readings.end().await;
}

/// All readers of the database that one account may have at once, held, and more calls that wait for one.
struct Readings {
    /// Told of each that begins beyond those.
    has_begun: UnboundedReceiver<()>,
    ends: Vec<mpsc::Sender<()>>,
    reading: Vec<JoinHandle<app::Result<()>>>,
}

impl Readings {
    async fn hold(world: &World, client: &Client) -> Self {
        let app = world.app();
        let readers = app.db.readers();
        let caller = app.authenticate(client.token.as_ref().unwrap(), app.clock.now()).await.unwrap();
        let request = RequestInfo { id: "".into(), origin: None, now: app.clock.now(), headers: None };
        let ctx = Ctx::new(std::sync::Arc::clone(app), Some(caller), request, Door::Other("Test"));
        let (begun, mut has_begun) = tokio::sync::mpsc::unbounded_channel();
        let (mut ends, mut reading) = (Vec::new(), Vec::new());
        for _ in 0..readers * 2 {
            let (end, ended) = mpsc::channel::<()>();
            let (ctx, begun, ended) = (ctx.clone(), begun.clone(), std::sync::Mutex::new(ended));
            ends.push(end);
            reading.push(tokio::spawn(async move {
                let wait = move |_: &app::Work<'_>| {
                    begun.send(()).unwrap();
                    let _ = ended.lock().unwrap().recv();
                    Ok(())
                };
                ctx.look(wait).await
            }));
        }
        for _ in 0..readers / 2 {
            has_begun.recv().await.unwrap();
        }
        Self { has_begun, ends, reading }
    }

    async fn end(self) {
        drop(self.ends);
        for reading in self.reading {
            reading.await.unwrap().unwrap();
        }
    }
}

/// One account's large changes wait for one another before they wait for the writer, so that others' come between them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_changes_leave_the_writer_for_others() {
    let world = World::new().await;
    let (alice, mallory) = (world.user("alice").await, world.user("mallory").await);
    let app = world.app();
    let mut ctxs = Vec::new();
    for client in [&mallory, &alice] {
        let caller = app.authenticate(client.token.as_ref().unwrap(), app.clock.now()).await.unwrap();
        let request = RequestInfo { id: "".into(), origin: None, now: app.clock.now(), headers: None };
        ctxs.push(Ctx::new(std::sync::Arc::clone(app), Some(caller), request, Door::Other("Test")));
    }
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = std::sync::Mutex::new(may_go_on);
    let (begun, mut has_begun) = tokio::sync::mpsc::unbounded_channel();
    let (gate, holds) = (ctxs[0].clone(), begun.clone());
    let mut changing = vec![tokio::spawn(async move {
        let wait = move |_: &app::Work<'_>| {
            holds.send("gate").unwrap();
            let _ = may_go_on.lock().unwrap().recv();
            Ok(())
        };
        gate.change(wait).await
    })];
    assert_eq!(has_begun.recv().await, Some("gate"));
    let mut change = |ctx: &Ctx, name: &'static str| {
        let (ctx, begun) = (ctx.clone(), begun.clone());
        changing.push(tokio::spawn(async move {
            let note = move |_: &app::Work<'_>| {
                begun.send(name).unwrap();
                Ok(())
            };
            ctx.change_many(note).await
        }));
    };
    for _ in 0..20 {
        change(&ctxs[0], "mallory");
    }
    // Long enough for all of them to have come as far as they may.
    tokio::time::sleep(Duration::from_secs(1)).await;
    change(&ctxs[1], "alice");
    tokio::time::sleep(Duration::from_secs(1)).await;
    go_on.send(()).unwrap();
    for changing in changing {
        changing.await.unwrap().unwrap();
    }
    has_begun.close();
    let mut order = Vec::new();
    while let Some(name) = has_begun.recv().await {
        order.push(name);
    }
    assert_eq!(order.len(), 21);
    assert!(order[..2].contains(&"alice"), "{order:?}");
}

/// A connection on which a request was begun.
async fn begin(world: &World, head: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 << 10).unwrap();
    let mut socket = socket.connect(world.address()).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    socket
}
