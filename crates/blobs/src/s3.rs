//! Blobs in a bucket of an S3-compatible store.

mod connect;
pub(crate) mod object;
mod upload;

use std::sync::Arc;
use std::time::SystemTime;

use futures::stream::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3;
use object_store::multipart::MultipartStore;
use object_store::path::Path;
use object_store::{Error, ObjectMeta, ObjectStore, ObjectStoreExt, PutPayload};

use crate::claim::Claims;
use crate::config::{S3Config, Tier};
use crate::error::{BlobError, Damage};
use crate::format::{FORMAT, Index, TAIL, Tail};
use crate::id::BlobId;
use crate::lane::blocking;
use crate::listed::{ListStream, Listed};
use crate::reader::{Data, Opened, Reader};
use object::S3Object;
pub(crate) use upload::Upload;

/// A bare client, for tests that need to see or do what a blob store does not.
#[cfg(test)]
pub(crate) fn connect_for_tests(config: &S3Config) -> AmazonS3 {
    connect::connect(config).unwrap()
}

/// The largest object that S3 copies by itself, in bytes.
const LARGEST_COPY: u64 = 5 << 30;

/// A bucket with its two prefixes.
#[derive(Debug)]
pub(crate) struct S3 {
    store: AmazonS3,
    live: Path,
    archive: Path,
    claims: Claims,
}

impl S3 {
    pub(crate) async fn open(config: &S3Config) -> Result<Self, BlobError> {
        let prefix = |text: &str| {
            Path::parse(text)
                .map_err(|_| BlobError::Unusable(format!("{text:?} is not a prefix of object keys")))
        };
        let (live, archive) = (prefix(&config.prefix)?, prefix(&config.archive_prefix)?);
        if live.prefix_matches(&archive) || archive.prefix_matches(&live) {
            let apart = "the prefixes of live and archived blobs must not lie in one another";
            return Err(BlobError::Unusable(apart.to_owned()));
        }
        let s3 = Self { store: connect::connect(config)?, live, archive, claims: Claims::default() };
        for tier in [Tier::Live, Tier::Archive] {
            s3.prepare(tier).await?;
        }
        Ok(s3)
    }

    /// Checks the format's version, or writes it in a new prefix.
    async fn prepare(&self, tier: Tier) -> Result<(), BlobError> {
        let path = self.root(tier).clone().join("format");
        let failed = |error| BlobError::object("preparing the object store", error);
        match self.store.get(&path).await {
            Ok(found) => {
                if found.bytes().await.map_err(failed)? == FORMAT.as_bytes() {
                    return Ok(());
                }
                Err(BlobError::Unusable(format!(
                    "the blobs under {} were written by another version of this program, in a format that this one does \
                     not know; use that version, or another prefix",
                    self.root(tier)
                )))
            }
            Err(Error::NotFound { .. }) => {
                self.store.put(&path, PutPayload::from_static(FORMAT.as_bytes())).await.map_err(failed)?;
                Ok(())
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// The object `installation` beside the live blobs says whose they are.
    pub(crate) async fn reserve(&self, installation: &str, take_over: bool) -> Result<bool, BlobError> {
        let path = self.live.clone().join("installation");
        let failed = |error| BlobError::object("preparing the object store", error);
        match self.store.get(&path).await {
            Ok(found) => {
                if found.bytes().await.map_err(failed)? == installation.as_bytes() {
                    return Ok(true);
                }
                if !take_over {
                    return Ok(false);
                }
            }
            Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(failed(error)),
        }
        self.store.put(&path, PutPayload::from(installation.to_owned())).await.map_err(failed)?;
        Ok(true)
    }

    fn root(&self, tier: Tier) -> &Path {
        match tier {
            Tier::Live => &self.live,
            Tier::Archive => &self.archive,
        }
    }

    fn blob(&self, id: BlobId, tier: Tier) -> Path {
        self.root(tier).clone().join("blobs").join(id.folder()).join(id.to_string())
    }

    /// The object that remembers an unfinished multipart upload.
    fn marker(&self, id: BlobId, tier: Tier) -> Path {
        self.root(tier).clone().join("uploads").join(id.to_string())
    }

    /// What the store knows of a blob; none when it is absent.
    async fn find(&self, id: BlobId, tier: Tier) -> Result<Option<ObjectMeta>, BlobError> {
        match self.store.head(&self.blob(id, tier)).await {
            Ok(found) => Ok(Some(found)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(BlobError::object("looking for stored bytes", error)),
        }
    }

    pub(crate) async fn exists(&self, id: BlobId, tier: Tier) -> Result<bool, BlobError> {
        Ok(self.find(id, tier).await?.is_some())
    }

    pub(crate) async fn read(self: &Arc<Self>, id: BlobId, tier: Tier) -> Result<Opened, BlobError> {
        let failed = |error| BlobError::object_of(id, "reading", error);
        let path = self.blob(id, tier);
        // Asking for "the last 64 KiB" would save this step, but not every store answers that for a smaller object.
        let stored = self.store.head(&path).await.map_err(failed)?.size;
        if stored == 0 {
            return Err(BlobError::Corrupt { id, damage: Damage::Length });
        }
        let tail = self.store.get_range(&path, stored.saturating_sub(TAIL)..stored).await.map_err(failed)?;
        if tail.len() as u64 != stored.min(TAIL) {
            return Err(BlobError::Corrupt { id, damage: Damage::Length });
        }
        let opened = match blocking(move || Tail::read(id, &tail, stored)).await? {
            Tail::Whole(index, data) => Opened { index, data: Data::Memory(data) },
            Tail::Listed(index) => {
                Opened { index, data: Data::Object(S3Object::new(self.store.clone(), path)) }
            }
            Tail::Unlisted(sealed, range) => {
                let list = self.store.get_range(&path, range).await.map_err(failed)?;
                let index = blocking(move || Index::new(id, sealed, &list)).await?;
                Opened { index, data: Data::Object(S3Object::new(self.store.clone(), path)) }
            }
        };
        Ok(opened)
    }

    pub(crate) async fn remove(&self, id: BlobId, tier: Tier) -> Result<(), BlobError> {
        match self.store.delete(&self.blob(id, tier)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(BlobError::object("removing", error)),
        }
    }

    pub(crate) async fn move_to(self: &Arc<Self>, id: BlobId, to: Tier) -> Result<(), BlobError> {
        let from = to.other();
        let Some(found) = self.find(id, from).await? else {
            // An earlier move has done it all.
            return if self.exists(id, to).await? { Ok(()) } else { Err(BlobError::Missing(id)) };
        };
        // A copy that is there already may be that of an earlier move; copying again changes nothing.
        if found.size <= LARGEST_COPY {
            let copied = self.store.copy(&self.blob(id, from), &self.blob(id, to)).await;
            copied.map_err(|error| BlobError::object_of(id, "moving", error))?;
        } else {
            self.copy_large(id, from).await?;
        }
        self.remove(id, from).await
    }

    /// Copies through this machine, verified on the way.
    pub(crate) async fn copy_large(self: &Arc<Self>, id: BlobId, from: Tier) -> Result<(), BlobError> {
        let opened = self.read(id, from).await?;
        let (size, tail) = (opened.index.sealed.size, opened.index.tail());
        let mut upload = Upload::of_copy(Arc::clone(self), id, from.other());
        let mut items = Reader::new(opened).stream(0..size)?;
        while let Some(bytes) = items.try_next().await? {
            upload.push(bytes).await?;
        }
        upload.complete(tail.into()).await
    }

    pub(crate) fn list(self: &Arc<Self>, tier: Tier) -> ListStream {
        let prefix = self.root(tier).clone().join("blobs");
        self.store
            .list(Some(&prefix))
            .map_err(|error| BlobError::object("listing stored bytes", error))
            .try_filter_map(|found| async move {
                let id = found.location.filename().and_then(|name| name.parse().ok());
                if id.is_none() {
                    tracing::warn!(name = %found.location, "an object that is not a blob lies among the blobs");
                }
                Ok(id.map(|id| Listed { id, stored: found.size, modified: found.last_modified.into() }))
            })
            .boxed()
    }

    pub(crate) async fn sweep(self: &Arc<Self>, before: SystemTime) -> Result<u64, BlobError> {
        let failed = |error| BlobError::object("removing unfinished uploads", error);
        let mut swept = 0;
        for tier in [Tier::Live, Tier::Archive] {
            let mut markers = self.store.list(Some(&self.root(tier).clone().join("uploads")));
            while let Some(marker) = markers.try_next().await.map_err(failed)? {
                let id: Option<BlobId> = marker.location.filename().and_then(|name| name.parse().ok());
                let Some(id) = id.filter(|id| !self.claims.lock().contains(id)) else { continue };
                if SystemTime::from(marker.last_modified) >= before {
                    continue;
                }
                let upload = match self.store.get(&marker.location).await {
                    Ok(found) => String::from_utf8_lossy(&found.bytes().await.map_err(failed)?).into_owned(),
                    Err(Error::NotFound { .. }) => continue,
                    Err(error) => return Err(failed(error)),
                };
                self.abort(id, tier, &upload).await?;
                swept += 1;
            }
        }
        Ok(swept)
    }

    /// Gives up a multipart upload and forgets it.
    async fn abort(&self, id: BlobId, tier: Tier, upload: &String) -> Result<(), BlobError> {
        let failed = |error| BlobError::object("removing unfinished uploads", error);
        match self.store.abort_multipart(&self.blob(id, tier), upload).await {
            // Completed or aborted before.
            Ok(()) | Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(failed(error)),
        }
        match self.store.delete(&self.marker(id, tier)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }
}
