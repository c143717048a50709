//! Members of an organisation (contract: identity-and-sharing 4.1, 4.3).

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::OrgLevel;
use crate::answer::Described;
use crate::describe::UserDescription;
use crate::fields::DescribeSwitch;
use crate::id::{OrgId, UserId};
use crate::level::Level;
use crate::page::{Cursor, Limit};
use crate::query::OneOrMany;

/// Most members that one `setMemberAccess` may change.
pub const MAX_CHANGED: usize = 1000;

/// Flags of a membership to set; what is absent stays, or is the default of a new member.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberFlags {
    /// May spend the organisation's money.
    pub allow_billable_activities: Option<bool>,
    /// The cap on what projects shared with the organisation give.
    pub project_access: Option<Level>,
    /// May see and run apps shared with the organisation.
    pub app_access: Option<bool>,
    /// May archive in projects that the organisation pays for.
    pub archival_management: Option<bool>,
    /// May delete data there.
    pub data_deletion: Option<bool>,
    /// May search there.
    pub data_search: Option<bool>,
    /// May lower members there.
    pub project_member_demotion: Option<bool>,
    /// Manages research environments.
    pub tre_management: Option<bool>,
    /// Manages integrations with clouds.
    pub cloud_integration_management: Option<bool>,
}

/// Input of `/org-xxxx/invite`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "InviteToOrg")]
pub struct Invite {
    /// A user id, a handle, or the e-mail address of an account.
    pub invitee: String,
    /// MEMBER when absent.
    #[serde(default)]
    pub level: OrgLevel,
    /// Ignored for an ADMIN.
    #[serde(flatten)]
    pub flags: MemberFlags,
    /// No mail to the invitee.
    #[serde(default)]
    pub suppress_email_notification: bool,
}

/// Answer of `/org-xxxx/invite`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "InvitedToOrg")]
pub struct Invited {
    /// The organisation.
    pub id: OrgId,
    /// Always `accepted`: the membership begins at once.
    pub state: &'static str,
}

/// What a member's access shall be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct MemberAccess {
    /// The level.
    pub level: OrgLevel,
    /// None of those that an ADMIN has by level may be given for an ADMIN.
    #[serde(flatten)]
    pub flags: MemberFlags,
}

/// Input of `/org-xxxx/setMemberAccess`: user id to access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetMemberAccess(pub BTreeMap<UserId, MemberAccess>);

impl<'de> Deserialize<'de> for SetMemberAccess {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = SetMemberAccess;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "a hash of user ids to access")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut map = BTreeMap::new();
                while let Some((user, access)) = entries.next_entry::<UserId, MemberAccess>()? {
                    if map.len() == MAX_CHANGED {
                        return Err(A::Error::custom(format!(
                            "it names more than {MAX_CHANGED} members; split the call"
                        )));
                    }
                    map.insert(user, access);
                }
                Ok(SetMemberAccess(map))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

impl JsonSchema for SetMemberAccess {
    fn schema_name() -> Cow<'static, str> {
        "SetMemberAccess".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "propertyNames": generator.subschema_for::<UserId>(),
            "additionalProperties": generator.subschema_for::<MemberAccess>(),
            "maxProperties": MAX_CHANGED,
        })
    }
}

/// Input of `/org-xxxx/removeMember`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RemoveMember {
    /// Who.
    pub user: UserId,
    /// Take away the user's own entries in projects that the organisation pays for.
    #[serde(default = "yes")]
    pub revoke_project_permissions: bool,
    /// Take away the user's own entries in apps that the organisation pays for.
    #[serde(default = "yes")]
    pub revoke_app_permissions: bool,
}

fn yes() -> bool {
    true
}

/// Answer of `/org-xxxx/removeMember`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Removed {
    /// The organisation.
    pub id: OrgId,
    /// Each project whose entry was taken away, with the level that it gave.
    pub projects: BTreeMap<String, Level>,
    /// Each app whose entry was taken away.
    pub apps: BTreeMap<String, Level>,
}

/// Input of `/org-xxxx/findMembers`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[schemars(rename = "FindMembersOfOrg")]
pub struct FindMembers {
    /// One of these users.
    pub id: Option<OneOrMany<String>>,
    /// This level.
    pub level: Option<OrgLevel>,
    /// Whether and how to describe each.
    #[serde(default)]
    pub describe: DescribeSwitch,
    /// How many at most.
    #[serde(default)]
    pub limit: Limit,
    /// Where to go on.
    pub starting: Option<Cursor>,
}

/// A member, with every flag.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, clippy::struct_excessive_bools, reason = "the names are the contract's")]
pub struct MemberRow {
    pub id: UserId,
    pub level: OrgLevel,
    pub allow_billable_activities: bool,
    pub project_access: Level,
    pub app_access: bool,
    pub archival_management: bool,
    pub data_deletion: bool,
    pub data_search: bool,
    pub project_member_demotion: bool,
    pub tre_management: bool,
    pub cloud_integration_management: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "UserDescription")]
    pub describe: Option<Described>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json::decode;

    #[test]
    fn revocation_is_on_unless_switched_off() {
        let read = |input| decode::<RemoveMember>(input).unwrap();
        let plain = read(json!({ "user": "user-bob" }));
        assert!(plain.revoke_project_permissions && plain.revoke_app_permissions);
        assert!(!read(json!({ "user": "user-bob", "revokeAppPermissions": false })).revoke_app_permissions);
    }

    #[test]
    fn access_needs_a_level_and_a_user() {
        let read = |input| decode::<SetMemberAccess>(input).map(|input| input.0);
        let read = |input| read(input).map_err(|error| error.message);
        let level = json!({ "level": "ADMIN", "appAccess": true });
        let read_back = read(json!({ "user-bob": level })).unwrap();
        assert_eq!(read_back.values().next().unwrap().flags.app_access, Some(true));
        assert!(read(json!({ "user-bob": {} })).unwrap_err().contains("level"));
        assert!(read(json!({ "bob": { "level": "ADMIN" } })).is_err());
        assert!(read(json!({ "user-bob": { "level": "NONE" } })).is_err());
    }
}
