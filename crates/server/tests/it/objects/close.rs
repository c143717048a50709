//! Closing, and what it freezes (F180, invariants 4, 5, 10).

use serde_json::{Value, json};
use wire::Level;

use crate::files::send;
use crate::world::{Client, World};

impl Client {
    async fn state(&self, object: &str) -> String {
        let seen = self.ok(&format!("/{object}/describe"), json!({ "fields": { "state": true } })).await;
        seen["state"].as_str().unwrap().to_owned()
    }

    async fn close(&self, object: &str) -> Value {
        self.ok(&format!("/{object}/close"), json!({})).await
    }
}

fn link(target: &str) -> Value {
    json!({ "$dnanexus_link": target })
}

/// F180, invariant 10: closed at once, and closing again is closing once.
#[tokio::test]
async fn a_record_closes_at_once_and_once() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let record = alice.record(&project, json!({})).await;
    assert_eq!(alice.close(&record).await, json!({ "id": record }));
    let closed = alice.described(&record).await;
    assert_eq!(closed["state"], "closed");
    for _ in 0..2 {
        let again = alice.close(&record).await;
        assert!(
            again["id"] == json!(record) && again["detail"].as_str().unwrap().contains("already closed"),
            "{again}"
        );
    }
    assert_eq!(alice.described(&record).await, closed, "closing again changed something");
}

/// Contract data 7: `close` makes it closed from the start, with and without links.
#[tokio::test]
async fn a_record_is_made_closed() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let open = alice.record(&project, json!({})).await;
    for details in [json!({}), json!({ "visible": link(&open) })] {
        let record = alice.record(&project, json!({ "close": true, "details": details })).await;
        assert_eq!(alice.state(&record).await, "closed");
    }
}

/// F180, invariant 5: content, types, details and visibility freeze; the message is the one that clients know.
#[tokio::test]
async fn closing_freezes_the_content() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let hidden = alice.record(&project, json!({ "hidden": true })).await;
    let closing = alice.record(&project, json!({ "details": link(&hidden), "types": ["t"] })).await;
    let closed = alice.record(&project, json!({ "details": [1], "types": ["t"], "close": true })).await;
    alice.close(&closing).await;
    for (record, state) in [(&closing, "closing"), (&closed, "closed")] {
        let before = alice.described(record).await;
        assert_eq!(before["state"], state);
        for (verb, input) in [
            ("addTypes", json!({ "types": ["x"] })),
            ("addTypes", json!({ "types": [] })),
            ("removeTypes", json!({ "types": ["t"] })),
            ("removeTypes", json!({ "types": [] })),
            ("setDetails", json!({ "x": 1 })),
            ("setVisibility", json!({ "hidden": true })),
            ("setVisibility", json!({ "hidden": false })),
        ] {
            let message = alice.fails(&format!("/{record}/{verb}"), input, "InvalidState").await;
            assert!(message.contains("is not in the open state"), "{verb}: {message}");
        }
        assert_eq!(&alice.described(record).await, &before, "a refused change changed something");
        alice.ok(&format!("/{record}/rename"), json!({ "project": project, "name": "new" })).await;
        assert_eq!(alice.described(record).await["name"], "new");
    }
}

/// Contract data 5: linked hidden objects hold back, whatever else they are; visible ones do not.
#[tokio::test]
async fn hidden_objects_hold_back_what_links_to_them() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let (project, other) = (alice.project("Trial").await, alice.project("Other").await);
    let deep = alice.record(&project, json!({ "hidden": true })).await;
    let middle = alice.record(&project, json!({ "hidden": true, "details": link(&deep) })).await;
    let top = alice.record(&project, json!({ "details": [link(&middle), link(&deep)] })).await;
    assert_eq!(alice.close(&top).await, json!({ "id": top }));
    alice.close(&middle).await;
    for record in [&top, &middle] {
        assert_eq!(alice.state(record).await, "closing");
    }
    let again = alice.close(&top).await;
    assert!(again["detail"].as_str().unwrap().contains("already closing"), "{again}");
    alice.close(&deep).await;
    for record in [&deep, &middle, &top] {
        assert_eq!(alice.state(record).await, "closed");
    }

    let visible = alice.record(&project, json!({})).await;
    let elsewhere = alice.record(&other, json!({ "hidden": true })).await;
    let free = [link(&visible), link(&elsewhere), link("record-012301230123012301230123")];
    let record = alice.record(&project, json!({ "details": free })).await;
    alice.close(&record).await;
    assert_eq!(alice.state(&record).await, "closed");
}

/// Hidden objects that link to one another close together, and a link to oneself holds nobody back.
#[tokio::test]
async fn a_ring_closes_with_its_last_member() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let mut ring = Vec::new();
    for _ in 0..4 {
        ring.push(alice.record(&project, json!({ "hidden": true })).await);
    }
    for (place, record) in ring.iter().enumerate() {
        let details = json!([link(&ring[(place + 1) % 4]), link(record)]);
        alice.ok(&format!("/{record}/setDetails"), details).await;
    }
    for record in &ring[..3] {
        alice.close(record).await;
        assert_eq!(alice.state(record).await, "closing");
    }
    alice.close(&ring[3]).await;
    for record in &ring {
        assert_eq!(alice.state(record).await, "closed");
    }
}

/// A ring may be longer than is followed at once: then it is closed in the background, and only when nothing holds it back.
#[tokio::test]
async fn a_long_ring_closes_too() {
    const LENGTH: usize = 130;
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let open = alice.record(&project, json!({ "hidden": true })).await;
    let mut rings = Vec::new();
    for holder in [Some(&open), None] {
        let mut ring = Vec::new();
        for _ in 0..LENGTH {
            ring.push(alice.record(&project, json!({ "hidden": true })).await);
        }
        for (place, record) in ring.iter().enumerate() {
            let mut links = vec![link(&ring[(place + 1) % LENGTH])];
            links.extend(holder.filter(|_| place == LENGTH / 2).map(|holder| link(holder)));
            alice.ok(&format!("/{record}/setDetails"), json!(links)).await;
        }
        for record in &ring {
            alice.close(record).await;
        }
        rings.push(ring);
    }
    let states = async |ring: &[String]| {
        let mut states = std::collections::BTreeSet::new();
        for record in ring {
            states.insert(alice.state(record).await);
        }
        states.into_iter().collect::<Vec<_>>()
    };
    // A turn of the job does only so much.
    let settle = async || {
        for _ in 0..10 {
            world.app().clone().settle_closing().await.unwrap();
        }
    };
    settle().await;
    assert_eq!(states(&rings[0]).await, ["closing"]);
    assert_eq!(states(&rings[1]).await, ["closed"]);
    alice.close(&open).await;
    settle().await;
    assert_eq!(states(&rings[0]).await, ["closed"]);
}

/// What waits for a hidden object goes on when that object is shown, or removed.
#[tokio::test]
async fn waiting_ends_when_its_reason_does() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let hidden = alice.record(&project, json!({ "hidden": true })).await;
    let record = alice.record(&project, json!({ "details": link(&hidden) })).await;
    alice.close(&record).await;
    assert_eq!(alice.state(&record).await, "closing");
    alice.ok(&format!("/{hidden}/setVisibility"), json!({ "hidden": false })).await;
    assert_eq!(alice.state(&record).await, "closed");
    assert_eq!(alice.state(&hidden).await, "open");
}

/// Files take part in the same rule: a hidden one holds back until its bytes are whole, and one that links to hidden
/// objects waits for them with its bytes whole.
#[tokio::test]
async fn files_hold_back_and_wait_too() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let deep = alice.record(&project, json!({ "hidden": true })).await;
    let file = alice.file(&project, json!({ "hidden": true, "details": link(&deep) })).await;
    let top = alice.record(&project, json!({ "details": link(&file), "close": true })).await;
    assert_eq!(alice.state(&top).await, "closing");
    send(&alice, &file, 1, b"bytes").await;
    alice.close(&file).await;
    assert_eq!((alice.state(&file).await, alice.state(&top).await), ("closing".into(), "closing".into()));
    let waiting = alice.described(&file).await;
    assert!(waiting.get("size").is_none() && waiting["parts"]["1"]["state"] == "complete", "{waiting}");
    alice.close(&deep).await;
    for object in [&deep, &file, &top] {
        assert_eq!(alice.state(object).await, "closed");
    }
    assert_eq!(alice.described(&file).await["size"], 5);
}

/// What ends without a word to those who wait is noticed in the background, and chains of any length come to their end.
#[tokio::test]
async fn what_nobody_noticed_is_closed_in_the_background() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let hidden = alice.record(&project, json!({ "hidden": true })).await;
    let waits = alice.record(&project, json!({ "details": link(&hidden), "close": true })).await;
    let open = alice.record(&project, json!({ "hidden": true })).await;
    let holds = alice.record(&project, json!({ "details": link(&open), "close": true })).await;
    // As if the hidden copy had been removed: nothing tells the one that waits.
    world
        .write(move |tx| {
            tx.execute(
                "delete from placement where object = (select key from object where id = $1)",
                store::params![hidden.as_str()],
            )
        })
        .await;
    world.app().clone().settle_closing().await.unwrap();
    assert_eq!(alice.state(&waits).await, "closed");
    assert_eq!((alice.state(&holds).await, alice.state(&open).await), ("closing".into(), "open".into()));
}

/// Contract data 5: UPLOAD closes; VIEW does not.
#[tokio::test]
async fn upload_closes() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    let record = alice.record(&project, json!({})).await;
    alice.invite(&project, "bob", Level::View).await;
    bob.fails(&format!("/{record}/close"), json!({}), "PermissionDenied").await;
    assert_eq!(alice.state(&record).await, "open");
    alice.invite(&project, "bob", Level::Upload).await;
    bob.close(&record).await;
    assert_eq!(alice.state(&record).await, "closed");
}

/// A long chain in which each waits for the next costs little however often it is looked at, and is closed in the end.
#[tokio::test]
async fn a_chain_that_waits_costs_little() {
    const LENGTH: usize = 130;
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let mut chain = Vec::new();
    for _ in 0..LENGTH {
        chain.push(alice.record(&project, json!({ "hidden": true })).await);
    }
    for pair in chain.windows(2) {
        alice.ok(&format!("/{}/setDetails", pair[0]), link(&pair[1])).await;
    }
    let (last, waiting) = chain.split_last().unwrap();
    for record in waiting {
        alice.close(record).await;
    }
    let mut after = None;
    loop {
        let ready = world.read(move |tx| store::closing::ready(tx, after, 1000)).await;
        assert_eq!(ready.objects, []);
        assert!(ready.work < 1_000, "{}", ready.work);
        after = ready.next;
        if after.is_none() {
            break;
        }
    }
    alice.close(last).await;
    for record in &chain {
        assert_eq!(alice.state(record).await, "closed");
    }
}
