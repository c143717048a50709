//! Data objects: what every copy of one shares.

use serde_json::Value as Json;
use wire::id::ObjectId;

use crate::access::Permit;
use crate::db::{DbError, Row, Tx, params};
use crate::keys::{AccountKey, ObjectKey, ProjectKey};
use crate::text::{self, Word};

/// Where an object is in its life: it only moves forward (contract: data 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectState {
    /// May still change.
    Open,
    /// Frozen, but not sealed yet.
    Closing,
    /// Sealed for good.
    Closed,
}

impl Word for ObjectState {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Open, "open"), (Self::Closing, "closing"), (Self::Closed, "closed")];
}

/// An object as it is kept.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its key.
    pub key: ObjectKey,
    /// Its id, the same in every copy.
    pub id: ObjectId,
    /// Open, closing or closed.
    pub state: ObjectState,
    /// Left out of ordinary lists.
    pub hidden: bool,
    /// In the order of adding.
    pub types: Vec<String>,
    /// A hash or an array.
    pub details: Json,
    /// Distinct ids that the details link to, first seen first.
    pub links: Vec<String>,
    /// When it was made, in ms.
    pub created: i64,
    /// Who made it.
    pub created_by: AccountKey,
    /// The id of who made it.
    pub created_by_id: String,
    /// The job that made it, if one did.
    pub created_by_job: Option<String>,
    /// The project it was made in. Its uploads go through there.
    pub created_in: ProjectKey,
    /// Media type of a file.
    pub media: Option<String>,
    /// Bytes of a closed file.
    pub size: Option<i64>,
    /// Digests of a closed file, lower-case hex.
    pub sha256: Option<String>,
    /// See `sha256`.
    pub md5: Option<String>,
    /// See `sha256`.
    pub blake3: Option<String>,
}

/// What a new object starts with.
#[derive(Debug, Clone)]
pub struct NewObject<'a> {
    /// Its id.
    pub id: &'a ObjectId,
    /// Left out of ordinary lists.
    pub hidden: bool,
    /// In the order of adding.
    pub types: &'a [String],
    /// A hash or an array.
    pub details: &'a Json,
    /// Distinct ids that the details link to.
    pub links: &'a [String],
    /// Who makes it.
    pub created_by: AccountKey,
    /// Media type of a file.
    pub media: Option<&'a str>,
}

/// The columns that [`object`] reads, in its order.
macro_rules! select_object {
    ($rest:literal) => {
        concat!(
            "select key, id, state, hidden, types, details, links, created, created_by, \
             (select a.id from account a where a.key = object.created_by), created_by_job, created_in, media, size, \
             sha256, md5, blake3 from object ",
            $rest
        )
    };
}

/// Adds an open object, without a placement.
pub fn insert(tx: &Tx, permit: &Permit<'_>, new: &NewObject<'_>, now: i64) -> Result<ObjectKey, DbError> {
    let key: ObjectKey = tx
        .query_one(
            "insert into object (id, class, state, hidden, types, details, links, created, created_by, created_in, media, touched)
             values ($1, $2, 'open', $3, $4, $5, $6, $7, $8, $9, $10, $7) returning key",
            params![
                new.id.as_str(),
                new.id.class().as_str(),
                new.hidden,
                Json::from(new.types.to_vec()).to_string(),
                new.details.to_string(),
                Json::from(new.links.to_vec()).to_string(),
                now,
                new.created_by,
                permit.project(),
                new.media
            ],
        )?
        .get(0)?;
    index_types(tx, key, new.types)?;
    index_links(tx, key, new.links)?;
    Ok(key)
}

/// The object of an id.
pub fn by_id(tx: &Tx, id: &ObjectId) -> Result<Option<Object>, DbError> {
    tx.query_opt(select_object!("where id = $1"), params![id.as_str()])?.map(|row| object(&row)).transpose()
}

/// The object of a key.
pub fn by_key(tx: &Tx, key: ObjectKey) -> Result<Object, DbError> {
    object(&tx.query_one(select_object!("where key = $1"), params![key])?)
}

/// Moves an object forward in its life, in every copy.
pub fn set_state(
    tx: &Tx,
    _permit: &Permit<'_>,
    key: ObjectKey,
    state: ObjectState,
    now: i64,
) -> Result<(), DbError> {
    tx.execute("update object set state = $2, touched = $3 where key = $1", params![key, state.word(), now])?;
    tx.execute(
        "update placement set state = $2, modified = $3 where object = $1",
        params![key, state.word(), now],
    )?;
    Ok(())
}

/// Replaces the rows that searches by type use.
pub(crate) fn index_types(tx: &Tx, key: ObjectKey, types: &[String]) -> Result<(), DbError> {
    tx.execute("delete from object_type where object = $1", params![key])?;
    for name in types {
        tx.execute("insert into object_type (type, object) values ($1, $2)", params![name.as_str(), key])?;
    }
    Ok(())
}

/// Replaces the rows that searches by link use.
pub(crate) fn index_links(tx: &Tx, key: ObjectKey, links: &[String]) -> Result<(), DbError> {
    tx.execute("delete from object_link where object = $1", params![key])?;
    for target in links {
        tx.execute(
            "insert into object_link (target, object) values ($1, $2)",
            params![target.as_str(), key],
        )?;
    }
    Ok(())
}

fn object(row: &Row) -> Result<Object, DbError> {
    Ok(Object {
        key: row.get(0)?,
        id: text::id(row, 1, ObjectId::parse)?,
        state: text::word(row, 2)?,
        hidden: row.get(3)?,
        types: text::strings(row, 4)?,
        details: text::json(row, 5)?,
        links: text::strings(row, 6)?,
        created: row.get(7)?,
        created_by: row.get(8)?,
        created_by_id: row.get(9)?,
        created_by_job: row.get(10)?,
        created_in: row.get(11)?,
        media: row.get(12)?,
        size: row.get(13)?,
        sha256: row.get(14)?,
        md5: row.get(15)?,
        blake3: row.get(16)?,
    })
}
