//! Inputs and answers about accounts and their tokens (contract: identity-and-sharing 2, 3).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use crate::id::UserId;
use crate::json::hashes;
use crate::level::Level;
use crate::page::{Cursor, Limit};
use crate::text::TokenLabel;
use crate::time::Millis;

/// Input of `/system/newAuthToken`: a password without a token, or a scope with one.
#[derive(Clone, Deserialize, JsonSchema)]
pub struct NewAuthToken {
    /// Handle, user id or e-mail address.
    pub username: Option<String>,
    /// The password that goes with it.
    pub password: Option<String>,
    /// The six digits of the authenticator, or a backup code.
    pub otp: Option<String>,
    /// When the token ends, in ms since the epoch; in 30 days when absent.
    pub expires: Option<Millis>,
    /// What the new token may do; only with a token of full scope.
    pub scope: Option<TokenScope>,
    /// A name for the token, shown where tokens are listed.
    #[serde(default)]
    pub label: TokenLabel,
}

/// Input of `/system/destroyAuthToken`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DestroyAuthToken {
    /// Lower-case hex SHA-256 of the token.
    pub token_signature: String,
    /// End the tokens that were made with it, and those made with them, too.
    #[serde(default)]
    pub revoke_child_tokens: bool,
}

/// Answer of `/system/destroyAuthToken`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DestroyedAuthToken {
    /// The token that ended.
    pub token_signature: String,
}

/// Answer of `/system/getUserInfo`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct UserInfo {
    /// The handle as its owner writes it.
    pub username: String,
    /// The user.
    pub user_id: UserId,
    /// The address; only for a token of full scope.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// Input of `/system/findAuthTokens`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FindAuthTokens {
    /// 1 to 1000.
    pub limit: Limit,
    /// The `next` of the page before.
    pub starting: Option<Cursor>,
}

/// A token that works, as its owner sees it in a list.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FoundToken {
    /// Lower-case hex SHA-256 of the token.
    pub token_signature: String,
    /// `login`, `api` or `session`.
    pub purpose: &'static str,
    /// Its name.
    pub label: String,
    /// When it was made, in ms.
    pub created: i64,
    /// When it ends, in ms.
    pub expires: Option<i64>,
    /// When it was last used, in ms, to about a minute.
    pub last_used: Option<i64>,
    /// What it may do at most.
    pub scope: TokenScope,
}

/// What a token may do at most (contract: identity-and-sharing 3).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, remote = "Self")]
#[schemars(rename = "TokenScope")]
pub enum TokenScope {
    /// Everything its owner may.
    Full {
        /// Always true.
        full: bool,
    },
    /// In each named project at most the given level; `*` stands for all others; absent means no access.
    Projects {
        /// Project id or `*` to level.
        projects: BTreeMap<String, Level>,
    },
}

hashes!(TokenScope);

impl Serialize for TokenScope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl TokenScope {
    /// The scope of a sign-in.
    pub const FULL: Self = Self::Full { full: true };

    /// Whether the token may do everything its owner may.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full { full: true })
    }

    /// The highest level the token gives in a project.
    #[must_use]
    pub fn level_in(&self, project: &str) -> Level {
        match self {
            Self::Full { full: true } => Level::Administer,
            Self::Full { full: false } => Level::None,
            Self::Projects { projects } => {
                projects.get(project).or_else(|| projects.get("*")).copied().unwrap_or(Level::None)
            }
        }
    }
}

/// Answer of `/system/newAuthToken`. The only time the token itself is shown.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AuthToken {
    /// The token.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// Lower-case hex SHA-256 of the token; names it without revealing it.
    pub token_signature: String,
    /// Whose token it is.
    pub user_id: UserId,
}
