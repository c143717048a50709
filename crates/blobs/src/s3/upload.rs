//! A blob on its way into the object store.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use object_store::multipart::{MultipartStore, PartId};
use object_store::{Error, ObjectStoreExt, PutPayload};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::S3;
use crate::claim::Claim;
use crate::config::Tier;
use crate::error::BlobError;
use crate::id::BlobId;

/// Bytes of a multipart part; a blob below this is put in one request. S3 takes 5 MiB at least and 10 000 parts, so this
/// reaches 78 GiB, above the largest blob.
const PART: usize = 8 << 20;
/// Parts under way at a time.
const PARALLEL: usize = 2;

/// The object store's side of a writer. Dropped before it is complete, it aborts.
#[derive(Debug)]
pub(crate) struct Upload {
    s3: Arc<S3>,
    id: BlobId,
    tier: Tier,
    /// Whether it writes a new blob rather than the copy of one.
    new: bool,
    waiting: Vec<Bytes>,
    waiting_len: usize,
    multipart: Option<Multipart>,
    claim: Option<Claim>,
}

#[derive(Debug)]
struct Multipart {
    upload: String,
    started: usize,
    under_way: VecDeque<JoinHandle<object_store::Result<PartId>>>,
    done: Vec<PartId>,
}

impl Upload {
    pub(crate) fn new(s3: Arc<S3>, id: BlobId) -> Self {
        Self::to_tier(s3, id, Tier::Live, true)
    }

    pub(super) fn of_copy(s3: Arc<S3>, id: BlobId, tier: Tier) -> Self {
        Self::to_tier(s3, id, tier, false)
    }

    fn to_tier(s3: Arc<S3>, id: BlobId, tier: Tier, new: bool) -> Self {
        Self { s3, id, tier, new, waiting: Vec::new(), waiting_len: 0, multipart: None, claim: None }
    }

    /// Takes the next bytes, waiting when the store is behind.
    pub(crate) async fn push(&mut self, bytes: Bytes) -> Result<(), BlobError> {
        self.waiting_len += bytes.len();
        self.waiting.push(bytes);
        if self.waiting_len >= PART { self.send_part().await } else { Ok(()) }
    }

    /// Sends the last bytes and makes the object appear.
    ///
    /// # Errors
    /// `Exists` when either tier has such a blob; those of the store.
    pub(crate) async fn complete(mut self, tail: Bytes) -> Result<(), BlobError> {
        self.claim()?;
        self.waiting.push(tail);
        let (id, tier, path) = (self.id, self.tier, self.s3.blob(self.id, self.tier));
        if self.new && (self.s3.exists(id, tier).await? || self.s3.exists(id, tier.other()).await?) {
            return Err(BlobError::Exists(id));
        }
        if self.multipart.is_some() {
            self.send_part().await?;
        }
        let Some(multipart) = &mut self.multipart else {
            let whole: PutPayload = std::mem::take(&mut self.waiting).into_iter().collect();
            self.s3.store.put(&path, whole).await.map_err(written)?;
            return Ok(());
        };
        multipart.settle(0).await?;
        let parts = std::mem::take(&mut multipart.done);
        self.s3.store.complete_multipart(&path, &multipart.upload, parts).await.map_err(written)?;
        self.multipart = None;
        // The blob is stored; a marker that stays is swept later.
        match self.s3.store.delete(&self.s3.marker(id, tier)).await {
            Ok(()) | Err(Error::NotFound { .. }) => {}
            Err(error) => {
                tracing::warn!(%id, %error, "the marker of a completed upload stays until the sweeper comes");
            }
        }
        Ok(())
    }

    fn claim(&mut self) -> Result<(), BlobError> {
        if self.claim.is_none() {
            self.claim = Some(self.s3.claims.take(self.id)?);
        }
        Ok(())
    }

    async fn send_part(&mut self) -> Result<(), BlobError> {
        self.claim()?;
        let path = self.s3.blob(self.id, self.tier);
        let multipart = match &mut self.multipart {
            Some(multipart) => multipart,
            none => {
                let upload = self.s3.store.create_multipart(&path).await.map_err(written)?;
                let multipart = none.insert(Multipart::new(upload));
                // Before the first part, so that no crash leaves parts that nobody knows of.
                let marker = PutPayload::from(multipart.upload.clone());
                self.s3.store.put(&self.s3.marker(self.id, self.tier), marker).await.map_err(written)?;
                multipart
            }
        };
        multipart.settle(PARALLEL - 1).await?;
        let payload: PutPayload = std::mem::take(&mut self.waiting).into_iter().collect();
        self.waiting_len = 0;
        let (s3, upload, number) = (Arc::clone(&self.s3), multipart.upload.clone(), multipart.started);
        multipart.started += 1;
        let sending = async move { s3.store.put_part(&path, &upload, number, payload).await };
        multipart.under_way.push_back(tokio::spawn(sending));
        Ok(())
    }
}

impl Multipart {
    fn new(upload: String) -> Self {
        Self { upload, started: 0, under_way: VecDeque::new(), done: Vec::new() }
    }

    /// Waits until at most `remaining` parts are under way.
    async fn settle(&mut self, remaining: usize) -> Result<(), BlobError> {
        while self.under_way.len() > remaining {
            // Left in the queue while waiting, so that the end of a writer whose caller gives up still waits for it.
            let Some(first) = self.under_way.front_mut() else { return Ok(()) };
            let ended = first.await;
            self.under_way.pop_front();
            let part = ended.map_err(|_| BlobError::Stopped)?.map_err(written)?;
            self.done.push(part);
        }
        Ok(())
    }
}

fn written(error: Error) -> BlobError {
    BlobError::object("writing", error)
}

impl Drop for Upload {
    fn drop(&mut self) {
        let (Some(multipart), Ok(runtime)) = (self.multipart.take(), Handle::try_current()) else { return };
        let (s3, id, tier, claim) = (Arc::clone(&self.s3), self.id, self.tier, self.claim.take());
        runtime.spawn(async move {
            // A part that arrives after the abort is kept and billed, and cutting its connection does not stop it: what
            // was sent may still be on its way through the store. So each part ends first.
            for part in multipart.under_way {
                let _ended = part.await;
            }
            if let Err(error) = s3.abort(id, tier, &multipart.upload).await {
                tracing::warn!(%id, %error, "an unfinished upload could not be aborted; the sweeper will try again");
            }
            drop(claim);
        });
    }
}
