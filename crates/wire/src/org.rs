//! Inputs and answers about organisations (contract: identity-and-sharing 4).

mod member;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::answer::Described;
use crate::describe::OrgDescription;
use crate::fields::DescribeSwitch;
use crate::id::OrgId;
use crate::json::hashes;
use crate::number::Amount;
use crate::page::{Cursor, Limit};
use crate::patch::Patch;
use crate::text::{Handle, Nonce, OrgName};
use crate::time::Millis;
use crate::word::words;

pub use member::{
    FindMembers, Invite, Invited, MAX_CHANGED, MemberAccess, MemberFlags, MemberRow, RemoveMember, Removed,
    SetMemberAccess,
};

words! {
    /// ADMIN or MEMBER (F030).
    #[derive(Default)]
    OrgLevel {
        /// An ordinary member.
        #[default]
        Member => "MEMBER",
        /// Runs the organisation.
        Admin => "ADMIN",
    }
}

words! {
    /// Who may list the members (contract: identity-and-sharing 4.2).
    MemberListVisibility {
        /// ADMINs.
        Admin => "ADMIN",
        /// Members.
        Member => "MEMBER",
        /// Any user.
        Public => "PUBLIC",
    }
}

/// Policies to change; what is absent stays (contract: identity-and-sharing 4.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[serde(remote = "Self")]
#[schemars(rename = "PolicyUpdate")]
pub struct PolicyUpdate {
    /// Who may list the members.
    pub member_list_visibility: Option<MemberListVisibility>,
    /// Who may move a project that the organisation pays for to another payer.
    pub restrict_project_transfer: Option<OrgLevel>,
    /// Whether executions may reuse results of earlier equal ones.
    pub job_reuse: Option<bool>,
    /// Whether executions collect detailed metrics unless told otherwise.
    pub detailed_job_metrics_collect_default: Option<bool>,
}

hashes!(PolicyUpdate);

/// Input of `/org/new`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(rename = "NewOrg")]
pub struct New {
    /// Becomes the id, in lower case; unique and fixed for life.
    pub handle: Handle,
    /// What people see.
    pub name: OrgName,
    /// Policies that differ from the defaults.
    #[serde(default)]
    pub policies: PolicyUpdate,
    /// Makes a repeated call harmless.
    pub nonce: Option<Nonce>,
}

/// Input of `/org-xxxx/update`; what is absent stays.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "UpdateOrg")]
pub struct Update {
    /// What people see.
    pub name: Option<OrgName>,
    /// Policies to change.
    #[serde(default)]
    pub policies: PolicyUpdate,
    /// The name of the identity provider that members sign in with.
    #[serde(default, rename = "samlIdP")]
    pub saml_idp: Patch<OrgName>,
    /// Where the logs of executions are sent as well.
    pub job_logs_forwarding: Option<Map<String, Value>>,
}

/// Input of `/org-xxxx/setFeatures`, for platform administrators; what is absent stays.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetFeatures {
    /// Name of a feature to whether it is on.
    #[serde(default)]
    pub features: Map<String, Value>,
    /// Whether anything may be charged to the organisation.
    pub billing_enabled: Option<bool>,
    /// When the organisation ends, in ms since the epoch; null for never.
    #[serde(default)]
    pub expires_at: Patch<Millis>,
    /// How long a signed-in browser of a member may do nothing, in ms, from 5 minutes to 12 hours; null for the platform's
    /// 15 minutes. Of several organisations of a person, the shortest time counts.
    #[serde(default)]
    pub auto_logout_after: Patch<Millis>,
    /// A limit on what is charged to it; refused unless null.
    #[serde(default)]
    pub spending_limit: Patch<Amount>,
}

/// Input of `/system/findOrgs`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindOrgs {
    /// The caller's level is at least this.
    pub level: OrgLevel,
    /// Whether the caller may spend the organisation's money.
    pub allow_billable_activities: Option<bool>,
    /// Whether and how to describe each.
    #[serde(default)]
    pub describe: DescribeSwitch,
    /// How many at most.
    #[serde(default)]
    pub limit: Limit,
    /// Where to go on.
    pub starting: Option<Cursor>,
}

/// An organisation that a search found.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FoundOrg {
    /// The organisation.
    pub id: OrgId,
    /// The caller's level in it.
    pub level: OrgLevel,
    /// The description, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "OrgDescription")]
    pub describe: Option<Described>,
}
