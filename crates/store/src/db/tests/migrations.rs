//! Migrations: in order, once, checked, undone when they fail.

use crate::db::testing::{TestDatabase, TestDatabases};
use crate::db::{Db, DbError, DbKind, Migration};

const ONE: Migration = Migration {
    name: "0001_one",
    sql: "
        -- A comment; with a semicolon.
        create table one (id BIGINT PRIMARY KEY, note TEXT not null default 'a;b -- c');
        insert into one (id, note) values (1, 'it''s; BIGINT');
        /* insert into one (id) values (2); */
        insert into one (id) values (3)",
};
const TWO: Migration = Migration {
    name: "0002_two",
    sql: "create table if not exists two (x double  precision, y Bytea);
        create table three (a BIGINT, b TEXT, primary key (a, b)) WITHOUT rowid;\nalter table one add column more BIGINT;\n",
};
const BROKEN: Migration = Migration {
    name: "0003_broken",
    sql: "create table four (id BIGINT);\ninsert into four (nope) values (1);",
};

super::on_both! {
    missing_ones_are_applied_in_order_once;
    a_changed_text_is_refused;
    an_unknown_one_is_refused;
    another_line_is_refused;
    a_failing_one_is_undone_and_those_before_stay;
    servers_that_start_together_take_turns;
    foreign_words_are_refused;
}

// The shared helper already migrated; these tests start from nothing.
async fn fresh(test: &TestDatabase) -> TestDatabase {
    TestDatabases::open(test.db.kind()).await.unwrap()
}

async fn missing_ones_are_applied_in_order_once(test: TestDatabase) {
    let test = fresh(&test).await;
    assert_eq!(test.db.migrate(&[ONE]).await.unwrap(), ["0001_one"]);
    assert_eq!(test.db.migrate(&[ONE, TWO]).await.unwrap(), ["0002_two"]);
    assert_eq!(test.db.migrate(&[ONE, TWO]).await.unwrap(), [""; 0]);
    let rows = test.db.read(|tx| tx.query("select id, note, more from one order by id", &[])).await.unwrap();
    let notes: Vec<(i64, String)> =
        rows.iter().map(|row| (row.get(0).unwrap(), row.get(1).unwrap())).collect();
    assert_eq!(notes, [(1, "it's; BIGINT".to_owned()), (3, "a;b -- c".to_owned())]);
}

async fn a_changed_text_is_refused(test: TestDatabase) {
    let test = fresh(&test).await;
    test.db.migrate(&[ONE]).await.unwrap();
    const CHANGED: Migration = Migration { name: "0001_one", sql: "create table one (id BIGINT);" };
    let error = test.db.migrate(&[CHANGED, TWO]).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "The migration 0001_one was changed after it was applied to this database. Start the version that made the \
         database; a released migration must never be edited."
    );
    assert!(test.db.read(|tx| tx.query("select x from two", &[])).await.is_err());
}

async fn an_unknown_one_is_refused(test: TestDatabase) {
    let test = fresh(&test).await;
    test.db.migrate(&[ONE, TWO]).await.unwrap();
    let error = test.db.migrate(&[ONE]).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("0002_two, which this program does not know: it was made by a newer version")
    );
}

async fn another_line_is_refused(test: TestDatabase) {
    let test = fresh(&test).await;
    test.db.migrate(&[ONE]).await.unwrap();
    let error = test.db.migrate(&[TWO, ONE]).await.unwrap_err();
    assert!(error.to_string().contains("different lines of versions"), "{error}");
}

async fn a_failing_one_is_undone_and_those_before_stay(test: TestDatabase) {
    let test = fresh(&test).await;
    let error = test.db.migrate(&[ONE, TWO, BROKEN]).await.unwrap_err();
    assert!(
        matches!(&error, DbError::Migration(why) if why.contains("0003_broken cannot be applied")),
        "{error}"
    );
    assert!(test.db.read(|tx| tx.query("select id from four", &[])).await.is_err());
    assert!(test.db.read(|tx| tx.query("select x from two", &[])).await.is_ok());
    assert_eq!(test.db.migrate(&[ONE, TWO]).await.unwrap(), [""; 0]);
    // The connection that failed is clean again.
    assert_eq!(test.db.write(|tx| tx.execute("delete from one", &[])).await, Ok(2));
}

async fn servers_that_start_together_take_turns(test: TestDatabase) {
    let test = fresh(&test).await;
    let servers: Vec<_> = (0..4)
        .map(|_| {
            let config = test.config.clone();
            tokio::spawn(async move { Db::open(config).await.unwrap().migrate(&[ONE, TWO]).await })
        })
        .collect();
    let mut applied = Vec::new();
    for server in servers {
        applied.extend(server.await.unwrap().unwrap());
    }
    applied.sort_unstable();
    assert_eq!(applied, ["0001_one", "0002_two"]);
}

async fn foreign_words_are_refused(test: TestDatabase) {
    const INTEGER: Migration = Migration { name: "0001", sql: "create table t (id Integer);" };
    const DEFERRED: Migration = Migration {
        name: "0001",
        sql: "create table t (id BIGINT primary key references t (id) deferrable);",
    };
    const OPEN: Migration = Migration { name: "0001", sql: "insert into t values ('x);" };
    let test = fresh(&test).await;
    for (migrations, expected) in [
        (&[INTEGER], "it uses the type Integer; only BIGINT, TEXT, DOUBLE PRECISION and BYTEA are possible"),
        (&[DEFERRED], "it uses DEFERRABLE"),
        (&[OPEN], "a quoted text does not end"),
    ] {
        let error = test.db.migrate(migrations).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn sqlite_tables_are_strict() {
    let test = super::open(DbKind::Sqlite).await;
    let error = test
        .db
        .write(|tx| tx.execute("insert into counter (name, value) values ('a', 'text')", &[]))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "The change breaks a rule of the database (cannot store TEXT value in INTEGER column counter.value)."
    );
}
