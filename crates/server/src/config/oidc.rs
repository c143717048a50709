//! The settings of sign-in providers.

use std::path::PathBuf;

use serde::Deserialize;

use super::Password;

/// A provider of sign-in with OpenID Connect: one `[[oidc]]` table. At the provider, this server's address for the way
/// back is `<public_url>/oidc/<name>/callback`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcProvider {
    /// Its name in addresses: small letters, digits and `-`, at most 32.
    pub name: String,
    /// What buttons call it; the name when absent.
    pub title: Option<String>,
    /// Its issuer address, exactly as it names itself.
    pub issuer: String,
    /// The name that this server has there.
    pub client_id: String,
    /// This server's secret there; absent for a public client.
    pub client_secret: Option<Password>,
    /// A file that holds the secret instead, so that the configuration does not.
    pub client_secret_file: Option<PathBuf>,
    /// What is asked for besides `openid`.
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
    /// Whether the provider may lie in a private network, or on this machine.
    #[serde(default)]
    pub allow_private: bool,
    /// A certificate authority to trust besides those of the system, a PEM file.
    pub authority: Option<PathBuf>,
}

fn default_scopes() -> Vec<String> {
    vec!["profile".to_owned(), "email".to_owned()]
}
