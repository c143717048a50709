//! Members of a project: giving, lowering, listing and explaining access (contract: identity-and-sharing 5.4, B5).

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::answer::Described;
use crate::describe::PrincipalDescription;
use crate::fields::DescribeSwitch;
use crate::id::{Id, ObjectId, OrgId, ProjectId};
use crate::level::Level;
use crate::page::{Cursor, Limit};

/// Most entries that one `decreasePermissions` may name.
pub const MAX_DECREASED: usize = 1000;

/// Input of `/project-xxxx/invite`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "InviteToProject")]
pub struct Invite {
    /// A user id, a handle, an organisation id, the e-mail address of an account, or `PUBLIC`.
    pub invitee: String,
    /// VIEW when absent; ADMINISTER when an ADMIN of the paying organisation invites themselves.
    pub level: Option<Level>,
    /// No mail to the invitee.
    #[serde(default)]
    pub suppress_email_notification: bool,
    /// Neither mail nor notification.
    #[serde(default)]
    pub suppress_all_notifications: bool,
}

impl Invite {
    /// An invitation as the plainest client sends it.
    #[must_use]
    pub fn of(invitee: &str, level: Option<Level>) -> Self {
        Self {
            invitee: invitee.to_owned(),
            level,
            suppress_email_notification: false,
            suppress_all_notifications: false,
        }
    }
}

/// Input of `/project-xxxx/join`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct Join {
    /// What the caller shall hold at least; as for an invitation of oneself when absent.
    pub level: Option<Level>,
}

/// Answer of `/project-xxxx/invite`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "InvitedToProject")]
pub struct Invited {
    /// The project.
    pub id: Id,
    /// Always `accepted`: access is given at once.
    pub state: &'static str,
}

/// Input of `/project-xxxx/decreasePermissions`: a member (user, organisation or `PUBLIC`) to the level that is left,
/// null for none.
#[derive(Debug, Clone, PartialEq)]
pub struct DecreasePermissions(pub BTreeMap<String, Option<Level>>);

impl<'de> Deserialize<'de> for DecreasePermissions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = DecreasePermissions;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "a hash of members to levels")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut map = BTreeMap::new();
                while let Some((member, level)) = entries.next_entry::<String, Option<Level>>()? {
                    if map.len() == MAX_DECREASED {
                        return Err(A::Error::custom(format!(
                            "it names more than {MAX_DECREASED} members; split the call"
                        )));
                    }
                    map.insert(member, level);
                }
                Ok(DecreasePermissions(map))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

impl JsonSchema for DecreasePermissions {
    fn schema_name() -> Cow<'static, str> {
        "DecreasePermissions".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let level = generator.subschema_for::<Level>();
        json_schema!({
            "type": "object",
            "additionalProperties": { "anyOf": [level, { "type": "null" }] },
            "maxProperties": MAX_DECREASED,
        })
    }
}

/// Input of `/project-xxxx/findMembers`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(rename = "FindMembersOfProject")]
#[serde(deny_unknown_fields)]
pub struct FindMembers {
    /// This member alone.
    pub principal: Option<String>,
    /// How many at most.
    #[serde(default)]
    pub limit: Limit,
    /// Where to go on.
    pub starting: Option<Cursor>,
}

/// One entry of a project's team.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// The user, the organisation, or `PUBLIC`.
    pub id: String,
    /// `user`, `org` or `public`.
    pub kind: &'static str,
    /// The level that the entry gives by itself.
    pub level: Level,
    /// The preset, when the entry is one.
    pub preset: Option<&'static str>,
    /// The roles of the categories, when the entry is made of them.
    pub roles: Option<Vec<&'static str>>,
    /// The two rights.
    pub rights: RightsShown,
    /// Everything that the entry gives by itself.
    pub capabilities: Vec<&'static str>,
    /// Who gave it.
    pub granted_by: String,
    /// When, in ms.
    pub at: i64,
}

/// The two rights of an entry (contract: identity-and-sharing B1 step 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RightsShown {
    /// Bytes may be brought in.
    pub upload: bool,
    /// Bytes may be taken out.
    pub download: bool,
}

/// Input of `/project-xxxx/describeAccess`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DescribeAccess {
    /// A user id or handle; the caller when absent.
    pub user: Option<String>,
    /// The name of a capability: may the user do this, and why?
    pub action: Option<String>,
    /// The object that the action is about.
    pub object: Option<ObjectId>,
}

/// Answer of `/project-xxxx/describeAccess`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AccessDescribed {
    /// Whose access it is.
    pub user: Id,
    /// The wire's level.
    pub level: Level,
    /// Everything that is left after all masks.
    pub capabilities: Vec<&'static str>,
    /// What gives access.
    pub sources: Vec<AccessSource>,
    /// What takes access away, in the order in which it is applied.
    pub masks: Vec<DecisionReason>,
    /// Organisations whose members the caller may not list: what the user holds through them, if anything, is left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<OrgId>,
    /// The answer to the question, if an action was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionShown>,
}

/// One thing that gives access.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AccessSource {
    /// The rule, such as `grant.org`.
    pub rule: &'static str,
    /// Whom the entry names; absent for what is no entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// In words.
    pub via: &'static str,
    /// The level of the entry by itself; absent for what is no entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<Level>,
    /// What it gives, before all masks.
    pub gives: Vec<&'static str>,
}

/// What one rule did.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DecisionReason {
    /// The rule's stable code.
    pub rule: &'static str,
    /// In words.
    pub sentence: &'static str,
    /// What it gave.
    pub added: Vec<&'static str>,
    /// What it took out.
    pub removed: Vec<&'static str>,
}

/// Whether an action is allowed, and why.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DecisionShown {
    /// The answer.
    pub allowed: bool,
    /// The rule that decided.
    pub rule: &'static str,
    /// The sentence that a refused call would get.
    pub message: String,
    /// What every rule did, in order.
    pub reasons: Vec<DecisionReason>,
    /// The capabilities that are needed and not held.
    pub missing: Vec<&'static str>,
}

/// Input of `/system/findProjectMembers`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct FindProjectMembers {
    /// Members of this project alone.
    pub project: Option<ProjectId>,
    /// Whether and how to describe each.
    #[serde(default)]
    pub describe: DescribeSwitch,
    /// How many at most.
    #[serde(default)]
    pub limit: Limit,
    /// Where to go on.
    pub starting: Option<Cursor>,
}

/// Somebody who shares a project with the caller.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FoundPrincipal {
    /// The user or organisation.
    pub id: String,
    /// The level that the entry gives, when one project was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// The description, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "PrincipalDescription")]
    pub describe: Option<Described>,
}
