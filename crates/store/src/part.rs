//! Parts of files, as far as they are described; their bytes lie in blobs (contract: data 8.1).

mod change;

use std::collections::HashMap;

use crate::batch::in_batches;
use crate::db::{DbError, Sql, Tx};
use crate::keys::ObjectKey;
use crate::text::{self, Word};

pub use change::{Sum, announce, complete, freeze, sum};

/// How far a part has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartState {
    /// Announced; its bytes are not here yet.
    Pending,
    /// Its bytes are here and checked.
    Complete,
}

impl Word for PartState {
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Pending, "pending"), (Self::Complete, "complete")];
}

/// A part as it is described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its number, from 1. Numbers may have gaps.
    pub index: i64,
    /// How far it has come.
    pub state: PartState,
    /// Bytes.
    pub size: i64,
    /// Lower-case hex, once the bytes are here.
    pub md5: Option<String>,
}

/// The parts of these files in the order of their numbers; none when there are more than `limit` in all. The caller
/// bounds the number of files.
pub fn of_files(
    tx: &Tx,
    files: &[ObjectKey],
    limit: usize,
) -> Result<Option<HashMap<ObjectKey, Vec<Part>>>, DbError> {
    let mut found: HashMap<ObjectKey, Vec<Part>> = HashMap::new();
    let mut room = Some(limit);
    in_batches(files, |batch| {
        let Some(left) = room else { return Ok(()) };
        let mut sql = Sql::new("select object, part, state, size, md5 from file_part where object in (");
        sql.bind_list(batch.iter().copied()).push(") order by object, part limit ");
        sql.bind(i64::try_from(left).unwrap_or(i64::MAX).saturating_add(1));
        let rows = tx.query_sql(&sql)?;
        room = left.checked_sub(rows.len());
        for row in rows {
            found.entry(row.get(0)?).or_default().push(Part {
                index: row.get(1)?,
                state: text::word(&row, 2)?,
                size: row.get(3)?,
                md5: row.get(4)?,
            });
        }
        Ok(())
    })?;
    Ok(room.map(|_| found))
}
