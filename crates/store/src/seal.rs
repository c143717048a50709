//! Sealing closed files: the server's own work after the close was decided, so no permit is needed.

use wire::id::ObjectId;

use crate::blob::BlobState;
use crate::db::{DbError, Tx, params};
use crate::keys::ObjectKey;
use crate::object::ObjectState;
use crate::text::{self, Word};

/// Size and digests of a whole file, digests in lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WholeFile {
    /// Bytes.
    pub size: i64,
    /// MD5.
    pub md5: String,
    /// SHA-256.
    pub sha256: String,
    /// BLAKE3.
    pub blake3: String,
}

/// A file that waits for its seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its key.
    pub key: ObjectKey,
    /// Its id.
    pub id: ObjectId,
}

/// At most `limit` files that are closing and whose bytes are whole, those that wait longest first. A file with damaged
/// bytes cannot be sealed before an operator has restored them.
pub fn waiting(tx: &Tx, limit: u32) -> Result<Vec<Waiting>, DbError> {
    tx.query(
        "select o.key, o.id from object o where o.state = 'closing' and o.class = 'file' and o.size is null and not exists (
           select 1 from file_part p join stored_blob b on b.key = p.stored_blob
           where p.object = o.key and b.damaged is not null)
         order by o.touched, o.key limit $1",
        params![limit],
    )?
    .iter()
    .map(|row| Ok(Waiting { key: row.get(0)?, id: text::id(row, 1, ObjectId::parse)? }))
    .collect()
}

/// Gives a closing file its size and digests; says whether it lacked them. Nothing of its own holds it back from being
/// closed now: [`crate::closing::settle`] it.
pub fn seal(tx: &Tx, file: ObjectKey, whole: &WholeFile, now: i64) -> Result<bool, DbError> {
    let changed = tx.execute(
        "update object set size = $2, md5 = $3, sha256 = $4, blake3 = $5 where key = $1 and state = $6 and size is null",
        params![file, whole.size, &whole.md5, &whole.sha256, &whole.blake3, ObjectState::Closing.word()],
    )?;
    if changed == 0 {
        return Ok(false);
    }
    tx.execute(
        "update stored_blob set state = $2, changed = $3
         where state = $4 and key in (select p.stored_blob from file_part p where p.object = $1)",
        params![file, BlobState::Sealed.word(), now, BlobState::Arrived.word()],
    )?;
    Ok(true)
}
