//! Writing, reading, moving and removing, without faults.

use futures::TryStreamExt;
use md5::{Digest, Md5};
use sha2::Sha256;

use super::{bytes_of, get, id, local_store, put};
use crate::{BlobError, Expected, Mismatch, Tier};

#[tokio::test]
async fn sealed_digests_are_the_ordinary_ones() {
    let (store, _dir) = local_store().await;
    for (n, size) in [0, 1, 1000, 262_144, 262_145, 1 << 20, 3_000_001, 5 << 20].into_iter().enumerate() {
        let bytes = bytes_of(1, size);
        let sealed = put(&store, id(n as u64), &bytes, 100_000).await.unwrap();
        assert_eq!(sealed.size, size as u64);
        assert_eq!(sealed.md5, <[u8; 16]>::from(Md5::digest(&bytes)), "{size}");
        assert_eq!(sealed.sha256, <[u8; 32]>::from(Sha256::digest(&bytes)), "{size}");
        assert_eq!(sealed.blake3, *blake3::hash(&bytes).as_bytes(), "{size}");
        assert_eq!(get(&store, id(n as u64), Tier::Live).await.unwrap(), bytes, "{size}");
        assert_eq!(store.verify(id(n as u64), Tier::Live).await.unwrap(), sealed);
    }
}

#[tokio::test]
async fn mismatch_says_what_differed_and_stores_nothing() {
    let (store, _dir) = local_store().await;
    for size in [10, 3 << 20] {
        let bytes = bytes_of(2, size);
        let mut writer = store.begin(id(1));
        writer.write(bytes.clone()).await.unwrap();
        let error = writer.finish(Expected { size: Some(9), md5: None }).await.unwrap_err();
        let got = size as u64;
        assert!(
            matches!(error, BlobError::Mismatch(Mismatch::Size { expected: 9, got: g }) if g == got),
            "{error}"
        );
        let mut writer = store.begin(id(1));
        writer.write(bytes.clone()).await.unwrap();
        let error = writer.finish(Expected { size: Some(got), md5: Some([0; 16]) }).await.unwrap_err();
        assert!(matches!(error, BlobError::Mismatch(Mismatch::Md5 { .. })), "{error}");
        assert!(!store.exists(id(1), Tier::Live).await.unwrap());
        assert!(matches!(store.read(id(1), Tier::Live).await.unwrap_err(), BlobError::Missing(_)));
    }
}

#[tokio::test]
async fn moves_and_removals_can_be_repeated() {
    let (store, _dir) = local_store().await;
    let bytes = bytes_of(3, 700_000);
    put(&store, id(7), &bytes, 1 << 16).await.unwrap();
    for _ in 0..2 {
        store.move_to(id(7), Tier::Archive).await.unwrap();
        assert_eq!(get(&store, id(7), Tier::Archive).await.unwrap(), bytes);
        assert!(!store.exists(id(7), Tier::Live).await.unwrap());
    }
    store.move_to(id(7), Tier::Live).await.unwrap();
    assert_eq!(get(&store, id(7), Tier::Live).await.unwrap(), bytes);
    let listed: Vec<_> = store.list(Tier::Live).map_ok(|listed| listed.id).try_collect().await.unwrap();
    assert_eq!(listed, [id(7)]);
    store.remove(id(7), Tier::Live).await.unwrap();
    store.remove(id(7), Tier::Live).await.unwrap();
    assert!(matches!(store.move_to(id(7), Tier::Archive).await.unwrap_err(), BlobError::Missing(_)));
}

#[tokio::test]
async fn an_id_is_written_once() {
    let (store, _dir) = local_store().await;
    put(&store, id(1), &bytes_of(4, 10), 10).await.unwrap();
    assert!(matches!(put(&store, id(1), &bytes_of(5, 10), 10).await.unwrap_err(), BlobError::Exists(_)));
    store.move_to(id(1), Tier::Archive).await.unwrap();
    assert!(matches!(put(&store, id(1), &bytes_of(5, 10), 10).await.unwrap_err(), BlobError::Exists(_)));
    assert_eq!(get(&store, id(1), Tier::Archive).await.unwrap(), bytes_of(4, 10));
}

#[tokio::test]
async fn combined_digests_are_those_of_the_whole_file() {
    let (store, _dir) = local_store().await;
    let parts = [bytes_of(1, 3 << 20), bytes_of(2, 0), bytes_of(3, 77_777)];
    for (n, part) in parts.iter().enumerate() {
        put(&store, id(n as u64), part, 1 << 16).await.unwrap();
    }
    let whole = parts.concat();
    let combined = store.combined(&[id(0), id(1), id(2)], Tier::Live).await.unwrap();
    assert_eq!(combined.size, whole.len() as u64);
    assert_eq!(combined.md5, <[u8; 16]>::from(Md5::digest(&whole)));
    assert_eq!(combined.sha256, <[u8; 32]>::from(Sha256::digest(&whole)));
    assert_eq!(combined.blake3, *blake3::hash(&whole).as_bytes());
    let empty = store.combined(&[], Tier::Live).await.unwrap();
    assert_eq!((empty.size, empty.blake3), (0, *blake3::hash(b"").as_bytes()));
}
