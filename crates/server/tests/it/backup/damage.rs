//! Backups that are not what was written.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{Place, back_up, files_below, is_whole, turn_a_bit};
use crate::files::closed;
use crate::world::World;

/// What may happen to a file.
#[derive(Debug, Clone, Copy)]
enum Harm {
    Turned,
    Cut,
    Lost,
}

impl Harm {
    fn happen(self, path: &Path) {
        let length = usize::try_from(fs::metadata(path).unwrap().len()).unwrap();
        match self {
            Self::Turned => turn_a_bit(path, length / 2),
            Self::Cut => {
                fs::File::options().write(true).open(path).unwrap().set_len(length as u64 / 2).unwrap();
            }
            Self::Lost => fs::remove_file(path).unwrap(),
        }
    }
}

/// Whatever file of a backup is turned in a bit, cut short or lost: the restore refuses and names it, or names the bytes that
/// are damaged; or the file did not matter, and the new server has everything.
#[tokio::test]
async fn no_harm_to_a_backup_goes_unnoticed() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    closed(&alice, &project, "x", &[b"good bytes"]).await;
    fs::write(world.config().data_dir.join("operon.toml"), "self_sign_up = true\n").unwrap();
    let folder = tempfile::tempdir().unwrap();
    back_up(&world, folder.path()).await;
    let (mut refused, mut named, mut whole) = (0, 0, Vec::new());
    for path in files_below(folder.path()) {
        let file = path.strip_prefix(folder.path()).unwrap();
        let before = fs::read(&path).unwrap();
        for harm in [Harm::Turned, Harm::Cut, Harm::Lost] {
            harm.happen(&path);
            let mut place = Place::new();
            (place.config.database, place.config.database_schema) = (None, None);
            match place.restore(folder.path(), None, None).await {
                Err(error) => {
                    let why = format!("{error:#}");
                    assert!(names(&why, &path), "{file:?} {harm:?}: {why}");
                    refused += 1;
                }
                Ok(restored) if restored.bytes.damaged.is_empty() => {
                    is_whole(&place.start().await).await;
                    whole.push(file.to_owned());
                }
                Ok(restored) => {
                    let blob = path.file_name().unwrap().to_str().unwrap();
                    assert_eq!(restored.bytes.damaged[0].0, blob, "{file:?} {harm:?}");
                    named += 1;
                }
            }
            fs::write(&path, &before).unwrap();
            // As after a copy that does not keep permissions.
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        }
    }
    // What the store of bytes says of its form is made again where it is lost.
    let forms = [PathBuf::from("archive/format"), PathBuf::from("files/format")];
    whole.sort();
    assert_eq!(whole, forms);
    assert_eq!((refused, named), (22, 3));
}

/// Whether a sentence leads to a file of a backup.
fn names(why: &str, path: &Path) -> bool {
    let [name, above] = [path.file_name(), path.parent().unwrap().file_name()];
    [name, above].iter().any(|part| why.contains(part.unwrap().to_str().unwrap()))
}

/// One directory takes the backups of one server alone, and a data directory without the keys is none.
#[tokio::test]
async fn servers_are_not_mixed_up() {
    let (world, other) = (World::new().await, World::new().await);
    let folder = tempfile::tempdir().unwrap();
    let first = back_up(&world, folder.path()).await;
    let what = server::backup::Backup { to: folder.path().to_owned(), keys: true, keep: Some(1) };
    let why = format!("{:#}", server::backup::backup(other.config(), &what).await.unwrap_err());
    assert!(why.contains("holds the backup of another server"), "{why}");
    let place = Place::new();
    assert_eq!(place.restore(folder.path(), None, None).await.unwrap().snapshot, first.snapshot);
    // A restored server is the same one.
    let again = server::backup::backup(&place.config, &what).await.unwrap();
    assert_eq!(again.removed, [first.snapshot]);

    fs::remove_file(place.config.data_dir.join("server.key")).unwrap();
    let why = format!("{:#}", server::backup::backup(&place.config, &what).await.unwrap_err());
    assert!(why.contains("server.key; name the data directory"), "{why}");
}

/// The list of a snapshot cannot name files elsewhere.
#[tokio::test]
async fn a_list_stays_in_its_snapshot() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let snapshot = back_up(&world, folder.path()).await.snapshot;
    let list = folder.path().join("snapshots").join(snapshot).join("manifest.json");
    let text = fs::read_to_string(&list).unwrap();
    fs::write(&list, text.replace("\"operon.sqlite\"", "\"../operon.sqlite\"")).unwrap();
    let place = Place::new();
    let why = place.refused(folder.path(), None).await;
    assert!(why.contains("names files outside of it"), "{why}");
    assert!(!place.config.data_dir.exists());
}
