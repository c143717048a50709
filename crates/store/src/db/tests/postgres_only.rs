//! What only a server can do: collide, go away, and be set up differently.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::time::Duration;

use super::{count, open, put};
use crate::db::postgres::{Postgres, Server};
use crate::db::testing::{TestDatabase, TestDatabases, dump, server_url};
use crate::db::{BackEnd, Db, DbConfig, DbError, DbKind};
use crate::params;

/// Ends the session with this process id from a second session, and waits until it is gone.
fn end_session(pid: i64) {
    let mut other = Server::new(&server_url().unwrap(), None).unwrap().connect().unwrap();
    other.batch(&format!("select pg_terminate_backend({pid})")).unwrap();
    while !other.query(&format!("select 1 from pg_stat_activity where pid = {pid}"), &[]).unwrap().is_empty()
    {
        std::thread::yield_now();
    }
}

const PID: &str = "select cast(pg_backend_pid() as bigint)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_two_administrators_cannot_both_leave() {
    let test = open(DbKind::Postgres).await;
    for name in ["anna", "bert"] {
        put(&test.db, name, 1).await.unwrap();
    }
    // Each sees the other remain before either leaves; only the first try waits for the other.
    let barrier = Arc::new(Barrier::new(2));
    let runs = Arc::new(AtomicU32::new(0));
    let leave = |name: &'static str| {
        let (db, barrier, runs) = (test.db.clone(), barrier.clone(), runs.clone());
        let mut first = true;
        tokio::spawn(async move {
            db.write(move |tx| {
                runs.fetch_add(1, Ordering::SeqCst);
                let remaining: i64 =
                    tx.query_one("select count(*) from counter where value = 1", &[])?.get(0)?;
                if std::mem::take(&mut first) {
                    barrier.wait();
                }
                if remaining < 2 {
                    return Ok::<_, DbError>(false);
                }
                tx.execute("update counter set value = 0 where name = $1", params![name])?;
                Ok(true)
            })
            .await
            .unwrap()
        })
    };
    let (anna, bert) = (leave("anna"), leave("bert"));
    let left = [anna.await.unwrap(), bert.await.unwrap()];
    assert_eq!(left.iter().filter(|left| **left).count(), 1, "{left:?}");
    assert_eq!(runs.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn collisions_are_retried_and_then_the_database_is_busy() {
    let test = open(DbKind::Postgres).await;
    for code in ["40001", "40P01"] {
        let runs = Arc::new(AtomicU32::new(0));
        let counted = runs.clone();
        let collide: &'static str = match code {
            "40001" => "do $x$ begin raise exception using errcode = '40001'; end $x$",
            _ => "do $x$ begin raise exception using errcode = '40P01'; end $x$",
        };
        let result = test
            .db
            .write(move |tx| {
                counted.fetch_add(1, Ordering::SeqCst);
                // A nested transaction cannot contain a collision, and the closure cannot hide it.
                let _: Result<u64, DbError> = tx.nested(|tx| tx.execute(collide, &[]));
                Ok::<_, DbError>(())
            })
            .await;
        assert_eq!((result, runs.load(Ordering::SeqCst)), (Err(DbError::Busy), 12));
    }
}

/// A change that was tried for as long as one may be is tried once more, with no other beside it. A reading is not.
#[tokio::test]
async fn a_change_that_was_tried_for_long_is_tried_once_more_alone() {
    const COLLIDE: &str = "do $x$ begin raise exception using errcode = '40001'; end $x$";
    let server = Server::new(&server_url().unwrap(), None).unwrap();
    let postgres = Postgres::at(server, 1).await.unwrap().trying_for(Duration::ZERO);
    let db = Db { back_end: Arc::new(BackEnd::Postgres(postgres)) };
    for (collides_alone, expected) in [(false, Ok(())), (true, Err(DbError::Busy))] {
        let beside = db.clone();
        let (told, tries) = mpsc::channel();
        let result = db.write(move |tx| {
            let BackEnd::Postgres(postgres) = &*beside.back_end else { return Err(DbError::Busy) };
            let shared = postgres.lane_is_shared();
            told.send(shared).unwrap();
            if shared || collides_alone {
                tx.execute(COLLIDE, &[])?;
            }
            Ok(())
        });
        assert_eq!(result.await, expected);
        assert_eq!(tries.iter().collect::<Vec<_>>(), [true, false]);
    }
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    let result = db.read(move |tx| {
        counted.fetch_add(1, Ordering::SeqCst);
        tx.execute(COLLIDE, &[])
    });
    assert_eq!((result.await, runs.load(Ordering::SeqCst)), (Err(DbError::Busy), 1));
}

#[tokio::test]
async fn failures_of_the_server_are_named() {
    let test = open(DbKind::Postgres).await;
    let cases: [(&'static str, DbError); 4] = [
        ("do $x$ begin raise exception using errcode = '53100'; end $x$", DbError::DiskFull),
        ("do $x$ begin raise exception using errcode = '25006'; end $x$", DbError::ReadOnly),
        ("do $x$ begin raise exception using errcode = '55P03'; end $x$", DbError::Busy),
        (
            "do $x$ begin raise exception 'disk' using errcode = '58030'; end $x$",
            DbError::Disk("disk".to_owned()),
        ),
    ];
    for (sql, expected) in cases {
        let result = test
            .db
            .write(move |tx| {
                tx.execute("insert into counter (name, value) values ('a', 1)", &[])?;
                let _: Result<u64, DbError> = tx.nested(|tx| tx.execute(sql, &[]));
                Ok::<_, DbError>(())
            })
            .await;
        assert_eq!(result, Err(expected));
        assert_eq!(count(&test.db).await, 0);
    }
}

#[tokio::test]
async fn errors_do_not_quote_values() {
    let test = open(DbKind::Postgres).await;
    let error = test
        .db
        .read(|tx| tx.query("select cast($1 as bigint)", params!["secret"]))
        .await
        .unwrap_err()
        .to_string();
    assert!(!error.contains("secret"), "{error}");
    let error = test.db.read(|tx| tx.query("select 1.5", &[])).await.unwrap_err().to_string();
    assert!(error.contains("has the PostgreSQL type numeric; cast it to"), "{error}");
}

#[tokio::test]
async fn a_broken_connection_is_replaced() {
    let test = open(DbKind::Postgres).await;
    let pid: i64 = test.db.read(|tx| tx.query_one(PID, &[])?.get(0)).await.unwrap();
    tokio::task::spawn_blocking(move || end_session(pid)).await.unwrap();
    put(&test.db, "idle", 1).await.unwrap();

    let mut first = true;
    test.db
        .write(move |tx| {
            let pid: i64 = tx.query_one(PID, &[])?.get(0)?;
            tx.execute("insert into counter (name, value) values ('inside', 1)", &[])?;
            if std::mem::take(&mut first) {
                end_session(pid);
            }
            tx.execute("insert into counter (name, value) values ('after', 1)", &[])
        })
        .await
        .unwrap();
    assert_eq!(count(&test.db).await, 3);
}

#[tokio::test]
async fn a_commit_of_unknown_outcome_is_not_repeated() {
    let test = open(DbKind::Postgres).await;
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    let result = test
        .db
        .write(move |tx| {
            counted.fetch_add(1, Ordering::SeqCst);
            end_session(tx.query_one(PID, &[])?.get(0)?);
            Ok::<_, DbError>(())
        })
        .await;
    assert_eq!(result, Err(DbError::Unsure));
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_statement_prepared_before_a_change_of_the_schema_still_works() {
    let test = open(DbKind::Postgres).await;
    put(&test.db, "a", 1).await.unwrap();
    let all = || test.db.read(|tx| Ok::<_, DbError>(tx.query_one("select * from counter", &[])?.len()));
    assert_eq!(all().await, Ok(2));
    test.db.write(|tx| tx.execute("alter table counter add column more BIGINT", &[])).await.unwrap();
    assert_eq!(all().await, Ok(3));
}

#[tokio::test]
async fn a_server_that_orders_text_differently_is_refused() {
    let TestDatabase { db, .. } = open(DbKind::Postgres).await;
    db.close().await;
    let url = server_url().unwrap();
    let (made, name) = (url.clone(), format!("odd_{}", std::process::id()));
    let create = format!("create database {name} template template0 encoding 'SQL_ASCII' locale 'C'");
    tokio::task::spawn_blocking(move || {
        Server::new(&made, None).unwrap().connect().unwrap().batch(&create).unwrap();
    })
    .await
    .unwrap();
    let odd = DbConfig::Postgres {
        url: format!("{}/{name}", url.strip_suffix("/postgres").unwrap()),
        schema: None,
        pool: 1,
    };
    let error = Db::open(odd).await.err().unwrap().to_string();
    assert!(error.contains("encoding SQL_ASCII") && error.contains("create database operon"), "{error}");
}

#[tokio::test]
async fn an_address_that_leads_nowhere_is_explained() {
    for (url, schema, expected) in [
        ("postgres://u@127.0.0.1:1/x", None, "not available"),
        ("not an address", None, "its address cannot be read"),
        ("postgres://u@127.0.0.1:1/x", Some("Bad\"Name".to_owned()), "schema name"),
    ] {
        let config = DbConfig::Postgres { url: url.to_owned(), schema, pool: 1 };
        let error = Db::open(config).await.err().unwrap().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// A copy goes to an SQLite file and from there into another schema, with every kind of value and with the keys that were
/// handed out and are gone; a database of another version is refused.
#[tokio::test]
async fn a_backup_goes_there_and_back() {
    let (test, back) = (open(DbKind::Postgres).await, open(DbKind::Postgres).await);
    test.db
        .write(|tx| {
            for number in 0..1234_i64 {
                let boss = (number % 7 == 3).then_some(number - 1);
                tx.execute(
                    "insert into account (email, score, photo, boss) values ($1, $2, $3, $4)",
                    params![format!("ü{number}\u{1f9ec}@x"), 0.1, vec![0_u8, 255, 7], boss],
                )?;
            }
            tx.execute("delete from account where id > 1200", &[])
        })
        .await
        .unwrap();
    put(&test.db, "c", 5).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    test.db.backup_to(&copy, &super::MIGRATIONS).await.unwrap();
    let copied = Db::open(DbConfig::Sqlite { path: copy, vfs: None }).await.unwrap();
    back.db.fill_from(&copied).await.unwrap();
    let expected = dump(&test.db).await.unwrap();
    assert_eq!(expected["account"].len(), 1200);
    assert_eq!(dump(&copied).await.unwrap(), expected);
    assert_eq!(dump(&back.db).await.unwrap(), expected);
    for db in [&copied, &back.db] {
        let next = db
            .write(|tx| {
                tx.query_one("insert into account (email) values ('new') returning id", &[])?.get::<i64>(0)
            })
            .await
            .unwrap();
        assert_eq!(next, 1235, "a key that was handed out once is not handed out again");
    }
    let empty = TestDatabases::open(DbKind::Postgres).await.unwrap();
    empty.db.migrate(&[]).await.unwrap();
    let error = empty.db.fill_from(&copied).await.unwrap_err().to_string();
    assert!(error.contains("different versions"), "{error}");
    copied.close().await;
}
