//! What an organisation is licensed for (contract: identity-and-sharing 4.2). Everything is on until the operator
//! switches it off, but for making accounts: anybody can make an organisation, and nobody gets accounts by that.

use serde_json::{Map, Value as Json};

use crate::db::{DbError, Row};
use crate::text::{self, Word};

/// Something that the operator can switch on and off for an organisation. The contract names more; each comes with what it
/// licenses, so that nobody switches off what nothing asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// Protected health information.
    Phi,
    /// Making accounts for others, and helping their owners back in. Off unless the operator switches it on.
    Provisioning,
    /// Databases through the pages alone.
    DatabaseUiViewOnly,
    /// Refusing uploads from outside.
    ExternalUploadRestricted,
    /// The data protection notice.
    DataProtectionNotice,
    /// Web pages of jobs in an isolated browser.
    IsolatedBrowsing,
}

impl Feature {
    /// What the text of [`Features`] is like where this one was switched on.
    pub(super) fn switched_on(self) -> String {
        format!("%\"{}\":true%", self.word())
    }
}

impl Word for Feature {
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Phi, "phi"),
        (Self::Provisioning, "provisioning"),
        (Self::DatabaseUiViewOnly, "databaseUIViewOnly"),
        (Self::ExternalUploadRestricted, "externalUploadRestricted"),
        (Self::DataProtectionNotice, "dataProtectionNotice"),
        (Self::IsolatedBrowsing, "isolatedBrowsing"),
    ];
}

/// The features of one organisation: only what was switched is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Features(Map<String, Json>);

impl Features {
    /// Whether a feature is on.
    #[must_use]
    pub fn has(&self, feature: Feature) -> bool {
        self.0.get(feature.word()).and_then(Json::as_bool).unwrap_or(feature != Feature::Provisioning)
    }

    /// Switches a feature.
    pub fn set(&mut self, feature: Feature, on: bool) {
        self.0.insert(feature.word().to_owned(), on.into());
    }

    /// Every feature with whether it is on.
    #[must_use]
    pub fn all(&self) -> Map<String, Json> {
        Feature::WORDS.iter().map(|(feature, word)| ((*word).to_owned(), self.has(*feature).into())).collect()
    }

    pub(super) fn read(row: &Row, column: usize) -> Result<Self, DbError> {
        text::hash(row, column).map(Self)
    }

    pub(super) fn text(&self) -> String {
        Json::Object(self.0.clone()).to_string()
    }
}
