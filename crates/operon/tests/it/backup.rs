//! Backup from a second process, killed on its way and then done again; restore and verify.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::running::{OPERON, Running, operon, says};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_backup_is_noticed_and_the_next_one_is_whole() {
    let server = Running::start("").await;
    let mut files = Vec::new();
    for number in 0..4_u8 {
        let bytes = vec![number; 4 << 20];
        files.push((server.file(&format!("f{number}"), &bytes).await, bytes));
    }
    let (data, backup, new) = (server.path("data"), server.path("backup"), server.path("new"));
    let into = ["backup", &backup, "--data-dir", &data];
    let unfinished = || {
        let entries = std::fs::read_dir(server.path("backup/snapshots")).into_iter().flatten();
        let mut names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.any(|name| name.ends_with(".unfinished"))
    };
    let mut killed = false;
    for _ in 0..20 {
        let mut child = Command::new(OPERON).args(into).stdout(Stdio::null()).spawn().unwrap();
        while !unfinished() && child.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        if unfinished() {
            killed = true;
            break;
        }
        // It was faster than the kill.
        std::fs::remove_dir_all(&backup).unwrap();
    }
    assert!(killed, "no backup could be killed on its way");
    let refused = operon(&["restore", &backup, "--data-dir", &new]);
    let why = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && why.contains("no finished snapshot"), "{why}");

    let said = says(&into);
    assert!(said.contains("holds the server's keys"), "{said}");
    let after = server.file("after", b"came later").await;
    let said = says(&["restore", &backup, "--data-dir", &new]);
    assert!(said.contains("The audit log is intact"), "{said}");
    says(&["audit", "verify", "--data-dir", &new]);
    let refused = operon(&["restore", &backup, "--data-dir", &new]);
    assert!(String::from_utf8(refused.stderr).unwrap().contains("is not empty"));

    let folder = tempfile::tempdir().unwrap();
    std::fs::rename(&new, folder.path().join("data")).unwrap();
    let restored = Running::on("", folder, server.token()).await;
    for (file, bytes) in &files {
        assert!(restored.read(file).await == *bytes, "{file}");
    }
    assert_eq!(server.read(&after).await, b"came later");
}
