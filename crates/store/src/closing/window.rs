//! Very many closing objects at once: which of them wait for nothing but one another. Following links one after the other
//! would take as many statements as a chain or a ring is long.

use std::collections::{HashMap, HashSet};

use super::{MOST_TOGETHER, links_to_unclosed_of};
use crate::batch::in_batches;
use crate::db::{DbError, Tx, params};
use crate::keys::ObjectKey;

/// The most links between them; where there are more, nothing is known.
const MOST_LINKS: usize = 100_000;

/// Some closing objects, as far as closing goes.
pub(super) struct Window {
    /// Those that nothing outside holds back, each with those of them that it waits for.
    free: HashMap<ObjectKey, Vec<ObjectKey>>,
    /// Those that something holds back for certain.
    held: HashSet<ObjectKey>,
}

impl Window {
    /// The [`MOST_TOGETHER`] closing objects from this one on, in the order in which they were made. None when they link to
    /// too many.
    pub(super) fn from(tx: &Tx, first: ObjectKey) -> Result<Option<Self>, DbError> {
        let rows = tx.query(
            "select key, case when class <> 'file' or size is not null then 1 else 0 end
             from object where state = 'closing' and key >= $1 order by key limit $2",
            params![first, i64::try_from(MOST_TOGETHER).unwrap_or(i64::MAX)],
        )?;
        let (mut free, mut held) = (HashMap::new(), HashSet::new());
        for row in &rows {
            let (key, ready): (ObjectKey, bool) = (row.get(0)?, row.get(1)?);
            free.insert(key, Vec::new());
            if !ready {
                held.insert(key);
            }
        }
        let Some(links) = links(tx, &free.keys().copied().collect::<Vec<_>>())? else { return Ok(None) };
        let mut unknown = HashSet::new();
        let mut waiting: HashMap<ObjectKey, Vec<ObjectKey>> = HashMap::new();
        for Link { from, to, ready } in links {
            if !ready {
                held.insert(from);
            } else if free.contains_key(&to) {
                waiting.entry(to).or_default().push(from);
                free.entry(from).or_default().push(to);
            } else {
                unknown.insert(from);
            }
        }
        let held = with_all_behind(held, &waiting);
        for key in with_all_behind(unknown, &waiting).union(&held) {
            free.remove(key);
        }
        Ok(Some(Self { free, held }))
    }

    /// What something holds back for certain.
    pub(super) fn held(&self) -> impl Iterator<Item = ObjectKey> {
        self.held.iter().copied()
    }

    /// An object and all that it waits for, which can be closed together. None when something holds it back, or that is
    /// not known.
    pub(super) fn together(&self, object: ObjectKey) -> Option<Vec<ObjectKey>> {
        if !self.free.contains_key(&object) {
            return None;
        }
        // What a free object waits for is free as well.
        Some(with_all_behind(HashSet::from([object]), &self.free).into_iter().collect())
    }
}

/// These objects and whatever is reached from them by following `next`.
fn with_all_behind(
    mut found: HashSet<ObjectKey>,
    next: &HashMap<ObjectKey, Vec<ObjectKey>>,
) -> HashSet<ObjectKey> {
    let mut front: Vec<ObjectKey> = found.iter().copied().collect();
    while let Some(object) = front.pop() {
        for reached in next.get(&object).into_iter().flatten() {
            if found.insert(*reached) {
                front.push(*reached);
            }
        }
    }
    found
}

/// A link to a hidden object that is not closed.
struct Link {
    from: ObjectKey,
    to: ObjectKey,
    /// Whether that one is ready to be closed.
    ready: bool,
}

/// The links of these objects; none when they are too many.
fn links(tx: &Tx, objects: &[ObjectKey]) -> Result<Option<Vec<Link>>, DbError> {
    let mut found = Vec::new();
    in_batches(objects, |batch| {
        if found.len() > MOST_LINKS {
            return Ok(());
        }
        let mut sql = links_to_unclosed_of("select distinct l.object, o.key, ", batch);
        sql.push(" limit ").bind(i64::try_from(MOST_LINKS + 1).unwrap_or(i64::MAX));
        for row in tx.query_sql(&sql)? {
            found.push(Link { from: row.get(0)?, to: row.get(1)?, ready: row.get(2)? });
        }
        Ok(())
    })?;
    Ok((found.len() <= MOST_LINKS).then_some(found))
}
