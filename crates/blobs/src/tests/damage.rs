//! Flipped bits and cut files: an error before any wrong byte, on both backends.

use std::fs;
use std::path::{Path, PathBuf};

use futures::StreamExt;
use proptest::prelude::*;

use super::{bytes_of, get, id, local_store, put};
use crate::testing::S3Server;
use crate::{BlobError, BlobId, BlobStore, Damage, Tier};

/// Where a blob lies below a root.
fn path_of(root: &Path, id: BlobId) -> PathBuf {
    let name = id.to_string();
    root.join("blobs").join(&name[..2]).join(name)
}

/// Reads everything and compares what comes with the truth, up to the first error.
async fn read_until_error(store: &BlobStore, id: BlobId, truth: &[u8]) -> Result<(), BlobError> {
    let reader = store.read(id, Tier::Live).await?;
    let mut items = reader.stream(0..reader.sealed().size)?;
    let mut at = 0;
    let mut result = Ok(());
    while let Some(item) = items.next().await {
        assert!(result.is_ok(), "the stream went on after an error");
        match item {
            Ok(bytes) => {
                assert_eq!(bytes, truth[at..at + bytes.len()], "wrong bytes left the store");
                at += bytes.len();
            }
            Err(error) => result = Err(error),
        }
    }
    assert!(result.is_err() || at == truth.len());
    result
}

/// Flips a bit at the borders of the data and in `every` n-th byte after it, and expects the right complaint each time.
async fn every_flipped_bit_is_found(store: &BlobStore, root: &Path, every: usize) {
    for (n, size) in [0_usize, 1, 1000, 100_000, 262_144, 700_000, 3_000_000].into_iter().enumerate() {
        let id = id(n as u64);
        let truth = bytes_of(9, size);
        put(store, id, &truth, 1 << 16).await.unwrap();
        let path = path_of(root, id);
        let sound = fs::read(&path).unwrap();
        let chunks = size.div_ceil(262_144);
        let list = if chunks > 1 { chunks * 32 } else { 0 };
        assert_eq!(sound.len(), size + list + 160);
        // Data: ends of the blob and of chunks, and some in between; then the bytes of list and seal.
        let step = (size / 7).max(1);
        let data =
            [0, 1, 262_143, 262_144, size.saturating_sub(1)].into_iter().chain((0..size).step_by(step));
        let data = data.filter(|at| *at < size);
        for at in data.chain((size..sound.len()).step_by(every)) {
            let mut damaged = sound.clone();
            damaged[at] ^= 1 << (at % 8);
            fs::write(&path, &damaged).unwrap();
            let error = read_until_error(store, id, &truth).await.unwrap_err();
            let BlobError::Corrupt { damage, .. } = error else { panic!("byte {at} of {size}: {error}") };
            match damage {
                Damage::Chunk { start, end } => {
                    assert!(start <= at as u64 && (at as u64) < end, "byte {at}: {damage:?}");
                }
                Damage::List => assert!((size..size + list).contains(&at), "byte {at}: {damage:?}"),
                Damage::Seal | Damage::Length => assert!(at >= size + list, "byte {at}: {damage:?}"),
            }
            assert!(store.verify(id, Tier::Live).await.is_err());
        }
        for length in [0, 1, 159, 160, sound.len() - 1] {
            if length < sound.len() {
                fs::write(&path, &sound[..length]).unwrap();
                let error = read_until_error(store, id, &truth).await.unwrap_err();
                assert!(matches!(error, BlobError::Corrupt { .. }), "cut to {length}: {error}");
            }
        }
        fs::write(&path, &sound).unwrap();
        read_until_error(store, id, &truth).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_flipped_bit_is_found_on_local_disk() {
    let (store, dir) = local_store().await;
    Box::pin(every_flipped_bit_is_found(&store, &dir.path().join("live"), 1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_flipped_bit_is_found_on_s3() {
    let server = S3Server::start().await;
    let store = BlobStore::open(server.config()).await.unwrap();
    Box::pin(every_flipped_bit_is_found(&store, &server.bucket().join("operon/live"), 13)).await;
}

#[tokio::test]
async fn a_blob_under_another_name_is_not_taken_for_it() {
    let (store, dir) = local_store().await;
    for n in [1, 2] {
        put(&store, id(n), &bytes_of(n, 1000), 1000).await.unwrap();
    }
    let root = dir.path().join("live");
    fs::copy(path_of(&root, id(1)), path_of(&root, id(2))).unwrap();
    let error = get(&store, id(2), Tier::Live).await.unwrap_err();
    assert!(matches!(error, BlobError::Corrupt { damage: Damage::Seal, .. }), "{error}");
}

#[tokio::test]
async fn another_format_is_refused() {
    let (store, dir) = local_store().await;
    drop(store);
    fs::write(dir.path().join("live/format"), "operon blobs 2\n").unwrap();
    let config = crate::Config::Local(super::local_config(&dir));
    assert!(matches!(BlobStore::open(config).await.unwrap_err(), BlobError::Unusable(_)));
}

#[test]
fn ids_are_read_as_they_are_written() {
    proptest!(|(bytes: [u8; 16], text in "[0-9a-fA-F]{31,33}")| {
        let id = BlobId::from_bytes(bytes);
        prop_assert_eq!(id.to_string().parse::<BlobId>().unwrap(), id);
        let valid = text.len() == 32 && text.to_lowercase() == text;
        prop_assert_eq!(text.parse::<BlobId>().is_ok(), valid);
    });
}
