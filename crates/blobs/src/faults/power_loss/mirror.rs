//! The durable part of a disk, in a real directory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Ends the names of files that are being replaced.
const UNFINISHED: &str = ".unfinished";

/// Names and bytes of a directory; a directory in it has no bytes.
type Names = Vec<(String, Option<Vec<u8>>)>;

/// Writes what has become durable. It does not sync: the machine does not lose power in these tests, the process does.
#[derive(Debug, Clone)]
pub(super) struct Mirror;

impl Mirror {
    /// Reads everything below a directory, and removes what a killed process had not finished replacing.
    pub(super) fn open(root: &Path) -> io::Result<(Self, Vec<(PathBuf, Names)>)> {
        let mut found = Vec::new();
        let mut open = vec![root.to_owned()];
        while let Some(dir) = open.pop() {
            let mut names = Names::new();
            for entry in fs::read_dir(&dir)? {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                if name.ends_with(UNFINISHED) {
                    fs::remove_file(entry.path())?;
                } else if entry.file_type()?.is_dir() {
                    open.push(entry.path());
                    names.push((name, None));
                } else {
                    names.push((name, Some(fs::read(entry.path())?)));
                }
            }
            found.push((dir, names));
        }
        Ok((Self, found))
    }

    /// Makes a file have these bytes, at once, or makes a directory.
    pub(super) fn put(&self, path: &Path, bytes: Option<&[u8]>) -> io::Result<()> {
        let Some(bytes) = bytes else { return fs::create_dir_all(path) };
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir)?;
        }
        let mut unfinished = path.as_os_str().to_owned();
        unfinished.push(UNFINISHED);
        fs::write(&unfinished, bytes)?;
        fs::rename(&unfinished, path)
    }

    /// Removes a file.
    pub(super) fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}
