//! Tests of the store as a whole.

mod basics;

use bytes::Bytes;
use tempfile::TempDir;

use crate::{BlobError, BlobId, BlobStore, Config, Expected, LocalConfig, Sealed, Tier};

/// A blob id for the n-th blob of a test; the first byte varies, so folders do too.
pub(crate) fn id(n: u64) -> BlobId {
    let mut bytes = [0xa5; 16];
    bytes[..8].copy_from_slice(&n.to_le_bytes());
    BlobId::from_bytes(bytes)
}

/// `size` bytes that look random and differ with the seed.
pub(crate) fn bytes_of(seed: u64, size: usize) -> Bytes {
    let mut bytes = vec![0; size];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    Bytes::from(bytes)
}

/// A store in a directory that goes with the returned guard.
pub(crate) async fn local_store() -> (BlobStore, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let store = BlobStore::open(Config::Local(local_config(&dir))).await.unwrap();
    (store, dir)
}

pub(crate) fn local_config(dir: &TempDir) -> LocalConfig {
    LocalConfig::new(dir.path().join("live"), dir.path().join("archive"))
}

/// Writes a blob in pieces of `step` bytes.
pub(crate) async fn put(
    store: &BlobStore,
    id: BlobId,
    bytes: &Bytes,
    step: usize,
) -> Result<Sealed, BlobError> {
    let mut writer = store.begin(id);
    for piece in bytes.chunks(step.max(1)) {
        writer.write(bytes.slice_ref(piece)).await?;
    }
    writer.finish(Expected::default()).await
}

/// Reads a whole blob.
pub(crate) async fn get(store: &BlobStore, id: BlobId, tier: Tier) -> Result<Bytes, BlobError> {
    let reader = store.read(id, tier).await?;
    reader.read(0..reader.sealed().size).await
}
