//! The four access levels of a project, and the absence of one.

use crate::word::{Word, word_impls};

/// What a person may do in a project, in the field's own words (contract: identity-and-sharing 6.1).
///
/// Levels are ordered: each includes everything the one before it allows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// No access by level. Shown, never granted.
    #[default]
    None,
    /// See, search, read and copy out.
    View,
    /// Also add new data.
    Upload,
    /// Also change, remove and analyse data.
    Contribute,
    /// Also decide who may do what.
    Administer,
}

impl Level {
    /// Every level, lowest first.
    pub const ALL: [Self; 5] = [Self::None, Self::View, Self::Upload, Self::Contribute, Self::Administer];

    /// The word used on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::View => "VIEW",
            Self::Upload => "UPLOAD",
            Self::Contribute => "CONTRIBUTE",
            Self::Administer => "ADMINISTER",
        }
    }

    /// Reads the wire's word; letters must be upper case, as in the contract.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == text)
    }
}

impl Word for Level {
    fn all() -> &'static [Self] {
        &Self::ALL
    }

    fn as_str(self) -> &'static str {
        Self::as_str(self)
    }
}

word_impls!(Level);
