//! Backups that cannot be written, or are cut off: what was there stays whole, what is half looks half, and the server that
//! is backed up notices nothing.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::program::{OPERON, both, clean, operon, succeed};
use crate::running::Server;

/// A server with files, of which one is larger than everything else together.
struct Source {
    server: Server,
    files: Vec<(String, Vec<u8>)>,
}

impl Source {
    async fn new() -> Self {
        let server = Server::start("").await;
        let mut files = Vec::new();
        for (name, size) in [("small", 1 << 10), ("middle", 1 << 18), ("large", 12 << 20)] {
            let bytes = vec![7; size];
            files.push((server.file(name, &bytes).await, bytes));
        }
        Self { server, files }
    }

    /// Runs `operon backup` behind these words.
    fn back_up(&self, words: &[&str], options: &[&str]) -> Output {
        let (to, data) = (self.server.path("backup"), self.server.path("data"));
        let command = [words, &[OPERON, "backup", &to, "--data-dir", &data], options].concat();
        clean(&mut Command::new(command[0])).args(&command[1..]).output().unwrap()
    }

    /// The names of snapshots that look finished.
    fn finished(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.server.path("backup/snapshots")).into_iter().flatten();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| !name.ends_with(".unfinished")).collect()
    }

    /// Every finished snapshot can be restored and has every file, and the server has lost nothing.
    async fn is_whole(&self) {
        for snapshot in self.finished() {
            let (to, new) = (self.server.path("backup"), tempfile::tempdir().unwrap());
            let data = new.path().join("data").to_str().unwrap().to_owned();
            succeed(operon().args(["restore", &to, "--data-dir", &data, "--snapshot", &snapshot]));
            let restored = Server::on("", new, self.server.token()).await;
            for (file, bytes) in &self.files {
                assert!(restored.read(file).await == *bytes, "{file} of {snapshot}");
            }
        }
        for (file, bytes) in &self.files {
            assert!(self.server.read(file).await == *bytes, "{file} of the server");
        }
        succeed(operon().args(["audit", "verify", "--data-dir", &self.server.path("data")]));
    }
}

/// The last line of what a command printed: the sentence that says why it failed.
fn why(output: &Output) -> String {
    assert!(!output.status.success(), "{}", both(output));
    let said = String::from_utf8_lossy(&output.stderr);
    said.lines().last().unwrap_or_default().to_owned()
}

/// A limit of the operating system's on the size of a file, which a full disk is to a program, wherever it strikes: at the
/// directory itself, the copy of the database, the list, or the bytes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_target_takes_no_half_backup() {
    let source = Source::new().await;
    let (mut refused, mut at_target) = (0, 0);
    // In blocks of 512 or 1024 bytes, from nothing to more than all there is.
    for limit in [0, 1, 64, 128, 512, 1024, 2048, 4096, 8192, 16384, 65536] {
        let shell = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$@\"");
        let output = source.back_up(&["sh", "-c", &shell, "sh"], &[]);
        if output.status.success() {
            break;
        }
        let why = why(&output);
        assert!(why.starts_with("operon: "), "{limit}: {}", both(&output));
        assert!(source.finished().is_empty(), "{limit}: {why}");
        refused += 1;
        at_target += usize::from(why.contains(&source.server.path("backup")));
    }
    // The smallest limits already strike the server's own database, which the backup tells of itself.
    assert!(refused > 4 && at_target > 2, "{refused} limits were too small, {at_target} for the target");
    assert_eq!(source.finished().len(), 1);
    source.is_whole().await;
}

/// A place that takes nothing: the sentence names it. What was backed up into it before can still be restored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_target_is_named_and_still_restored_from() {
    let source = Source::new().await;
    // As root nothing is read-only by its permissions, unless that power is given away.
    let unprivileged: &[&str] = if std::fs::metadata("/proc/self").is_ok_and(|process| is_root(&process)) {
        &["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    } else {
        &[]
    };
    let backup = source.server.folder.path().join("backup");
    std::fs::create_dir(&backup).unwrap();
    set_writable(&backup, false);
    let said = why(&source.back_up(unprivileged, &[]));
    assert!(said.contains("backup: Permission denied"), "{said}");
    set_writable(&backup, true);

    let first = source.back_up(unprivileged, &[]);
    assert!(first.status.success(), "{}", both(&first));
    set_writable(&backup, false);
    let said = why(&source.back_up(unprivileged, &[]));
    assert!(said.contains("cannot begin a snapshot: Permission denied"), "{said}");
    let new = source.server.path("new");
    let to = backup.to_str().unwrap();
    let command = [unprivileged, &[OPERON, "restore", to, "--data-dir", &new]].concat();
    succeed(clean(&mut Command::new(command[0])).args(&command[1..]));
    set_writable(&backup, true);
    source.is_whole().await;
}

fn is_root(process: &std::fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::uid(process) == 0
}

/// Takes or gives the permission to change a folder and everything below it.
fn set_writable(folder: &Path, writable: bool) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            set_writable(&entry, writable);
        }
    }
    let mode = if writable { 0o700 } else { 0o500 };
    std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}

/// What lies in the place of the directory is left as it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_that_is_taken_is_left_alone() {
    let source = Source::new().await;
    let backup = source.server.folder.path().join("backup");
    std::fs::write(&backup, "a file").unwrap();
    let said = why(&source.back_up(&[], &[]));
    assert!(said.contains("backup: File exists"), "{said}");
    assert_eq!(std::fs::read(&backup).unwrap(), b"a file");
    std::fs::remove_file(&backup).unwrap();
    std::fs::create_dir(&backup).unwrap();
    std::fs::write(backup.join("mine"), "something else").unwrap();
    let said = why(&source.back_up(&[], &[]));
    assert!(said.contains("is not empty and is no backup"), "{said}");
    assert_eq!(std::fs::read_dir(&backup).unwrap().count(), 1);
    std::fs::remove_file(backup.join("mine")).unwrap();
    assert!(source.back_up(&[], &[]).status.success());
    source.is_whole().await;
}

/// Killed at any moment, also while old snapshots are removed: every snapshot that looks finished is, and the next backup goes
/// through.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_killed_at_any_moment_leaves_whole_snapshots() {
    let source = Source::new().await;
    let (to, data) = (source.server.path("backup"), source.server.path("data"));
    let (mut killed, mut checked) = (0, Vec::new());
    for round in 0..24 {
        let mut backup = operon();
        backup.args(["backup", &to, "--data-dir", &data, "--keep", "1"]).stdout(Stdio::null());
        let mut child = backup.stderr(Stdio::null()).spawn().unwrap();
        // The first backup copies everything, and is killed at more moments.
        tokio::time::sleep(Duration::from_millis(15 * (round % 12 + 1))).await;
        child.kill().unwrap();
        if !child.wait().unwrap().success() {
            killed += 1;
        }
        let finished = source.finished();
        if finished != checked {
            source.is_whole().await;
            checked = finished;
        }
    }
    assert!(killed > 4, "{killed} backups were killed");
    let last = source.back_up(&[], &["--keep", "1"]);
    assert!(last.status.success(), "{}", both(&last));
    assert_eq!(source.finished().len(), 1);
    source.is_whole().await;
    let left = std::fs::read_dir(source.server.path("backup/snapshots")).unwrap().count();
    assert_eq!(left, 1, "what was cut off is removed");
}
