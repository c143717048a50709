//! Parts as they arrive, and as they are laid end to end when their file is closed.

use super::PartState;
use crate::access::Permit;
use crate::db::{DbError, Tx, params};
use crate::keys::{BlobKey, ObjectKey};
use crate::object::{self, ObjectState};
use crate::text::Word;

/// Notes that a part is to come. One that is here already stays as it is until other bytes have arrived.
pub fn announce(tx: &Tx, permit: &Permit<'_>, index: u32, size: u64, now: i64) -> Result<(), DbError> {
    let key = permit.object()?;
    let size = count(size)?;
    tx.execute(
        "insert into file_part (object, part, state, size, updated) values ($1, $2, $3, $4, $5)
         on conflict (object, part) do update set size = $4, updated = $5 where file_part.state = $3",
        params![key, index, PartState::Pending.word(), size, now],
    )?;
    touch(tx, key, now)
}

/// Makes these bytes the part, in place of what it was. Answers the blob that was replaced.
pub fn complete(
    tx: &Tx,
    permit: &Permit<'_>,
    index: u32,
    size: u64,
    md5: &str,
    blob: BlobKey,
    now: i64,
) -> Result<Option<BlobKey>, DbError> {
    let key = permit.object()?;
    let before = tx
        .query_opt("select stored_blob from file_part where object = $1 and part = $2", params![key, index])?
        .map(|row| row.get(0))
        .transpose()?
        .flatten();
    tx.execute(
        "insert into file_part (object, part, state, size, md5, stored_blob, updated) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (object, part) do update set state = $3, size = $4, md5 = $5, stored_blob = $6, updated = $7",
        params![key, index, PartState::Complete.word(), count(size)?, md5, blob, now],
    )?;
    touch(tx, key, now)?;
    Ok(before)
}

/// What the parts of a file come to, as far as closing it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    /// How many there are.
    pub parts: i64,
    /// How many are announced only.
    pub pending: i64,
    /// The smallest of all but the last, in bytes.
    pub smallest_before_last: Option<i64>,
    /// Bytes in all.
    pub bytes: i64,
}

/// Sums up the parts of a file.
pub fn sum(tx: &Tx, file: ObjectKey) -> Result<Sum, DbError> {
    let row = tx.query_one(
        "select count(*), cast(coalesce(sum(case when state = $2 then 1 else 0 end), 0) as bigint),
                min(case when part < (select max(part) from file_part where object = $1) then size end),
                cast(coalesce(sum(size), 0) as bigint)
         from file_part where object = $1",
        params![file, PartState::Pending.word()],
    )?;
    Ok(Sum {
        parts: row.get(0)?,
        pending: row.get(1)?,
        smallest_before_last: row.get(2)?,
        bytes: row.get(3)?,
    })
}

/// Lays the parts of the permit's file end to end and freezes the file: no part of it changes any more.
pub fn freeze(tx: &Tx, permit: &Permit<'_>, now: i64) -> Result<(), DbError> {
    let key = permit.object()?;
    tx.execute(
        "update file_part set start_at = laid.start_at
         from (select part, cast(sum(size) over (order by part) as bigint) - size as start_at
               from file_part where object = $1) laid
         where file_part.object = $1 and file_part.part = laid.part",
        params![key],
    )?;
    object::set_state(tx, &[key], ObjectState::Closing, now)
}

/// An upload keeps its file from counting as abandoned, and changes the one copy that an open file has.
fn touch(tx: &Tx, key: ObjectKey, now: i64) -> Result<(), DbError> {
    tx.execute("update object set touched = $2 where key = $1", params![key, now])?;
    object::touch_copies(tx, key, now)
}

/// A number of bytes as the database counts.
fn count(bytes: u64) -> Result<i64, DbError> {
    i64::try_from(bytes).map_err(|_| DbError::Other("a size does not fit".into()))
}
