//! What executables are made of beside what every object has: a specification and a program. Neither ever changes, and all
//! copies of an object share both.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value as Json;
use serde_json::value::RawValue;

use crate::batch::in_batches;
use crate::db::{DbError, Sql, Tx, params};
use crate::keys::ObjectKey;
use crate::text;

/// What a new executable is made of.
#[derive(Debug, Clone, Copy)]
pub struct NewExecutable<'a> {
    /// Everything but the program: a hash.
    pub spec: &'a Json,
    /// The program.
    pub code: &'a str,
    /// The ids of the objects that belong to it, which are among its links: they are cloned with it.
    pub bundled: &'a [String],
}

/// Adds what an object that was just made is made of.
pub(crate) fn insert(tx: &Tx, key: ObjectKey, new: &NewExecutable<'_>) -> Result<(), DbError> {
    let spec = new.spec.to_string();
    tx.execute(
        "insert into executable (object, spec_bytes, spec, code) values ($1, $2, $3, $4)",
        params![key, crate::object::length(spec.len()), spec, new.code],
    )?;
    in_batches(new.bundled, |batch| {
        let mut sql = Sql::new("update object_link set bundled = 1 where object = ");
        sql.bind(key).push(" and target in (").bind_list(batch.iter().map(String::as_str)).push(")");
        tx.execute_sql(&sql).map(drop)
    })
}

/// The sizes of the specifications of those of these objects that are executables, in bytes.
pub fn spec_bytes(tx: &Tx, keys: &[ObjectKey]) -> Result<HashMap<ObjectKey, i64>, DbError> {
    let mut found = HashMap::new();
    in_batches(keys, |batch| {
        let mut sql = Sql::new("select object, spec_bytes from executable where object in (");
        sql.bind_list(batch.iter().copied()).push(")");
        for row in tx.query_sql(&sql)? {
            found.insert(row.get(0)?, row.get(1)?);
        }
        Ok(())
    })?;
    Ok(found)
}

/// A specification: the text of each of its fields.
pub type Spec = BTreeMap<String, Box<RawValue>>;

/// The specifications of those of these objects that are executables. The caller bounds the sum of their [`spec_bytes`].
pub fn specs_of(tx: &Tx, keys: &[ObjectKey]) -> Result<HashMap<ObjectKey, Spec>, DbError> {
    let mut found = HashMap::new();
    in_batches(keys, |batch| {
        let mut sql = Sql::new("select object, spec from executable where object in (");
        sql.bind_list(batch.iter().copied()).push(")");
        for row in tx.query_sql(&sql)? {
            found.insert(row.get(0)?, text::raw_hash(&row, 1)?);
        }
        Ok(())
    })?;
    Ok(found)
}

/// The program of an executable.
pub fn code(tx: &Tx, key: ObjectKey) -> Result<String, DbError> {
    tx.query_one("select code from executable where object = $1", params![key])?.get(0)
}
