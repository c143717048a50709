//! Blobs in directories of this machine.

mod area;
mod temporary;

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;

use crate::claim::Claims;
use crate::config::{LocalConfig, Tier};
use crate::digests::Sealed;
use crate::error::BlobError;
use crate::files::{FileLayer, ReadFile};
use crate::format::{Index, SEAL, TAIL, Tail, list_len};
use crate::id::BlobId;
use crate::listed::Listed;
use crate::piece::{PIECE, piece_of, read_range};
use crate::reader::{Data, Opened};
use area::Area;
pub(crate) use temporary::Temporary;

/// The two directories. Everything here blocks.
#[derive(Debug)]
pub(crate) struct Local {
    files: Arc<dyn FileLayer>,
    live: Area,
    archive: Area,
    claims: Claims,
}

/// An opened file with a verified seal and list.
struct Found {
    file: Arc<dyn ReadFile>,
    index: Index,
    /// The data, when it came along with the seal.
    whole: Option<Bytes>,
}

impl Local {
    pub(crate) fn open(config: LocalConfig) -> Result<Self, BlobError> {
        let LocalConfig { dir, archive_dir, files } = config;
        if dir == archive_dir {
            return Err(BlobError::Unusable(
                "live and archived blobs need two different directories".to_owned(),
            ));
        }
        let live = Area::prepare(&*files, &dir)?;
        let archive = Area::prepare(&*files, &archive_dir)?;
        Ok(Self { files, live, archive, claims: Claims::default() })
    }

    fn area(&self, tier: Tier) -> &Area {
        match tier {
            Tier::Live => &self.live,
            Tier::Archive => &self.archive,
        }
    }

    pub(crate) fn exists(&self, id: BlobId, tier: Tier) -> Result<bool, BlobError> {
        match self.files.open(&self.area(tier).blob(id)) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(BlobError::disk("looking for stored bytes", error)),
        }
    }

    pub(crate) fn read(&self, id: BlobId, tier: Tier) -> Result<Opened, BlobError> {
        let Found { file, index, whole } = self.find(id, tier)?;
        Ok(Opened { index, data: whole.map_or(Data::File(file), Data::Memory) })
    }

    /// Opens a blob and verifies its seal and list, and the data of a small one.
    fn find(&self, id: BlobId, tier: Tier) -> Result<Found, BlobError> {
        let failed = |error| BlobError::disk_of(id, "reading", error);
        let file: Arc<dyn ReadFile> = self.files.open(&self.area(tier).blob(id)).map_err(failed)?.into();
        let stored = file.length().map_err(failed)?;
        let tail = Bytes::from(read_range(&*file, id, stored.saturating_sub(TAIL), stored)?);
        let (index, whole) = match Tail::read(id, &tail, stored)? {
            Tail::Whole(index, data) => (index, Some(data)),
            Tail::Listed(index) => (index, None),
            Tail::Unlisted(sealed, list) => {
                let list = read_range(&*file, id, list.start, list.end)?;
                (Index::new(id, sealed, &list)?, None)
            }
        };
        Ok(Found { file, index, whole })
    }

    pub(crate) fn remove(&self, id: BlobId, tier: Tier) -> Result<(), BlobError> {
        let area = self.area(tier);
        match self.files.remove(&area.blob(id)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(BlobError::disk("removing", error)),
        }
        // Also when it was absent: an earlier removal may have stopped before this.
        self.files.sync_dir(&area.folder(id)).map_err(|error| BlobError::disk("removing", error))
    }

    /// Creates the file that a blob is written to.
    pub(crate) fn temporary(self: &Arc<Self>, id: BlobId, tier: Tier) -> Result<Temporary, BlobError> {
        Temporary::create(self, id, tier)
    }

    /// Moves a blob to a tier: a second name or a copy there, made durable, before the first goes.
    pub(crate) fn move_to(self: &Arc<Self>, id: BlobId, to: Tier) -> Result<(), BlobError> {
        let (from, into) = (self.area(to.other()), self.area(to));
        let failed = |error| BlobError::disk_of(id, "moving", error);
        match self.files.link(&from.blob(id), &into.blob(id)) {
            Ok(()) => {}
            // An earlier move got this far.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if !self.exists(id, to)? {
                    return Err(BlobError::Missing(id));
                }
            }
            // Another file system, or one without second names.
            Err(_) => self.copy(id, to)?,
        }
        self.files.sync_dir(&into.folder(id)).map_err(failed)?;
        self.remove(id, to.other())
    }

    fn copy(self: &Arc<Self>, id: BlobId, to: Tier) -> Result<(), BlobError> {
        if self.exists(id, to)? {
            return Ok(());
        }
        let Found { file, index, .. } = self.find(id, to.other())?;
        let mut temporary = self.temporary(id, to)?;
        for piece in index.pieces(0..index.sealed.size, PIECE) {
            temporary.append(&piece_of(&*file, &index, &piece)?)?;
        }
        temporary.append(&index.tail())?;
        temporary.publish_copy()
    }

    /// The blobs in one of the 256 folders of a tier.
    pub(crate) fn list(&self, tier: Tier, folder: u8) -> Result<Vec<Listed>, BlobError> {
        let mut found = Vec::new();
        self.files
            .list(&self.area(tier).folder_of(folder), &mut |entry| {
                match entry.name.parse() {
                    Ok(id) => found.push(Listed { id, stored: entry.length, modified: entry.modified }),
                    Err(_) => {
                        tracing::warn!(name = entry.name, "a file that is not a blob lies among the blobs");
                    }
                }
                ControlFlow::Continue(())
            })
            .map_err(|error| BlobError::disk("listing stored bytes", error))?;
        Ok(found)
    }

    /// Removes files of unfinished writes that nobody has touched since `before`; says how many.
    pub(crate) fn sweep(&self, before: SystemTime) -> Result<u64, BlobError> {
        let failed = |error| BlobError::disk("removing unfinished uploads", error);
        let mut swept = 0;
        for area in [&self.live, &self.archive] {
            let mut old = Vec::new();
            self.files
                .list(&area.temporaries(), &mut |entry| {
                    if entry.modified < before {
                        old.push(entry.name);
                    }
                    ControlFlow::Continue(())
                })
                .map_err(failed)?;
            for name in old {
                // Held while removing, so that no writer of the same id starts in between.
                let claimed = self.claims.lock();
                if name.parse().is_ok_and(|id: BlobId| claimed.contains(&id)) {
                    continue;
                }
                match self.files.remove(&area.temporaries().join(&name)) {
                    Ok(()) => swept += 1,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(failed(error)),
                }
            }
        }
        Ok(swept)
    }
}

/// Ends a write: tail, check, sync, rename, sync.
pub(crate) fn seal(mut temporary: Temporary, sealed: &Sealed, tail: &[u8]) -> Result<(), BlobError> {
    debug_assert_eq!(tail.len() as u64, list_len(sealed.size) + SEAL);
    temporary.append(tail)?;
    temporary.publish_new()
}
