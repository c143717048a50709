//! The byte path over an S3-compatible store: the whole server before a real S3 server.

use std::path::PathBuf;

use blobs::testing::S3Server;
use serde_json::json;

use super::{SMALLEST, address_of, closed, describe, md5_of, new_file, noise, send};
use crate::wait;
use crate::world::{Client, World};

/// A server that keeps bytes in a bucket, and that bucket.
pub async fn world_on_s3() -> (World, S3Server) {
    let s3 = S3Server::start().await;
    let settings = toml::from_str(&s3.settings("operon")).unwrap();
    (World::with(|config| config.files.s3 = Some(settings)).await, s3)
}

/// The stored objects of live or of archived bytes, by the first words of their keys.
pub fn stored(s3: &S3Server, prefix: &str) -> Vec<PathBuf> {
    let blobs = format!("bucket/{prefix}/blobs/");
    let keys = s3.files().into_iter().filter_map(|key| key.strip_prefix(&blobs).map(ToOwned::to_owned));
    keys.map(|key| s3.bucket().join(prefix).join("blobs").join(key)).collect()
}

/// How many stored objects are live, and how many archived.
pub fn places(s3: &S3Server) -> (usize, usize) {
    (stored(s3, "operon/files").len(), stored(s3, "operon/archive").len())
}

async fn until_places(s3: &S3Server, right: (usize, usize)) {
    wait::until(&format!("stored objects, live and archived: {right:?}"), async || places(s3) == right).await;
}

pub async fn downloaded(client: &Client, file: &str) -> Vec<u8> {
    address_of(client, file, json!({}))
        .await
        .get()
        .await
        .error_for_status()
        .unwrap()
        .bytes()
        .await
        .unwrap()
        .to_vec()
}

/// Up in parts, one of them twice, sealed, and down again whole and in ranges, also after a restart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_go_up_and_down() {
    let (mut world, s3) = world_on_s3().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let (first, second) = (noise(SMALLEST + 7, 1), noise(300_000, 2));
    let file = new_file(&alice, &project, "data").await;
    send(&alice, &file, 2, &second).await;
    send(&alice, &file, 1, &noise(SMALLEST, 3)).await;
    send(&alice, &file, 1, &first).await;
    super::close(&alice, &file).await;
    let whole = [first, second].concat();
    assert_eq!(describe(&alice, &file).await["md5"], md5_of(&whole));
    until_places(&s3, (2, 0)).await;
    world.restart().await;
    assert!(downloaded(&alice, &file).await == whole, "other bytes came");
    let address = address_of(&alice, &file, json!({})).await;
    // Across the border of the parts, the last bytes, and one in the middle of a part.
    let (border, end) = (SMALLEST + 7, whole.len());
    for (from, to) in [(border - 10, border + 10), (end - 5, end), (1_000_000, 1_000_001)] {
        let answer = address.get_range(&format!("bytes={from}-{}", to - 1)).await;
        assert_eq!(answer.status(), 206);
        assert!(answer.bytes().await.unwrap() == whole[from..to], "{from}..{to}");
    }
    assert_eq!(address.get_range(&format!("bytes={end}-")).await.status(), 416);
    // Bytes that are not those announced leave nothing.
    let open = new_file(&alice, &project, "open").await;
    let announced = super::address_of_part(&alice, &open, 1, b"abc").await;
    assert_eq!(announced.put(b"abd".to_vec()).await.0, 400);
    assert_eq!(places(&s3), (2, 0));
}

/// Archived bytes lie under the other prefix and come back; removed ones are collected from both (invariants 24, 43).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_are_archived_and_collected() {
    let (world, s3) = world_on_s3().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let bytes = noise(100_000, 1);
    let file = closed(&alice, &project, "data", &[&bytes]).await;
    let other = closed(&alice, &project, "other", &[&noise(1000, 2)]).await;
    alice.ok(&format!("/{project}/archive"), json!({ "files": [file] })).await;
    world.settled().await;
    until_places(&s3, (1, 1)).await;
    alice.fails(&format!("/{file}/download"), json!({}), "InvalidState").await;
    alice.ok(&format!("/{project}/unarchive"), json!({ "files": [file], "rate": "Expedited" })).await;
    world.settled().await;
    until_places(&s3, (2, 0)).await;
    assert!(downloaded(&alice, &file).await == bytes, "other bytes came back");
    // One is removed while it lies in the archive, the other with its project.
    alice.ok(&format!("/{project}/archive"), json!({ "files": [file] })).await;
    world.settled().await;
    until_places(&s3, (1, 1)).await;
    alice.ok(&format!("/{project}/removeObjects"), json!({ "objects": [file] })).await;
    until_places(&s3, (1, 0)).await;
    assert_eq!(downloaded(&alice, &other).await.len(), 1000);
    alice.ok(&format!("/{project}/destroy"), json!({})).await;
    until_places(&s3, (0, 0)).await;
}

/// The scrubber finds a turned bit in the bucket, and no wrong byte is ever sent (design promise 9).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_in_the_bucket_is_found() {
    let (world, s3) = world_on_s3().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let file = closed(&alice, &project, "x", &[b"some bytes"]).await;
    let [path] = stored(&s3, "operon/files").try_into().unwrap();
    let whole = closed(&alice, &project, "y", &[b"other bytes"]).await;
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[2] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(app::transfer::scrub::round(world.app(), i64::MAX, None).await.unwrap(), 2);
    assert_eq!(world.rows("select count(*) from stored_blob where damaged is not null").await, 1);
    let answer = address_of(&alice, &file, json!({})).await.get().await;
    assert_eq!(answer.status(), 500);
    assert!(answer.text().await.unwrap().contains("damaged"));
    assert_eq!(downloaded(&alice, &whole).await, b"other bytes");
}
