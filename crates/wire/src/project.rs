//! Inputs and answers about projects and their members (contract: identity-and-sharing 5).

mod find;
mod member;
mod update;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::id::BillToId;
use crate::metadata::{Properties, PropertyChanges, Tags};
use crate::number::{Amount, Whole};
use crate::text::{Description, ProjectName, RegionName, Summary};

pub use find::{DescribeProjects, FindProjects, FoundProject, ProjectQuery};
pub use member::{
    AccessDescribed, AccessSource, DecisionReason, DecisionShown, DecreasePermissions, DescribeAccess,
    FindMembers, FindProjectMembers, FoundPrincipal, Invite, Invited, Join, MAX_DECREASED, Member,
    RightsShown,
};
pub use update::{ExecutableId, FlagUpdate, Resolution, Update};

/// Input of `/project/new`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "NewProject")]
pub struct New {
    /// 1 to 255 bytes; need not be unique.
    pub name: ProjectName,
    /// One line for lists.
    #[serde(default)]
    pub summary: Summary,
    /// Longer text.
    #[serde(default)]
    pub description: Description,
    /// The restriction flags; those that are absent are off.
    #[serde(flatten)]
    pub flags: FlagUpdate,
    /// Members at VIEW get no aggregate over fewer participants than this.
    pub database_results_restricted: Option<Whole<1>>,
    /// Non-empty strings.
    #[serde(default)]
    pub tags: Tags,
    /// Key to value; keys up to 100 bytes, values up to 700.
    #[serde(default)]
    pub properties: Properties,
    /// Who pays; the caller's default when absent.
    pub bill_to: Option<BillToId>,
    /// Where the data lie; the default region of the payer when absent.
    pub region: Option<RegionName>,
    /// A limit on what executions cost in a month; refused unless null.
    pub monthly_compute_limit: Option<Whole<1>>,
    /// A limit on the bytes downloaded in a month; refused unless null.
    pub monthly_egress_bytes_limit: Option<Whole<0>>,
    /// A limit on what storage costs in a month; refused unless null.
    pub monthly_storage_limit: Option<Amount>,
    /// Storage outside the platform; refused.
    pub default_symlink: Option<Value>,
    /// Storage outside the platform; refused.
    pub drive: Option<Value>,
}

/// Input of `addTags` and `removeTags`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct TagList {
    /// Non-empty strings.
    pub tags: Tags,
}

/// Input of `setProperties`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(rename = "SetProjectProperties")]
pub struct SetProperties {
    /// Key to value; null removes the key.
    pub properties: PropertyChanges,
}

/// Input of `/project-xxxx/destroy`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "DestroyProject")]
pub struct Destroy {
    /// End the executions that are not finished, instead of refusing.
    #[serde(default)]
    pub terminate_jobs: bool,
}
