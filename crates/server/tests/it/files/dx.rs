//! The public client, as people use it. Runs where it is installed: `OPERON_TEST_VENV`, else what the test set-up made.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::json;

use super::noise;
use crate::world::{Client, World};

/// The client's program, if it is installed.
#[expect(clippy::disallowed_methods, reason = "where the client lies is no setting of the server")]
fn program() -> Option<PathBuf> {
    let installed = std::env::var_os("OPERON_TEST_VENV").map(PathBuf::from);
    let venv =
        installed.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/test-env/venv"));
    let program = venv.join("bin/dx");
    program.exists().then_some(program)
}

/// Runs the client as somebody; what it says when it fails is the test's.
async fn dx(world: &World, client: &Client, home: &Path, project: &str, arguments: &[&str]) -> Output {
    let context = json!({ "auth_token_type": "Bearer", "auth_token": client.token });
    let run = tokio::process::Command::new(program().unwrap())
        .args(arguments)
        .current_dir(home)
        .env("HOME", home)
        .env("DX_APISERVER_HOST", "127.0.0.1")
        .env("DX_APISERVER_PORT", world.address().port().to_string())
        .env("DX_APISERVER_PROTOCOL", "http")
        .env("DX_SECURITY_CONTEXT", context.to_string())
        .env("DX_PROJECT_CONTEXT_ID", project)
        .env("DX_WORKSPACE_ID", project)
        .stdin(Stdio::null())
        .output();
    let output = run.await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "dx {arguments:?}: {said}");
    output
}

/// Up, down, on the screen and as a link: the bytes are the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_public_client_brings_files_up_and_down() {
    if program().is_none() {
        eprintln!("the public client is not installed; set OPERON_TEST_VENV to run this test");
        return;
    }
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let bytes = noise(20 << 20, 1);
    std::fs::write(home.join("reads.bin"), &bytes).unwrap();
    let upload = ["upload", "reads.bin", "--brief", "--wait"];
    let uploaded = dx(&world, &alice, home, &project, &upload).await;
    let file = String::from_utf8(uploaded.stdout).unwrap().trim().to_owned();
    let seen = super::describe(&alice, &file).await;
    assert_eq!((&seen["state"], &seen["size"]), (&json!("closed"), &json!(bytes.len())));
    assert!(seen["parts"].as_object().unwrap().len() > 1);

    dx(&world, &alice, home, &project, &["download", &file, "-o", "back.bin"]).await;
    assert!(std::fs::read(home.join("back.bin")).unwrap() == bytes, "dx download");
    let shown = dx(&world, &alice, home, &project, &["cat", &file]).await;
    assert!(shown.stdout == bytes, "dx cat");
    let link = dx(&world, &alice, home, &project, &["make_download_url", &file]).await;
    let url = String::from_utf8(link.stdout).unwrap().trim().to_owned();
    assert!(reqwest::get(&url).await.unwrap().bytes().await.unwrap() == bytes, "{url}");
    std::fs::write(home.join("empty"), b"").unwrap();
    let uploaded = dx(&world, &alice, home, &project, &["upload", "empty", "--brief", "--wait"]).await;
    let empty = String::from_utf8(uploaded.stdout).unwrap().trim().to_owned();
    assert!(dx(&world, &alice, home, &project, &["cat", &empty]).await.stdout.is_empty());
}
