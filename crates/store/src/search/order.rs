//! The orders of a search, and positions in them.

use crate::db::{DbError, Row, Sql};
use crate::keys::{PlacementKey, ProjectKey};

/// In which order copies are found. The copies of one project always come together, and copies that are equal in all
/// else by their key, so that every copy has one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// What changed last comes first.
    Modified,
    /// What was made last comes first.
    NewestCreated,
    /// What was made first comes first.
    OldestCreated,
}

/// Where a copy stands in the order of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The project that the copy lies in.
    pub project: ProjectKey,
    /// The time that the search is ordered by, in ms.
    pub at: i64,
    /// The copy.
    pub key: PlacementKey,
}

impl Order {
    /// Whether projects, too, come from the newest to the oldest: one index serves an order only when all its columns
    /// run the same way.
    #[must_use]
    pub fn is_newest_first(self) -> bool {
        self != Self::OldestCreated
    }

    /// Behind every copy of a project.
    #[must_use]
    pub fn end_of(self, project: ProjectKey) -> Position {
        let end = if self.is_newest_first() { i64::MIN } else { i64::MAX };
        Position { project, at: end, key: PlacementKey::from_number(end) }
    }

    /// Whether a project comes before another one.
    pub(super) fn is_before(self, project: ProjectKey, other: ProjectKey) -> bool {
        if self.is_newest_first() { project > other } else { project < other }
    }

    /// The columns that rows of a search have: those of [`position`], the object and the name.
    pub(super) fn columns(self) -> &'static str {
        match self {
            Self::Modified => "p.project, p.modified, p.key, p.object, p.name",
            Self::NewestCreated | Self::OldestCreated => "p.project, p.created, p.key, p.object, p.name",
        }
    }

    /// The columns that [`position`] reads.
    pub(super) fn position_columns(self) -> &'static str {
        match self {
            Self::Modified => "p.project, p.modified, p.key",
            Self::NewestCreated | Self::OldestCreated => "p.project, p.created, p.key",
        }
    }

    pub(super) fn clause(self) -> &'static str {
        match self {
            Self::Modified => " order by p.project desc, p.modified desc, p.key desc",
            Self::NewestCreated => " order by p.project desc, p.created desc, p.key desc",
            Self::OldestCreated => " order by p.project, p.created, p.key",
        }
    }

    /// Appends that the copy `p` stands behind a position in the same project.
    pub(super) fn push_behind(self, sql: &mut Sql, position: Position) {
        sql.push(match self {
            Self::Modified => " and (p.modified, p.key) < (",
            Self::NewestCreated => " and (p.created, p.key) < (",
            Self::OldestCreated => " and (p.created, p.key) > (",
        });
        sql.bind_list([position.at, position.key.number()]).push(")");
    }
}

/// Reads the position of a row with the columns of [`Order::columns`] or [`Order::position_columns`].
pub(super) fn position(row: &Row) -> Result<Position, DbError> {
    Ok(Position { project: row.get(0)?, at: row.get(1)?, key: row.get(2)? })
}
