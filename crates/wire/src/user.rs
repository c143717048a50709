//! Inputs and answers about accounts and their tokens (contract: identity-and-sharing 2, 3).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::level::Level;

/// Input of `/system/newAuthToken`: a password without a token, or a scope with one.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct NewAuthToken {
    /// Handle, user id or e-mail address.
    pub username: Option<String>,
    /// The password that goes with it.
    pub password: Option<String>,
    /// The six digits of the authenticator, or a backup code.
    pub otp: Option<String>,
    /// When the token ends, in ms since the epoch.
    pub expires: Option<i64>,
    /// What the new token may do; only with a token of full scope.
    pub scope: Option<TokenScope>,
    /// A name for the token, shown where tokens are listed.
    pub label: Option<String>,
}

/// What a token may do at most (contract: identity-and-sharing 3).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
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
