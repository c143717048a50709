//! Durability: what was acknowledged survives a power failure at any moment, and what was not is all or nothing.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{MIGRATIONS, count, put};
use crate::db::power_loss::{self, Trouble};
use crate::db::{Db, DbConfig, DbError};
use crate::params;

async fn open(path: &Path) -> Result<Db, DbError> {
    power_loss::register()?;
    Db::open(DbConfig::Sqlite { path: path.to_owned(), vfs: Some(power_loss::NAME.to_owned()) }).await
}

fn place() -> (TempDir, PathBuf) {
    let files = TempDir::with_prefix("operon-power-").unwrap();
    let path = files.path().canonicalize().unwrap().join("operon.db");
    (files, path)
}

/// Two rows in one transaction: a half-done one leaves an odd number.
async fn put_pair(db: &Db, name: String) -> Result<String, DbError> {
    db.write(move |tx| {
        let insert = "insert into counter (name, value) values ($1, 1)";
        tx.execute(insert, params![format!("{name}-a")])?;
        tx.execute(insert, params![format!("{name}-b")])?;
        Ok(name.clone())
    })
    .await
}

/// A short life: the schema, then groups of writes with checkpoints between them. Returns what was acknowledged.
async fn live(path: &Path) -> Vec<String> {
    let mut acknowledged = Vec::new();
    let Ok(db) = open(path).await else {
        return acknowledged;
    };
    if db.migrate(&MIGRATIONS).await.is_ok() {
        for round in 0..4 {
            let put = |n: u32| put_pair(&db, format!("{round}-{n}"));
            let (a, b, c) = tokio::join!(put(0), put(1), put(2));
            acknowledged.extend([a, b, c].into_iter().flatten());
            // The checkpoint may meet the power failure too; what matters is what is there afterwards.
            let _ = db.checkpoint().await;
        }
    }
    db.close().await;
    acknowledged
}

/// What is there after the power is back, each pair counted once.
async fn survivors(path: &Path) -> Vec<String> {
    let db = open(path).await.unwrap();
    db.migrate(&MIGRATIONS).await.unwrap();
    let (rows, verdict) = db
        .read(|tx| {
            let verdict: String = tx.query_one("pragma integrity_check", &[])?.get(0)?;
            Ok::<_, DbError>((tx.query("select name from counter order by name", &[])?, verdict))
        })
        .await
        .unwrap();
    assert_eq!(verdict, "ok");
    db.close().await;
    let names: Vec<String> = rows.iter().map(|row| row.get(0).unwrap()).collect();
    names
        .chunks(2)
        .map(|pair| {
            let name = pair[0].strip_suffix("-a").unwrap();
            assert_eq!(pair[1..], [format!("{name}-b")], "half of a transaction");
            name.to_owned()
        })
        .collect()
}

#[tokio::test]
async fn a_power_failure_at_any_moment_loses_nothing_acknowledged_and_keeps_nothing_half_done() {
    let (_files, path) = place();
    assert_eq!(live(&path).await.len(), 12);
    let steps = power_loss::steps(&path);
    assert!(steps > 100, "{steps}");
    let mut cut_lives = 0;
    for step in 0..steps {
        let (_files, path) = place();
        power_loss::plan(&path, step, Trouble::PowerCut);
        let acknowledged = live(&path).await;
        let there = survivors(&path).await;
        let lost: Vec<_> = acknowledged.iter().filter(|name| !there.contains(name)).collect();
        assert!(lost.is_empty(), "power cut after step {step} lost {lost:?}");
        cut_lives += u32::from(acknowledged.len() < 12);
    }
    // Otherwise the cuts came too late to mean anything.
    assert!(cut_lives > 50, "{cut_lives}");
}

#[tokio::test]
async fn the_model_forgets_what_was_not_synced() {
    let (_files, path) = place();
    let db = open(&path).await.unwrap();
    db.migrate(&MIGRATIONS).await.unwrap();
    put_pair(&db, "synced".to_owned()).await.unwrap();
    // Outside a transaction, where alone SQLite obeys it.
    let other = rusqlite::Connection::open_with_flags_and_vfs(
        &path,
        rusqlite::OpenFlags::default(),
        power_loss::NAME,
    );
    let other = other.unwrap();
    other
        .execute_batch("pragma synchronous = off; insert into counter values ('lost-a', 1), ('lost-b', 1)")
        .unwrap();
    assert_eq!(count(&db).await, 4);
    power_loss::plan(&path, 0, Trouble::PowerCut);
    assert!(put(&db, "x", 1).await.is_err());
    drop(other);
    db.close().await;
    assert_eq!(survivors(&path).await, ["synced"]);
}

#[tokio::test]
async fn a_failing_commit_fails_its_whole_group_and_the_next_one_works() {
    for (trouble, is_expected) in [
        (Trouble::SyncFails, (|error| matches!(error, DbError::Disk(_))) as fn(&DbError) -> bool),
        (Trouble::ReadOnly, |error| matches!(error, DbError::Disk(_))),
        (Trouble::Full, |error| *error == DbError::DiskFull),
    ] {
        let (_files, path) = place();
        let db = open(&path).await.unwrap();
        db.migrate(&MIGRATIONS).await.unwrap();
        put_pair(&db, "before".to_owned()).await.unwrap();
        power_loss::plan(&path, 0, trouble);
        let put = |name: &str| put_pair(&db, name.to_owned());
        let (a, b, c) = tokio::join!(put("a"), put("b"), put("c"));
        for result in [a, b, c] {
            assert!(result.as_ref().is_err_and(is_expected), "{trouble:?}: {result:?}");
        }
        assert_eq!(count(&db).await, 2);
        power_loss::repair(&path);
        put_pair(&db, "d".to_owned()).await.unwrap();
        assert_eq!(count(&db).await, 4);
        power_loss::plan(&path, 0, Trouble::PowerCut);
        db.close().await;
        assert_eq!(survivors(&path).await, ["before", "d"]);
    }
}
