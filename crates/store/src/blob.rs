//! Stored blobs: which bytes there are, in what condition, and who pays for them. Their files lie in `blobs`.

use crate::db::{DbError, Row, Tx, params};
use crate::keys::{BlobKey, ObjectKey};
use crate::text::{self, Word};

/// Where a blob is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlobState {
    /// Of a file that is not closed.
    Arrived,
    /// Of a closed file, not yet compared with other blobs of its account.
    Sealed,
    /// Compared: no other blob of its account has the same content.
    Stored,
    /// No part uses it. Its bytes are to be removed.
    Doomed,
}

impl Word for BlobState {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Arrived, "arrived"),
        (Self::Sealed, "sealed"),
        (Self::Stored, "stored"),
        (Self::Doomed, "doomed"),
    ];
}

/// The place that the bytes of a blob lie in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlobTier {
    /// Readable.
    Live,
    /// In the archive.
    Archive,
}

impl Word for BlobTier {
    const WORDS: &'static [(Self, &'static str)] = &[(Self::Live, "live"), (Self::Archive, "archive")];
}

/// A blob as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// Its key.
    pub key: BlobKey,
    /// Its id in the store of bytes, 32 hexadecimal digits.
    pub id: String,
    /// The id of the user or organisation that pays.
    pub account: String,
    /// Bytes.
    pub size: i64,
    /// Digests, lower-case hex.
    pub md5: String,
    /// See `md5`.
    pub sha256: String,
    /// See `md5`.
    pub blake3: String,
    /// Where the bytes lie.
    pub tier: BlobTier,
    /// Where it is in its life.
    pub state: BlobState,
    /// What is wrong with the bytes, when something is.
    pub damaged: Option<String>,
}

/// What a new blob starts with.
#[derive(Debug, Clone)]
pub struct NewBlob<'a> {
    /// Its id in the store of bytes.
    pub id: &'a str,
    /// The id of the user or organisation that pays.
    pub account: &'a str,
    /// Bytes.
    pub size: u64,
    /// Digests, lower-case hex.
    pub md5: &'a str,
    /// See `md5`.
    pub sha256: &'a str,
    /// See `md5`.
    pub blake3: &'a str,
}

/// The columns that [`blob`] reads, in its order.
macro_rules! select_blob {
    ($rest:literal) => {
        concat!(
            "select b.key, b.id, b.account, b.size, b.md5, b.sha256, b.blake3, b.tier, b.state, b.damaged from stored_blob b ",
            $rest
        )
    };
}

/// Adds a blob whose bytes have just arrived, and been verified on the way.
pub fn insert(tx: &Tx, new: &NewBlob<'_>, now: i64) -> Result<BlobKey, DbError> {
    let size = i64::try_from(new.size).map_err(|_| DbError::Other("a size does not fit".into()))?;
    tx.query_one(
        "insert into stored_blob (id, account, size, md5, sha256, blake3, tier, state, changed, verified)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) returning key",
        params![
            new.id,
            new.account,
            size,
            new.md5,
            new.sha256,
            new.blake3,
            BlobTier::Live.word(),
            BlobState::Arrived.word(),
            now
        ],
    )?
    .get(0)
}

/// Those of these ids that no blob has. The caller bounds their number.
pub fn unknown(tx: &Tx, ids: Vec<String>) -> Result<Vec<String>, DbError> {
    let mut unknown = Vec::new();
    for id in ids {
        if tx.query_opt("select key from stored_blob where id = $1", params![&id])?.is_none() {
            unknown.push(id);
        }
    }
    Ok(unknown)
}

/// Those of these ids that no blob has which anything uses. The caller bounds their number.
pub fn unneeded(tx: &Tx, ids: Vec<String>) -> Result<Vec<String>, DbError> {
    let mut unneeded = Vec::new();
    for id in ids {
        let needed = tx.query_opt(
            "select key from stored_blob where id = $1 and state <> $2",
            params![&id, BlobState::Doomed.word()],
        )?;
        if needed.is_none() {
            unneeded.push(id);
        }
    }
    Ok(unneeded)
}

/// Whether no part uses a blob any more; true also of one that is forgotten.
pub fn is_doomed(tx: &Tx, key: BlobKey) -> Result<bool, DbError> {
    let state = tx.query_opt("select state from stored_blob where key = $1", params![key])?;
    Ok(state
        .map(|row| text::word(&row, 0))
        .transpose()?
        .is_none_or(|state: BlobState| state == BlobState::Doomed))
}

/// The blobs of a file's parts in the order of their numbers. A file has at most 10 000 parts.
pub fn of_file(tx: &Tx, file: ObjectKey) -> Result<Vec<Blob>, DbError> {
    tx.query(
        select_blob!(
            "join file_part p on p.stored_blob = b.key where p.object = $1 order by p.part limit 10000"
        ),
        params![file],
    )?
    .iter()
    .map(blob)
    .collect()
}

/// A part's blob, and where it lies in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extent {
    /// The first byte, counted in the file.
    pub start: i64,
    /// The bytes.
    pub blob: Blob,
}

/// The extents of a closed or closing file that hold any of the bytes from `from` up to `to`, in order.
pub fn extents(tx: &Tx, file: ObjectKey, from: i64, to: i64) -> Result<Vec<Extent>, DbError> {
    tx.query(
        "select b.key, b.id, b.account, b.size, b.md5, b.sha256, b.blake3, b.tier, b.state, b.damaged, p.start_at
         from file_part p join stored_blob b on b.key = p.stored_blob
         where p.object = $1 and p.size > 0 and p.start_at < $3
           and p.start_at >= (select max(q.start_at) from file_part q where q.object = $1 and q.start_at <= $2)
         order by p.start_at, p.part limit 10000",
        params![file, from, to],
    )?
    .iter()
    .map(|row| Ok(Extent { start: row.get(10)?, blob: blob(row)? }))
    .collect()
}

/// At most `limit` blobs of closed files that were not compared with others yet, oldest first.
pub fn uncompared(tx: &Tx, limit: u32) -> Result<Vec<Blob>, DbError> {
    tx.query(
        select_blob!("where b.state = $1 order by b.key limit $2"),
        params![BlobState::Sealed.word(), limit],
    )?
    .iter()
    .map(blob)
    .collect()
}

/// Lets a blob's parts use an equal blob of the same account instead, when there is one that was compared before and is
/// whole; says whether there was. Either way the blob is compared after this.
pub fn merge(tx: &Tx, blob: &Blob, now: i64) -> Result<bool, DbError> {
    let twin: Option<BlobKey> = tx
        .query_one(
            "select min(key) from stored_blob
             where account = $1 and sha256 = $2 and size = $3 and state = $4 and tier = $5 and damaged is null and key <> $6",
            params![
                &blob.account,
                &blob.sha256,
                blob.size,
                BlobState::Stored.word(),
                blob.tier.word(),
                blob.key
            ],
        )?
        .get(0)?;
    if let Some(twin) = twin {
        tx.execute("update file_part set stored_blob = $2 where stored_blob = $1", params![blob.key, twin])?;
    }
    let state = if twin.is_some() { BlobState::Doomed } else { BlobState::Stored };
    tx.execute(
        "update stored_blob set state = $2, changed = $3 where key = $1 and state = $4",
        params![blob.key, state.word(), now, BlobState::Sealed.word()],
    )?;
    Ok(twin.is_some())
}

/// At most `limit` whole blobs that were last verified before a time, those of longest ago first.
pub fn unverified_since(tx: &Tx, before: i64, limit: u32) -> Result<Vec<Blob>, DbError> {
    tx.query(
        select_blob!(
            "where b.verified < $1 and b.damaged is null and b.state <> $2 order by b.verified, b.key limit $3"
        ),
        params![before, BlobState::Doomed.word(), limit],
    )?
    .iter()
    .map(blob)
    .collect()
}

/// The blob with this id.
pub fn by_id(tx: &Tx, id: &str) -> Result<Option<Blob>, DbError> {
    tx.query_opt(select_blob!("where b.id = $1"), params![id])?.as_ref().map(blob).transpose()
}

/// All blobs after a key, oldest first; at most `limit`.
pub fn after(tx: &Tx, key: Option<BlobKey>, limit: u32) -> Result<Vec<Blob>, DbError> {
    tx.query(
        select_blob!("where b.key > $1 order by b.key limit $2"),
        params![key.map_or(0, BlobKey::number), limit],
    )?
    .iter()
    .map(blob)
    .collect()
}

/// Notes that a blob's bytes were read and found whole.
pub fn verified(tx: &Tx, key: BlobKey, now: i64) -> Result<(), DbError> {
    tx.execute("update stored_blob set verified = $2 where key = $1", params![key, now])?;
    Ok(())
}

/// Whether damage was noted for a blob.
pub fn is_damaged(tx: &Tx, key: BlobKey) -> Result<bool, DbError> {
    let found =
        tx.query_opt("select 1 from stored_blob where key = $1 and damaged is not null", params![key])?;
    Ok(found.is_some())
}

/// Notes what is wrong with a blob's bytes, unless something is noted already.
pub fn mark_damaged(tx: &Tx, key: BlobKey, damage: &str, now: i64) -> Result<(), DbError> {
    tx.execute(
        "update stored_blob set damaged = $2, verified = $3 where key = $1 and damaged is null",
        params![key, damage, now],
    )?;
    Ok(())
}

/// At most `limit` files that use a blob, with their ids: those after a key, oldest first.
pub fn files_of(
    tx: &Tx,
    key: BlobKey,
    after: Option<ObjectKey>,
    limit: u32,
) -> Result<Vec<(ObjectKey, String)>, DbError> {
    tx.query(
        "select distinct p.object, o.id from file_part p join object o on o.key = p.object
         where p.stored_blob = $1 and p.object > $2 order by p.object limit $3",
        params![key, after.map_or(0, ObjectKey::number), limit],
    )?
    .iter()
    .map(|row| Ok((row.get(0)?, row.get(1)?)))
    .collect()
}

fn blob(row: &Row) -> Result<Blob, DbError> {
    Ok(Blob {
        key: row.get(0)?,
        id: row.get(1)?,
        account: row.get(2)?,
        size: row.get(3)?,
        md5: row.get(4)?,
        sha256: row.get(5)?,
        blake3: row.get(6)?,
        tier: text::word(row, 7)?,
        state: text::word(row, 8)?,
        damaged: row.get(9)?,
    })
}
