//! A disk that forgets what was not synced.

mod mirror;

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use crate::files::{DirEntry, FileLayer, ReadFile, WriteFile};
use mirror::Mirror;

/// A file layer that keeps everything in memory and knows what of it is durable.
///
/// [`PowerLoss::in_memory`] keeps the durable part in memory too; [`PowerLoss::crash`] makes it lose power.
/// [`PowerLoss::over`] keeps the durable part in real directories: there the death of the process is the loss of power, as
/// only what was synced is on disk when the next process opens them.
#[derive(Debug, Clone)]
pub struct PowerLoss(Arc<Mutex<Disk>>);

/// Directories and what is in them.
type Tree = BTreeMap<PathBuf, BTreeMap<String, Node>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    Dir,
    /// By number in `Disk::contents`.
    File(usize),
}

#[derive(Debug, Clone)]
struct Disk {
    now: Tree,
    durable: Tree,
    /// The bytes of every file there ever was.
    contents: Vec<Content>,
    /// What counts as the time when the first file was made.
    epoch: SystemTime,
    mirror: Option<Mirror>,
}

/// Files only grow, so what is durable of one is a prefix.
#[derive(Debug, Clone, Default)]
struct Content {
    bytes: Vec<u8>,
    synced: usize,
}

impl PowerLoss {
    /// An empty disk with one directory, `root`.
    #[must_use]
    pub fn in_memory(root: &Path) -> Self {
        let tree = Tree::from([(root.to_owned(), BTreeMap::new())]);
        let epoch = SystemTime::UNIX_EPOCH;
        let disk = Disk { now: tree.clone(), durable: tree, contents: Vec::new(), epoch, mirror: None };
        Self(Arc::new(Mutex::new(disk)))
    }

    /// The real directory `root`, which must exist, as the last process has left it on this layer. All files below it are read into
    /// memory; only synced changes are written to it.
    ///
    /// # Errors
    /// Those of reading the directory.
    pub fn over(root: &Path) -> io::Result<Self> {
        // Not long ago, so that nothing looks old to those who clear up.
        let epoch = std::fs::metadata(root)?.modified()?;
        let (mirror, files) = Mirror::open(root)?;
        let mut disk = Disk {
            now: Tree::new(),
            durable: Tree::new(),
            contents: Vec::new(),
            epoch,
            mirror: Some(mirror),
        };
        for (dir, names) in files {
            let nodes = names.into_iter().map(|(name, bytes)| (name, disk.add(bytes))).collect();
            disk.now.insert(dir, nodes);
        }
        disk.durable = disk.now.clone();
        Ok(Self(Arc::new(Mutex::new(disk))))
    }

    /// A second disk with the same state, for tests that start often from the same point. In memory only.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self(Arc::new(Mutex::new(self.disk().clone())))
    }

    /// Loses power. Of every change that was not synced, the seed decides whether it had reached the disk by itself: each
    /// name, and how much of the bytes, with blocks of zeros in between. Files still open are cut off from the disk.
    pub fn crash(&self, seed: u64) {
        let mut disk = self.disk();
        let mut chance = Chance(seed);
        let after = disk.after_crash(&mut chance);
        disk.contents.iter_mut().for_each(|content| content.tear(&mut chance));
        // Handles from before keep their numbers, so the survivors get new ones.
        let mut tree = Tree::new();
        for (dir, names) in after {
            let names = names.into_iter().map(|(name, node)| {
                let Node::File(number) = node else { return (name, node) };
                let bytes = disk.contents[number].bytes.clone();
                (name, disk.add(Some(bytes)))
            });
            let names = names.collect();
            tree.insert(dir, names);
        }
        disk.now.clone_from(&tree);
        disk.durable = tree;
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Disk {
    /// Adds what a name stands for: a file with these durable bytes, or a directory.
    fn add(&mut self, bytes: Option<Vec<u8>>) -> Node {
        let Some(bytes) = bytes else { return Node::Dir };
        self.contents.push(Content { synced: bytes.len(), bytes });
        Node::File(self.contents.len() - 1)
    }

    /// The names after a loss of power, from the durable roots down.
    fn after_crash(&self, chance: &mut Chance) -> Tree {
        let none = BTreeMap::new();
        let mut after = Tree::new();
        let below = |dir: &Path| dir.ancestors().skip(1).any(|above| self.now.contains_key(above));
        let mut open: Vec<PathBuf> = self.durable.keys().filter(|dir| !below(dir)).cloned().collect();
        while let Some(dir) = open.pop() {
            let (now, durable) =
                (self.now.get(&dir).unwrap_or(&none), self.durable.get(&dir).unwrap_or(&none));
            let mut names = BTreeMap::new();
            for name in now.keys().chain(durable.keys()) {
                let (new, old) = (now.get(name), durable.get(name));
                let survived = if new == old || chance.coin() { new } else { old };
                if let Some(node) = survived {
                    names.insert(name.clone(), *node);
                } else {
                    names.remove(name);
                }
            }
            open.extend(names.iter().filter(|(_, node)| **node == Node::Dir).map(|(name, _)| dir.join(name)));
            after.insert(dir, names);
        }
        after
    }

    fn names(&mut self, path: &Path) -> io::Result<(&mut BTreeMap<String, Node>, String)> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy().into_owned();
        let names = path.parent().and_then(|dir| self.now.get_mut(dir)).ok_or(io::ErrorKind::NotFound)?;
        Ok((names, name))
    }

    fn file(&mut self, path: &Path) -> io::Result<usize> {
        let (names, name) = self.names(path)?;
        match names.get(&name) {
            Some(Node::File(number)) => Ok(*number),
            Some(Node::Dir) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn add_name(&mut self, path: &Path, node: Node) -> io::Result<()> {
        let (names, name) = self.names(path)?;
        if names.contains_key(&name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        names.insert(name, node);
        Ok(())
    }
}

impl Content {
    fn tear(&mut self, chance: &mut Chance) {
        let unsynced = self.bytes.len() - self.synced;
        self.bytes.truncate(self.synced + chance.below(unsynced + 1));
        for block in self.bytes[self.synced..].chunks_mut(512) {
            if chance.coin() {
                block.fill(0);
            }
        }
        self.synced = self.bytes.len();
    }
}

impl FileLayer for PowerLoss {
    fn create_dir(&self, dir: &Path) -> io::Result<bool> {
        let mut disk = self.disk();
        if disk.now.contains_key(dir) {
            return Ok(false);
        }
        disk.add_name(dir, Node::Dir)?;
        disk.now.insert(dir.to_owned(), BTreeMap::new());
        Ok(true)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        let mut disk = self.disk();
        let number = disk.contents.len();
        disk.add_name(path, Node::File(number))?;
        disk.contents.push(Content::default());
        Ok(Box::new(OpenFile { disk: self.clone(), number }))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn ReadFile>> {
        let number = self.disk().file(path)?;
        Ok(Box::new(OpenFile { disk: self.clone(), number }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        let number = disk.file(from)?;
        let (names, name) = disk.names(to)?;
        names.insert(name, Node::File(number));
        let (names, name) = disk.names(from)?;
        names.remove(&name);
        Ok(())
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        let number = disk.file(from)?;
        disk.add_name(to, Node::File(number))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut disk = self.disk();
        disk.file(path)?;
        let (names, name) = disk.names(path)?;
        names.remove(&name);
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut guard = self.disk();
        let disk = &mut *guard;
        let names = disk.now.get(dir).ok_or(io::ErrorKind::NotFound)?.clone();
        if let Some(mirror) = &disk.mirror {
            let before = disk.durable.get(dir);
            for (name, node) in &names {
                if before.and_then(|before| before.get(name)) != Some(node) {
                    let bytes = match node {
                        Node::Dir => None,
                        Node::File(number) => {
                            disk.contents.get(*number).map(|file| &file.bytes[..file.synced])
                        }
                    };
                    mirror.put(&dir.join(name), bytes)?;
                }
            }
            for name in before.into_iter().flat_map(BTreeMap::keys).filter(|name| !names.contains_key(*name))
            {
                mirror.remove(&dir.join(name))?;
            }
        }
        disk.durable.insert(dir.to_owned(), names);
        Ok(())
    }

    fn list(&self, dir: &Path, show: &mut dyn FnMut(DirEntry) -> ControlFlow<()>) -> io::Result<()> {
        let entries: Vec<DirEntry> = {
            let disk = self.disk();
            let names = disk.now.get(dir).ok_or(io::ErrorKind::NotFound)?;
            let file = |(name, node): (&String, &Node)| match node {
                Node::Dir => None,
                Node::File(number) => Some(DirEntry {
                    name: name.clone(),
                    length: disk.contents.get(*number)?.bytes.len() as u64,
                    // Without a clock, files age in the order of their creation.
                    modified: disk.epoch + Duration::from_secs(*number as u64),
                }),
            };
            names.iter().filter_map(file).collect()
        };
        let _ended = entries.into_iter().try_for_each(show);
        Ok(())
    }
}

/// A file by its number, whatever its names are.
#[derive(Debug)]
struct OpenFile {
    disk: PowerLoss,
    number: usize,
}

impl WriteFile for OpenFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.disk.disk();
        let content = disk.contents.get_mut(self.number).ok_or(io::ErrorKind::NotFound)?;
        content.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut guard = self.disk.disk();
        let disk = &mut *guard;
        let content = disk.contents.get_mut(self.number).ok_or(io::ErrorKind::NotFound)?;
        content.synced = content.bytes.len();
        if let Some(mirror) = &disk.mirror {
            for (dir, names) in &disk.durable {
                for name in
                    names.iter().filter(|(_, node)| **node == Node::File(self.number)).map(|(name, _)| name)
                {
                    mirror.put(&dir.join(name), Some(&content.bytes))?;
                }
            }
        }
        Ok(())
    }
}

impl ReadFile for OpenFile {
    fn length(&self) -> io::Result<u64> {
        let disk = self.disk.disk();
        Ok(disk.contents.get(self.number).ok_or(io::ErrorKind::NotFound)?.bytes.len() as u64)
    }

    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let disk = self.disk.disk();
        let content = disk.contents.get(self.number).ok_or(io::ErrorKind::NotFound)?;
        let start = usize::try_from(offset).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        let bytes = content.bytes.get(start..).and_then(|rest| rest.get(..buffer.len()));
        buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// A small generator of repeatable chances (SplitMix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn coin(&mut self) -> bool {
        self.next() & 1 == 0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap_or(0)
    }
}
