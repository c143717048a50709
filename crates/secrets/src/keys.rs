//! The server's own keys, kept in one file outside the database (design 11).
//!
//! The file is text: comment lines, then one line a key, `operon-key-1 <64 hexadecimal digits>`. The first key
//! seals and signs; the others only open and check what was made before a rotation. Whoever holds the file and
//! a copy of the database can read the sealed secrets, so back it up, but apart from the database.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Bytes of a key.
pub const KEY_LEN: usize = 32;
/// Most keys a file may hold: one current, the others from earlier rotations.
pub const MAX_KEYS: usize = 32;

const LINE_START: &str = "operon-key-1 ";
const HEADER: &str = "# The keys of this Operon server. Keep this file secret and backed up, apart from the database.\n\
                      # The first key is in use; the ones below it open what was sealed earlier.\n";
const MAX_FILE_LEN: u64 = 16 * 1024;

/// Why the key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// There is no such file.
    #[error(
        "There is no key file at {0}. If this server has run before, put its key file back: without it sealed secrets are lost."
    )]
    Missing(PathBuf),
    /// `create` met a file that is already there.
    #[error("There is a key file at {0} already; it was left as it is.")]
    Exists(PathBuf),
    /// Others than the owner may read or write the file.
    #[error("Other users can read or change the key file {0}. Run: chmod 600 {0}")]
    TooOpen(PathBuf),
    /// The content is not in the form of a key file.
    #[error("The key file {path} cannot be understood: {why}.")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, without any of the content.
        why: String,
    },
    /// The operating system refused.
    #[error("The key file {path} cannot be {action}: {source}.")]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

/// One key and its public name.
#[derive(Clone)]
pub struct ServerKey {
    id: String,
    bytes: Zeroizing<[u8; KEY_LEN]>,
}

impl ServerKey {
    fn new(bytes: [u8; KEY_LEN]) -> Self {
        let id = hex::encode(&blake3::derive_key("operon 2026 key id", &bytes)[..4]);
        Self { id, bytes: Zeroizing::new(bytes) }
    }

    /// Eight hexadecimal digits that name the key and say nothing about it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// An independent key for one use, by BLAKE3 key derivation. `context` must be a constant unique to that use.
    #[must_use]
    pub fn derive(&self, context: &str) -> Zeroizing<[u8; KEY_LEN]> {
        Zeroizing::new(blake3::derive_key(context, self.bytes.as_slice()))
    }
}

/// The keys of a server: one in use, and those of earlier rotations.
#[derive(Clone)]
pub struct ServerKeys {
    current: ServerKey,
    earlier: Vec<ServerKey>,
}

impl std::fmt::Debug for ServerKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ServerKeys({} and {} earlier)", self.current.id, self.earlier.len())
    }
}

impl ServerKeys {
    /// Keys of a new server, held in memory only.
    #[must_use]
    pub fn new(random: [u8; KEY_LEN]) -> Self {
        Self { current: ServerKey::new(random), earlier: Vec::new() }
    }

    /// The same keys behind a new current one. Keys beyond [`MAX_KEYS`] are dropped, oldest first. No command does this yet;
    /// tests make with it the files that [`Self::load`] has to read, so that a later version can rotate without a new format.
    #[must_use]
    pub fn rotated(&self, random: [u8; KEY_LEN]) -> Self {
        let earlier = self.iter().take(MAX_KEYS - 1).cloned().collect();
        Self { current: ServerKey::new(random), earlier }
    }

    /// The key in use.
    #[must_use]
    pub fn current(&self) -> &ServerKey {
        &self.current
    }

    /// Every key, the current one first.
    pub fn iter(&self) -> impl Iterator<Item = &ServerKey> {
        std::iter::once(&self.current).chain(&self.earlier)
    }

    /// Reads the key file.
    ///
    /// # Errors
    /// [`KeyFileError::Missing`], also [`KeyFileError::TooOpen`] (any permission for group or others),
    /// [`KeyFileError::Malformed`] and [`KeyFileError::Io`].
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let file = File::open(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => KeyFileError::Missing(path.to_owned()),
            _ => failed(path, "opened", source),
        })?;
        let metadata = file.metadata().map_err(|source| failed(path, "inspected", source))?;
        if metadata.mode() & 0o077 != 0 {
            return Err(KeyFileError::TooOpen(path.to_owned()));
        }
        let mut text = Zeroizing::new(String::new());
        file.take(MAX_FILE_LEN).read_to_string(&mut text).map_err(|source| failed(path, "read", source))?;
        Self::parse(&text).map_err(|why| KeyFileError::Malformed { path: path.to_owned(), why })
    }

    /// Makes the key file of a new server and returns its key. The file is complete and on disk before it
    /// appears under its name, and an existing one is never overwritten.
    ///
    /// # Errors
    /// [`KeyFileError::Exists`] and [`KeyFileError::Io`].
    pub fn create(path: &Path, random: [u8; KEY_LEN]) -> Result<Self, KeyFileError> {
        let keys = Self::new(random);
        let draft = keys.write_draft(path)?;
        let linked = fs::hard_link(&draft, path);
        let removed = fs::remove_file(&draft);
        linked.map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => KeyFileError::Exists(path.to_owned()),
            _ => failed(path, "created", source),
        })?;
        removed.map_err(|source| failed(&draft, "removed", source))?;
        sync_folder(path)?;
        Ok(keys)
    }

    /// Puts these keys in the place of the file's content, at once and durably (after [`Self::rotated`]).
    ///
    /// # Errors
    /// [`KeyFileError::Io`].
    pub fn replace(&self, path: &Path) -> Result<(), KeyFileError> {
        let draft = self.write_draft(path)?;
        fs::rename(&draft, path).map_err(|source| failed(path, "replaced", source))?;
        sync_folder(path)
    }

    fn write_draft(&self, path: &Path) -> Result<PathBuf, KeyFileError> {
        let mut draft = path.as_os_str().to_owned();
        draft.push(format!(".{}.new", self.current.id));
        let draft = PathBuf::from(draft);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)
            .map_err(|source| failed(&draft, "created", source))?;
        file.write_all(self.text().as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(|source| failed(&draft, "written", source))?;
        Ok(draft)
    }

    fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(HEADER.to_owned());
        for key in self.iter() {
            let digits = Zeroizing::new(hex::encode(key.bytes.as_slice()));
            // Writing into a string cannot fail.
            let _ = writeln!(text, "{LINE_START}{}", digits.as_str());
        }
        text
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut keys = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let digits = line.strip_prefix(LINE_START).unwrap_or_default();
            let mut bytes = [0; KEY_LEN];
            hex::decode_to_slice(digits, &mut bytes).map_err(|_| {
                format!("line {} is not “operon-key-1” and 64 hexadecimal digits", number + 1)
            })?;
            keys.push(ServerKey::new(bytes));
        }
        if keys.len() > MAX_KEYS {
            return Err(format!("it holds {} keys, and the limit is {MAX_KEYS}", keys.len()));
        }
        let mut keys = keys.into_iter();
        let current = keys.next().ok_or("it holds no key")?;
        Ok(Self { current, earlier: keys.collect() })
    }
}

fn failed(path: &Path, action: &'static str, source: io::Error) -> KeyFileError {
    KeyFileError::Io { path: path.to_owned(), action, source }
}

/// Makes a new name in a folder durable.
fn sync_folder(path: &Path) -> Result<(), KeyFileError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| failed(folder, "made durable", source))
}

#[cfg(test)]
mod tests;
