//! Inputs and answers of `/system/…` methods that concern the caller.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::json::hashes;
use crate::time::Millis;

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
#[serde(remote = "Self")]
#[schemars(rename = "WhoamiFields")]
pub struct WhoamiFields {
    /// The address the call came from.
    #[serde(default)]
    pub client_ip: bool,
}

hashes!(WhoamiFields);

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

/// Input of `/system/comeBackLater`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComeBackLater {
    /// Until when to be turned away, in ms since the epoch.
    pub wait_until: Option<Millis>,
    /// Whether the refusal says when to try again.
    #[serde(default = "yes")]
    pub set_retry_after: bool,
}

fn yes() -> bool {
    true
}

/// Answer of `/system/comeBackLater`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CurrentTime {
    /// The server's time, in ms since the epoch.
    pub current_time: i64,
}

/// Answer of `/system/headers`: the headers of the request, names in lower case.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Headers(pub BTreeMap<String, String>);

/// Input of `/system/greet`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Greet {
    /// The calling program.
    pub client: String,
    /// Its version.
    pub version: String,
}

/// Answer of `/system/greet`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Greeting {
    /// What the operator wants users to read.
    pub messages: Vec<GreetingMessage>,
    /// Whether there is a newer version of the calling program; this server never says so.
    pub update: GreetingUpdate,
}

/// Something that the operator wants users to read.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct GreetingMessage {
    /// When it was written, in ms since the epoch.
    pub date: i64,
    /// One line.
    pub title: String,
    /// The text.
    pub body: String,
}

/// Whether there is a newer version of the calling program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GreetingUpdate {
    /// Always false.
    pub available: bool,
}
