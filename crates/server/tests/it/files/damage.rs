//! Damage at rest gives an error and never wrong bytes (design promise 9).

use serde_json::json;

use super::{SMALLEST, address_of, closed, noise, stored};
use crate::wait;
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

/// Every file that uses damaged bytes is named in the log, and every administrator is told of all, however many there are.
#[tokio::test]
async fn damage_is_told_whole() {
    const FILES: usize = 1_900;
    const ADMINISTRATORS: usize = 950;
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let file = closed(&alice, &project, "x", &[b"some bytes"]).await;
    until_none(&world, UNCOMPARED).await;
    world
        .write(|tx| {
            for number in 1..FILES {
                let id = format!("file-{number:024}");
                tx.execute(
                    "insert into object (id, class, state, hidden, created, created_by, created_in, touched)
                     select $1, class, state, hidden, created, created_by, created_in, touched from object where id <> $1 and class = 'file'
                     order by key limit 1",
                    store::params![id.as_str()],
                )?;
                tx.execute(
                    "insert into file_part (object, part, state, size, stored_blob, start_at, updated)
                     select o.key, 1, p.state, p.size, p.stored_blob, p.start_at, p.updated
                     from object o, file_part p where o.id = $1 and p.object = (select min(object) from file_part)",
                    store::params![id.as_str()],
                )?;
            }
            for number in 0..ADMINISTRATORS {
                let handle = format!("admin{number}");
                tx.execute(
                    "insert into account (id, handle, first, middle, last, kind, state, bill_to, created)
                     select 'user-' || $1, $1, '', '', '', 'ADMIN', 'active', 'user-' || $1, 0",
                    store::params![handle.as_str()],
                )?;
            }
            Ok(())
        })
        .await;
    flip(&stored(&world)[0], 2);
    for _ in 0..2 {
        app::transfer::scrub::round(world.app(), i64::MAX, None).await.unwrap();
    }
    assert_eq!(count(&world, "select count(*) from stored_blob where damaged is not null").await, 1);
    let named = "select count(distinct s.subject) from audit_event e join audit_subject s on s.event = e.key
                 where e.action = 'file.damaged'";
    assert_eq!(count(&world, named).await, i64::try_from(FILES).unwrap());
    let told = "select count(*) from notification where kind = 'file.damaged'";
    assert_eq!(count(&world, told).await, i64::try_from(ADMINISTRATORS).unwrap());
    let text: String = world
        .read(|tx| {
            tx.query_one("select text from notification order by key limit 1", store::params![])?.get(0)
        })
        .await;
    assert!(
        text.contains(&file) && text.contains("and 1880 more") && text.contains("file.damaged"),
        "{text}"
    );
    let same = "select count(distinct text) from notification where kind = 'file.damaged'";
    assert_eq!(count(&world, same).await, 1);
}

/// Equal content that comes after the damage stays as bytes of its own; only whole bytes take the place of others.
#[tokio::test]
async fn damaged_bytes_stand_in_for_none() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let hurt = closed(&alice, &project, "x", &[b"some bytes"]).await;
    until_none(&world, UNCOMPARED).await;
    flip(&stored(&world)[0], 2);
    app::transfer::scrub::round(world.app(), i64::MAX, None).await.unwrap();
    let again = closed(&alice, &project, "y", &[b"some bytes"]).await;
    until_none(&world, UNCOMPARED).await;
    assert_eq!(address_of(&alice, &hurt, json!({})).await.get().await.status(), 500);
    assert_eq!(address_of(&alice, &again, json!({})).await.get().await.text().await.unwrap(), "some bytes");
    // The next ones share the whole bytes.
    closed(&alice, &project, "z", &[b"some bytes"]).await;
    until_none(&world, UNCOMPARED).await;
    assert_eq!(count(&world, "select count(*) from stored_blob where state <> 'doomed'").await, 2);
}

/// Bytes that are whole and not those that were uploaded are no better than damaged ones: they are not sent, and the
/// scrubber tells.
#[tokio::test]
async fn bytes_that_were_never_uploaded_are_not_served() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let one = closed(&alice, &project, "x", &[b"some bytes"]).await;
    let two = closed(&alice, &project, "y", &[b"more bytes"]).await;
    until_none(&world, UNCOMPARED).await;
    for path in stored(&world) {
        replace(&world.app().blobs, &path, b"others yet").await;
    }
    let answer = address_of(&alice, &one, json!({})).await.get().await;
    assert_eq!(answer.status(), 500);
    assert!(answer.text().await.unwrap().contains("damaged"));
    app::transfer::scrub::round(world.app(), i64::MAX, None).await.unwrap();
    assert_eq!(count(&world, "select count(*) from stored_blob where damaged is not null").await, 2);
    assert_eq!(address_of(&alice, &two, json!({})).await.get().await.status(), 500);
}

/// Bytes that two files share stay for the one when the other goes.
#[tokio::test]
async fn shared_bytes_stay_for_who_is_left() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let kept = closed(&alice, &project, "x", &[b"some bytes"]).await;
    until_none(&world, UNCOMPARED).await;
    let gone = closed(&alice, &project, "y", &[b"some bytes"]).await;
    until_none(&world, UNCOMPARED).await;
    alice.ok(&format!("/{project}/removeObjects"), json!({ "objects": [gone] })).await;
    until_none(&world, "select count(*) - 1 from object where class = 'file'").await;
    until_none(&world, "select count(*) from stored_blob where state = 'doomed'").await;
    assert_eq!(stored(&world).len(), 1);
    assert_eq!(address_of(&alice, &kept, json!({})).await.get().await.text().await.unwrap(), "some bytes");
}

/// Equal content that comes while the earlier bytes are on their way out does not go with them.
#[tokio::test]
async fn doomed_bytes_stand_in_for_none() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let gone = closed(&alice, &project, "x", &[b"some bytes"]).await;
    until_none(&world, UNCOMPARED).await;
    // A backup keeps what is doomed on the disk for a while.
    app::backup::begin(&world.app().db, &*world.app().clock).await.unwrap();
    alice.ok(&format!("/{project}/removeObjects"), json!({ "objects": [gone] })).await;
    until_none(&world, "select count(*) from stored_blob where state <> 'doomed'").await;
    let again = closed(&alice, &project, "y", &[b"some bytes"]).await;
    until_none(&world, UNCOMPARED).await;
    world.write(|tx| store::hold::end(tx, 0)).await;
    until_none(&world, "select count(*) from stored_blob where state = 'doomed'").await;
    assert_eq!(address_of(&alice, &again, json!({})).await.get().await.text().await.unwrap(), "some bytes");
}

/// Puts other bytes in the place of stored ones, as whole as those were.
pub async fn replace(store: &blobs::BlobStore, path: &std::path::Path, bytes: &'static [u8]) {
    let id: blobs::BlobId = path.file_name().unwrap().to_str().unwrap().parse().unwrap();
    store.remove(id, blobs::Tier::Live).await.unwrap();
    let mut writer = store.begin(id);
    writer.write(bytes.into()).await.unwrap();
    writer.finish(blobs::Expected::default()).await.unwrap();
}

/// Bytes of closed files that were not compared with equal ones yet.
const UNCOMPARED: &str = "select count(*) from stored_blob where state = 'sealed'";

/// Waits until none of what is counted is left.
async fn until_none(world: &World, sql: &'static str) {
    wait::until(&format!("nothing is left of {sql}"), async || count(world, sql).await == 0).await;
}

async fn count(world: &World, sql: &'static str) -> i64 {
    world.read(move |tx| tx.query_one(sql, store::params![])?.get(0)).await
}
