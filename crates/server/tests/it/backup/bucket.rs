//! Backup of a server whose bytes are in a bucket, and restore into a bucket.

use blobs::testing::S3Server;
use serde_json::json;

use super::{Place, back_up, comes_back_whole, is_whole, turn_a_bit};
use crate::files::s3::{downloaded, places, stored, world_on_s3};
use crate::files::{address_of, closed, noise};
use crate::world::World;

impl Place {
    /// One whose bytes go into the bucket, under this prefix.
    fn in_bucket(s3: &S3Server, prefix: &str) -> Self {
        let mut place = Self::new();
        place.config.files.s3 = Some(toml::from_str(&s3.settings(prefix)).unwrap());
        place
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_bucket_under_load_comes_back_whole() {
    let (world, s3) = world_on_s3().await;
    comes_back_whole(&world, |number| Place::in_bucket(&s3, &format!("restored/{number}"))).await;
}

/// A bucket is restored to a disk, and that disk to a bucket: live and archived bytes each where they belong.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_go_to_a_disk_and_back_into_a_bucket() {
    let (world, s3) = world_on_s3().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    // Larger than what the store sends in one request.
    let bytes = noise(9 << 20, 1);
    let live = closed(&alice, &project, "live", &[&bytes]).await;
    let archived = closed(&alice, &project, "archived", &[b"archived bytes"]).await;
    alice.ok(&format!("/{project}/archive"), json!({ "files": [archived] })).await;
    world.settled().await;
    assert_eq!(places(&s3), (1, 1));
    let folder = tempfile::tempdir().unwrap();
    let from_bucket = folder.path().join("from-bucket");
    assert_eq!(back_up(&world, &from_bucket).await.bytes.copied, 2);

    let disk = Place::new();
    assert_eq!(disk.restore(&from_bucket, None, None).await.unwrap().bytes.copied, 2);
    let on_disk = disk.start().await;
    is_whole(&on_disk).await;
    let from_disk = folder.path().join("from-disk");
    back_up(&on_disk, &from_disk).await;

    let bucket = Place::in_bucket(&s3, "back");
    assert_eq!(bucket.restore(&from_disk, None, None).await.unwrap().bytes.copied, 2);
    assert_eq!((stored(&s3, "back/files").len(), stored(&s3, "back/archive").len()), (1, 1));
    let back = bucket.start().await;
    is_whole(&back).await;
    let alice = back.client(alice.token.as_deref());
    assert!(downloaded(&alice, &live).await == bytes, "other bytes came");
    alice.fails(&format!("/{archived}/download"), json!({}), "InvalidState").await;
    alice.ok(&format!("/{project}/unarchive"), json!({ "files": [archived], "rate": "Expedited" })).await;
    back.settled().await;
    assert_eq!(downloaded(&alice, &archived).await, b"archived bytes");
}

/// A bucket has one server: another, which would remove its bytes, can neither be restored to it nor started on it. When the
/// one is gone for good, the other takes the bucket over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_is_not_shared() {
    let (mut world, s3) = world_on_s3().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let file = closed(&alice, &project, "x", &[b"some bytes"]).await;
    let hurt = closed(&alice, &project, "y", &[b"other bytes"]).await;
    let folder = tempfile::tempdir().unwrap();
    back_up(&world, folder.path()).await;
    let later = closed(&alice, &project, "z", &[b"bytes that the backup knows nothing of"]).await;
    let before = s3.files();

    let place = Place::in_bucket(&s3, "operon");
    let why = place.refused(folder.path(), None).await;
    assert!(
        why.contains("the bucket bucket (under operon/files and operon/archive) is in use by another"),
        "{why}"
    );
    assert!(why.contains("--reuse-bytes"), "{why}");
    assert_eq!(s3.files(), before);
    assert_eq!(downloaded(&alice, &later).await.len(), 38);
    let why = format!("{:#}", server::start(place.config.clone()).await.err().unwrap());
    assert!(why.contains("was not finished"), "{why}");
    let why = place.refused(folder.path(), None).await;
    assert!(why.contains("holds a restore that was not finished"), "{why}");

    // The server is lost, its bucket is not, but for one bit.
    world.stop().await;
    let paths = stored(&s3, "operon/files");
    let hurt_path = paths.iter().find(|path| std::fs::read(path).unwrap().starts_with(b"other bytes"));
    turn_a_bit(hurt_path.unwrap(), 3);
    let place = Place { reuse_bytes: true, ..Place::in_bucket(&s3, "operon") };
    let restored = place.restore(folder.path(), None, None).await.unwrap();
    assert_eq!((restored.bytes.present, restored.bytes.copied), (1, 1));
    let new = place.start().await;
    is_whole(&new).await;
    let alice = new.client(alice.token.as_deref());
    assert_eq!(downloaded(&alice, &file).await, b"some bytes");
    assert_eq!(downloaded(&alice, &hurt).await, b"other bytes");
    // The lost server was not lost after all.
    let why = format!("{:#}", server::start(world.config().clone()).await.err().unwrap());
    assert!(why.contains("is in use by another server"), "{why}");
    new.pass(std::time::Duration::from_secs(25 * 60 * 60));
    std::sync::Arc::clone(new.app()).remove_orphans().await.unwrap();
    assert_eq!(places(&s3), (2, 0));
}

/// Bytes that are damaged or gone in the bucket are named, and everything else is in the backup.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_in_the_bucket_is_named() {
    let (world, s3) = world_on_s3().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    for text in [b"first", b"other", b"third"] {
        closed(&alice, &project, "x", &[text.as_slice()]).await;
    }
    let [one, two, _] = stored(&s3, "operon/files").try_into().unwrap();
    turn_a_bit(&one, 1);
    std::fs::remove_file(two).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let done = back_up(&world, folder.path()).await;
    assert_eq!((done.bytes.copied, done.bytes.damaged.len()), (1, 2), "{:?}", done.bytes);
    let place = Place::in_bucket(&s3, "new");
    let restored = place.restore(folder.path(), None, None).await.unwrap();
    assert_eq!((restored.bytes.copied, restored.bytes.damaged.len()), (1, 2));
    let new: World = place.start().await;
    let alice = new.client(alice.token.as_deref());
    let mut answers = Vec::new();
    for file in alice.ids_in(&project, "/").await {
        answers.push(address_of(&alice, &file, json!({})).await.get().await.status().as_u16());
    }
    answers.sort_unstable();
    assert_eq!(answers, [200, 500, 500]);
}
