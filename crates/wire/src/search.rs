//! Inputs and answers of the searches for data objects (contract: data 10.1, 10.2).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::Described;
use crate::describe::ObjectDescription;
use crate::fields::DescribeSwitch;
use crate::folder::FolderPath;
use crate::id::{ContainerId, ObjectId};
use crate::json::hashes;
use crate::level::Level;
use crate::metadata::List;
use crate::page::{Cursor, Limit};
use crate::query::{
    ArchivalQuery, NameQuery, ObjectClass, OneOrMany, PropertiesQuery, ScopeQuery, SortBy, StateQuery,
    TagsQuery, TimeRange, TypeQuery, Visibility,
};

/// Most ids in `id`, and most objects of one [`ResolveDataObjects`].
pub const MAX_OBJECTS: usize = 1000;

/// Input of `/system/findDataObjects`: everything that is given must hold, of the copy that is found.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindDataObjects {
    /// One class, or several of which one must fit.
    pub class: Option<OneOrMany<ObjectClass>>,
    /// One of these objects.
    pub id: Option<List<ObjectId, MAX_OBJECTS>>,
    /// How far the object has come.
    pub state: Option<StateQuery>,
    /// Visible ones unless told otherwise.
    pub visibility: Option<Visibility>,
    /// The name of the copy.
    pub name: Option<NameQuery>,
    /// Types of the object.
    #[serde(rename = "type")]
    pub types: Option<TypeQuery>,
    /// Tags of the copy.
    pub tags: Option<TagsQuery>,
    /// One tag: an older spelling.
    pub tag: Option<TagsQuery>,
    /// Properties of the copy.
    pub properties: Option<PropertiesQuery>,
    /// An object that the details link to.
    pub link: Option<ObjectId>,
    /// Where the copy lies.
    pub scope: Option<ScopeQuery>,
    /// One region, or several of which one must fit.
    pub region: Option<OneOrMany<String>>,
    /// The least level that the caller has where the copy lies.
    pub level: Option<Level>,
    /// When the copy last changed; both ends count.
    pub modified: Option<TimeRange>,
    /// When the object was made; both ends count.
    pub created: Option<TimeRange>,
    /// Where the bytes of the copy are. Needs the class "file", and a project and a folder in `scope`.
    pub archival_state: Option<ArchivalQuery>,
    /// By when the object was made, instead of by when the copy last changed, newest first.
    pub sort_by: Option<SortBy>,
    /// Whether to describe what is found, and with which fields.
    #[serde(default)]
    pub describe: DescribeSwitch,
    /// How many at once.
    #[serde(default)]
    pub limit: Limit,
    /// Where to go on.
    pub starting: Option<Cursor>,
}

/// A copy that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FoundObject {
    /// Where the copy lies.
    pub project: ContainerId,
    /// The object.
    pub id: ObjectId,
    /// The copy described, when that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ObjectDescription")]
    pub describe: Option<Described>,
}

/// Input of `/system/resolveDataObjects`: the objects of exact names in folders.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct ResolveDataObjects {
    /// What to look for.
    pub objects: List<NameInFolder, MAX_OBJECTS>,
    /// Where, for those that do not say; absent: every project the caller may search.
    pub project: Option<ContainerId>,
    /// In which folder, for those that do not say; `/` when absent. Folders below do not count.
    pub folder: Option<FolderPath>,
    /// Visible ones unless told otherwise.
    pub visibility: Option<Visibility>,
}

/// One name to look for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
#[schemars(rename = "NameInFolder")]
pub struct NameInFolder {
    /// The exact name.
    pub name: String,
    /// Where, instead of what the request says.
    pub project: Option<ContainerId>,
    /// In which folder, instead of what the request says.
    pub folder: Option<FolderPath>,
}

hashes!(NameInFolder);

/// Answer of `/system/resolveDataObjects`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Resolved {
    /// All that fits each name, in the order of the request; an empty array where nothing does.
    pub results: Vec<Vec<FoundObject>>,
}
