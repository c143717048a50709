//! Inputs and answers about executions: jobs and analyses (contract: execution 24).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::Described;
use crate::fields::DescribeSwitch;
use crate::id::{ContainerId, Id};
use crate::page::{Cursor, Limit};
use crate::query::{
    ExecutionClass, ExecutionState, NameQuery, OneOrMany, PropertiesQuery, TagsQuery, TimeRange,
};

/// Input of `/system/findExecutions`: everything that is given must hold.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindExecutions {
    /// Jobs or analyses; both when absent.
    pub class: Option<OneOrMany<ExecutionClass>>,
    /// Who started it: a user id, or `self`.
    pub launched_by: Option<String>,
    /// What runs: an id, or an app's name with or without a version.
    pub executable: Option<OneOrMany<String>>,
    /// Where it runs; absent: every project in which the caller has an entry.
    pub project: Option<OneOrMany<ContainerId>>,
    /// How far it has come.
    pub state: Option<OneOrMany<ExecutionState>>,
    /// The job with which its line began.
    pub origin_job: Option<OneOrMany<Id>>,
    /// The execution that a person started.
    pub root_execution: Option<OneOrMany<Id>>,
    /// The job that started it; null for those that no job did.
    pub parent_job: Option<Id>,
    /// The analysis that it is a stage of; null for those of none.
    pub parent_analysis: Option<Id>,
    /// When it was made; both ends count.
    pub created: Option<TimeRange>,
    /// Its name, or a pattern for it.
    pub name: Option<NameQuery>,
    /// Its tags.
    pub tags: Option<TagsQuery>,
    /// Its properties.
    pub properties: Option<PropertiesQuery>,
    /// Whether jobs count that a job of the same executable started; they do unless told otherwise.
    pub include_subjobs: Option<bool>,
    /// Whether tries count that were started again; they do not unless told otherwise.
    pub include_restarted: Option<bool>,
    /// Whether to describe what is found, and with which fields.
    #[serde(default)]
    pub describe: DescribeSwitch,
    /// How many at once.
    #[serde(default)]
    pub limit: Limit,
    /// Where to go on.
    pub starting: Option<Cursor>,
}

/// An execution that was found.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FoundExecution {
    /// The job or analysis.
    pub id: Id,
    /// The description, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub describe: Option<Described>,
}
