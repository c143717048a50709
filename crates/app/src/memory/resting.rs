//! Files that could not be sealed, and rest a while before they are tried again.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use store::keys::ObjectKey;

/// Files that could not be sealed a moment ago.
#[derive(Debug, Default)]
pub(crate) struct Resting(Mutex<HashMap<ObjectKey, i64>>);

impl Resting {
    /// Those that rest now.
    pub(crate) fn held(&self, now: i64) -> HashSet<ObjectKey> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, until| *until > now);
        held.keys().copied().collect()
    }

    /// Lets one rest until a time.
    pub(crate) fn add(&self, file: ObjectKey, until: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(file, until);
    }
}
