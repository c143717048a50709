//! Which readings the audit log covers already: further ranges of one opening fold into its event.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// How long one event covers further ranges of the same opening, in ms.
const COVERED_MS: i64 = 60_000;
/// Openings remembered at most. Beyond it, ranges get events of their own.
const MOST: usize = 10_000;

/// The openings of the last minute.
#[derive(Debug, Default)]
pub(crate) struct Openings(Mutex<HashMap<Opening, i64>>);

/// One token's reading of one object as it lies in one project, from one place. A link that went on to others is read from
/// other places, and each of those readings stands in the log.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Opening {
    /// The signature of the token.
    pub(crate) token: String,
    /// The object.
    pub(crate) object: String,
    /// The project.
    pub(crate) project: String,
    /// What is read.
    pub(crate) content: Content,
    /// Where the request came from.
    pub(crate) origin: Option<IpAddr>,
}

/// What of an object is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Content {
    /// The bytes of a file, by whoever holds the token.
    Bytes,
    /// The bytes of a file, by whoever holds a link.
    LinkedBytes,
    /// The details of an object.
    Details,
}

impl Openings {
    /// Whether an event that is committed covers this reading.
    pub(crate) fn covers(&self, opening: &Opening, now: i64) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(opening).is_some_and(|until| *until > now)
    }

    /// Until when the event of a reading at this time covers further ones.
    pub(crate) fn until(now: i64) -> i64 {
        now + COVERED_MS
    }

    /// Remembers that the event of some readings was committed.
    pub(crate) fn committed(&self, openings: impl IntoIterator<Item = Opening>, now: i64) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.retain(|_, until| *until > now);
        }
        for opening in openings {
            if known.len() >= MOST {
                return;
            }
            known.insert(opening, Self::until(now));
        }
    }
}
