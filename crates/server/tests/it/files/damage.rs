//! Damage at rest gives an error and never wrong bytes (design promise 9).

use serde_json::json;

use super::{SMALLEST, address_of, closed, noise, stored};
use crate::world::World;

/// Turns one bit of the stored bytes.
fn flip(path: &std::path::Path, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn a_turned_bit_is_an_error_and_no_wrong_byte() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let bytes = noise(SMALLEST, 1);
    let file = closed(&alice, &project, "x", &[&bytes]).await;
    let address = address_of(&alice, &file, json!({})).await;
    flip(&stored(&world)[0], 3 << 20);
    // What is whole is still served.
    assert!(address.get_range("bytes=0-99").await.bytes().await.unwrap() == bytes[..100]);
    // The first piece is sent before the damage is met, so the connection breaks.
    let answer = address.get().await;
    assert_eq!(answer.status(), 200);
    assert!(answer.bytes().await.is_err());
    // From then on the damage is known, and said before anything is sent.
    let answer = address.get_range("bytes=0-99").await;
    assert_eq!(answer.status(), 500);
    assert!(answer.text().await.unwrap().contains("damaged"));
}

/// The scrubber finds what nobody has read, says so to the administrators, and goes on with the rest.
#[tokio::test]
async fn the_scrubber_finds_damage() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    closed(&alice, &project, "x", &[b"some bytes"]).await;
    flip(&stored(&world)[0], 2);
    let whole = closed(&alice, &project, "y", &[b"other bytes"]).await;
    let later = i64::MAX;
    assert_eq!(app::transfer::scrub::round(world.app(), later, None).await.unwrap(), 2);
    let damaged: i64 = count(&world, "select count(*) from stored_blob where damaged is not null").await;
    assert_eq!(damaged, 1);
    assert_eq!(count(&world, "select count(*) from audit_event where action = 'file.damaged'").await, 1);
    assert_eq!(address_of(&alice, &whole, json!({})).await.get().await.text().await.unwrap(), "other bytes");
}

async fn count(world: &World, sql: &'static str) -> i64 {
    world.read(move |tx| tx.query_one(sql, store::params![])?.get(0)).await
}
