//! The audit log on the command line: what is no server's log is not called intact.

use std::process::Command;
use std::time::Duration;

use crate::program::{both, operon, succeed};
use crate::running::Server;

fn refused(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(!output.status.success(), "{command:?} went well: {}", both(&output));
    both(&output)
}

#[test]
fn a_folder_without_a_server_has_no_log() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let out = folder.path().join("audit.jsonl");
    for words in [&["verify"][..], &["key"], &["export", "--out", out.to_str().unwrap()]] {
        let why = refused(operon().arg("audit").args(words).args(["--data-dir", data]));
        assert!(why.contains("name the data directory of a server"), "{words:?}: {why}");
    }
    assert_eq!(std::fs::read_dir(data).unwrap().count(), 0, "something was made there");
}

/// A log that went on under another name would be broken for good.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_keeps_its_name() {
    let server = Server::start("").await;
    let data = server.path("data");
    succeed(operon().args(["audit", "verify", "--data-dir", &data]));
    let elsewhere = |words: &[&str]| {
        let mut command = operon();
        command.env("OPERON_AUDIT_ORIGIN", "elsewhere").args(words).args(["--data-dir", &data]);
        refused(&mut command)
    };
    let expected = "is called \"operon\", and the setting audit_origin says \"elsewhere\"";
    for _ in 0..600 {
        // The name is known from the first checkpoint on.
        if elsewhere(&["audit", "verify"]).contains(expected) {
            let _folder = server.killed();
            let why = elsewhere(&["serve", "--listen", "127.0.0.1:0"]);
            assert!(why.contains(expected), "{why}");
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the log's other name was never noticed");
}
