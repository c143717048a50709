//! Uploads that are given up or cut off leave nothing behind.

use std::time::{Duration, SystemTime};

use object_store::ObjectStoreExt;
use object_store::multipart::MultipartStore;

use super::{bytes_of, get, id, local_store, put};
use crate::testing::S3Server;
use crate::{BlobError, BlobStore, Expected, Tier};

/// Waits for something that happens in the background.
async fn eventually(what: &str, mut happened: impl AsyncFnMut() -> bool) {
    for _ in 0..6_000 {
        if happened().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what} did not happen");
}

/// A moment after everything the test has done.
fn later() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_writer_removes_its_file() {
    let (store, dir) = local_store().await;
    let tmp = dir.path().join("live/tmp");
    let mut writer = store.begin(id(1));
    writer.write(bytes_of(1, 5 << 20)).await.unwrap();
    eventually("the file", async || tmp.join(id(1).to_string()).exists()).await;
    // Neither a second writer nor the sweeper touches it meanwhile.
    let busy = put(&store, id(1), &bytes_of(1, 100), 100).await.unwrap_err();
    assert!(matches!(busy, BlobError::Busy(_)), "{busy}");
    assert_eq!(store.sweep_temporary(later()).await.unwrap(), 0);
    drop(writer);
    eventually("its removal", async || std::fs::read_dir(&tmp).unwrap().next().is_none()).await;
    eventually("the end of the claim", async || put(&store, id(1), &bytes_of(2, 100), 100).await.is_ok())
        .await;
}

#[tokio::test]
async fn what_a_crash_left_is_swept_or_overwritten() {
    let (store, dir) = local_store().await;
    let tmp = dir.path().join("live/tmp");
    for n in [1, 2] {
        std::fs::write(tmp.join(id(n).to_string()), b"half a part").unwrap();
    }
    put(&store, id(1), &bytes_of(1, 100), 100).await.unwrap();
    assert_eq!(get(&store, id(1), Tier::Live).await.unwrap(), bytes_of(1, 100));
    assert_eq!(store.sweep_temporary(SystemTime::UNIX_EPOCH).await.unwrap(), 0, "not old enough");
    assert_eq!(store.sweep_temporary(later()).await.unwrap(), 1);
    assert!(std::fs::read_dir(&tmp).unwrap().next().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_s3_writer_aborts_its_upload() {
    let server = S3Server::start().await;
    let store = BlobStore::open(server.config()).await.unwrap();
    let before = server.files();
    let mut writer = store.begin(id(1));
    writer.write(bytes_of(1, 40 << 20)).await.unwrap();
    assert_ne!(server.files(), before);
    assert_eq!(store.sweep_temporary(later()).await.unwrap(), 0, "the upload is under way");
    drop(writer);
    eventually("the abort", async || server.files() == before).await;

    let mut writer = store.begin(id(2));
    writer.write(bytes_of(1, 20 << 20)).await.unwrap();
    writer.finish(Expected { size: Some(1), md5: None }).await.unwrap_err();
    eventually("the abort", async || server.files() == before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_s3_upload_that_a_crash_left_is_swept() {
    let server = S3Server::start().await;
    let store = BlobStore::open(server.config()).await.unwrap();
    let before = server.files();
    // What a server that was killed leaves: an upload with a part, and its marker.
    let crate::Config::S3(config) = server.config() else { panic!() };
    let raw = crate::s3::connect_for_tests(&config);
    let path = object_store::path::Path::from(format!("operon/live/blobs/01/{}", id(1)));
    let upload = raw.create_multipart(&path).await.unwrap();
    raw.put_part(&path, &upload, 0, bytes_of(1, 5 << 20).into()).await.unwrap();
    let marker = object_store::path::Path::from(format!("operon/live/uploads/{}", id(1)));
    raw.put(&marker, upload.into()).await.unwrap();

    assert_eq!(store.sweep_temporary(SystemTime::UNIX_EPOCH).await.unwrap(), 0, "not old enough");
    assert_eq!(store.sweep_temporary(later()).await.unwrap(), 1);
    assert_eq!(server.files(), before);
    assert!(raw.head(&path).await.is_err());
    assert_eq!(store.sweep_temporary(later()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_writer_that_failed_keeps_failing() {
    let (store, _dir) = local_store().await;
    put(&store, id(1), &bytes_of(1, 10), 10).await.unwrap();
    let mut writer = store.begin(id(2));
    writer.write(bytes_of(1, 3 << 20)).await.unwrap();
    // Dropped in the middle of a write: some bytes are lost, so the blob must never come to be.
    let cut = futures::FutureExt::now_or_never(writer.write(bytes_of(2, 64 << 20)));
    assert!(cut.is_none(), "the write was expected to wait");
    let error = writer.finish(Expected::default()).await.unwrap_err();
    assert!(matches!(error, BlobError::WriterFailed), "{error}");
    assert!(!store.exists(id(2), Tier::Live).await.unwrap());
}

/// S3 copies objects up to 5 GiB by itself; larger ones go through this machine. Here small ones do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_through_this_machine_equals_the_blob() {
    let server = S3Server::start().await;
    let store = BlobStore::open(server.config()).await.unwrap();
    let crate::Config::S3(config) = server.config() else { panic!() };
    let s3 = std::sync::Arc::new(crate::s3::S3::open(&config).await.unwrap());
    for (n, size) in [0, 5000, 20 << 20].into_iter().enumerate() {
        let (id, bytes) = (id(n as u64), bytes_of(1, size));
        let sealed = put(&store, id, &bytes, 1 << 20).await.unwrap();
        s3.copy_large(id, Tier::Live).await.unwrap();
        assert_eq!(store.verify(id, Tier::Archive).await.unwrap(), sealed);
        assert_eq!(get(&store, id, Tier::Archive).await.unwrap(), bytes);
    }
}
