//! A data directory is for one process at a time.

use std::process::Command;

use crate::program::{both, operon, succeed};
use crate::running::Server;

fn refused(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(!output.status.success(), "{command:?} went well: {}", both(&output));
    both(&output)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_server_is_refused_and_a_killed_one_stands_in_nobodys_way() {
    let server = Server::start("").await;
    let data = server.path("data");
    let second = || refused(operon().args(["serve", "--data-dir", &data, "--listen", "127.0.0.1:0"]));
    let expected = format!(
        "operon: another operon runs on the data directory {data}. Stop that one first, or name another directory with --data-dir"
    );
    assert_eq!(second().trim_end(), expected);
    // What is made to work beside a server does.
    succeed(operon().args(["backup", &server.path("backup"), "--data-dir", &data]));
    succeed(operon().args(["audit", "verify", "--data-dir", &data]));
    let file = server.file("small", b"small").await;

    let token = server.token();
    let server = Server::on("", server.killed(), token).await;
    assert_eq!(server.read(&file).await, b"small");
    assert_eq!(second().trim_end(), expected);
}

#[test]
fn nothing_is_loaded_or_restored_into_a_directory_that_another_process_holds() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("seed.toml"), "[[user]]\nhandle = 'alice'\n").unwrap();
    let load = |to: &str| {
        let mut command = operon();
        command.args(["fixture", "load", &path("seed.toml"), "--data-dir", &path(to)]);
        command
    };
    succeed(&mut load("source"));
    succeed(operon().args(["backup", &path("backup"), "--data-dir", &path("source")]));
    let restore = |to: &str| {
        let mut command = operon();
        command.args(["restore", &path("backup"), "--data-dir", &path(to)]);
        command
    };
    let held = server::data_dir::hold(&folder.path().join("new")).unwrap();
    for mut command in [load("new"), restore("new")] {
        let why = refused(&mut command);
        assert!(why.contains("another operon runs on the data directory"), "{why}");
    }
    assert_eq!(std::fs::read_dir(path("new")).unwrap().count(), 1, "something beside the lock was made");
    drop(held);
    // What is left of the lock counts as nothing.
    succeed(&mut restore("new"));
    for mut command in [load("new"), restore("new")] {
        let why = refused(&mut command);
        assert!(why.contains("is not empty, and a "), "{why}");
    }
    // Nor is a lock left where something else lies.
    std::fs::create_dir(path("other")).unwrap();
    std::fs::write(path("other/letter"), "mine").unwrap();
    refused(&mut load("other"));
    assert_eq!(std::fs::read_dir(path("other")).unwrap().count(), 1);
}
