//! Tests of the store as a whole, on both backends.

mod basics;
mod crash;
mod damage;
mod unfinished;

use bytes::Bytes;
use tempfile::TempDir;

use crate::{BlobError, BlobId, BlobStore, Config, Expected, LocalConfig, Sealed, Tier};

/// Makes one test for each backend of an `async fn(store: &BlobStore)`.
macro_rules! on_both_backends {
    ($($(#[$doc:meta])* async fn $name:ident($store:ident: &BlobStore) $body:block)+) => {$(
        $(#[$doc])*
        mod $name {
            use super::*;

            async fn test($store: &BlobStore) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn local() {
                let (store, _dir) = $crate::tests::local_store().await;
                Box::pin(test(&store)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn s3() {
                let server = $crate::testing::S3Server::start().await;
                let store = BlobStore::open(server.config()).await.unwrap();
                Box::pin(test(&store)).await;
            }
        }
    )+};
}
use on_both_backends;

/// A blob id for the n-th blob of a test; the first byte varies, so folders do too.
fn id(n: u64) -> BlobId {
    let mut bytes = [0xa5; 16];
    bytes[..8].copy_from_slice(&n.to_le_bytes());
    BlobId::from_bytes(bytes)
}

/// `size` bytes that look random and differ with the seed.
fn bytes_of(seed: u64, size: usize) -> Bytes {
    let mut bytes = vec![0; size];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    Bytes::from(bytes)
}

/// A store in a directory that goes with the returned guard.
async fn local_store() -> (BlobStore, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let store = BlobStore::open(Config::Local(local_config(&dir))).await.unwrap();
    (store, dir)
}

fn local_config(dir: &TempDir) -> LocalConfig {
    LocalConfig::new(dir.path().join("live"), dir.path().join("archive"))
}

/// Writes a blob in pieces of `step` bytes.
async fn put(store: &BlobStore, id: BlobId, bytes: &Bytes, step: usize) -> Result<Sealed, BlobError> {
    let mut writer = store.begin(id);
    for piece in bytes.chunks(step.max(1)) {
        writer.write(bytes.slice_ref(piece)).await?;
    }
    writer.finish(Expected::default()).await
}

/// Reads a whole blob.
async fn get(store: &BlobStore, id: BlobId, tier: Tier) -> Result<Bytes, BlobError> {
    let reader = store.read(id, tier).await?;
    reader.read(0..reader.sealed().size).await
}
