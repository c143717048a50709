//! Inputs and answers about archiving files (contract: data 8.4).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::folder::FolderPath;
use crate::id::{FileId, ProjectId};
use crate::metadata::List;
use crate::word::words;

/// The most files that one call names.
pub const MAX_NAMED: usize = 1000;
/// The most files that one call archives or unarchives; the limit is ours.
pub const MAX_FILES: usize = 100_000;

/// Input of `archive`: exactly one of `files` and `folder`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Archive {
    /// These.
    pub files: Option<List<FileId, MAX_NAMED>>,
    /// Those in this folder.
    pub folder: Option<FolderPath>,
    /// And in all folders below it; true when absent.
    #[serde(default = "yes")]
    pub recurse: bool,
    /// Archive the copies in every project that the same account pays for.
    #[serde(default)]
    pub all_copies: bool,
}

fn yes() -> bool {
    true
}

/// Answer of `archive`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Archived {
    /// The project.
    pub id: ProjectId,
    /// Files that are newly marked; those that were so before do not count.
    pub count: usize,
}

/// Input of `unarchive`: exactly one of `files` and `folder`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Unarchive {
    /// These.
    pub files: Option<List<FileId, MAX_NAMED>>,
    /// Those in this folder.
    pub folder: Option<FolderPath>,
    /// And in all folders below it; true when absent.
    #[serde(default = "yes")]
    pub recurse: bool,
    /// How soon they are wanted.
    #[serde(default)]
    pub rate: Rate,
    /// Only say what would be done.
    #[serde(default)]
    pub dry_run: bool,
}

words! {
    /// How soon unarchived files are wanted.
    #[derive(Default)]
    Rate {
        /// At once.
        Expedited => "Expedited",
        /// Soon.
        #[default]
        Standard => "Standard",
        /// When there is time.
        Bulk => "Bulk",
    }
}

/// Answer of `unarchive`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Unarchived {
    /// The project.
    pub id: ProjectId,
    /// How many files.
    pub files: usize,
    /// Their size in GiB.
    pub size: f64,
    /// What bringing their bytes back costs, in thousandths of the currency's unit.
    pub cost: u64,
}
