//! What a snapshot holds, with the digest of each of its files.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, bail};
use app::backup::Copied;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Its name.
pub(super) const MANIFEST: &str = "manifest.json";
/// The version of the form.
const FORMAT: u32 = 1;

/// What a snapshot holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: u32,
    /// When it was taken, in ms since the epoch.
    pub(super) taken: i64,
    /// The version of the program that took it.
    program: String,
    /// The public key of the server's audit log.
    pub(super) server: String,
    /// Whether the server's keys are in it.
    pub(super) keys: bool,
    /// Its files but this one.
    files: BTreeMap<String, Digested>,
    /// Blobs that the snapshot names and whose bytes are in the backup.
    pub(super) blobs: u64,
    /// Blobs whose bytes were damaged or missing already, and what was wrong.
    pub(super) damaged: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Digested {
    size: u64,
    sha256: String,
}

impl Manifest {
    /// Of the files in a folder, which are made durable on the way.
    pub(super) fn of(
        folder: &Path,
        taken: i64,
        server: &str,
        keys: bool,
        bytes: &Copied,
    ) -> anyhow::Result<Self> {
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let path = folder.join(&name);
            File::open(&path)?.sync_all().with_context(|| format!("cannot keep {}", path.display()))?;
            files.insert(name, digested(&path)?);
        }
        Ok(Self {
            format: FORMAT,
            taken,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            server: server.to_owned(),
            keys,
            files,
            blobs: bytes.copied + bytes.present,
            damaged: bytes.damaged.clone(),
        })
    }

    /// Writes it, durably, the last of all files.
    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let mut file =
            File::create_new(folder.join(MANIFEST)).context("cannot write the list of the snapshot")?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        Ok(File::open(folder)?.sync_all()?)
    }

    /// Reads the one of a snapshot.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read(folder.join(MANIFEST)).with_context(|| {
            format!("the snapshot {} has no readable list of its files", folder.display())
        })?;
        let manifest: Self = serde_json::from_slice(&text)
            .with_context(|| format!("the list of the snapshot {} is damaged", folder.display()))?;
        if manifest.format != FORMAT {
            bail!("the snapshot {} was written by another version of this program", folder.display());
        }
        Ok(manifest)
    }

    /// Reads the one of a snapshot and compares every file with it.
    pub(super) fn check(folder: &Path) -> anyhow::Result<Self> {
        let manifest = Self::read(folder)?;
        for (name, noted) in &manifest.files {
            if name.contains('/') || name.starts_with('.') {
                bail!("the list of the snapshot {} names files outside of it", folder.display());
            }
            let path = folder.join(name);
            let found = digested(&path).with_context(|| format!("cannot read {}", path.display()))?;
            if found != *noted {
                bail!(
                    "{} is damaged: it is not what the backup wrote. Restore another snapshot",
                    path.display()
                );
            }
        }
        Ok(manifest)
    }

    /// The names of its files.
    pub(super) fn files(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }
}

fn digested(path: &Path) -> io::Result<Digested> {
    let (mut file, mut digest) = (File::open(path)?, Sha256::new());
    let size = io::copy(&mut file, &mut Hashing(&mut digest))?;
    let sha256 = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Digested { size, sha256 })
}

/// What is written goes into a digest.
struct Hashing<'a>(&'a mut Sha256);

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
