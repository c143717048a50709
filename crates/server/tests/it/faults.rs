//! A full disk and a disk that is read-only: a sentence for whoever calls, a line in the log, nothing lost or half there,
//! and everything as before once the disk is mended.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use audit::TrustedKey;
use blobs::RealFiles;
use blobs::faults::{Call, FailWhen, Operation};
use serde_json::{Value, json};
use server::boot::Parts;
use store::db::DbKind;
use store::db::power_loss::{self, Trouble};
use tracing_subscriber::EnvFilter;

use crate::files::{address_of, address_of_part, close, closed, md5_of, new_file};
use crate::operation::Lines;
use crate::world::World;

/// What the log holds while a test runs on this thread.
pub fn logged() -> (Lines, tracing::subscriber::DefaultGuard) {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = server::logging::subscriber(EnvFilter::new("info"), move || writer.clone());
    (lines, tracing::subscriber::set_default(subscriber))
}

/// The lines of level ERROR.
pub fn errors(lines: &Lines) -> Vec<String> {
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    text.lines().filter(|line| line.contains("\"ERROR\"")).map(str::to_owned).collect()
}

/// Starts a server whose files fail with this error while the switch is on.
async fn with_failing_files(kind: io::ErrorKind, fails: fn(Operation) -> bool) -> (World, Arc<AtomicBool>) {
    let on = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&on);
    let rule =
        move |call: &Call| (switch.load(Ordering::SeqCst) && fails(call.operation)).then(|| kind.into());
    let files = Arc::new(FailWhen::new(Arc::new(RealFiles), rule));
    (World::with_parts(|parts| Parts { files: Some(files), ..parts }).await, on)
}

/// Bytes cannot be stored for a while; what is there is still read, and the upload goes on where it was.
async fn uploads_wait_for_the_disk(kind: io::ErrorKind, fails: fn(Operation) -> bool, said: &str) {
    let (lines, _logging) = logged();
    let (world, broken) = with_failing_files(kind, fails).await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let old = closed(&alice, &project, "old", &[b"old bytes"]).await;
    let file = new_file(&alice, &project, "new").await;
    let bytes = vec![7; 2 << 20];
    let address = address_of_part(&alice, &file, 1, &bytes).await;
    let before = world.snapshot().await;

    broken.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        let answer = address.request(reqwest::Method::PUT).body(bytes.clone()).send().await.unwrap();
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers()["retry-after"], "30");
        let text = answer.text().await.unwrap();
        assert!(text.contains(said) && text.starts_with("The ") && text.ends_with(".\n"), "{text}");
    }
    assert!(
        errors(&lines).iter().any(|line| line.contains("the store of file bytes failed")),
        "{lines:?}",
        lines = errors(&lines)
    );
    assert_eq!(before.changes_to(&world.snapshot().await), [""; 0]);
    // Nothing else is hindered.
    assert_eq!(address_of(&alice, &old, json!({})).await.get().await.text().await.unwrap(), "old bytes");
    alice.project("Another").await;
    alice.fails(&format!("/{file}/close"), json!({}), "InvalidState").await;

    broken.store(false, Ordering::SeqCst);
    let (status, text) = address.put(bytes.clone()).await;
    assert_eq!(status, 200, "{text}");
    close(&alice, &file).await;
    let whole = address_of(&alice, &file, json!({})).await.get().await.bytes().await.unwrap();
    assert_eq!(md5_of(&whole), md5_of(&bytes));
    let left = std::fs::read_dir(world.config().data_dir.join("files/tmp")).unwrap().count();
    assert_eq!(left, 0, "what was half-written is gone");
}

#[tokio::test]
async fn a_full_disk_refuses_bytes_and_loses_none() {
    let fails = |operation| matches!(operation, Operation::Create | Operation::Append);
    uploads_wait_for_the_disk(io::ErrorKind::StorageFull, fails, "is full").await;
}

#[tokio::test]
async fn a_read_only_disk_refuses_bytes_and_loses_none() {
    uploads_wait_for_the_disk(io::ErrorKind::ReadOnlyFilesystem, Operation::changes, "is read-only").await;
}

/// Changes are refused for a while; what is there can still be looked at, but no bytes leave, since reading them could not
/// be noted in the audit log.
async fn changes_wait_for_the_disk(trouble: Trouble, said: &str) {
    power_loss::register().unwrap();
    let (lines, _logging) = logged();
    let world = World::with_parts(|parts| Parts { vfs: Some(power_loss::NAME.to_owned()), ..parts }).await;
    if world.app().db.kind() == DbKind::Postgres {
        // Its disk is the PostgreSQL server's; what it says is tested in `store`.
        return;
    }
    let database = world.config().data_dir.canonicalize().unwrap().join("operon.sqlite");
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let file = closed(&alice, &project, "old", &[b"old bytes"]).await;
    let open = new_file(&alice, &project, "new").await;
    let part = address_of_part(&alice, &open, 1, b"abc").await;
    let old = address_of(&alice, &file, json!({})).await;
    let calls: [(String, Value); 4] = [
        ("/project/new".to_owned(), json!({ "name": "New" })),
        (format!("/{project}/newFolder"), json!({ "folder": "/a" })),
        (format!("/{project}/update"), json!({ "name": "Renamed" })),
        (format!("/{file}/addTags"), json!({ "project": project, "tags": ["t"] })),
    ];
    let before = world.snapshot().await;

    power_loss::plan(&database, 0, trouble);
    for (path, input) in &calls {
        let answer = alice.post(path, input.clone()).await;
        assert_eq!(answer.status, 503, "{path}: {}", answer.body);
        assert_eq!(answer.body["error"]["type"], "ServiceUnavailable");
        assert_eq!(answer.headers["retry-after"], "30");
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.contains(said) && message.ends_with('.'), "{message}");
    }
    let answer = part.request(reqwest::Method::PUT).body("abc").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (503, "30"));
    let answer = old.get().await;
    assert_eq!(answer.status(), 503);
    assert!(answer.text().await.unwrap().contains(said));
    alice.ok("/system/whoami", json!({})).await;
    assert_eq!(alice.describe(&project, &["name"]).await["name"], "Trial");
    assert!(errors(&lines).iter().any(|line| line.contains("the database takes no changes")));
    assert_eq!(before.changes_to(&world.snapshot().await), [""; 0]);

    power_loss::repair(&database);
    for (path, input) in &calls {
        alice.ok(path, input.clone()).await;
    }
    assert_eq!(part.put(b"abc".to_vec()).await.0, 200);
    close(&alice, &open).await;
    assert_eq!(old.get().await.text().await.unwrap(), "old bytes");
    assert_eq!(alice.describe(&project, &["name"]).await["name"], "Renamed");
    let app = world.app();
    app.fold_audit_log().await.unwrap();
    let keys = vec![TrustedKey::always(app.audit.key.public().clone())];
    let report = app::audit_log::verify(&app.db, &app.audit.origin, keys, Vec::new()).await.unwrap();
    assert!(report.is_intact(), "{report}");
}

#[tokio::test]
async fn a_full_disk_refuses_changes_and_loses_none() {
    changes_wait_for_the_disk(Trouble::Full, "is full").await;
}

#[tokio::test]
async fn a_read_only_disk_refuses_changes_and_loses_none() {
    changes_wait_for_the_disk(Trouble::ReadOnly, "The disk that holds the database failed").await;
}

/// A data directory in which nothing can be made: the server says so and does not start.
#[tokio::test]
async fn a_data_directory_that_takes_nothing_is_named() {
    let config = server::Config {
        data_dir: "/proc/operon".into(),
        listen: "127.0.0.1:0".parse().unwrap(),
        ..server::Config::default()
    };
    let error = format!("{:#}", server::start(config).await.err().unwrap());
    assert!(error.starts_with("cannot make the data directory /proc/operon: "), "{error}");
}
