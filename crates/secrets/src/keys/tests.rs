use std::os::unix::fs::PermissionsExt;

use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_new_file_is_private_and_reads_back() {
    let folder = folder();
    let path = folder.path().join("server.key");
    let made = ServerKeys::create(&path, [3; KEY_LEN]).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    let read = ServerKeys::load(&path).unwrap();
    assert_eq!(read.current().id(), made.current().id());
    assert_eq!(read.current().derive("x"), made.current().derive("x"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left behind");
}

#[test]
fn an_existing_file_is_never_overwritten() {
    let folder = folder();
    let path = folder.path().join("server.key");
    let first = ServerKeys::create(&path, [3; KEY_LEN]).unwrap();
    assert!(matches!(ServerKeys::create(&path, [4; KEY_LEN]), Err(KeyFileError::Exists(_))));
    assert_eq!(ServerKeys::load(&path).unwrap().current().id(), first.current().id());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_rotation_keeps_the_earlier_key_and_is_bounded() {
    let folder = folder();
    let path = folder.path().join("server.key");
    let first = ServerKeys::create(&path, [3; KEY_LEN]).unwrap();
    first.rotated([4; KEY_LEN]).replace(&path).unwrap();
    let ids: Vec<String> = ServerKeys::load(&path).unwrap().iter().map(|key| key.id().to_owned()).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[1], first.current().id());
    let many = (0..100u8).fold(first, |keys, byte| keys.rotated([byte; KEY_LEN]));
    assert_eq!(many.iter().count(), MAX_KEYS);
    many.replace(&path).unwrap();
    assert_eq!(ServerKeys::load(&path).unwrap().iter().count(), MAX_KEYS);
}

#[test]
fn a_file_others_can_read_is_refused_with_the_remedy() {
    let folder = folder();
    let path = folder.path().join("server.key");
    ServerKeys::create(&path, [3; KEY_LEN]).unwrap();
    for mode in [0o640, 0o604, 0o620] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let refusal = ServerKeys::load(&path).unwrap_err().to_string();
        assert!(refusal.contains("chmod 600"), "{refusal}");
    }
}

#[test]
fn what_is_no_key_file_is_refused_without_showing_its_content() {
    let folder = folder();
    let path = folder.path().join("server.key");
    assert!(matches!(ServerKeys::load(&path), Err(KeyFileError::Missing(_))));
    for text in ["", "# only comments\n", "operon-key-1 secret-but-short\n", "rubbish\n"] {
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let refusal = ServerKeys::load(&path).unwrap_err();
        assert!(matches!(refusal, KeyFileError::Malformed { .. }), "{text:?}: {refusal:?}");
        assert!(!refusal.to_string().contains("secret-but-short"));
    }
}

#[test]
fn keys_differ_by_use_and_do_not_show_themselves() {
    let keys = ServerKeys::new([3; KEY_LEN]);
    assert_ne!(keys.current().derive("a"), keys.current().derive("b"));
    assert!(!format!("{keys:?}").contains(&hex::encode([3u8; KEY_LEN])));
}
