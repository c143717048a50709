//! Data objects: what every copy of one shares.

mod change;

use std::collections::HashMap;

use serde_json::Value as Json;
use serde_json::value::RawValue;
use wire::id::ObjectId;

use crate::access::Permit;
use crate::batch::in_batches;
use crate::db::{DbError, Row, Sql, Tx, params};
use crate::executable::{self, NewExecutable};
use crate::keys::{AccountKey, ObjectKey, ProjectKey};
use crate::text::{self, Word};

pub(crate) use change::{length, set_state, touch_copies};
pub use change::{set_details, set_hidden, set_types};

/// The most rows that one statement inserts.
pub(crate) const BATCH: usize = 500;

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

impl From<ObjectState> for policy::ObjectState {
    fn from(state: ObjectState) -> Self {
        match state {
            ObjectState::Open => Self::Open,
            ObjectState::Closing => Self::Closing,
            ObjectState::Closed => Self::Closed,
        }
    }
}

/// An object as it is kept. Details and links, which may be large, are read by [`details`] and [`links`].
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
    /// Size of the details as JSON text, in bytes.
    pub details_bytes: i64,
    /// How many objects it links to.
    pub link_count: i64,
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
    /// Open, unless its class has nothing that could still change (contract: data 5).
    pub state: ObjectState,
    /// Left out of ordinary lists.
    pub hidden: bool,
    /// In the order of adding.
    pub types: &'a [String],
    /// A hash or an array.
    pub details: &'a Json,
    /// Distinct ids that the details, and what an executable is made of, link to, first seen first.
    pub links: &'a [String],
    /// Who makes it.
    pub created_by: AccountKey,
    /// Media type of a file.
    pub media: Option<&'a str>,
    /// What an executable is made of; none for what is none.
    pub executable: Option<NewExecutable<'a>>,
}

/// The columns that [`object`] reads, in its order.
macro_rules! select_object {
    ($rest:literal) => {
        concat!(
            "select key, id, state, hidden, types, details_bytes, link_count, created, created_by, \
             (select a.id from account a where a.key = object.created_by), created_by_job, created_in, media, size, \
             sha256, md5, blake3 from object ",
            $rest
        )
    };
}

/// Adds an object, without a placement.
pub fn insert(tx: &Tx, permit: &Permit<'_>, new: &NewObject<'_>, now: i64) -> Result<ObjectKey, DbError> {
    let details = new.details.to_string();
    let key: ObjectKey = tx
        .query_one(
            "insert into object (id, class, state, hidden, types, details_bytes, link_count, created, created_by,
               created_in, media, touched)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $8) returning key",
            params![
                new.id.as_str(),
                new.id.class().as_str(),
                new.state.word(),
                new.hidden,
                text::list(new.types),
                change::length(details.len()),
                change::length(new.links.len()),
                now,
                new.created_by,
                permit.project(),
                new.media
            ],
        )?
        .get(0)?;
    change::add_types(tx, key, new.types)?;
    change::add_details(tx, key, &details, new.links)?;
    if let Some(executable) = &new.executable {
        executable::insert(tx, key, executable)?;
    }
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

/// The objects of these keys, as far as there are such. The caller bounds their number.
pub fn by_keys(tx: &Tx, keys: &[ObjectKey]) -> Result<HashMap<ObjectKey, Object>, DbError> {
    let mut found = HashMap::with_capacity(keys.len());
    in_batches(keys, |batch| {
        let mut sql = Sql::new(select_object!("where key in ("));
        sql.bind_list(batch.iter().copied()).push(")");
        for row in tx.query_sql(&sql)? {
            let object = object(&row)?;
            found.insert(object.key, object);
        }
        Ok(())
    })?;
    Ok(found)
}

/// The keys of these ids, as far as there are such objects. The caller bounds their number.
pub fn keys_of(tx: &Tx, ids: &[ObjectId]) -> Result<HashMap<ObjectId, ObjectKey>, DbError> {
    let mut found = HashMap::with_capacity(ids.len());
    in_batches(ids, |batch| {
        let mut sql = Sql::new("select id, key from object where id in (");
        sql.bind_list(batch.iter().map(ObjectId::as_str)).push(")");
        for row in tx.query_sql(&sql)? {
            found.insert(text::id(&row, 0, ObjectId::parse)?, row.get(1)?);
        }
        Ok(())
    })?;
    Ok(found)
}

/// The ids of these objects, as far as there are such. The caller bounds their number.
pub fn ids_of(tx: &Tx, keys: &[ObjectKey]) -> Result<HashMap<ObjectKey, ObjectId>, DbError> {
    let mut found = HashMap::with_capacity(keys.len());
    in_batches(keys, |batch| {
        let mut sql = Sql::new("select key, id from object where key in (");
        sql.bind_list(batch.iter().copied()).push(")");
        for row in tx.query_sql(&sql)? {
            found.insert(row.get(0)?, text::id(&row, 1, ObjectId::parse)?);
        }
        Ok(())
    })?;
    Ok(found)
}

/// The details of an object: a hash or an array.
pub fn details(tx: &Tx, key: ObjectKey) -> Result<Json, DbError> {
    tx.query_opt("select details from object_details where object = $1", params![key])?
        .map_or_else(|| Ok(no_details()), |row| text::json(&row, 0))
}

/// The distinct ids that an object links to, first seen first.
pub fn links(tx: &Tx, key: ObjectKey) -> Result<Vec<String>, DbError> {
    Ok(links_of(tx, &[key])?.remove(&key).unwrap_or_default())
}

/// The details, as their text, of those of these objects that have any; the others have [`no_details`]. The caller bounds
/// the sum of their [`Object::details_bytes`].
pub fn details_of(tx: &Tx, keys: &[ObjectKey]) -> Result<HashMap<ObjectKey, Box<RawValue>>, DbError> {
    let mut found = HashMap::new();
    in_batches(keys, |batch| {
        let mut sql = Sql::new("select object, details from object_details where object in (");
        sql.bind_list(batch.iter().copied()).push(")");
        for row in tx.query_sql(&sql)? {
            found.insert(row.get(0)?, text::raw(&row, 1)?);
        }
        Ok(())
    })?;
    Ok(found)
}

/// The links of those of these objects that have any. The caller bounds the sum of their [`Object::link_count`].
pub fn links_of(tx: &Tx, keys: &[ObjectKey]) -> Result<HashMap<ObjectKey, Vec<String>>, DbError> {
    let mut found = HashMap::new();
    in_batches(keys, |batch| {
        let mut sql = Sql::new("select object, links from object_details where object in (");
        sql.bind_list(batch.iter().copied()).push(")");
        for row in tx.query_sql(&sql)? {
            found.insert(row.get(0)?, text::strings(&row, 1)?);
        }
        Ok(())
    })?;
    Ok(found)
}

/// The details of an object that was given none.
#[must_use]
pub fn no_details() -> Json {
    Json::Object(serde_json::Map::new())
}

fn object(row: &Row) -> Result<Object, DbError> {
    Ok(Object {
        key: row.get(0)?,
        id: text::id(row, 1, ObjectId::parse)?,
        state: text::word(row, 2)?,
        hidden: row.get(3)?,
        types: text::strings(row, 4)?,
        details_bytes: row.get(5)?,
        link_count: row.get(6)?,
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
