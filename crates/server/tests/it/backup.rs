//! Backup of a server that is in use, and restore (design 5, 11).

mod bucket;
mod damage;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use app::backup::{Copied, Copying, Present};
use audit::TrustedKey;
use blobs::{BlobId, Tier};
use serde_json::json;
use server::Config;
use server::backup::{BackedUp, Backup, Restore, Restored};
use server::data_dir::UNFINISHED_RESTORE;
use tempfile::TempDir;

use crate::files::damage::replace;
use crate::files::{address_of, closed, noise};
use crate::wait;
use crate::world::{Client, World, use_asked_database};

async fn back_up(world: &World, to: &Path) -> BackedUp {
    let what = Backup { to: to.to_owned(), keys: true, keep: None };
    server::backup::backup(world.config(), &what).await.unwrap()
}

/// A place to restore to: a data directory that is not there yet, and a database of its own.
struct Place {
    config: Config,
    reuse_bytes: bool,
    _folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config {
            data_dir: folder.path().join("new"),
            listen: "127.0.0.1:0".parse().unwrap(),
            ..Config::default()
        };
        use_asked_database(&mut config);
        Self { config, reuse_bytes: false, _folder: folder }
    }

    async fn restore(
        &self,
        from: &Path,
        snapshot: Option<&str>,
        keys: Option<PathBuf>,
    ) -> anyhow::Result<Restored> {
        let data_dir = self.config.data_dir.clone();
        let what = Restore {
            from: from.to_owned(),
            snapshot: snapshot.map(str::to_owned),
            data_dir,
            keys,
            reuse_bytes: self.reuse_bytes,
        };
        server::backup::restore(&what, || Ok(self.config.clone())).await
    }

    /// Why nothing can be restored.
    async fn refused(&self, from: &Path, snapshot: Option<&str>) -> String {
        format!("{:#}", self.restore(from, snapshot, None).await.unwrap_err())
    }

    async fn start(&self) -> World {
        let config = self.config.clone();
        World::with(move |settings| *settings = config).await
    }
}

/// The files in a folder and below, by path.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() { found.extend(files_below(&entry)) } else { found.push(entry) }
    }
    found
}

fn turn_a_bit(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

/// Once the background is at rest, every blob that the metadata name is there and whole, and the audit log is intact.
async fn is_whole(world: &World) {
    world.settled().await;
    let blobs = world.read(|tx| store::blob::after(tx, None, 10_000)).await;
    for blob in blobs.iter().filter(|blob| blob.state != store::blob::BlobState::Doomed) {
        let tier = if blob.tier == store::blob::BlobTier::Live { Tier::Live } else { Tier::Archive };
        let id: BlobId = blob.id.parse().unwrap();
        let sealed = world.app().blobs.verify(id, tier).await.unwrap();
        assert_eq!(hex::encode(sealed.sha256), blob.sha256);
    }
    let app = world.app();
    app.fold_audit_log().await.unwrap();
    let keys = vec![TrustedKey::always(app.audit.key.public().clone())];
    let report = app::audit_log::verify(&app.db, &app.audit.origin, keys, Vec::new()).await.unwrap();
    assert!(report.is_intact(), "{report}");
}

/// Uploads, removes and archives until told to stop; notes what was acknowledged and will stay.
async fn work(
    alice: Client,
    project: String,
    seed: u64,
    stop: Arc<AtomicBool>,
    kept: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
) {
    for number in 0.. {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let bytes = noise(1000 + number * 5000 % 300_000, seed * 1000 + number as u64);
        let file = closed(&alice, &project, &format!("{seed}-{number}"), &[&bytes]).await;
        match number % 3 {
            0 => drop(kept.lock().unwrap().insert(file, bytes)),
            1 => drop(alice.ok(&format!("/{project}/removeObjects"), json!({ "objects": [file] })).await),
            _ => drop(alice.ok(&format!("/{project}/archive"), json!({ "files": [file] })).await),
        }
    }
}

/// What was acknowledged before a backup began comes back from it, byte for byte, whatever went on meanwhile; the log of the
/// restored server verifies, and says that it was restored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_comes_back_whole() {
    comes_back_whole(&World::new().await, |_| Place::new()).await;
}

/// Takes three backups under load, and restores each to a place of its own.
async fn comes_back_whole(world: &World, place: impl Fn(usize) -> Place) {
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let (stop, kept) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(BTreeMap::new())));
    let workers: Vec<_> = (1..=2)
        .map(|seed| {
            let (stop, kept) = (Arc::clone(&stop), Arc::clone(&kept));
            tokio::spawn(work(alice.clone(), project.clone(), seed, stop, kept))
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let mut snapshots = Vec::new();
    for _ in 0..3 {
        let enough = kept.lock().unwrap().len() + 2;
        wait::until("more is written", async || kept.lock().unwrap().len() >= enough).await;
        let before = kept.lock().unwrap().clone();
        let done = back_up(world, folder.path()).await;
        assert!(done.bytes.damaged.is_empty(), "{:?}", done.bytes.damaged);
        snapshots.push((done.snapshot, before));
    }
    stop.store(true, Ordering::SeqCst);
    for worker in workers {
        worker.await.unwrap();
    }
    for (number, (snapshot, before)) in snapshots.into_iter().enumerate() {
        let place = place(number);
        let restored = place.restore(folder.path(), Some(&snapshot), None).await.unwrap();
        assert!(restored.bytes.damaged.is_empty(), "{restored:?}");
        let new = place.start().await;
        is_whole(&new).await;
        let alice = new.client(alice.token.as_deref());
        for (file, bytes) in before {
            let read = address_of(&alice, &file, json!({})).await.get().await.bytes().await.unwrap();
            assert!(read == bytes, "{file}");
        }
        // The restore was the last to write, and verified the log up to what itself wrote.
        let verified = i64::try_from(restored.audit_entries).unwrap();
        let last = new
            .read(move |tx| {
                let action = "select action from audit_event where position = $1";
                tx.query_one(action, store::params![verified])?.get::<String>(0)
            })
            .await;
        assert_eq!(last, "server.restored");
        let backups = new.rows("select count(*) from audit_event where action = 'server.backedUp'").await;
        assert!(backups >= 1, "the snapshot knows that it was taken");
        // And it goes on as a server.
        let project = alice.project("After").await;
        closed(&alice, &project, "after", &[b"new bytes"]).await;
    }
}

/// Bytes that nothing needs any more stay as long as a backup holds them, and no longer.
#[tokio::test]
async fn bytes_stay_while_a_backup_holds_them() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let file = closed(&alice, &project, "x", &[b"some bytes"]).await;
    let app = Arc::clone(world.app());
    app::backup::begin(&app.db, &*app.clock).await.unwrap();
    alice.ok(&format!("/{project}/removeObjects"), json!({ "objects": [file] })).await;
    let stored = world.config().data_dir.join("files/blobs");
    let doomed = "select count(*) from stored_blob where state = 'doomed'";
    wait::until("the bytes are doomed", async || world.rows(doomed).await == 1).await;
    // A turn of the collection that saw the doomed bytes.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!((world.rows(doomed).await, files_below(&stored).len()), (1, 1));
    world.write(|tx| store::hold::end(tx, 0)).await;
    wait::until("the bytes are collected after the hold", async || {
        files_below(&stored).is_empty() && world.rows(doomed).await == 0
    })
    .await;
}

/// A second backup copies only what is new; old snapshots go with the bytes that only they need; keys can be kept apart.
#[tokio::test]
async fn a_second_backup_copies_what_is_new() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let mut files = Vec::new();
    for number in 0..3_u8 {
        files.push(closed(&alice, &project, "x", &[&[number; 100]]).await);
    }
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("backup");
    let first = back_up(&world, &to).await;
    assert_eq!((first.bytes.copied, first.bytes.bytes, first.bytes.present), (3, 300, 0));
    files.push(closed(&alice, &project, "y", &[b"four"]).await);
    alice.ok(&format!("/{project}/removeObjects"), json!({ "objects": [files[0]] })).await;
    let kept = "select count(*) from stored_blob where state <> 'doomed'";
    wait::until("the removed file's bytes are doomed", async || world.rows(kept).await == 3).await;
    let what = Backup { to: to.clone(), keys: false, keep: Some(1) };
    let second = server::backup::backup(world.config(), &what).await.unwrap();
    assert_eq!((second.bytes.copied, second.bytes.bytes, second.bytes.present), (1, 4, 2));
    assert_eq!(second.removed, [first.snapshot]);
    assert_eq!(files_below(&to.join("files/blobs")).len(), 3);
    // Only the owner can look into it, and it holds no key.
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&to).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o700);
    assert!(files_below(&to).iter().all(|path| path.extension().is_none_or(|end| end != "key")));
    let place = Place::new();
    let why = place.refused(&to, None).await;
    assert!(why.contains("without the server's keys") && why.contains("--keys"), "{why}");
    place.restore(&to, None, Some(world.config().data_dir.clone())).await.unwrap();
    let new = place.start().await;
    is_whole(&new).await;
    let alice = new.client(alice.token.as_deref());
    assert_eq!(address_of(&alice, &files[3], json!({})).await.get().await.text().await.unwrap(), "four");
}

/// A snapshot whose audit log somebody wrote in is not restored.
#[tokio::test]
async fn a_backup_with_another_history_is_refused() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    alice.project("Trial").await;
    world.app().fold_audit_log().await.unwrap();
    world
        .write(|tx| {
            let other =
                "update audit_event set body = replace(body, 'user-alice', 'user-mallo') where position = 2";
            tx.execute(other, store::params![])
        })
        .await;
    let folder = tempfile::tempdir().unwrap();
    back_up(&world, folder.path()).await;
    let place = Place::new();
    let why = place.refused(folder.path(), None).await;
    assert!(why.contains("audit log"), "{why}");
    assert!(server::start(place.config.clone()).await.is_err(), "what was refused starts as a server");
}

/// Bytes that a restore finds at its target count only when they are whole, and lie where the metadata say.
#[tokio::test]
async fn bytes_at_the_target_are_read_before_they_count() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    for bytes in [b"one", b"two", b"six"] {
        closed(&alice, &project, "x", &[bytes]).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let local = blobs::LocalConfig::new(folder.path().join("live"), folder.path().join("archive"));
    let to = blobs::BlobStore::open(blobs::Config::Local(local)).await.unwrap();
    let app = world.app();
    let copy =
        async |present: Present| Copying { from: &app.blobs, to: &to, present }.run(&app.db).await.unwrap();
    let counts = |done: Copied| (done.copied, done.present, done.damaged.len());
    assert_eq!(counts(copy(Present::Verify).await), (3, 0, 0));
    // One damaged, one with other bytes, one in the wrong place.
    let there = files_below(&folder.path().join("live/blobs"));
    turn_a_bit(&there[0], 1);
    replace(&to, &there[1], b"ten").await;
    let misplaced: BlobId = there[2].file_name().unwrap().to_str().unwrap().parse().unwrap();
    to.move_to(misplaced, Tier::Archive).await.unwrap();
    assert_eq!(counts(copy(Present::Keep).await), (0, 3, 0));
    assert_eq!(counts(copy(Present::Verify).await), (2, 1, 0));
    for blob in world.read(|tx| store::blob::after(tx, None, 10)).await {
        let sealed = to.verify(blob.id.parse().unwrap(), Tier::Live).await.unwrap();
        assert_eq!(hex::encode(sealed.sha256), blob.sha256);
    }
}

/// What is no whole backup is refused with the reason; a half restore starts no server.
#[tokio::test]
async fn what_is_not_whole_is_refused() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let good = closed(&alice, &project, "x", &[b"good bytes"]).await;
    let bad = closed(&alice, &project, "y", &[b"other bytes, more of them"]).await;
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("backup");
    let place = Place::new();
    assert!(place.refused(folder.path(), None).await.contains("there is no backup in"));
    let inside = Backup { to: world.config().data_dir.join("backup"), keys: true, keep: None };
    let why = server::backup::backup(world.config(), &inside).await.unwrap_err().to_string();
    assert!(why.contains("inside the data directory"), "{why}");

    // A backup that was killed leaves a snapshot without its name; the next one removes it.
    let done = back_up(&world, &to).await;
    let snapshots = to.join("snapshots");
    let unfinished = snapshots.join("2000-01-01T00-00-00.000Z.unfinished");
    std::fs::rename(snapshots.join(&done.snapshot), &unfinished).unwrap();
    let why = place.refused(&to, None).await;
    assert!(why.contains("no finished snapshot") && why.contains("2000-01-01"), "{why}");
    let snapshot = back_up(&world, &to).await.snapshot;
    assert!(!unfinished.exists());

    let metadata = snapshots.join(&snapshot).join("operon.sqlite");
    turn_a_bit(&metadata, 5000);
    let why = place.refused(&to, None).await;
    assert!(why.contains("operon.sqlite is damaged"), "{why}");
    turn_a_bit(&metadata, 5000);
    assert!(place.refused(&to, Some("yesterday")).await.contains("no finished snapshot yesterday"));
    let why = format!(
        "{:#}",
        Place { config: world.config().clone(), ..Place::new() }.restore(&to, None, None).await.unwrap_err()
    );
    assert!(why.contains("is not empty"), "{why}");

    // Bytes that are damaged in the backup are found, and cost no more than their own file.
    let larger =
        files_below(&to.join("files/blobs")).into_iter().max_by_key(|path| path.metadata().unwrap().len());
    turn_a_bit(&larger.unwrap(), 3);
    let restored = place.restore(&to, None, None).await.unwrap();
    assert_eq!(restored.bytes.damaged.len(), 1);
    let new = place.start().await;
    let alice = new.client(alice.token.as_deref());
    assert_eq!(address_of(&alice, &good, json!({})).await.get().await.text().await.unwrap(), "good bytes");
    let answer = address_of(&alice, &bad, json!({})).await.get().await;
    assert_eq!(answer.status(), 500);
    assert!(answer.text().await.unwrap().contains("damaged"));

    let half = Place::new();
    std::fs::create_dir(&half.config.data_dir).unwrap();
    std::fs::write(half.config.data_dir.join(UNFINISHED_RESTORE), "").unwrap();
    let why = format!("{:#}", server::start(half.config.clone()).await.err().unwrap());
    assert!(why.contains("was not finished"), "{why}");
}
