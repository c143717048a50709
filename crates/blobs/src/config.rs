//! Where blobs are kept.

use std::path::PathBuf;
use std::sync::Arc;

use crate::files::{FileLayer, RealFiles};

/// Which store holds the blobs.
#[derive(Debug, Clone)]
pub enum Config {
    /// Directories of this machine.
    Local(LocalConfig),
    /// A bucket of an S3-compatible store.
    S3(S3Config),
}

/// Blobs in two directories of this machine, used by one server only.
#[derive(Debug, Clone)]
pub struct LocalConfig {
    pub(crate) dir: PathBuf,
    pub(crate) archive_dir: PathBuf,
    pub(crate) files: Arc<dyn FileLayer>,
}

impl LocalConfig {
    /// Live blobs under `dir`, archived ones under `archive_dir` (which may be on another file system). Both are
    /// created where absent; their parents must exist.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>, archive_dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), archive_dir: archive_dir.into(), files: Arc::new(RealFiles) }
    }

    /// Reaches the directories through another file layer, so that tests can inject faults.
    #[must_use]
    pub fn with_files(mut self, files: Arc<dyn FileLayer>) -> Self {
        self.files = files;
        self
    }
}

/// Blobs in a bucket of an S3-compatible store, which several servers may share.
///
/// Give the bucket a lifecycle rule that aborts multipart uploads after some days, as a second net below
/// [`BlobStore::sweep_temporary`](crate::BlobStore::sweep_temporary).
#[derive(Clone)]
pub struct S3Config {
    /// Name of the bucket, which must exist.
    pub bucket: String,
    /// Keys of live blobs begin with this and a slash.
    pub prefix: String,
    /// Keys of archived blobs begin with this and a slash; not inside `prefix` nor around it.
    pub archive_prefix: String,
    /// URL of the store; absent for AWS itself.
    pub endpoint: Option<String>,
    /// Region, such as `eu-west-2`.
    pub region: String,
    /// Id of the access key.
    pub access_key_id: String,
    /// Secret of the access key.
    pub secret_access_key: String,
    /// Token of temporary credentials.
    pub session_token: Option<String>,
    /// Whether `endpoint` may be plain HTTP.
    pub allow_http: bool,
    /// Whether the bucket is part of the host name (AWS) rather than of the path (most others).
    pub bucket_in_host: bool,
}

impl std::fmt::Debug for S3Config {
    /// Without the secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3Config")
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix)
            .field("archive_prefix", &self.archive_prefix)
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// The two places a blob can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tier {
    /// Where blobs are written and read.
    Live,
    /// Where the bytes of archived files wait.
    Archive,
}

impl Tier {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Live => Self::Archive,
            Self::Archive => Self::Live,
        }
    }
}
