//! Power lost at any moment, and disks that fail.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use futures::TryStreamExt;
use tokio::runtime::{Builder, Runtime};

use super::{bytes_of, get, id, put};
use crate::faults::{Call, FailWhen, Operation, PowerLoss};
use crate::{BlobError, BlobStore, Config, FileLayer, LocalConfig, Tier};

const ROOT: &str = "/disk";
const BLOBS: u64 = 4;

async fn open(files: Arc<dyn FileLayer>) -> Result<BlobStore, BlobError> {
    let root = Path::new(ROOT);
    BlobStore::open(Config::Local(
        LocalConfig::new(root.join("live"), root.join("archive")).with_files(files),
    ))
    .await
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// What a blob's acknowledged operations say about it: its bytes by seed and size, and where it is.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Known {
    seed: u64,
    size: usize,
    tier: Tier,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    Put { blob: u64, seed: u64, size: usize },
    GiveUp { blob: u64, size: usize },
    Move { blob: u64, to: Tier },
    Remove { blob: u64 },
}

/// Repeatable choices from a seed.
struct Choices(blake3::OutputReader);

impl Choices {
    fn new(seed: u64) -> Self {
        Self(blake3::Hasher::new().update(b"crash").update(&seed.to_le_bytes()).finalize_xof())
    }

    fn below(&mut self, bound: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes) % bound
    }

    /// A step that is possible from here. Ids are never used twice, so a removed blob comes back under another.
    fn step(&mut self, known: &[Option<Known>], used: &[bool]) -> Step {
        let blob = self.below(BLOBS);
        let at = usize::try_from(blob).unwrap();
        let size = [0, 100, 3000, 70_000, 300_000, 1_200_000][usize::try_from(self.below(6)).unwrap()];
        match known[at] {
            Some(now) if self.below(3) == 0 => Step::Move { blob, to: now.tier.other() },
            Some(_) if self.below(2) == 0 => Step::Remove { blob },
            None if !used[at] && self.below(5) == 0 => Step::GiveUp { blob, size },
            None if !used[at] => Step::Put { blob, seed: self.below(1000), size },
            _ => Step::Move { blob, to: known[at].map_or(Tier::Live, |now| now.tier) },
        }
    }
}

async fn perform(store: &BlobStore, step: Step) -> Result<(), BlobError> {
    match step {
        Step::Put { blob, seed, size } => {
            put(store, id(blob), &bytes_of(seed, size), 100_000).await.map(|_| ())
        }
        Step::GiveUp { blob, size } => {
            let mut writer = store.begin(id(blob));
            writer.write(bytes_of(0, size)).await
        }
        Step::Move { blob, to } => store.move_to(id(blob), to).await,
        Step::Remove { blob } => {
            store.remove(id(blob), Tier::Live).await?;
            store.remove(id(blob), Tier::Archive).await
        }
    }
}

/// Runs one story: steps until the power goes at a random call, then a new start and a look at every blob.
async fn story(base: &PowerLoss, seed: u64) {
    let mut choices = Choices::new(seed);
    let power = base.fork();
    let (powered, last_call) = (Arc::new(AtomicBool::new(true)), choices.below(120));
    let changes = AtomicU64::new(0);
    // Half of the stories happen on two file systems, where a move is a copy.
    let apart = choices.below(2) == 0;
    let started = Arc::new(AtomicBool::new(false));
    let rule = {
        let (powered, started) = (Arc::clone(&powered), Arc::clone(&started));
        move |call: &Call| {
            if started.load(Ordering::SeqCst)
                && call.operation.changes()
                && changes.fetch_add(1, Ordering::SeqCst) >= last_call
            {
                powered.store(false, Ordering::SeqCst);
            }
            if !powered.load(Ordering::SeqCst) {
                return Some(io::Error::other("no power"));
            }
            (apart && call.operation == Operation::Link && call.path.starts_with(ROOT))
                .then(|| io::ErrorKind::CrossesDevices.into())
        }
    };
    let store = open(Arc::new(FailWhen::new(Arc::new(power.clone()), rule))).await.unwrap();
    started.store(true, Ordering::SeqCst);

    let (mut known, mut used) = ([None; 4], [false; 4]);
    let mut cut = None;
    for _ in 0..20 {
        let step = choices.step(&known, &used);
        match (perform(&store, step).await, step) {
            (Err(error), step) => {
                let expected = matches!(step, Step::Move { blob, .. } if known[blob as usize].is_none());
                if expected && matches!(error, BlobError::Missing(_)) {
                    continue;
                }
                assert!(
                    !powered.load(Ordering::SeqCst),
                    "seed {seed}: {step:?} failed with power on: {error:?}"
                );
                cut = Some(step);
                break;
            }
            (Ok(()), Step::Put { blob, seed, size }) => {
                known[blob as usize] = Some(Known { seed, size, tier: Tier::Live });
                used[blob as usize] = true;
            }
            (Ok(()), Step::GiveUp { blob, .. }) => used[blob as usize] = true,
            (Ok(()), Step::Move { blob, to }) => {
                let now = known[blob as usize]
                    .as_mut()
                    .unwrap_or_else(|| panic!("seed {seed}: moved what is not there"));
                now.tier = to;
            }
            (Ok(()), Step::Remove { blob }) => known[blob as usize] = None,
        }
    }
    drop(store);
    powered.store(false, Ordering::SeqCst);
    power.crash(seed);

    let store = open(Arc::new(power)).await.unwrap();
    store.sweep_temporary(SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40)).await.unwrap();
    let mut present = 0;
    for blob in 0..BLOBS {
        let acknowledged = known[blob as usize];
        let unsure = cut.filter(|step| {
            matches!(step, Step::Put { blob: b, .. } | Step::Move { blob: b, .. } | Step::Remove { blob: b } if *b == blob)
        });
        let context =
            format!("seed {seed}, blob {blob}: acknowledged {acknowledged:?}, cut off at {unsure:?}");
        let mut tiers = Vec::new();
        for tier in [Tier::Live, Tier::Archive] {
            match get(&store, id(blob), tier).await {
                Ok(bytes) => {
                    let whole = match (acknowledged, unsure) {
                        (Some(known), _) => bytes_of(known.seed, known.size),
                        (None, Some(Step::Put { seed, size, .. })) => bytes_of(seed, size),
                        _ => panic!("{context}: it came back"),
                    };
                    assert_eq!(bytes, whole, "{context}");
                    tiers.push(tier);
                }
                Err(BlobError::Missing(_)) => {}
                Err(error) => panic!("{context}: {error}"),
            }
        }
        match (acknowledged, unsure) {
            (Some(known), None) => assert_eq!(tiers, [known.tier], "{context}"),
            (Some(_), Some(Step::Move { to, .. })) => {
                assert!(!tiers.is_empty(), "{context}");
                store.move_to(id(blob), to).await.unwrap();
                assert!(store.exists(id(blob), to).await.unwrap(), "{context}");
                assert!(!store.exists(id(blob), to.other()).await.unwrap(), "{context}");
                tiers = vec![to];
            }
            (Some(_), Some(_)) => assert!(tiers.len() <= 1, "{context}"),
            (None, Some(Step::Put { .. })) => assert!(tiers.is_empty() || tiers == [Tier::Live], "{context}"),
            (None, _) => assert!(tiers.is_empty(), "{context}"),
        }
        present += tiers.len();
    }
    // Listing looks into 512 folders, so not every story can afford it.
    if !seed.is_multiple_of(16) {
        return;
    }
    let mut listed: Vec<_> = store.list(Tier::Live).try_collect().await.unwrap();
    listed.extend(store.list(Tier::Archive).try_collect::<Vec<_>>().await.unwrap());
    assert_eq!(listed.len(), present, "seed {seed}");
}

/// Promise 8 for bytes: an acknowledged blob is whole after any crash, an unacknowledged one absent or whole.
#[test]
fn power_may_go_at_any_moment() {
    let runtime = runtime();
    let base = PowerLoss::in_memory(Path::new(ROOT));
    runtime.block_on(open(Arc::new(base.clone()))).unwrap();
    for seed in 0..2000 {
        runtime.block_on(story(&base, seed));
    }
}

#[test]
fn power_may_go_while_a_new_store_is_laid_out() {
    let runtime = runtime();
    for seed in 0..600 {
        let power = PowerLoss::in_memory(Path::new(ROOT));
        let files = FailWhen::new(Arc::new(power.clone()), move |call| {
            (call.number >= seed).then(|| io::Error::other("no power"))
        });
        let opened = runtime.block_on(open(Arc::new(files)));
        power.crash(seed);
        drop(opened);
        let store = runtime.block_on(open(Arc::new(power))).unwrap();
        runtime.block_on(put(&store, id(1), &bytes_of(1, 10), 10)).unwrap();
    }
}

/// Without the syncs, the same crash loses acknowledged bytes: the model can tell.
#[test]
fn the_model_loses_what_was_not_synced() {
    #[derive(Debug)]
    struct NoSync(PowerLoss);
    impl FileLayer for NoSync {
        fn create_dir(&self, dir: &Path) -> io::Result<bool> {
            self.0.create_dir(dir)
        }
        fn create(&self, path: &Path) -> io::Result<Box<dyn crate::WriteFile>> {
            self.0.create(path)
        }
        fn open(&self, path: &Path) -> io::Result<Box<dyn crate::ReadFile>> {
            self.0.open(path)
        }
        fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
            self.0.rename(from, to)
        }
        fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
            self.0.link(from, to)
        }
        fn remove(&self, path: &Path) -> io::Result<()> {
            self.0.remove(path)
        }
        fn sync_dir(&self, _dir: &Path) -> io::Result<()> {
            Ok(())
        }
        fn list(
            &self,
            dir: &Path,
            show: &mut dyn FnMut(crate::DirEntry) -> std::ops::ControlFlow<()>,
        ) -> io::Result<()> {
            self.0.list(dir, show)
        }
    }
    let runtime = runtime();
    let base = PowerLoss::in_memory(Path::new(ROOT));
    runtime.block_on(open(Arc::new(base.clone()))).unwrap();
    let lost = (0..20).filter(|seed| {
        let power = base.fork();
        let store = runtime.block_on(open(Arc::new(NoSync(power.clone())))).unwrap();
        runtime.block_on(put(&store, id(1), &bytes_of(1, 10), 10)).unwrap();
        power.crash(*seed);
        let store = runtime.block_on(open(Arc::new(power))).unwrap();
        !runtime.block_on(store.exists(id(1), Tier::Live)).unwrap()
    });
    assert!(lost.count() > 3);
}

/// Every call that a write makes fails once, with every error a disk has: a clear error, nothing left, and the next
/// write is fine.
#[test]
fn a_failing_disk_is_named_and_leaves_nothing() {
    let runtime = runtime();
    let base = PowerLoss::in_memory(Path::new(ROOT));
    runtime.block_on(open(Arc::new(base.clone()))).unwrap();
    for (kind, size) in [
        (io::ErrorKind::StorageFull, 100),
        (io::ErrorKind::QuotaExceeded, 1_500_000),
        (io::ErrorKind::ReadOnlyFilesystem, 1_500_000),
        (io::ErrorKind::Other, 100),
    ] {
        let mut failing = 0;
        loop {
            let power = base.fork();
            let armed = Arc::new(AtomicBool::new(false));
            let seen = AtomicU64::new(0);
            let rule = {
                let armed = Arc::clone(&armed);
                move |call: &Call| {
                    let counts = armed.load(Ordering::SeqCst) && call.operation.changes();
                    (counts && seen.fetch_add(1, Ordering::SeqCst) == failing).then(|| kind.into())
                }
            };
            let store =
                runtime.block_on(open(Arc::new(FailWhen::new(Arc::new(power.clone()), rule)))).unwrap();
            armed.store(true, Ordering::SeqCst);
            let bytes = bytes_of(1, size);
            let result = runtime.block_on(put(&store, id(1), &bytes, 100_000));
            armed.store(false, Ordering::SeqCst);
            let Err(error) = result else {
                assert!(failing >= 5, "a write makes at least five changes");
                break;
            };
            let named = match kind {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    matches!(error, BlobError::DiskFull(_))
                }
                io::ErrorKind::ReadOnlyFilesystem => matches!(error, BlobError::DiskReadOnly(_)),
                _ => matches!(error, BlobError::Disk { .. }),
            };
            assert!(named, "{kind:?} at change {failing}: {error:?}");
            assert!(
                !runtime.block_on(store.exists(id(1), Tier::Live)).unwrap(),
                "{kind:?} at change {failing}"
            );
            runtime.block_on(put(&store, id(2), &bytes, 100_000)).unwrap();
            assert_eq!(runtime.block_on(get(&store, id(2), Tier::Live)).unwrap(), bytes);
            failing += 1;
        }
    }
}

/// The layer over a real directory: dropping it, as killing the process does, loses what was not synced and no more.
#[test]
fn over_a_real_directory_only_synced_changes_survive() {
    let runtime = runtime();
    let dir = tempfile::tempdir().unwrap();
    let open = || {
        let files = Arc::new(PowerLoss::over(dir.path()).unwrap());
        let config = super::local_config(&dir).with_files(files.clone());
        (runtime.block_on(BlobStore::open(Config::Local(config))).unwrap(), files)
    };
    let bytes = bytes_of(1, 1_500_000);
    let (store, files) = open();
    runtime.block_on(put(&store, id(1), &bytes, 100_000)).unwrap();
    runtime.block_on(put(&store, id(2), &bytes_of(2, 0), 1)).unwrap();
    runtime.block_on(put(&store, id(3), &bytes_of(3, 5000), 100)).unwrap();
    runtime.block_on(store.move_to(id(3), Tier::Archive)).unwrap();
    // Removed and renamed, but never synced.
    let live = dir.path().join("live/blobs");
    let path = |n: u64| live.join(&id(n).to_string()[..2]).join(id(n).to_string());
    files.remove(&path(1)).unwrap();
    files.rename(&path(2), &path(4)).unwrap();
    files.create(&path(5)).unwrap().append(b"lost").unwrap();
    drop((store, files));

    let (store, files) = open();
    assert_eq!(runtime.block_on(get(&store, id(1), Tier::Live)).unwrap(), bytes);
    assert!(runtime.block_on(get(&store, id(2), Tier::Live)).unwrap().is_empty());
    assert_eq!(runtime.block_on(get(&store, id(3), Tier::Archive)).unwrap(), bytes_of(3, 5000));
    for n in [4, 5] {
        assert!(!runtime.block_on(store.exists(id(n), Tier::Live)).unwrap());
    }
    runtime.block_on(store.remove(id(1), Tier::Live)).unwrap();
    drop((store, files));
    let (store, _files) = open();
    assert!(!runtime.block_on(store.exists(id(1), Tier::Live)).unwrap());
}
