//! What only the embedded database can do: commit in groups, fill a disk, be copied as a file.

use std::sync::{Arc, mpsc};

use super::{count, open, put};
use crate::db::testing::{TestDatabase, TestDatabases};
use crate::db::{Db, DbConfig, DbError, DbKind, Tx};
use crate::params;

type Closure = Box<dyn FnMut(&Tx) -> Result<u64, DbError> + Send>;

fn path_of(test: &TestDatabase) -> std::path::PathBuf {
    match &test.config {
        DbConfig::Sqlite { path, .. } => path.clone(),
        DbConfig::Postgres { .. } => panic!("this is a SQLite test"),
    }
}

/// What the group's closures do, one after the other; run behind a closure that waits until all of them are queued.
async fn in_one_group(db: &Db, closures: Vec<Closure>) -> Vec<Result<u64, DbError>> {
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let gate = db.clone();
    let gate =
        tokio::spawn(async move { gate.write(move |_| may_go_on.recv().map_err(|_| DbError::Busy)).await });
    tokio::task::yield_now().await;
    let tasks: Vec<_> = closures
        .into_iter()
        .map(|closure| {
            let db = db.clone();
            tokio::spawn(async move { db.write(closure).await })
        })
        .collect();
    // One thread drives all tasks of these tests, so after some turns every closure is in the queue.
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    go_on.send(()).unwrap();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    let _ = gate.await.unwrap();
    results
}

fn insert(name: &'static str, value: i64) -> Closure {
    Box::new(move |tx| tx.execute("insert into counter (name, value) values ($1, $2)", params![name, value]))
}

#[tokio::test]
async fn waiting_closures_share_one_commit_and_fail_alone() {
    let test = open(DbKind::Sqlite).await;
    let path = path_of(&test);
    let looks = Box::new(move |tx: &Tx| {
        // The group sees its own rows, and nobody else does before the commit.
        let other = rusqlite::Connection::open(&path).unwrap();
        let outside: i64 = other.query_row("select count(*) from counter", [], |row| row.get(0)).unwrap();
        let inside: i64 = tx.query_one("select count(*) from counter", &[])?.get(0)?;
        assert_eq!((outside, inside), (0, 2));
        Ok(0)
    });
    let panics = Box::new(|tx: &Tx| {
        tx.execute("insert into counter (name, value) values ('p', 1)", &[])?;
        panic!("a fault of ours")
    });
    let results =
        in_one_group(&test.db, vec![insert("a", 1), insert("bad", -1), panics, insert("b", 1), looks]).await;
    assert_eq!(results[0], Ok(1));
    assert!(matches!(results[1], Err(DbError::Constraint { .. })));
    assert_eq!(results[2], Err(DbError::Panicked("a fault of ours".to_owned())));
    assert_eq!(results[3..], [Ok(1), Ok(0)]);
    assert_eq!(count(&test.db).await, 2);
}

/// Whoever waits behind long work gets a commit of its own, and is not kept until the last of a group is done.
#[tokio::test]
async fn a_group_that_has_taken_its_time_ends() {
    let test = open(DbKind::Sqlite).await;
    let path = path_of(&test);
    let takes_long = Box::new(|tx: &Tx| {
        tx.execute("insert into counter (name, value) values ('long', 1)", &[])?;
        // Longer than a group goes on taking in others.
        std::thread::sleep(std::time::Duration::from_millis(1200));
        Ok(0)
    });
    let looks = Box::new(move |_: &Tx| {
        let other = rusqlite::Connection::open(&path).unwrap();
        let committed: i64 = other.query_row("select count(*) from counter", [], |row| row.get(0)).unwrap();
        Ok(committed.unsigned_abs())
    });
    assert_eq!(in_one_group(&test.db, vec![takes_long, looks]).await, [Ok(0), Ok(1)]);
}

#[tokio::test]
async fn a_full_disk_fails_the_whole_group_and_leaves_a_clean_connection() {
    let test = open(DbKind::Sqlite).await;
    put(&test.db, "before", 1).await.unwrap();
    test.db.write(|tx| tx.query("pragma max_page_count = 20", &[])).await.unwrap();
    let fills = Box::new(|tx: &Tx| {
        // Neither a nested transaction nor the closure can hide it.
        let _: Result<u64, DbError> = tx.nested(|tx| {
            tx.execute("insert into account (email, photo) values ('x', $1)", params![vec![1_u8; 1 << 20]])
        });
        assert_eq!(tx.query("select 1", &[]), Err(DbError::DiskFull));
        Ok(0)
    });
    let results = in_one_group(&test.db, vec![insert("a", 1), fills, insert("late", 1)]).await;
    // The third came after the failure and so was not part of the group.
    assert_eq!(results, [Err(DbError::DiskFull), Err(DbError::DiskFull), Ok(1)]);
    assert_eq!(count(&test.db).await, 2);

    test.db.write(|tx| tx.query("pragma max_page_count = 100000", &[])).await.unwrap();
    put(&test.db, "after", 1).await.unwrap();
    assert_eq!(count(&test.db).await, 3);
}

#[tokio::test]
async fn a_write_whose_caller_went_away_before_it_began_is_not_done() {
    let test = open(DbKind::Sqlite).await;
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let db = test.db.clone();
    let gate =
        tokio::spawn(async move { db.write(move |_| may_go_on.recv().map_err(|_| DbError::Busy)).await });
    tokio::task::yield_now().await;
    let db = test.db.clone();
    let abandoned = tokio::spawn(async move { db.write(insert("a", 1)).await });
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    abandoned.abort();
    let _ = abandoned.await;
    go_on.send(()).unwrap();
    gate.await.unwrap().unwrap();
    assert_eq!(count(&test.db).await, 0);
}

#[tokio::test]
async fn another_process_that_holds_the_database_makes_it_busy() {
    let test = open(DbKind::Sqlite).await;
    test.db.write(|tx| tx.query("pragma busy_timeout = 20", &[])).await.unwrap();
    let other = rusqlite::Connection::open(path_of(&test)).unwrap();
    other.execute_batch("begin immediate").unwrap();
    assert_eq!(put(&test.db, "a", 1).await, Err(DbError::Busy));
    assert_eq!(count(&test.db).await, 0);
    other.execute_batch("rollback").unwrap();
    put(&test.db, "a", 1).await.unwrap();
}

#[tokio::test]
async fn places_that_cannot_hold_a_database_are_explained() {
    let (config, files) = TestDatabases::config(DbKind::Sqlite).unwrap();
    let DbConfig::Sqlite { path, .. } = config else { panic!("this is a SQLite test") };
    std::fs::write(&path, "This is a letter and not a database. ".repeat(100)).unwrap();
    let letter = Db::open(DbConfig::Sqlite { path: path.clone(), vfs: None }).await.err().unwrap();
    assert!(matches!(&letter, DbError::Corrupt(why) if why.contains("operon.db: ")), "{letter}");
    // Nobody can make files in /proc, not even root.
    let nowhere =
        Db::open(DbConfig::Sqlite { path: "/proc/operon.db".into(), vfs: None }).await.err().unwrap();
    assert!(matches!(&nowhere, DbError::Unavailable(why) if why.contains("/proc/operon.db: ")), "{nowhere}");
    let vfs = Db::open(DbConfig::Sqlite { path, vfs: Some("no such vfs".to_owned()) }).await.err().unwrap();
    assert!(vfs.to_string().contains("no such vfs"), "{vfs}");
    drop(files);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_made_in_use_is_whole() {
    let test = open(DbKind::Sqlite).await;
    let copy = path_of(&test).with_file_name("copy.db");
    let writing = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let (db, flag) = (test.db.clone(), writing.clone());
    let writer = tokio::spawn(async move {
        let mut pairs = 0;
        while flag.load(std::sync::atomic::Ordering::SeqCst) {
            // Two rows at a time: a copy with an odd number would be half of a transaction.
            db.write(move |tx| {
                let insert = "insert into counter (name, value) values ($1, 1), ($2, 1)";
                tx.execute(insert, params![format!("{pairs}a"), format!("{pairs}b")])
            })
            .await
            .unwrap();
            pairs += 1;
        }
    });
    while count(&test.db).await < 100 {}
    test.db.backup_to(&copy, &super::MIGRATIONS).await.unwrap();
    writing.store(false, std::sync::atomic::Ordering::SeqCst);
    writer.await.unwrap();

    let again = test.db.backup_to(&copy, &super::MIGRATIONS).await.unwrap_err().to_string();
    assert!(again.contains("choose another name"), "{again}");
    let nowhere = test.db.backup_to("/proc/copy.db", &super::MIGRATIONS).await;
    assert!(nowhere.is_err());

    let restored = Db::open(DbConfig::Sqlite { path: copy.clone(), vfs: None }).await.unwrap();
    let rows = count(&restored).await;
    assert!(rows >= 100 && rows % 2 == 0, "{rows}");
    assert_eq!(restored.migrate(&super::MIGRATIONS).await.unwrap(), [""; 0]);
    put(&restored, "new", 1).await.unwrap();
    restored.close().await;
    let files: Vec<_> =
        std::fs::read_dir(copy.parent().unwrap()).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert!(!files.iter().any(|name| name.to_string_lossy().ends_with(".part")), "{files:?}");
}

#[tokio::test]
async fn closing_leaves_one_file() {
    let test = open(DbKind::Sqlite).await;
    put(&test.db, "a", 1).await.unwrap();
    assert_eq!(count(&test.db).await, 1);
    let path = path_of(&test);
    let clone = test.db.clone();
    clone.close().await;
    let mut files: Vec<_> =
        std::fs::read_dir(path.parent().unwrap()).unwrap().map(|f| f.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["operon.db"]);
}

#[tokio::test]
async fn a_checkpoint_cuts_the_log_back() {
    let test = open(DbKind::Sqlite).await;
    put(&test.db, "a", 1).await.unwrap();
    let log = path_of(&test).with_file_name("operon.db-wal");
    assert!(std::fs::metadata(&log).unwrap().len() > 0);
    test.db.checkpoint().await.unwrap();
    assert_eq!(std::fs::metadata(&log).unwrap().len(), 0);
    assert_eq!(count(&test.db).await, 1);
}

#[tokio::test]
async fn quoted_names_are_never_text() {
    let test = open(DbKind::Sqlite).await;
    let error = test.db.read(|tx| tx.query("select \"no such column\" from counter", &[])).await.unwrap_err();
    assert!(error.to_string().contains("no such column"), "{error}");
}
