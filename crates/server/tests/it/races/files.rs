//! Races about files and their bytes.

use serde_json::json;
use store::db::DbKind;

use super::{ROUNDS, at_once, call, on_both_databases};
use crate::files::{self, Address, address_of, address_of_part, closed, md5_of, new_file, noise, send};
use crate::wait;
use crate::world::World;

/// Waits until the background is at rest and the bytes that nobody uses are gone; says how many stored bytes are left.
async fn stored_in_the_end(world: &World) -> usize {
    let doomed = "select count(*) from stored_blob where state = 'doomed'";
    wait::answer_of("bytes that nobody uses are removed", async || {
        world.settled().await;
        (world.rows(doomed).await == 0).then(|| files::stored(world).len())
    })
    .await
}

on_both_databases! {
    /// A part that arrives while its file is closed is in the file wholly, or not at all (invariant 9).
    async fn close_while_uploading(world: &World) {
        let alice = world.user("alice").await;
        let project = alice.project("Trial").await;
        for round in 0..ROUNDS {
            let (old, new) = (noise(3000, 1), noise(70_000, 2 + round.unsigned_abs()));
            let file = new_file(&alice, &project, &format!("round {round}")).await;
            send(&alice, &file, 1, &old).await;
            let address = address_of_part(&alice, &file, 1, &new).await;
            let bytes = new.clone();
            let upload = async move { address.put(bytes).await };
            let close = call(&alice, format!("/{file}/close"), json!({}));
            let ((status, text), answer) = at_once(round, upload, close).await;
            assert_eq!(answer.status, 200, "round {round}: {}", answer.body);
            let right = match status {
                200 => &new,
                // The file was closed before.
                403 if text.contains("not in the open state") => &old,
                other => panic!("round {round}: {other} {text}"),
            };
            assert_eq!(files::describe(&alice, &file).await["md5"], md5_of(right), "round {round}");
            let read = address_of(&alice, &file, json!({})).await.get().await;
            assert!(read.bytes().await.unwrap() == right[..], "round {round}: other bytes came");
        }
        assert_eq!(stored_in_the_end(world).await, world.rows("select count(*) from stored_blob").await as usize);
    }

    /// Of two uploads of one part the later one counts, and the bytes of the other are removed.
    async fn one_part_twice(world: &World) {
        let alice = world.user("alice").await;
        let project = alice.project("Trial").await;
        for round in 0..ROUNDS {
            let seed = 2 * round.unsigned_abs();
            let (one, two) = (noise(20_000, 100 + seed), noise(30_000, 101 + seed));
            let file = new_file(&alice, &project, &format!("round {round}")).await;
            let first = address_of_part(&alice, &file, 1, &one).await;
            let second = address_of_part(&alice, &file, 1, &two).await;
            let put = |address: Address, bytes: Vec<u8>| async move { address.put(bytes).await };
            let (first, second) = (put(first, one.clone()), put(second, two.clone()));
            let (first, second) = at_once(round, first, second).await;
            assert_eq!((first.0, second.0), (200, 200), "round {round}: {} {}", first.1, second.1);
            files::close(&alice, &file).await;
            let read = address_of(&alice, &file, json!({})).await.get().await.bytes().await.unwrap();
            assert!(read == one[..] || read == two[..], "round {round}: neither of the two came");
            assert_eq!(files::describe(&alice, &file).await["md5"], md5_of(&read), "round {round}");
        }
        assert_eq!(stored_in_the_end(world).await, usize::try_from(ROUNDS).unwrap());
    }

    /// A file that is cloned while its only copy is removed is there with its bytes, or gone with them (invariant 24).
    async fn remove_while_cloning(world: &World) {
        let alice = world.user("alice").await;
        let (from, into) = (alice.project("From").await, alice.project("Into").await);
        let mut kept = 0;
        for round in 0..ROUNDS {
            let bytes = noise(1000, 500 + round.unsigned_abs());
            let file = closed(&alice, &from, &format!("round {round}"), &[&bytes]).await;
            let clone = call(&alice, format!("/{from}/clone"), json!({ "objects": [file], "project": into }));
            let remove = call(&alice, format!("/{from}/removeObjects"), json!({ "objects": [file] }));
            let (cloned, removed) = at_once(round, clone, remove).await;
            assert_eq!(removed.status, 200, "round {round}: {}", removed.body);
            match cloned.status {
                200 => {
                    kept += 1;
                    let read = address_of(&alice, &file, json!({})).await.get().await;
                    assert!(read.bytes().await.unwrap() == bytes[..], "round {round}: other bytes came");
                }
                404 => {
                    alice.fails(&format!("/{file}/describe"), json!({}), "ResourceNotFound").await;
                }
                other => panic!("round {round}: {other} {}", cloned.body),
            }
        }
        assert_eq!(stored_in_the_end(world).await, kept);
        assert_eq!(world.rows("select count(*) from object").await, i64::try_from(kept).unwrap());
        // What was kept is whole, also after the background has worked.
        for file in alice.ids_in(&into, "/").await {
            address_of(&alice, &file, json!({})).await.get().await.error_for_status().unwrap();
        }
    }
}
