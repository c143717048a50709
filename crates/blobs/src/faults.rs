//! Test support: file layers that fail on purpose and that lose power.
//!
//! [`FailWhen`] makes chosen calls fail, such as the n-th or every write. [`PowerLoss`] keeps what was written but not
//! synced apart from what was, so that a crash leaves exactly what the product had asked the disk to keep. They may be
//! stacked. Neither is meant for anything but tests: `PowerLoss` holds all files in memory.

mod power_loss;

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::files::{DirEntry, FileLayer, ReadFile, WriteFile};
pub use power_loss::PowerLoss;

/// What a call to a file layer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// [`FileLayer::create_dir`]
    CreateDir,
    /// [`FileLayer::create`]
    Create,
    /// [`FileLayer::open`]
    Open,
    /// [`FileLayer::rename`]
    Rename,
    /// [`FileLayer::link`]
    Link,
    /// [`FileLayer::remove`]
    Remove,
    /// [`FileLayer::sync_dir`]
    SyncDir,
    /// [`FileLayer::list`]
    List,
    /// [`WriteFile::append`]
    Append,
    /// [`WriteFile::sync`]
    Sync,
    /// [`ReadFile::read_exact_at`] and [`ReadFile::length`]
    Read,
}

impl Operation {
    /// Whether the call changes the disk or makes a change durable.
    #[must_use]
    pub fn changes(self) -> bool {
        !matches!(self, Self::Open | Self::List | Self::Read)
    }
}

/// One call to a file layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Counts all calls to this layer from 0.
    pub number: u64,
    /// What it does.
    pub operation: Operation,
    /// The path it is about; of two, the first.
    pub path: PathBuf,
}

/// Decides about a call: an error makes it fail without effect, except that a failing append writes half of its bytes,
/// as a full disk does.
pub type Rule = dyn Fn(&Call) -> Option<io::Error> + Send + Sync;

/// A file layer in which chosen calls fail.
#[derive(Clone)]
pub struct FailWhen(Arc<Shared>);

struct Shared {
    inner: Arc<dyn FileLayer>,
    rule: Box<Rule>,
    calls: AtomicU64,
}

impl std::fmt::Debug for FailWhen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("FailWhen").field(&self.0.inner).finish()
    }
}

impl FailWhen {
    /// Puts a rule before another layer.
    pub fn new(
        inner: Arc<dyn FileLayer>,
        rule: impl Fn(&Call) -> Option<io::Error> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Shared { inner, rule: Box::new(rule), calls: AtomicU64::new(0) }))
    }

    /// Number of calls so far, failed ones included.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.0.calls.load(Ordering::SeqCst)
    }

    fn pass(&self, operation: Operation, path: &Path) -> io::Result<&dyn FileLayer> {
        let number = self.0.calls.fetch_add(1, Ordering::SeqCst);
        match (self.0.rule)(&Call { number, operation, path: path.to_owned() }) {
            Some(error) => Err(error),
            None => Ok(&*self.0.inner),
        }
    }
}

impl FileLayer for FailWhen {
    fn create_dir(&self, dir: &Path) -> io::Result<bool> {
        self.pass(Operation::CreateDir, dir)?.create_dir(dir)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        let inner = self.pass(Operation::Create, path)?.create(path)?;
        Ok(Box::new(Wrapped { layer: self.clone(), path: path.to_owned(), inner }))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn ReadFile>> {
        let inner = self.pass(Operation::Open, path)?.open(path)?;
        Ok(Box::new(Wrapped { layer: self.clone(), path: path.to_owned(), inner }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.pass(Operation::Rename, from)?.rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.pass(Operation::Link, from)?.link(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.pass(Operation::Remove, path)?.remove(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.pass(Operation::SyncDir, dir)?.sync_dir(dir)
    }

    fn list(&self, dir: &Path, show: &mut dyn FnMut(DirEntry) -> ControlFlow<()>) -> io::Result<()> {
        self.pass(Operation::List, dir)?.list(dir, show)
    }
}

#[derive(Debug)]
struct Wrapped<F> {
    layer: FailWhen,
    path: PathBuf,
    inner: F,
}

impl WriteFile for Wrapped<Box<dyn WriteFile>> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.layer.pass(Operation::Append, &self.path) {
            Ok(_) => self.inner.append(bytes),
            Err(error) => {
                self.inner.append(&bytes[..bytes.len() / 2])?;
                Err(error)
            }
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        self.layer.pass(Operation::Sync, &self.path)?;
        self.inner.sync()
    }
}

impl ReadFile for Wrapped<Box<dyn ReadFile>> {
    fn length(&self) -> io::Result<u64> {
        self.layer.pass(Operation::Read, &self.path)?;
        self.inner.length()
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.layer.pass(Operation::Read, &self.path)?;
        self.inner.read_exact_at(buffer, offset)
    }
}
