//! Organisations and their members.

use wire::id::OrgId;

use crate::db::{DbError, Tx, params};
use crate::keys::OrgKey;

/// The key of an organisation.
pub fn key_of(tx: &Tx, id: &OrgId) -> Result<Option<OrgKey>, DbError> {
    tx.query_opt("select key from org where id = $1", params![id.as_str()])?.map(|row| row.get(0)).transpose()
}
