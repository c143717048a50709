//! Copying a database in batches.

use tokio::sync::mpsc;

use super::on_both;
use crate::db::copy::{BATCH, BATCH_BYTES, Piece, read_all};
use crate::db::testing::TestDatabase;
use crate::db::{DbError, Value};
use crate::params;

on_both! {
    batches_are_bounded_in_rows_and_bytes;
}

async fn batches_are_bounded_in_rows_and_bytes(test: TestDatabase) {
    const LONG: usize = 1 << 20;
    test.db
        .write(|tx| {
            for number in 0..500_i64 {
                let photo = if number % 100 < 5 { vec![7; LONG] } else { Vec::new() };
                tx.execute(
                    "insert into account (email, photo) values ($1, $2)",
                    params![number.to_string(), photo],
                )?;
            }
            Ok::<_, DbError>(())
        })
        .await
        .unwrap();
    let (sender, mut pieces) = mpsc::channel(1);
    let mut sender = Some(sender);
    let reading = test.db.read(move |tx| {
        let sender = sender.take().ok_or(DbError::Busy)?;
        read_all(tx, &["account".to_owned()], &sender)
    });
    let looking = async {
        let mut rows_of_all = 0;
        while let Some(piece) = pieces.recv().await {
            let Piece::Rows(_, _, rows) = piece else { continue };
            rows_of_all += rows.len();
            let is_long = |value: &&Value| matches!(value, Value::Blob(bytes) if bytes.len() == LONG);
            let long = rows.iter().flatten().filter(is_long).count();
            assert!(
                rows.len() <= BATCH && long <= BATCH_BYTES / LONG,
                "{} rows, {long} long ones",
                rows.len()
            );
        }
        rows_of_all
    };
    let (read, rows) = tokio::join!(reading, looking);
    read.unwrap();
    assert_eq!(rows, 500);
}
