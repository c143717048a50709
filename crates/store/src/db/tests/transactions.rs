//! What a transaction keeps, undoes and sees.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;

use super::{count, put};
use crate::db::testing::TestDatabase;
use crate::db::{Db, DbError, Tx};
use crate::params;

super::on_both! {
    an_acknowledged_write_is_seen_by_the_next_read;
    an_error_undoes_everything;
    a_failed_statement_ends_the_transaction;
    nested_work_is_undone_alone;
    nested_failures_cannot_be_swallowed;
    a_panic_is_an_error_and_work_goes_on;
    a_read_cannot_change_anything;
    a_read_sees_one_snapshot;
    concurrent_increments_all_count;
    many_more_callers_than_places_are_all_answered;
    writes_survive_closing_and_opening;
    a_closed_database_refuses_politely;
    inline_reads_see_the_same;
    inline_reads_wait_for_no_other;
    a_read_that_swallows_a_failure_fails;
}

async fn an_acknowledged_write_is_seen_by_the_next_read(test: TestDatabase) {
    for n in 0..50 {
        put(&test.db, format!("{n}"), n).await.unwrap();
        assert_eq!(count(&test.db).await, n + 1);
    }
}

async fn an_error_undoes_everything(test: TestDatabase) {
    #[derive(Debug, PartialEq)]
    enum Mine {
        Refused,
        Db(DbError),
    }
    impl From<DbError> for Mine {
        fn from(error: DbError) -> Mine {
            Mine::Db(error)
        }
    }
    let result: Result<(), Mine> = test
        .db
        .write(|tx| {
            tx.execute("insert into counter (name, value) values ('a', 1)", &[])?;
            Err(Mine::Refused)
        })
        .await;
    assert_eq!(result, Err(Mine::Refused));
    assert_eq!(count(&test.db).await, 0);
}

async fn a_failed_statement_ends_the_transaction(test: TestDatabase) {
    let next = Arc::new(std::sync::Mutex::new(None));
    let seen = next.clone();
    let result = test
        .db
        .write(move |tx| {
            tx.execute("insert into counter (name, value) values ('a', 1)", &[])?;
            let swallowed = tx.execute("insert into counter (name, value) values ('a', 2)", &[]);
            assert!(swallowed.is_err());
            *seen.lock().unwrap() = tx.query("select 1", &[]).err();
            Ok::<_, DbError>(())
        })
        .await;
    assert!(result.unwrap_err().is_unique_on("counter.name"));
    assert_eq!(count(&test.db).await, 0);
    let next = next.lock().unwrap().take().unwrap().to_string();
    assert!(next.contains("only what runs in a nested transaction may fail"), "{next}");
}

async fn nested_work_is_undone_alone(test: TestDatabase) {
    let put =
        |tx: &Tx, name: &str| tx.execute("insert into counter (name, value) values ($1, 1)", params![name]);
    let names = test
        .db
        .write(move |tx| {
            put(tx, "outer")?;
            let failed = tx.nested(|tx| {
                put(tx, "inner")?;
                put(tx, "outer")
            });
            assert!(failed.unwrap_err().is_unique_on("counter.name"));
            tx.nested(|tx| {
                put(tx, "kept")?;
                let refused: Result<(), DbError> = tx.nested(|tx| {
                    put(tx, "deep")?;
                    Err(DbError::Busy)
                });
                assert_eq!(refused, Err(DbError::Busy));
                put(tx, "kept too")
            })?;
            tx.query("select name from counter order by name", &[])
        })
        .await
        .unwrap();
    let names: Vec<String> = names.iter().map(|row| row.get(0).unwrap()).collect();
    assert_eq!(names, ["kept", "kept too", "outer"]);
    assert_eq!(count(&test.db).await, 3);
}

async fn nested_failures_cannot_be_swallowed(test: TestDatabase) {
    let result = test
        .db
        .write(|tx| {
            let nested: Result<(), DbError> = tx.nested(|tx| {
                let _ = tx.execute("insert into counter (name, value) values ('a', -1)", &[]);
                Ok(())
            });
            assert!(matches!(nested, Err(DbError::Constraint { .. })), "{nested:?}");
            tx.execute("insert into counter (name, value) values ('b', 1)", &[])
        })
        .await;
    assert_eq!(result, Ok(1));
}

async fn a_panic_is_an_error_and_work_goes_on(test: TestDatabase) {
    let wrote: Result<(), DbError> = test
        .db
        .write(|tx| {
            tx.execute("insert into counter (name, value) values ('a', 1)", &[])?;
            tx.nested(|_| panic!("a fault of ours"))
        })
        .await;
    assert_eq!(wrote, Err(DbError::Panicked("a fault of ours".to_owned())));
    let read: Result<(), DbError> = test.db.read(|_| panic!("another {}", "one")).await;
    assert_eq!(read, Err(DbError::Panicked("another one".to_owned())));
    put(&test.db, "b", 1).await.unwrap();
    assert_eq!(count(&test.db).await, 1);
}

async fn a_read_cannot_change_anything(test: TestDatabase) {
    for sql in [
        "insert into counter (name, value) values ('a', 1)",
        "delete from counter",
        "create table x (y TEXT)",
    ] {
        let result = test.db.read(move |tx| tx.execute(sql, &[])).await;
        assert_eq!(result, Err(DbError::ReadOnly), "{sql}");
    }
    assert_eq!(count(&test.db).await, 0);
}

async fn a_read_sees_one_snapshot(test: TestDatabase) {
    let (started, has_started) = tokio::sync::oneshot::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let (mut started, db) = (Some(started), test.db.clone());
    let reader = tokio::spawn(async move {
        db.read(move |tx| {
            let count = |tx: &Tx| tx.query_one("select count(*) from counter", &[])?.get::<i64>(0);
            let before = count(tx)?;
            started.take().unwrap().send(()).unwrap();
            may_go_on.recv().unwrap();
            Ok::<_, DbError>((before, count(tx)?))
        })
        .await
    });
    has_started.await.unwrap();
    put(&test.db, "a", 1).await.unwrap();
    go_on.send(()).unwrap();
    assert_eq!(reader.await.unwrap(), Ok((0, 0)));
    assert_eq!(count(&test.db).await, 1);
}

async fn add_one(db: &Db) -> Result<u64, DbError> {
    db.write(|tx| {
        let value: i64 = tx.query_one("select value from counter where name = 'n'", &[])?.get(0)?;
        tx.execute("update counter set value = $1 where name = 'n'", params![value + 1])
    })
    .await
}

async fn concurrent_increments_all_count(test: TestDatabase) {
    put(&test.db, "n", 0).await.unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let db = test.db.clone();
            tokio::spawn(async move {
                for _ in 0..20 {
                    add_one(&db).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let value = test.db.read(|tx| tx.query_one("select value from counter", &[])?.get::<i64>(0)).await;
    assert_eq!(value, Ok(160));
}

async fn many_more_callers_than_places_are_all_answered(test: TestDatabase) {
    let tasks: Vec<_> = (0..1000)
        .map(|n| {
            let db = test.db.clone();
            tokio::spawn(async move { put(&db, format!("{n}"), if n % 10 == 0 { -1 } else { n }).await })
        })
        .collect();
    let mut failed = 0;
    for task in tasks {
        failed += i64::from(task.await.unwrap().is_err());
    }
    assert_eq!((failed, count(&test.db).await), (100, 900));
}

async fn writes_survive_closing_and_opening(test: TestDatabase) {
    put(&test.db, "a", 1).await.unwrap();
    test.db.close().await;
    let again = Db::open(test.config.clone()).await.unwrap();
    assert_eq!(count(&again).await, 1);
}

async fn a_closed_database_refuses_politely(test: TestDatabase) {
    let clone = test.db.clone();
    test.db.close().await;
    let expected = DbError::Unavailable("it was closed because the server is stopping".to_owned());
    assert_eq!(put(&clone, "a", 1).await, Err(expected.clone()));
    assert_eq!(clone.read(|tx| tx.query("select 1", &[])).await, Err(expected.clone()));
    assert_eq!(clone.read_inline(|tx| tx.query("select 1", &[])).await, Err(expected));
}

async fn inline_reads_see_the_same(test: TestDatabase) {
    put(&test.db, "a", 7).await.unwrap();
    let value = |tx: &Tx| tx.query_one("select value from counter", &[])?.get::<i64>(0);
    assert_eq!(test.db.read_inline(value).await, Ok(7));
    // Also on a runtime with one thread.
    let db = test.db.clone();
    let single = std::thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(db.read_inline(value))
    });
    assert_eq!(single.join().unwrap(), Ok(7));
}

async fn inline_reads_wait_for_no_other(test: TestDatabase) {
    put(&test.db, "a", 7).await.unwrap();
    let mut reading = Vec::new();
    for _ in 0..test.db.readers() {
        let ((begun, has_begun), (end, ended)) = (tokio::sync::oneshot::channel(), mpsc::channel::<()>());
        let (db, mut begun) = (test.db.clone(), Some(begun));
        let task = tokio::spawn(async move {
            let wait = move |_: &Tx| {
                let _ = begun.take().map(|begun| begun.send(()));
                let _ = ended.recv();
                Ok::<_, DbError>(())
            };
            db.read(wait).await
        });
        has_begun.await.unwrap();
        reading.push((task, end));
    }
    let value = |tx: &Tx| tx.query_one("select value from counter", &[])?.get::<i64>(0);
    let found = tokio::time::timeout(std::time::Duration::from_secs(30), test.db.read_inline(value)).await;
    assert_eq!(found, Ok(Ok(7)));
    for (task, end) in reading {
        drop(end);
        task.await.unwrap().unwrap();
    }
}

async fn a_read_that_swallows_a_failure_fails(test: TestDatabase) {
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    let result = test
        .db
        .read(move |tx| {
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = tx.query("select nothing from nowhere", &[]);
            Ok::<_, DbError>(())
        })
        .await;
    assert!(matches!(result, Err(DbError::Other(_))), "{result:?}");
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}
