//! The layout of one tier's directory.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::BlobError;
use crate::files::FileLayer;
use crate::format::FORMAT;
use crate::id::BlobId;

/// One tier's directory.
#[derive(Debug)]
pub(super) struct Area {
    blobs: PathBuf,
    temporaries: PathBuf,
}

impl Area {
    /// Creates what is missing of the layout, durably, and checks the format's version.
    pub(super) fn prepare(files: &dyn FileLayer, root: &Path) -> Result<Self, BlobError> {
        let area = Self { blobs: root.join("blobs"), temporaries: root.join("tmp") };
        let unusable = |error| BlobError::disk("preparing the data directory", error);
        area.create(files, root).map_err(unusable)?;
        let format = root.join("format");
        match read_text(files, &format) {
            Ok(text) if text == FORMAT.as_bytes() => Ok(area),
            Ok(_) => Err(BlobError::Unusable(format!(
                "the blobs in {} were written by another version of this program, in a format that this one does not \
                 know; use that version, or another directory",
                root.display()
            ))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                write_format(files, root, &format).map_err(unusable)?;
                Ok(area)
            }
            Err(error) => Err(unusable(error)),
        }
    }

    /// The path of a blob.
    pub(super) fn blob(&self, id: BlobId) -> PathBuf {
        self.folder(id).join(id.to_string())
    }

    /// The directory that a blob is in.
    pub(super) fn folder(&self, id: BlobId) -> PathBuf {
        self.blobs.join(id.folder())
    }

    /// One of the 256 directories that blobs are in.
    pub(super) fn folder_of(&self, first_byte: u8) -> PathBuf {
        self.blobs.join(hex::encode([first_byte]))
    }

    /// The path of a blob that is being written.
    pub(super) fn temporary(&self, id: BlobId) -> PathBuf {
        self.temporaries.join(id.to_string())
    }

    /// The directory of blobs that are being written.
    pub(super) fn temporaries(&self) -> PathBuf {
        self.temporaries.clone()
    }

    /// Syncs also what exists: an earlier start may have been stopped before it synced.
    fn create(&self, files: &dyn FileLayer, root: &Path) -> io::Result<()> {
        if files.create_dir(root)?
            && let Some(parent) = root.parent().filter(|parent| !parent.as_os_str().is_empty())
        {
            files.sync_dir(parent)?;
        }
        files.create_dir(&self.temporaries)?;
        files.create_dir(&self.blobs)?;
        for first_byte in 0..=u8::MAX {
            files.create_dir(&self.folder_of(first_byte))?;
        }
        files.sync_dir(&self.blobs)?;
        files.sync_dir(root)
    }
}

fn write_format(files: &dyn FileLayer, root: &Path, format: &Path) -> io::Result<()> {
    let unfinished = root.join("format.new");
    match files.remove(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = files.create(&unfinished)?;
    file.append(FORMAT.as_bytes())?;
    file.sync()?;
    files.rename(&unfinished, format)?;
    files.sync_dir(root)
}

/// Reads a file of a few bytes; a longer one is cut, as it is wrong anyway.
fn read_text(files: &dyn FileLayer, path: &Path) -> io::Result<Vec<u8>> {
    let file = files.open(path)?;
    let mut text = vec![0; usize::try_from(file.length()?.min(1024)).unwrap_or(1024)];
    file.read_exact_at(&mut text, 0)?;
    Ok(text)
}
