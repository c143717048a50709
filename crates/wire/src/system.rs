//! Inputs and answers of `/system/…` methods that concern the caller.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::UserId;

/// Input of `/system/whoami`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct Whoami {
    /// Which further fields to answer.
    #[serde(default)]
    pub fields: WhoamiFields,
}

/// Fields that `/system/whoami` answers on request.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WhoamiFields {
    /// The address the call came from.
    #[serde(default)]
    pub client_ip: bool,
}

/// Answer of `/system/whoami`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// The user whose token was sent.
    pub id: UserId,
    /// The address the call came from, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_ip: Option<String>,
}
