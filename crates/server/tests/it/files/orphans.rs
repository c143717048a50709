//! Bytes that no file names.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use blobs::{BlobId, Expected};
use serde_json::json;

use super::{address_of, closed, stored};
use crate::world::World;

/// What an upload that was cut off left behind goes after a day, and nothing else does.
#[tokio::test]
async fn only_old_bytes_without_a_file_go() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let file = closed(&alice, &project, "x", &[b"some bytes"]).await;
    let known = stored(&world);
    let mut unknown = Vec::new();
    for number in [1, 2] {
        let mut writer = world.app().blobs.begin(BlobId::from_bytes([number; 16]));
        writer.write(vec![number; 100].into()).await.unwrap();
        writer.finish(Expected::default()).await.unwrap();
        let before: Vec<_> = known.iter().chain(&unknown).cloned().collect();
        unknown.extend(stored(&world).into_iter().filter(|path| !before.contains(path)));
    }
    let now = Duration::from_millis(u64::try_from(world.now()).unwrap());
    let two_days_ago = UNIX_EPOCH + now - Duration::from_secs(2 * 24 * 60 * 60);
    for old in [&known[0], &unknown[0]] {
        std::fs::File::open(old).unwrap().set_modified(two_days_ago).unwrap();
    }
    Arc::clone(world.app()).remove_orphans().await.unwrap();
    assert_eq!([&known[0], &unknown[0], &unknown[1]].map(|path| path.exists()), [true, false, true]);
    assert_eq!(address_of(&alice, &file, json!({})).await.get().await.text().await.unwrap(), "some bytes");
}
