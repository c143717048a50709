//! Where blobs are kept.

use std::path::PathBuf;
use std::sync::Arc;

use crate::files::{FileLayer, RealFiles};

/// Which store holds the blobs.
#[derive(Debug, Clone)]
pub enum Config {
    /// Directories of this machine.
    Local(LocalConfig),
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
