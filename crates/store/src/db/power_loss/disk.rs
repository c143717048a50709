//! The model of the disk: which blocks are not synced yet, and what fails.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::Trouble;

/// Granularity of what is remembered as not synced.
const BLOCK: u64 = 4096;
/// What SQLite appends to the name of the database.
const SUFFIXES: [&str; 3] = ["", "-wal", "-journal"];

/// The files of one database.
pub(super) struct Disk {
    database: PathBuf,
    handles: u32,
    power: bool,
    planned: Option<(u64, Trouble)>,
    trouble: Option<Trouble>,
    steps: u64,
    /// By file name: the blocks written since the last sync.
    dirty: BTreeMap<PathBuf, BTreeSet<u64>>,
}

/// What is about to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Write,
    Truncate,
    Delete,
    Sync,
}

/// The database that a file belongs to.
pub(super) fn database_of(file: &Path) -> PathBuf {
    let name = file.as_os_str().to_string_lossy();
    for suffix in ["-wal", "-journal", "-shm"] {
        if let Some(database) = name.strip_suffix(suffix) {
            return PathBuf::from(database);
        }
    }
    file.to_owned()
}

impl Disk {
    pub(super) fn new(database: &Path) -> Disk {
        Disk {
            database: database.to_owned(),
            handles: 0,
            power: false,
            planned: None,
            trouble: None,
            steps: 0,
            dirty: BTreeMap::new(),
        }
    }

    pub(super) fn plan(&mut self, steps: u64, trouble: Trouble) {
        self.planned = Some((self.steps + steps, trouble));
    }

    pub(super) fn repair(&mut self) {
        if self.trouble != Some(Trouble::PowerCut) {
            self.trouble = None;
        }
    }

    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    /// Where the live copy of a file is.
    pub(super) fn live(&self, file: &Path) -> PathBuf {
        self.directory().join(file.file_name().unwrap_or_default())
    }

    fn directory(&self) -> PathBuf {
        let mut name = self.database.as_os_str().to_owned();
        name.push(".volatile");
        PathBuf::from(name)
    }

    /// Switches the power on if needed: the live files become what was synced.
    pub(super) fn start(&mut self) -> io::Result<()> {
        if self.power {
            return Ok(());
        }
        if self.handles > 0 {
            return Err(io::Error::other("the power is off"));
        }
        match fs::remove_dir_all(self.directory()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::create_dir(self.directory())?;
        for suffix in SUFFIXES {
            let mut file = self.database.as_os_str().to_owned();
            file.push(suffix);
            let file = PathBuf::from(file);
            if file.exists() {
                fs::copy(&file, self.live(&file))?;
            }
        }
        self.dirty.clear();
        self.trouble = None;
        self.power = true;
        Ok(())
    }

    pub(super) fn opened(&mut self) {
        self.handles += 1;
    }

    pub(super) fn closed(&mut self) {
        self.handles = self.handles.saturating_sub(1);
    }

    /// Counts a step, and says whether it fails and of what.
    pub(super) fn step(&mut self, step: Step) -> Result<(), Trouble> {
        self.steps += 1;
        if let Some((at, trouble)) = self.planned
            && self.steps > at
        {
            self.planned = None;
            self.trouble = Some(trouble);
            self.power = trouble != Trouble::PowerCut;
        }
        match (self.trouble, step) {
            (Some(Trouble::PowerCut), _) => Err(Trouble::PowerCut),
            (Some(Trouble::ReadOnly), _) => Err(Trouble::ReadOnly),
            (Some(Trouble::Full), Step::Write) => Err(Trouble::Full),
            (Some(Trouble::SyncFails), Step::Sync) => Err(Trouble::SyncFails),
            _ => Ok(()),
        }
    }

    /// Remembers that these bytes of a file are only in the live copy.
    pub(super) fn wrote(&mut self, file: &Path, offset: u64, length: u64) {
        if length > 0 {
            let blocks = offset / BLOCK..=(offset + length - 1) / BLOCK;
            self.dirty.entry(file.to_owned()).or_default().extend(blocks);
        }
    }

    /// Makes a file what its live copy is; `read` reads the live copy. The power may fail between two blocks.
    pub(super) fn sync(
        &mut self,
        file: &Path,
        length: u64,
        mut read: impl FnMut(u64, &mut [u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let durable = OpenOptions::new().create(true).truncate(false).write(true).open(file)?;
        durable.set_len(length)?;
        for block in self.dirty.remove(file).unwrap_or_default() {
            let offset = block * BLOCK;
            let size = BLOCK.min(length.saturating_sub(offset));
            if size == 0 {
                continue;
            }
            if let Err(trouble) = self.step(Step::Sync) {
                return Err(io::Error::other(format!("{trouble:?}")));
            }
            let mut bytes = vec![0; usize::try_from(size).unwrap_or_default()];
            read(offset, &mut bytes)?;
            durable.write_all_at(&bytes, offset)?;
        }
        Ok(())
    }

    pub(super) fn delete(&mut self, file: &Path) -> io::Result<()> {
        self.dirty.remove(file);
        match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
