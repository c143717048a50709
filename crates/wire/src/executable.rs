//! Executables: what the specification of one is made of (contract: execution 1 to 3), and inputs and answers about those
//! that belong to the whole platform, apps and global workflows (contract: execution 4, 5).

mod checks;
mod io;
mod run;
mod shape;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::Described;
use crate::fields::DescribeSwitch;
use crate::id::Id;
use crate::page::{Cursor, Limit};
use crate::query::{NameQuery, TimeRange};

pub use checks::{MAX_VALUE_LINKS, SpecLinks, check};
pub use io::{IoClass, IoField, IoSpec, LinkValue, Patterns, TypeExpression};
pub use run::{
    AccessSpec, BundledDependency, ClusterSpec, ClusterType, Dependency, Distribution, EnvironmentVersion,
    ExecutionPolicy, HttpsApp, HttpsAppName, InstanceTypeSelector, Interpreter, MAX_RESTARTS,
    MAX_TIMEOUT_MINUTES, PackageManager, Release, RestartReason, RestartableEntryPoints, RunSpec,
    SystemRequirement, Timeout,
};
pub use shape::{ByEntryPoint, Keyed, MAX_ENTRIES};

/// Input of `/system/findApps` and `/system/findGlobalWorkflows`: everything that is given must hold.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindExecutables {
    /// The name, or a pattern for it.
    pub name: Option<NameQuery>,
    /// One of its categories.
    pub category: Option<String>,
    /// Every version, instead of the default one of each name.
    pub all_versions: Option<bool>,
    /// Whether it is published.
    pub published: Option<bool>,
    /// Who pays for it.
    pub bill_to: Option<Id>,
    /// Who made it.
    pub created_by: Option<Id>,
    /// One of its developers.
    pub developer: Option<Id>,
    /// One of those who may use it: a user, an organisation, or `PUBLIC`.
    pub authorized_user: Option<String>,
    /// When it was made; both ends count.
    pub created: Option<TimeRange>,
    /// When it last changed; both ends count.
    pub modified: Option<TimeRange>,
    /// Whether to describe what is found, and with which fields.
    #[serde(default)]
    pub describe: DescribeSwitch,
    /// How many at once.
    #[serde(default)]
    pub limit: Limit,
    /// Where to go on.
    pub starting: Option<Cursor>,
}

/// An app or global workflow that was found.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FoundExecutable {
    /// The version that was found.
    pub id: Id,
    /// The description, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub describe: Option<Described>,
}
