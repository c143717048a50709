//! Inputs and answers about the folders of a container and what lies in them (contract: data 3, 4).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::Described;
use crate::describe::ObjectDescription;
use crate::fields::DescribeSwitch;
use crate::folder::{FolderName, FolderPath};
use crate::id::{ContainerId, ObjectId};
use crate::metadata::List;
use crate::word::words;

/// The most objects and folders together that one listing answers (contract: data 2.4).
pub const MAX_LISTED: usize = 400_000;
/// The most objects that one listing describes; the limit is ours, searches go on page by page.
pub const MAX_LISTED_DESCRIBED: usize = 100_000;
/// The most objects, and the most folders with all below them, that one call moves (contract: data 2.4).
pub const MAX_MOVED: usize = 100_000;
/// The most objects, and the most folders, that one call removes (contract: data 2.4).
pub const MAX_REMOVED: usize = 10_000;
/// The most objects, hidden ones included, and the most folders, that one call clones; the limit is ours.
pub const MAX_CLONED: usize = 100_000;

/// Input of `newFolder`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct NewFolder {
    /// The whole path.
    pub folder: FolderPath,
    /// Make what is missing above it too, and be content when it is there already.
    #[serde(default)]
    pub parents: bool,
}

/// Input of `listFolder`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListFolder {
    /// What to list; the root when absent.
    #[serde(default)]
    pub folder: FolderPath,
    /// Whether to describe each object, and how.
    #[serde(default)]
    pub describe: DescribeSwitch,
    /// Objects, folders or both.
    #[serde(default)]
    pub only: Only,
    /// List hidden objects too.
    #[serde(default)]
    pub include_hidden: bool,
    /// Answer each folder as `[path, whether it has folders itself]`.
    #[serde(default)]
    pub has_subfolder_flags: bool,
}

words! {
    /// Which part of a folder to list.
    #[derive(Default)]
    Only {
        /// Objects and folders.
        #[default]
        All => "all",
        /// Folders alone.
        Folders => "folders",
        /// Objects alone.
        Objects => "objects",
    }
}

/// Answer of `listFolder`. It names no container: clients compare listings of two projects.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FolderList {
    /// By name; empty when only folders were asked for.
    pub objects: Vec<ListedObject>,
    /// In the order of their bytes; empty when only objects were asked for.
    pub folders: Vec<ListedFolder>,
}

/// One object of a listing.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ListedObject {
    /// The object.
    pub id: ObjectId,
    /// Its copy in the listed container, when that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ObjectDescription")]
    pub describe: Option<Described>,
}

/// One folder of a listing.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ListedFolder {
    /// Its whole path.
    Path(String),
    /// Its whole path, and whether it has folders itself.
    Flagged(String, bool),
}

/// Input of `renameFolder`: exactly one of `name` and `newpath`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct RenameFolder {
    /// The folder as it is called now.
    pub folder: FolderPath,
    /// Its new name, in the same place.
    pub name: Option<FolderName>,
    /// Its new path.
    pub newpath: Option<FolderPath>,
}

/// Input of `move`. Moving to where something lies already is no change.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Move {
    /// Objects to put into the destination.
    #[serde(default)]
    pub objects: List<ObjectId, MAX_MOVED>,
    /// Folders to put into the destination, with all that lies in them.
    #[serde(default)]
    pub folders: List<FolderPath, MAX_MOVED>,
    /// An existing folder.
    pub destination: FolderPath,
}

/// Input of `removeFolder`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct RemoveFolder {
    /// The folder; the root is emptied and stays.
    pub folder: FolderPath,
    /// Remove what lies in it too.
    #[serde(default)]
    pub recurse: bool,
    /// Be content when there is no such folder.
    #[serde(default)]
    pub force: bool,
    /// Remove 10,000 objects at a time, and say whether the folder is gone.
    #[serde(default)]
    pub partial: bool,
}

/// Answer of `removeFolder`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FolderRemoved {
    /// The container.
    pub id: ContainerId,
    /// False when the same call must be made again.
    pub completed: bool,
}

/// Input of `removeObjects`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct RemoveObjects {
    /// The objects whose copies to remove.
    pub objects: List<ObjectId, MAX_REMOVED>,
    /// Be content when some are not there.
    #[serde(default)]
    pub force: bool,
}

/// Input of `clone`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct CloneInto {
    /// Objects to put into the destination itself.
    #[serde(default)]
    pub objects: List<ObjectId, MAX_CLONED>,
    /// Folders to make anew under the destination, with what lies in them.
    #[serde(default)]
    pub folders: List<FolderPath, MAX_CLONED>,
    /// The container to clone into.
    pub project: ContainerId,
    /// A folder there; the root when absent.
    #[serde(default)]
    pub destination: FolderPath,
    /// Make the destination when it is missing.
    #[serde(default)]
    pub parents: bool,
}

/// Answer of `clone`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Cloned {
    /// The container that was cloned from.
    pub id: ContainerId,
    /// The container that was cloned into.
    pub project: ContainerId,
    /// Objects that were there already and were left alone.
    pub exists: Vec<ObjectId>,
}
