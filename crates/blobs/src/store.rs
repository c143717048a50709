//! The one door to the blobs.

use std::sync::Arc;
use std::time::SystemTime;

use futures::stream::{self, StreamExt, TryStreamExt};

use crate::config::{Config, Tier};
use crate::digests::Sealed;
use crate::error::BlobError;
use crate::id::BlobId;
use crate::lane::blocking;
use crate::listed::ListStream;
use crate::local::Local;
use crate::reader::Reader;
use crate::s3::{S3, Upload};
use crate::writer::Writer;

/// All blobs of one installation. Cheap to clone; all clones are the same store.
#[derive(Debug, Clone)]
pub struct BlobStore {
    backend: Backend,
}

#[derive(Debug, Clone)]
enum Backend {
    Disk(Arc<Local>),
    Object(Arc<S3>),
}

impl BlobStore {
    /// Opens a store, creating what is missing of it.
    ///
    /// # Errors
    /// `Unusable` when its format is of another version; disk errors.
    pub async fn open(config: Config) -> Result<Self, BlobError> {
        let backend = match config {
            Config::Local(config) => Backend::Disk(Arc::new(blocking(move || Local::open(config)).await?)),
            Config::S3(config) => Backend::Object(Arc::new(S3::open(&config).await?)),
        };
        Ok(Self { backend })
    }

    /// Whether this installation may use the store. A bucket is of the first that asked, or of the last that took it over; what
    /// is below a data directory is of whoever has the directory.
    ///
    /// # Errors
    /// Those of the object store.
    pub async fn reserve(&self, installation: &str, take_over: bool) -> Result<bool, BlobError> {
        match &self.backend {
            Backend::Disk(_) => Ok(true),
            Backend::Object(s3) => s3.reserve(installation, take_over).await,
        }
    }

    /// Starts a blob in the live tier. Nothing is stored before the first bytes arrive.
    #[must_use]
    pub fn begin(&self, id: BlobId) -> Writer {
        match &self.backend {
            Backend::Disk(local) => Writer::to_disk(Arc::clone(local), id),
            Backend::Object(s3) => Writer::to_object(Upload::new(Arc::clone(s3), id), id),
        }
    }

    /// Opens a blob for reading.
    ///
    /// # Errors
    /// `Missing`; `Corrupt` when the digests kept with it are damaged; disk errors.
    pub async fn read(&self, id: BlobId, tier: Tier) -> Result<Reader, BlobError> {
        let opened = match &self.backend {
            Backend::Disk(local) => on_disk(local, move |local| local.read(id, tier)).await,
            Backend::Object(s3) => s3.read(id, tier).await,
        };
        opened.map(Reader::new)
    }

    /// Whether a tier has a blob.
    ///
    /// # Errors
    /// Disk errors.
    pub async fn exists(&self, id: BlobId, tier: Tier) -> Result<bool, BlobError> {
        match &self.backend {
            Backend::Disk(local) => on_disk(local, move |local| local.exists(id, tier)).await,
            Backend::Object(s3) => s3.exists(id, tier).await,
        }
    }

    /// Removes a blob from a tier, durably. An absent one is fine, so that a removal can be repeated.
    ///
    /// # Errors
    /// Disk errors; then the blob may or may not be gone.
    pub async fn remove(&self, id: BlobId, tier: Tier) -> Result<(), BlobError> {
        match &self.backend {
            Backend::Disk(local) => on_disk(local, move |local| local.remove(id, tier)).await,
            Backend::Object(s3) => s3.remove(id, tier).await,
        }
    }

    /// Moves a blob from the other tier into this one, durably. It is in at least one of them at every moment; a blob that
    /// is here already is fine, so that a move can be repeated after a crash.
    ///
    /// # Errors
    /// `Missing` when neither tier has it; `Corrupt` when it had to be copied and is damaged; disk errors.
    pub async fn move_to(&self, id: BlobId, to: Tier) -> Result<(), BlobError> {
        match &self.backend {
            Backend::Disk(local) => on_disk(local, move |local| local.move_to(id, to)).await,
            Backend::Object(s3) => s3.move_to(id, to).await,
        }
    }

    /// Reads a whole blob from the store and verifies it, for the scrubber.
    ///
    /// # Errors
    /// `Corrupt` with the first damaged chunk, `Missing`, disk errors.
    pub async fn verify(&self, id: BlobId, tier: Tier) -> Result<Sealed, BlobError> {
        let reader = self.read(id, tier).await?;
        let sealed = reader.sealed();
        let mut bytes = reader.stream(0..sealed.size)?;
        while bytes.try_next().await?.is_some() {}
        Ok(sealed)
    }

    /// All blobs of a tier, for the collection of garbage. A blob that is written, moved or removed meanwhile may be
    /// listed or not.
    #[must_use]
    pub fn list(&self, tier: Tier) -> ListStream {
        match &self.backend {
            Backend::Disk(local) => {
                let local = Arc::clone(local);
                stream::iter(0..=u8::MAX)
                    .then(move |folder| {
                        let local = Arc::clone(&local);
                        blocking(move || local.list(tier, folder))
                    })
                    .map_ok(|found| stream::iter(found).map(Ok))
                    .try_flatten()
                    .boxed()
            }
            Backend::Object(s3) => s3.list(tier),
        }
    }

    /// Removes what unfinished writes left behind and nobody has touched since `before`; says how many there were.
    ///
    /// # Errors
    /// Disk errors; what was swept until then stays swept.
    pub async fn sweep_temporary(&self, before: SystemTime) -> Result<u64, BlobError> {
        match &self.backend {
            Backend::Disk(local) => on_disk(local, move |local| local.sweep(before)).await,
            Backend::Object(s3) => s3.sweep(before).await,
        }
    }
}

async fn on_disk<T: Send + 'static>(
    local: &Arc<Local>,
    job: impl FnOnce(&Arc<Local>) -> Result<T, BlobError> + Send + 'static,
) -> Result<T, BlobError> {
    let local = Arc::clone(local);
    blocking(move || job(&local)).await
}
