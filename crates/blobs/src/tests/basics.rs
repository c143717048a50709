//! Writing, reading, moving and removing, without faults.

use std::collections::BTreeSet;

use futures::TryStreamExt;
use md5::{Digest, Md5};
use proptest::prelude::*;
use sha2::Sha256;

use super::{bytes_of, get, id, local_store, on_both_backends, put};
use crate::{BlobError, BlobId, BlobStore, Expected, Mismatch, Tier};

on_both_backends! {
    async fn sealed_digests_are_the_ordinary_ones(store: &BlobStore) {
        for (n, size) in [0, 1, 1000, 262_144, 262_145, 1 << 20, 3_000_001, 20 << 20].into_iter().enumerate() {
            let id = id(n as u64);
            let bytes = bytes_of(1, size);
            let sealed = put(store, id, &bytes, 100_000).await.unwrap();
            assert_eq!(sealed.size, size as u64);
            assert_eq!(sealed.md5, <[u8; 16]>::from(Md5::digest(&bytes)), "{size}");
            assert_eq!(sealed.sha256, <[u8; 32]>::from(Sha256::digest(&bytes)), "{size}");
            assert_eq!(sealed.blake3, *blake3::hash(&bytes).as_bytes(), "{size}");
            assert_eq!(get(store, id, Tier::Live).await.unwrap(), bytes, "{size}");
            assert_eq!(store.verify(id, Tier::Live).await.unwrap(), sealed);
            assert_eq!(store.read(id, Tier::Live).await.unwrap().sealed(), sealed);
        }
    }

    async fn mismatch_says_what_differed_and_stores_nothing(store: &BlobStore) {
        for size in [10, 3 << 20, 9 << 20] {
            let bytes = bytes_of(2, size);
            let got = size as u64;
            let mut writer = store.begin(id(1));
            writer.write(bytes.clone()).await.unwrap();
            let error = writer.finish(Expected { size: Some(9), md5: None }).await.unwrap_err();
            assert!(matches!(error, BlobError::Mismatch(Mismatch::Size { expected: 9, got: g }) if g == got), "{error}");
            // The file of the failed upload goes in the background, and until then the id is busy.
            let mut writer = store.begin(id(2));
            writer.write(bytes.clone()).await.unwrap();
            let error = writer.finish(Expected { size: Some(got), md5: Some([0; 16]) }).await.unwrap_err();
            assert!(matches!(error, BlobError::Mismatch(Mismatch::Md5 { .. })), "{error}");
            for id in [id(1), id(2)] {
                assert!(!store.exists(id, Tier::Live).await.unwrap());
                assert!(matches!(store.read(id, Tier::Live).await.unwrap_err(), BlobError::Missing(_)));
            }
            let mut writer = store.begin(id(got));
            writer.write(bytes.clone()).await.unwrap();
            let md5 = Some(Md5::digest(&bytes).into());
            writer.finish(Expected { size: Some(got), md5 }).await.unwrap();
        }
    }

    async fn moves_and_removals_can_be_repeated(store: &BlobStore) {
        for (id, size) in [(id(7), 700_000), (id(8), 0), (id(9), 9 << 20)] {
            let bytes = bytes_of(3, size);
            let sealed = put(store, id, &bytes, 1 << 16).await.unwrap();
            for _ in 0..2 {
                store.move_to(id, Tier::Archive).await.unwrap();
                assert_eq!(get(store, id, Tier::Archive).await.unwrap(), bytes);
                assert!(!store.exists(id, Tier::Live).await.unwrap());
            }
            assert_eq!(store.verify(id, Tier::Archive).await.unwrap(), sealed);
            store.move_to(id, Tier::Live).await.unwrap();
            assert_eq!(get(store, id, Tier::Live).await.unwrap(), bytes);
            store.remove(id, Tier::Live).await.unwrap();
            store.remove(id, Tier::Live).await.unwrap();
            assert!(matches!(store.move_to(id, Tier::Archive).await.unwrap_err(), BlobError::Missing(_)));
            assert!(matches!(store.verify(id, Tier::Live).await.unwrap_err(), BlobError::Missing(_)));
        }
    }

    async fn lists_every_blob_of_a_tier_once(store: &BlobStore) {
        for n in 0..40 {
            put(store, id(n), &bytes_of(n, 10), 10).await.unwrap();
        }
        for n in 0..10 {
            store.move_to(id(n), Tier::Archive).await.unwrap();
        }
        for (tier, expected) in [(Tier::Archive, 0..10), (Tier::Live, 10..40)] {
            let listed: Vec<_> = store.list(tier).try_collect().await.unwrap();
            assert!(listed.iter().all(|blob| blob.stored == 170), "10 bytes and a seal of 160");
            let ids: BTreeSet<BlobId> = listed.iter().map(|blob| blob.id).collect();
            assert_eq!(listed.len(), ids.len());
            assert_eq!(ids, expected.map(id).collect());
        }
    }

    async fn an_id_is_written_once(store: &BlobStore) {
        put(store, id(1), &bytes_of(4, 10), 10).await.unwrap();
        for size in [10, 9 << 20] {
            let again = put(store, id(1), &bytes_of(5, size), 1 << 20).await.unwrap_err();
            assert!(matches!(again, BlobError::Exists(_) | BlobError::Busy(_)), "{again}");
        }
        store.move_to(id(1), Tier::Archive).await.unwrap();
        let again = put(store, id(1), &bytes_of(5, 10), 10).await.unwrap_err();
        assert!(matches!(again, BlobError::Exists(_) | BlobError::Busy(_)), "{again}");
        assert_eq!(get(store, id(1), Tier::Archive).await.unwrap(), bytes_of(4, 10));
    }

    async fn combined_digests_are_those_of_the_whole_file(store: &BlobStore) {
        let parts = [bytes_of(1, 3 << 20), bytes_of(2, 0), bytes_of(3, 77_777)];
        for (n, part) in parts.iter().enumerate() {
            put(store, id(n as u64), part, 1 << 16).await.unwrap();
        }
        let whole = parts.concat();
        let combined = store.combined(&[id(0), id(1), id(2)], Tier::Live).await.unwrap();
        assert_eq!(combined.size, whole.len() as u64);
        assert_eq!(combined.md5, <[u8; 16]>::from(Md5::digest(&whole)));
        assert_eq!(combined.sha256, <[u8; 32]>::from(Sha256::digest(&whole)));
        assert_eq!(combined.blake3, *blake3::hash(&whole).as_bytes());
        let one = store.combined(&[id(0)], Tier::Live).await.unwrap();
        assert_eq!(one.sha256, <[u8; 32]>::from(Sha256::digest(&parts[0])));
        let empty = store.combined(&[], Tier::Live).await.unwrap();
        assert_eq!((empty.size, empty.blake3), (0, *blake3::hash(b"").as_bytes()));
    }

    async fn ranges_outside_are_refused(store: &BlobStore) {
        put(store, id(1), &bytes_of(4, 100), 10).await.unwrap();
        let reader = store.read(id(1), Tier::Live).await.unwrap();
        for (start, end) in [(0, 101), (101, 101), (5, 4), (0, u64::MAX)] {
            let refused = reader.read(start..end).await.unwrap_err();
            assert!(matches!(refused, BlobError::RangeOutside { size: 100, .. }), "{refused}");
        }
        assert!(reader.read(100..100).await.unwrap().is_empty());
    }

    async fn items_are_at_most_one_mebibyte(store: &BlobStore) {
        let bytes = bytes_of(6, 11_000_000);
        put(store, id(1), &bytes, 1 << 20).await.unwrap();
        let reader = store.read(id(1), Tier::Live).await.unwrap();
        let items: Vec<_> = reader.stream(1000..10_999_000).unwrap().try_collect().await.unwrap();
        assert!(items.iter().all(|item| !item.is_empty() && item.len() <= 1 << 20));
        assert_eq!(items.concat(), bytes[1000..10_999_000]);
    }

    async fn a_reader_may_stop_at_any_time(store: &BlobStore) {
        let bytes = bytes_of(6, 9_000_000);
        put(store, id(1), &bytes, 1 << 20).await.unwrap();
        let reader = store.read(id(1), Tier::Live).await.unwrap();
        for taken in 0..4 {
            let mut items = reader.stream(0..9_000_000).unwrap();
            for _ in 0..taken {
                items.try_next().await.unwrap().unwrap();
            }
        }
        assert_eq!(reader.read(8_000_000..8_000_100).await.unwrap(), bytes[8_000_000..8_000_100]);
    }
}

/// Sizes around the borders: chunks, batches, windows.
fn sizes() -> impl Strategy<Value = usize> {
    let border =
        prop::sample::select(vec![0, 1024, 65_376, 262_144, 524_288, 1 << 20, 2 << 20, 4 << 20, 8 << 20]);
    prop_oneof![
        0..4000_usize,
        (border, 0..3_usize).prop_map(|(at, off)| (at + off).saturating_sub(1)),
        0..3_000_000_usize
    ]
}

fn ranges_equal_slices(store: &BlobStore, runtime: &tokio::runtime::Runtime, cases: u32) {
    let count = std::cell::Cell::new(0);
    let input = (
        sizes(),
        1..300_000_usize,
        prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..6),
    );
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases,
        max_shrink_iters: 20,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let result = runner.run(&input, |(size, step, ranges)| {
        count.set(count.get() + 1);
        let (bytes, id) = (bytes_of(count.get(), size), id(count.get()));
        runtime.block_on(async {
            put(store, id, &bytes, step).await.unwrap();
            let reader = store.read(id, Tier::Live).await.unwrap();
            for (a, b) in ranges {
                let (a, b) = (a.index(size + 1), b.index(size + 1));
                let (start, end) = (a.min(b), a.max(b));
                let read = reader.read(start as u64..end as u64).await.unwrap();
                assert_eq!(read, bytes[start..end], "{start}..{end} of {size}");
            }
            store.remove(id, Tier::Live).await.unwrap();
        });
        Ok(())
    });
    result.unwrap();
}

#[test]
fn any_range_equals_the_slice_on_local_disk() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (store, _dir) = runtime.block_on(local_store());
    ranges_equal_slices(&store, &runtime, 256);
}

#[test]
fn any_range_equals_the_slice_on_s3() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(crate::testing::S3Server::start());
    let store = runtime.block_on(BlobStore::open(server.config())).unwrap();
    ranges_equal_slices(&store, &runtime, 48);
}
