//! Measures writing and reading against their floors: `cargo run --release -p blobs --example speed -- DIR [MiB]`.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a measuring tool for the command line, run by hand"
)]

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use blobs::{BlobId, BlobStore, Config, Expected, LocalConfig, Tier};
use bytes::Bytes;
use futures::TryStreamExt;
use md5::{Digest, Md5};

/// Bytes that arrive at a time, about what an HTTP server hands on.
const PIECE: usize = 64 * 1024;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let dir = arguments.next().expect("the first argument is a directory");
    let mib: usize =
        arguments.next().map_or(1024, |text| text.parse().expect("the second argument is a number"));
    let mut bytes = vec![0; mib << 20];
    blake3::Hasher::new().update(b"speed").finalize_xof().fill(&mut bytes);
    let bytes = Bytes::from(bytes);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(measure(Path::new(&dir), &bytes));
}

async fn measure(dir: &Path, bytes: &Bytes) {
    let store = BlobStore::open(Config::Local(LocalConfig::new(dir.join("live"), dir.join("archive"))))
        .await
        .unwrap();
    for round in 0..3_u8 {
        let floor = seconds(|| {
            let mut file = File::create(dir.join("floor")).unwrap();
            let mut md5 = Md5::new();
            for piece in bytes.chunks(PIECE) {
                md5.update(piece);
                file.write_all(piece).unwrap();
            }
            file.sync_all().unwrap();
            std::hint::black_box(md5.finalize());
        });
        std::fs::remove_file(dir.join("floor")).unwrap();

        let id = BlobId::from_bytes([round; 16]);
        let start = Instant::now();
        let mut writer = store.begin(id);
        for piece in bytes.chunks(PIECE) {
            writer.write(bytes.slice_ref(piece)).await.unwrap();
        }
        writer.finish(Expected::default()).await.unwrap();
        let write = start.elapsed().as_secs_f64();

        let start = Instant::now();
        let reader = store.read(id, Tier::Live).await.unwrap();
        let mut items = reader.stream(0..bytes.len() as u64).unwrap();
        while let Some(item) = items.try_next().await.unwrap() {
            std::hint::black_box(item);
        }
        let read = start.elapsed().as_secs_f64();

        let start = Instant::now();
        for n in 0..2000_u64 {
            let at = n * 7919 % (bytes.len() as u64 - 1024);
            std::hint::black_box(
                store.read(id, Tier::Live).await.unwrap().read(at..at + 1024).await.unwrap(),
            );
        }
        let range = start.elapsed().as_secs_f64() / 2000.0;
        store.remove(id, Tier::Live).await.unwrap();

        let small = bytes.slice(..1024);
        let start = Instant::now();
        for n in 0..500_u128 {
            let mut writer = store.begin(BlobId::from_bytes(n.to_be_bytes()));
            writer.write(small.clone()).await.unwrap();
            writer.finish(Expected::default()).await.unwrap();
        }
        let small_write = start.elapsed().as_secs_f64() / 500.0;
        let start = Instant::now();
        for n in 0..500_u128 {
            let reader = store.read(BlobId::from_bytes(n.to_be_bytes()), Tier::Live).await.unwrap();
            std::hint::black_box(reader.read(0..1024).await.unwrap());
        }
        let small_read = start.elapsed().as_secs_f64() / 500.0;
        for n in 0..500_u128 {
            store.remove(BlobId::from_bytes(n.to_be_bytes()), Tier::Live).await.unwrap();
        }

        let rate = |seconds: f64| bytes.len() as f64 / 1e6 / seconds;
        println!(
            "write {:.0} MB/s, floor {:.0} MB/s, ratio {:.2}; read {:.0} MB/s; 1 KiB range {:.0} us; \
             1 KiB blob: write {:.0} us, read {:.0} us",
            rate(write),
            rate(floor),
            floor / write,
            rate(read),
            range * 1e6,
            small_write * 1e6,
            small_read * 1e6
        );
    }
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}
