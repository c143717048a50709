//! What a transaction keeps, undoes and sees.

use crate::db::testing::TestDatabase;
use crate::db::{Db, DbError, Tx};
use crate::params;

super::on_both! {
    an_acknowledged_write_is_seen_by_the_next_read;
}

async fn count(db: &Db) -> i64 {
    db.read(|tx: &Tx| tx.query_one("select count(*) from counter", &[])?.get::<i64>(0)).await.unwrap()
}

async fn an_acknowledged_write_is_seen_by_the_next_read(test: TestDatabase) {
    for n in 0..50_i64 {
        test.db
            .write(move |tx| {
                tx.execute("insert into counter (name, value) values ($1, $2)", params![n.to_string(), n])
            })
            .await
            .map_err(|error: DbError| error)
            .unwrap();
        assert_eq!(count(&test.db).await, n + 1);
    }
}
