//! The glue to SQLite: a copy of the default VFS in which opening, deleting and looking for a file lead to the live copy,
//! and writing, truncating, syncing and closing pass through the model of the disk. All else is SQLite's own code.
//!
//! The list of VFS belongs to the process, and so do the disks.

use std::collections::BTreeMap;
use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rusqlite::ffi::{
    SQLITE_CANTOPEN, SQLITE_ERROR, SQLITE_FULL, SQLITE_IOERR, SQLITE_IOERR_DELETE, SQLITE_IOERR_FSYNC,
    SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_WRITE, SQLITE_OK, SQLITE_OPEN_URI, sqlite3_file, sqlite3_io_methods,
    sqlite3_vfs, sqlite3_vfs_find, sqlite3_vfs_register,
};

use super::Trouble;
use super::disk::{Disk, Step, database_of};
use crate::db::DbError;

/// Everything this VFS knows.
struct World {
    disks: BTreeMap<PathBuf, Disk>,
    /// By the address of SQLite's file object, which does not move while the file is open.
    files: BTreeMap<usize, OpenFile>,
    /// Our table of functions for each table of the default VFS, by the address of that.
    methods: BTreeMap<usize, &'static sqlite3_io_methods>,
}

struct OpenFile {
    /// Where the file is after a sync.
    durable: PathBuf,
    /// The functions that the default VFS gave it.
    original: &'static sqlite3_io_methods,
    /// The name of the live copy; the default VFS keeps a pointer to it.
    _name: Vec<u8>,
}

static WORLD: Mutex<World> =
    Mutex::new(World { disks: BTreeMap::new(), files: BTreeMap::new(), methods: BTreeMap::new() });

fn world() -> MutexGuard<'static, World> {
    // Every change leaves the maps whole, also if a thread panicked after it.
    WORLD.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    fn disk(&mut self, file: &Path) -> &mut Disk {
        let database = database_of(file);
        self.disks.entry(database.clone()).or_insert_with(|| Disk::new(&database))
    }

    /// The disk, the durable path and the original functions of an open file.
    fn open_file(
        &mut self,
        file: *mut sqlite3_file,
    ) -> Option<(&mut Disk, PathBuf, &'static sqlite3_io_methods)> {
        let OpenFile { durable, original, .. } = self.files.get(&file.addr())?;
        let (durable, original) = (durable.clone(), *original);
        Some((self.disk(&durable), durable, original))
    }

    fn methods_for(&mut self, original: &'static sqlite3_io_methods) -> &'static sqlite3_io_methods {
        self.methods.entry(ptr::from_ref(original).addr()).or_insert_with(|| {
            // SQLite keeps the address for as long as a file is open; there are two or three such tables per process.
            Box::leak(Box::new(sqlite3_io_methods {
                // Without the memory map of version 3, which would read around us.
                iVersion: original.iVersion.min(2),
                xClose: Some(close),
                xWrite: Some(write),
                xTruncate: Some(truncate),
                xSync: Some(sync),
                ..*original
            }))
        })
    }
}

pub(super) fn with_disk<T>(database: &Path, f: impl FnOnce(&mut Disk) -> T) -> T {
    f(world().disk(database))
}

pub(super) fn register() -> Result<(), DbError> {
    static CODE: OnceLock<c_int> = OnceLock::new();
    match *CODE.get_or_init(register_once) {
        SQLITE_OK => Ok(()),
        code => Err(DbError::Other(format!("the VFS for power failures cannot be registered, code {code}"))),
    }
}

fn register_once() -> c_int {
    // SAFETY: a null name asks for the default VFS, which SQLite never frees.
    let default = unsafe { sqlite3_vfs_find(ptr::null()) };
    if default.is_null() {
        return SQLITE_ERROR;
    }
    let ours = sqlite3_vfs {
        zName: c"power-loss".as_ptr(),
        pNext: ptr::null_mut(),
        pAppData: default.cast(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        // SAFETY: `default` is not null, so it points to a whole VFS object, which is plain data. The functions taken
        // over as they are do not look at `pAppData`; those that do are called with `default` itself below.
        ..unsafe { *default }
    };
    // SAFETY: the object is leaked and so lives as long as the process, as SQLite demands; 0: it does not become the default.
    unsafe { sqlite3_vfs_register(Box::leak(Box::new(ours)), 0) }
}

/// The default VFS.
///
/// # Safety
/// `ours` is the VFS that `register_once` made.
unsafe fn default_of(ours: *mut sqlite3_vfs) -> (*mut sqlite3_vfs, &'static sqlite3_vfs) {
    // SAFETY: `register_once` stored there the default VFS, which is never freed and not changed after its start.
    unsafe {
        let default = (*ours).pAppData.cast::<sqlite3_vfs>();
        (default, &*default)
    }
}

/// # Safety
/// `name` is not null and ends in NUL.
unsafe fn path_of(name: *const c_char) -> PathBuf {
    // SAFETY: the caller's promise; the text is copied before this returns.
    PathBuf::from(OsStr::from_bytes(unsafe { CStr::from_ptr(name) }.to_bytes()))
}

/// A file name as SQLite passes it to a VFS: no parameters follow, which more than one NUL says.
fn name_of(path: &Path) -> Vec<u8> {
    let mut name = path.as_os_str().as_bytes().to_vec();
    name.extend([0; 4]);
    name
}

fn code_of(trouble: Trouble, step: Step) -> c_int {
    match (trouble, step) {
        (Trouble::Full, _) => SQLITE_FULL,
        (_, Step::Write) => SQLITE_IOERR_WRITE,
        (_, Step::Truncate) => SQLITE_IOERR_TRUNCATE,
        (_, Step::Delete) => SQLITE_IOERR_DELETE,
        (_, Step::Sync) => SQLITE_IOERR_FSYNC,
    }
}

/// # Safety
/// Called by SQLite as `xOpen` of our VFS: `vfs` is ours, `name` is null or ends in NUL, `file` is room for a file object of
/// the default VFS (whose size we took over), `out_flags` is null or writable.
unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: `vfs` is ours.
    let (default, functions) = unsafe { default_of(vfs) };
    let Some(open) = functions.xOpen else {
        return SQLITE_CANTOPEN;
    };
    if name.is_null() {
        // A temporary file: nothing of it has to outlive the process.
        // SAFETY: SQLite's own arguments, with the VFS that the function belongs to.
        return unsafe { open(default, name, file, flags, out_flags) };
    }
    // SAFETY: `file` is writable; null tells SQLite that there is nothing to close if we return an error.
    unsafe { (*file).pMethods = ptr::null() };
    // SAFETY: `name` is not null.
    let durable = unsafe { path_of(name) };
    let mut world = world();
    let disk = world.disk(&durable);
    if disk.start().is_err() {
        return SQLITE_CANTOPEN;
    }
    let name = name_of(&disk.live(&durable));
    // SAFETY: `file` and `out_flags` as SQLite gave them; `name` ends in NUL and, moved into `files` below, keeps its place on
    // the heap until after the file is closed. Without the flag nobody looks for parameters behind the name.
    let code = unsafe { open(default, name.as_ptr().cast(), file, flags & !SQLITE_OPEN_URI, out_flags) };
    if code != SQLITE_OK {
        return code;
    }
    // SAFETY: after success the default VFS has set the pointer to one of its constant tables.
    let original: &'static sqlite3_io_methods = unsafe { &*(*file).pMethods };
    let methods = world.methods_for(original);
    // SAFETY: `file` is an open file of the default VFS. Ours is the same table but for four functions, which end in the
    // original ones.
    unsafe { (*file).pMethods = methods };
    world.disk(&durable).opened();
    world.files.insert(file.addr(), OpenFile { durable, original, _name: name });
    SQLITE_OK
}

/// # Safety
/// Called by SQLite as `xDelete` of our VFS: `vfs` is ours and `name` ends in NUL.
unsafe extern "C" fn delete(vfs: *mut sqlite3_vfs, name: *const c_char, _sync_directory: c_int) -> c_int {
    // SAFETY: `vfs` is ours.
    let (default, functions) = unsafe { default_of(vfs) };
    // SAFETY: SQLite never deletes a file without a name.
    let durable = unsafe { path_of(name) };
    let mut world = world();
    let disk = world.disk(&durable);
    if let Err(trouble) = disk.step(Step::Delete) {
        return code_of(trouble, Step::Delete);
    }
    if disk.delete(&durable).is_err() {
        return SQLITE_IOERR_DELETE;
    }
    let live = name_of(&disk.live(&durable));
    match functions.xDelete {
        // SAFETY: the function gets the VFS it belongs to and a name that ends in NUL and outlives the call.
        Some(delete) => unsafe { delete(default, live.as_ptr().cast(), 0) },
        None => SQLITE_IOERR_DELETE,
    }
}

/// # Safety
/// Called by SQLite as `xAccess` of our VFS: `vfs` is ours, `name` ends in NUL, `answer` is writable.
unsafe extern "C" fn access(
    vfs: *mut sqlite3_vfs,
    name: *const c_char,
    flags: c_int,
    answer: *mut c_int,
) -> c_int {
    // SAFETY: `vfs` is ours.
    let (default, functions) = unsafe { default_of(vfs) };
    // SAFETY: SQLite never asks for a file without a name.
    let durable = unsafe { path_of(name) };
    let live = name_of(&world().disk(&durable).live(&durable));
    match functions.xAccess {
        // SAFETY: the function gets the VFS it belongs to, a name that ends in NUL and outlives the call, and SQLite's place
        // for the answer.
        Some(access) => unsafe { access(default, live.as_ptr().cast(), flags, answer) },
        None => SQLITE_IOERR,
    }
}

/// # Safety
/// Called by SQLite as `xClose` of a file that `open` opened.
unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    let mut world = world();
    let Some(open) = world.files.remove(&file.addr()) else {
        return SQLITE_IOERR;
    };
    world.disk(&open.durable).closed();
    match open.original.xClose {
        // SAFETY: the file is an open file of the default VFS, and this is its own function. The name it points to is in
        // `open`, which lives until the end of this function.
        Some(close) => unsafe { close(file) },
        None => SQLITE_IOERR,
    }
}

/// # Safety
/// Called by SQLite as `xWrite` of a file that `open` opened, with `amount` readable bytes.
unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    bytes: *const c_void,
    amount: c_int,
    offset: i64,
) -> c_int {
    let mut world = world();
    let Some((disk, durable, original)) = world.open_file(file) else {
        return SQLITE_IOERR;
    };
    if let Err(trouble) = disk.step(Step::Write) {
        return code_of(trouble, Step::Write);
    }
    disk.wrote(&durable, offset.unsigned_abs(), amount.unsigned_abs().into());
    match original.xWrite {
        // SAFETY: the file's own function with SQLite's own arguments.
        Some(write) => unsafe { write(file, bytes, amount, offset) },
        None => SQLITE_IOERR_WRITE,
    }
}

/// # Safety
/// Called by SQLite as `xTruncate` of a file that `open` opened.
unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: i64) -> c_int {
    let mut world = world();
    let Some((disk, durable, original)) = world.open_file(file) else {
        return SQLITE_IOERR;
    };
    if let Err(trouble) = disk.step(Step::Truncate) {
        return code_of(trouble, Step::Truncate);
    }
    // SAFETY: the file is open and `original` is its table.
    let Some(length) = (unsafe { length_of(file, original) }) else {
        return SQLITE_IOERR_TRUNCATE;
    };
    // What is cut off reads as zeros if the file grows again.
    disk.wrote(&durable, size.unsigned_abs(), length.saturating_sub(size.unsigned_abs()));
    match original.xTruncate {
        // SAFETY: the file's own function with SQLite's own arguments.
        Some(truncate) => unsafe { truncate(file, size) },
        None => SQLITE_IOERR_TRUNCATE,
    }
}

/// # Safety
/// Called by SQLite as `xSync` of a file that `open` opened.
unsafe extern "C" fn sync(file: *mut sqlite3_file, _flags: c_int) -> c_int {
    let mut world = world();
    let Some((disk, durable, original)) = world.open_file(file) else {
        return SQLITE_IOERR;
    };
    if let Err(trouble) = disk.step(Step::Sync) {
        return code_of(trouble, Step::Sync);
    }
    // SAFETY: the file is open and `original` is its table.
    let Some(length) = (unsafe { length_of(file, original) }) else {
        return SQLITE_IOERR_FSYNC;
    };
    let synced = disk.sync(&durable, length, |offset, bytes| {
        let (Some(read), Ok(amount), Ok(offset)) =
            (original.xRead, c_int::try_from(bytes.len()), i64::try_from(offset))
        else {
            return Err(io::Error::other("the live copy cannot be read"));
        };
        // SAFETY: the file's own function, and `bytes` has room for `amount` bytes.
        match unsafe { read(file, bytes.as_mut_ptr().cast(), amount, offset) } {
            SQLITE_OK => Ok(()),
            code => Err(io::Error::other(format!("the live copy cannot be read, code {code}"))),
        }
    });
    if synced.is_ok() { SQLITE_OK } else { SQLITE_IOERR_FSYNC }
}

/// # Safety
/// `file` is open and `original` is the table the default VFS gave it.
unsafe fn length_of(file: *mut sqlite3_file, original: &sqlite3_io_methods) -> Option<u64> {
    let mut length = 0;
    // SAFETY: the file's own function, with a writable place for its answer.
    let code = unsafe { original.xFileSize?(file, &raw mut length) };
    if code == SQLITE_OK { u64::try_from(length).ok() } else { None }
}
