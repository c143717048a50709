//! Which installation a database is of: one server, or several that share it. A store of file bytes is told, so that no other
//! installation removes bytes there that its own database does not know.

use crate::db::{DbError, Tx};
use crate::server_option;

/// The option's name.
const NAME: &str = "installation";

/// The id of the installation; this new one when it has none yet.
pub fn id_or(tx: &Tx, new: &str, now: i64) -> Result<String, DbError> {
    if let Some(id) = server_option::get(tx, NAME)? {
        return Ok(id);
    }
    put(tx, new, now)?;
    Ok(new.to_owned())
}

/// Makes the database that of another installation.
pub fn put(tx: &Tx, id: &str, now: i64) -> Result<(), DbError> {
    server_option::put(tx, NAME, id, now)
}
