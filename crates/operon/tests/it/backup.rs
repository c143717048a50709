//! Backup from a second process, killed on its way and then done again; restore and verify.

mod trouble;

use std::process::Stdio;
use std::time::Duration;

use crate::program::{operon, succeed};
use crate::running::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_backup_is_noticed_and_the_next_one_is_whole() {
    let server = Server::start("").await;
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
        let mut child = operon().args(into).stdout(Stdio::null()).spawn().unwrap();
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
    let refused = operon().args(["restore", &backup, "--data-dir", &new]).output().unwrap();
    let why = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && why.contains("no finished snapshot"), "{why}");

    let said = succeed(operon().args(into));
    assert!(said.contains("holds the server's keys"), "{said}");
    let after = server.file("after", b"came later").await;
    let said = succeed(operon().args(["restore", &backup, "--data-dir", &new]));
    assert!(said.contains("The audit log is intact"), "{said}");
    succeed(operon().args(["audit", "verify", "--data-dir", &new]));
    let refused = operon().args(["restore", &backup, "--data-dir", &new]).output().unwrap();
    assert!(String::from_utf8(refused.stderr).unwrap().contains("is not empty"));

    let folder = tempfile::tempdir().unwrap();
    std::fs::rename(&new, folder.path().join("data")).unwrap();
    let restored = Server::on("", folder, server.token()).await;
    for (file, bytes) in &files {
        assert!(restored.read(file).await == *bytes, "{file}");
    }
    assert_eq!(server.read(&after).await, b"came later");
}
