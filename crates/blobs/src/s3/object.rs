//! The data of a blob in a bucket.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use object_store::ObjectStoreExt;
use object_store::aws::AmazonS3;
use object_store::path::Path;

use crate::error::BlobError;
use crate::format::Index;
use crate::lane::blocking;
use crate::piece::PIECE;

/// Bytes fetched at a time: large enough that the way to the store and back does not count.
const WINDOW: u64 = 4 * PIECE;
/// Windows under way at a time.
const READAHEAD: usize = 3;

/// An opened blob's data.
pub(crate) struct S3Object {
    store: AmazonS3,
    path: Path,
}

impl S3Object {
    pub(super) fn new(store: AmazonS3, path: Path) -> Self {
        Self { store, path }
    }

    /// Fetches and verifies a non-empty range.
    pub(crate) fn stream(
        &self,
        index: Arc<Index>,
        range: Range<u64>,
    ) -> impl futures::Stream<Item = Result<Bytes, BlobError>> + Send + use<> {
        let (store, path) = (self.store.clone(), self.path.clone());
        stream::iter(index.pieces(range, WINDOW))
            .map(move |window| {
                let (store, path, index) = (store.clone(), path.clone(), Arc::clone(&index));
                async move {
                    let failed = |error| BlobError::object_of(index.id, "reading", error);
                    let bytes = store.get_range(&path, window.chunks.clone()).await.map_err(failed)?;
                    blocking(move || window.verified(&index, &bytes)).await
                }
            })
            .buffered(READAHEAD)
            .map_ok(|bytes| stream::iter(cut(bytes)).map(Ok))
            .try_flatten()
    }
}

/// Cuts a window into items of the promised size.
fn cut(mut bytes: Bytes) -> impl Iterator<Item = Bytes> {
    let item = usize::try_from(PIECE).unwrap_or(usize::MAX);
    std::iter::from_fn(move || (!bytes.is_empty()).then(|| bytes.split_to(item.min(bytes.len()))))
}
