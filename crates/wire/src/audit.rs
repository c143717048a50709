//! Searching the audit log (contract: identity-and-sharing B8, F473, F474).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::{Id, OrgId, ProjectId};
use crate::page::{Cursor, Limit};
use crate::time::Millis;
use crate::word::words;

/// Input of `/system/findAuditEvents`: everything that is given must hold.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindAuditEvents {
    /// By this person.
    pub actor: Option<Id>,
    /// That concern this entity.
    pub object: Option<Id>,
    /// With this action, such as `member.invited`; `docs/audit-events.md` lists them. Any other name is `InvalidInput`, and the
    /// error's details list them too.
    pub kind: Option<String>,
    /// `allowed` or `refused`.
    pub outcome: Option<Outcome>,
    /// In this project; its administrators may ask.
    pub project: Option<ProjectId>,
    /// In what this organisation pays for, or about it; its administrators may ask.
    pub org: Option<OrgId>,
    /// At or after this time.
    pub after: Option<Millis>,
    /// At or before this time.
    pub before: Option<Millis>,
    /// How many at once.
    #[serde(default)]
    pub limit: Limit,
    /// Where to go on.
    pub starting: Option<Cursor>,
}

words! {
    /// How an action ended.
    Outcome {
        /// It was done.
        Allowed => "allowed",
        /// The access decision said no, or what somebody proved themselves by at the sign-in was wrong.
        Refused => "refused",
    }
}

/// One event: the text that the log holds, and its position there (none for the second before it is folded in).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FoundEvent {
    /// Position in the log, from 1.
    pub position: Option<i64>,
    /// The event.
    #[serde(flatten)]
    pub event: Map<String, Value>,
}
