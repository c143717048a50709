//! Searching for projects, and describing many (contract: identity-and-sharing 9).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::Described;
use crate::describe::ProjectDescription;
use crate::fields::{DescribeSwitch, Fields};
use crate::id::{BillToId, ContainerId, ProjectId};
use crate::level::Level;
use crate::metadata::List;
use crate::page::{Cursor, Limit};
use crate::query::{NameQuery, OneOrMany, PropertiesQuery, TagsQuery, TimeRange};
use crate::text::RegionName;

/// Most projects that one `/system/describeProjects` takes.
const MAX_DESCRIBED: usize = 1000;

/// The filters that every search for projects has. What is absent matches everything.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProjectQuery {
    /// The name, or a pattern for it.
    pub name: Option<NameQuery>,
    /// One of these projects.
    pub id: Option<OneOrMany<ProjectId>>,
    /// Tags, possibly joined by `$and` and `$or`.
    pub tags: Option<TagsQuery>,
    /// Properties, likewise.
    pub properties: Option<PropertiesQuery>,
    /// When it was made.
    pub created: Option<TimeRange>,
    /// One of these regions.
    pub region: Option<OneOrMany<RegionName>>,
    /// Whether everybody may see it.
    pub public: Option<bool>,
    /// Whether it holds protected health information.
    #[serde(rename = "containsPHI")]
    pub contains_phi: Option<bool>,
    /// Whether uploads from outside are refused.
    pub external_upload_restricted: Option<bool>,
    /// Whether and how to describe each.
    #[serde(default)]
    pub describe: DescribeSwitch,
    /// How many at most.
    #[serde(default)]
    pub limit: Limit,
    /// Where to go on.
    pub starting: Option<Cursor>,
}

/// Input of `/system/findProjects`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindProjects {
    /// What every search for projects has.
    #[serde(flatten)]
    pub query: ProjectQuery,
    /// The caller's level is at least this; CONTRIBUTE when absent.
    pub level: Option<Level>,
    /// Whether an entry names the caller or an organisation of theirs.
    pub explicit_permission: Option<bool>,
    /// One of these payers.
    pub bill_to: Option<OneOrMany<BillToId>>,
    /// Every project of the platform; platform administrators only.
    #[serde(default)]
    pub all: bool,
}

/// A project that a search found.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FoundProject {
    /// The project.
    pub id: ContainerId,
    /// The caller's level in it.
    pub level: Level,
    /// Whose entries give the caller access: the caller's id, ids of organisations, `PUBLIC`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permission_sources: Option<Vec<String>>,
    /// Whether everybody may see it.
    pub public: bool,
    /// The description, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ProjectDescription")]
    pub describe: Option<Described>,
}

/// Input of `/system/describeProjects`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct DescribeProjects {
    /// The projects, at most 1000.
    pub projects: List<String, MAX_DESCRIBED>,
    /// Which fields to answer.
    #[serde(flatten)]
    pub fields: Fields,
}
