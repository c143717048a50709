//! Copying everything from one database into an empty one of either kind, table by table.
//!
//! All rows are read in one snapshot of the source, which stays in use; they go over in batches, so that memory is bounded.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tokio::sync::mpsc;

use super::{Db, DbError, DbKind, Row, Tx, Value};

/// Rows of a batch.
pub(super) const BATCH: usize = 200;
/// A batch ends when its rows take as many bytes, however few they are.
pub(super) const BATCH_BYTES: usize = 4 << 20;
/// Batches that may wait to be written.
const WAITING: usize = 4;

/// What goes over.
pub(super) enum Piece {
    /// Rows of a table, and its columns in their order.
    Rows(String, Vec<String>, Vec<Vec<Value>>),
    /// The highest key that a table ever handed out.
    LastKey(String, i64),
}

/// Copies all rows. Both databases have been brought to the same migrations; the target has no rows yet.
pub(super) async fn run(source: &Db, target: &Db) -> Result<(), DbError> {
    if applied(source).await? != applied(target).await? {
        return Err(DbError::Migration(
            "The two databases are of different versions of this program. Start the server of this version once, so that it \
             brings its database up to date; then try again."
                .to_owned(),
        ));
    }
    // One of the two is SQLite, whose list of tables is in the order of their making: tables before those that refer to them.
    let order = if source.kind() == DbKind::Sqlite { tables(source).await? } else { tables(target).await? };
    let (sender, mut pieces) = mpsc::channel(WAITING);
    let mut sender = Some(sender);
    let reading = source.read(move |tx| {
        // The sender goes with the first run, so that a second one cannot send rows twice.
        let sender = sender.take().ok_or(DbError::Busy)?;
        read_all(tx, &order, &sender)
    });
    // It owns the receiver: a writer that fails drops it, which ends the reader; its error is the one to report.
    let writing = async move {
        while let Some(piece) = pieces.recv().await {
            write(target, piece).await?;
        }
        Ok(())
    };
    let (read, written) = tokio::join!(reading, writing);
    written.and(read)
}

async fn applied(db: &Db) -> Result<Vec<(String, String)>, DbError> {
    db.read(|tx| {
        let rows = tx.query("select name, checksum from schema_migration order by position", &[])?;
        rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
    })
    .await
}

async fn tables(db: &Db) -> Result<Vec<String>, DbError> {
    db.read(|tx| {
        let rows = tx.query(
            "select name from sqlite_schema where type = 'table' and name not like 'sqlite%' and name <> 'schema_migration' order by rowid",
            &[],
        )?;
        rows.iter().map(|row| row.get(0)).collect()
    })
    .await
}

/// Reads all rows of these tables and hands them over in batches.
pub(super) fn read_all(tx: &Tx, order: &[String], sender: &mpsc::Sender<Piece>) -> Result<(), DbError> {
    let gone = |_| DbError::Unavailable("the copy was ended".to_owned());
    tx.take_its_time()?;
    let columns = columns(tx)?;
    for table in order {
        let Some(columns) = columns.get(table) else {
            return Err(DbError::Other(format!("the table {table} is missing")));
        };
        let list = quoted(columns).join(", ");
        // A row that refers to its own table comes after the one it refers to: folders are the only ones that do.
        let by = if columns.iter().any(|column| column == "path") { "\"path\"" } else { "1" };
        let (mut rows, mut bytes) = (Vec::new(), 0);
        let send = |rows: &mut Vec<Vec<Value>>| {
            let piece = Piece::Rows(table.clone(), columns.clone(), std::mem::take(rows));
            sender.blocking_send(piece).map_err(gone)
        };
        tx.each(table, &format!("select {list} from \"{table}\" order by {by}"), &mut |row: Row| {
            bytes += row.bytes();
            rows.push(row.into_values());
            if rows.len() < BATCH && bytes < BATCH_BYTES {
                return Ok(());
            }
            bytes = 0;
            send(&mut rows)
        })?;
        if !rows.is_empty() {
            send(&mut rows)?;
        }
        if let Some(last) = last_key(tx, table)? {
            sender.blocking_send(Piece::LastKey(table.clone(), last)).map_err(gone)?;
        }
    }
    Ok(())
}

/// Every table with its columns in their order.
pub(super) fn columns(tx: &Tx) -> Result<BTreeMap<String, Vec<String>>, DbError> {
    let rows = tx.query(
        match tx.kind() {
            DbKind::Sqlite => {
                "select t.name, c.name from sqlite_schema t, pragma_table_info(t.name) c
                 where t.type = 'table' and t.name not like 'sqlite%' order by t.name, c.cid"
            }
            DbKind::Postgres => {
                // A server may hold many schemas, and the views of the information schema read all of them.
                "select cast(c.relname as text), cast(a.attname as text) from pg_class c join pg_attribute a on a.attrelid = c.oid
                 where c.relnamespace = (select oid from pg_namespace where nspname = current_schema())
                   and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped order by c.relname, a.attnum"
            }
        },
        &[],
    )?;
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows {
        tables.entry(row.get(0)?).or_default().push(row.get(1)?);
    }
    Ok(tables)
}

/// The highest key that a table ever handed out; none when it hands out no keys, or has not yet.
fn last_key(tx: &Tx, table: &str) -> Result<Option<i64>, DbError> {
    let rows = tx.query(
        match tx.kind() {
            DbKind::Sqlite => "select seq from sqlite_sequence where name = $1",
            DbKind::Postgres => {
                "select last from (
                     select pg_sequence_last_value(cast(pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname) as regclass)) last
                     from pg_class c join pg_namespace n on n.oid = c.relnamespace
                       join pg_attribute a on a.attrelid = c.oid and a.attidentity <> ''
                     where n.nspname = current_schema() and c.relname = cast($1 as text)) handed_out
                 where last is not null"
            }
        },
        &[table.into()],
    )?;
    rows.first().map(|row| row.get(0)).transpose()
}

async fn write(target: &Db, piece: Piece) -> Result<(), DbError> {
    target
        .write(move |tx| match &piece {
            Piece::Rows(table, columns, rows) => insert(tx, table, columns, rows),
            Piece::LastKey(table, last) => set_last_key(tx, table, *last),
        })
        .await
}

fn insert(tx: &Tx, table: &str, columns: &[String], rows: &[Vec<Value>]) -> Result<(), DbError> {
    let mut sql = format!("insert into \"{table}\" ({}) values ", quoted(columns).join(", "));
    let mut number = 0;
    for at in 0..rows.len() {
        sql.push_str(if at == 0 { "(" } else { ", (" });
        for column in 0..columns.len() {
            number += 1;
            // Writing to a String cannot fail.
            let _ = write!(sql, "{}${number}", if column == 0 { "" } else { ", " });
        }
        sql.push(')');
    }
    let values: Vec<Value> = rows.iter().flatten().cloned().collect();
    tx.run_execute(&sql, &values).map(drop)
}

fn set_last_key(tx: &Tx, table: &str, last: i64) -> Result<(), DbError> {
    match tx.kind() {
        DbKind::Sqlite => {
            let set = "update sqlite_sequence set seq = $2 where name = $1";
            if tx.execute(set, &[table.into(), last.into()])? == 0 {
                let add = "insert into sqlite_sequence (name, seq) values ($1, $2)";
                tx.execute(add, &[table.into(), last.into()])?;
            }
            Ok(())
        }
        DbKind::Postgres => tx
            .query(
                // Through the catalogue itself, by its indexes; the views of the information schema read all of it.
                "select setval(cast(pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname) as regclass), $2)
                 from pg_class c join pg_namespace n on n.oid = c.relnamespace
                   join pg_attribute a on a.attrelid = c.oid and a.attidentity <> ''
                 where n.nspname = current_schema() and c.relname = cast($1 as text)",
                &[table.into(), last.into()],
            )
            .map(drop),
    }
}

fn quoted(names: &[String]) -> Vec<String> {
    names.iter().map(|name| format!("\"{name}\"")).collect()
}
