//! Configuration: defaults, then `operon.toml` in the data directory, then a TOML file that is named, then `OPERON_…`
//! variables, then the command line.

mod access;
mod check;
mod files;
mod limits;
mod load;
mod oidc;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use app::options::{Options, Restoring};
use blobs::FileLayer;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use store::db::DbConfig;

pub use access::{AdminAccess, ReadOnlyCap};
pub use check::Fault;
pub use files::{Files, S3};
pub use limits::{Limits, Metrics};
pub use load::variables;
pub use oidc::OidcProvider;

use crate::data_dir::DATABASE;

/// Connections to PostgreSQL.
const POSTGRES_POOL: usize = 8;

/// The file in the data directory that holds settings of this one server.
pub const DATA_DIR_FILE: &str = "operon.toml";

/// Everything the operator can set.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where everything is kept that is not configured to lie elsewhere.
    pub data_dir: PathBuf,
    /// The address to serve on.
    pub listen: SocketAddr,
    /// The address people and clients reach the server by; `http://<listen>` when absent.
    pub public_url: Option<String>,
    /// `postgres://…`; SQLite in the data directory when absent.
    pub database: Option<String>,
    /// The PostgreSQL schema to work in, made when there is none; the database user's default when absent.
    pub database_schema: Option<String>,
    /// Whether to believe the last address of `X-Forwarded-For`. Only behind a proxy that sets it.
    pub trust_forwarded_for: bool,
    /// Regions projects may lie in; the first is the default.
    pub regions: Vec<String>,
    /// Whether anybody may make an account for themselves.
    pub self_sign_up: bool,
    /// How platform administrators reach projects they are no members of: `grantSelf` or `implicit`.
    #[serde(with = "access::AdminAccessWord")]
    pub admin_access: AdminAccess,
    /// What Read-Only users may at most do in a project: `collaboratorView` or `VIEW`.
    #[serde(with = "access::ReadOnlyCapWord")]
    pub read_only_cap: ReadOnlyCap,
    /// What a GB of storage costs in a month, in your currency. Shown to those who may see what a payer is charged.
    pub storage_price: f64,
    /// What the audit log is called in its checkpoints; give each server a name of its own.
    pub audit_origin: String,
    /// Serve TLS with the operator's certificate.
    pub tls: Option<Tls>,
    /// How letters are sent.
    pub mail: Mail,
    /// Where the bytes of files lie.
    pub files: Files,
    /// Providers of sign-in with OpenID Connect.
    pub oidc: Vec<OidcProvider>,
    /// Bounds on what the server takes on.
    pub limits: Limits,
    /// Who may read the server's counters.
    pub metrics: Metrics,
    /// How archived files come back.
    pub restoring: Restoring,
}

/// Certificate and key, PEM files.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate chain.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// How letters are sent. Without a mail server they are written into the folder `outbox` of the data directory.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// The address that letters come from.
    pub from: String,
    /// The name beside that address.
    pub from_name: String,
    /// The mail server.
    pub smtp: Option<Smtp>,
}

impl Default for Mail {
    fn default() -> Self {
        Self { from: "operon@localhost".to_owned(), from_name: "Operon".to_owned(), smtp: None }
    }
}

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// Its name.
    pub host: String,
    /// Its port; the usual one of the protection when absent.
    pub port: Option<u16>,
    /// `starttls`, `implicit` or `none`.
    #[serde(default)]
    pub tls: MailTls,
    /// The user to sign in as; nobody when absent.
    pub user: Option<String>,
    /// The password of that user.
    pub password: Option<Password>,
    /// A certificate authority to trust beside those of the system, a PEM file.
    pub authority: Option<PathBuf>,
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// TLS from the first byte.
    Implicit,
    /// In clear first, then TLS or nothing.
    #[default]
    StartTls,
    /// In clear; for a mail server on this machine.
    None,
}

/// A secret in the configuration. It is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // What stands there instead of a text may well be the secret: it is not repeated.
        String::deserialize(deserializer)
            .map(Self)
            .map_err(|_| D::Error::custom("a secret is a text; put it in quotes"))
    }
}

impl Password {
    /// The password itself.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(hidden)")
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("operon-data"),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            database: None,
            database_schema: None,
            trust_forwarded_for: false,
            regions: vec!["local".to_owned()],
            self_sign_up: false,
            admin_access: AdminAccess::default(),
            read_only_cap: ReadOnlyCap::default(),
            storage_price: 0.0,
            audit_origin: "operon".to_owned(),
            tls: None,
            mail: Mail::default(),
            files: Files::default(),
            oidc: Vec::new(),
            limits: Limits::default(),
            restoring: Restoring::default(),
            metrics: Metrics::default(),
        }
    }
}

impl Config {
    /// Reads settings that were parsed already; what is absent has its default.
    ///
    /// # Errors
    /// When something is unknown or of the wrong type. What makes no server is found by [`Config::check`].
    pub fn from_table(table: toml::Table) -> anyhow::Result<Self> {
        table.try_into().context("the configuration has a setting that is unknown or of the wrong type")
    }

    /// Where the metadata lie, and the VFS that SQLite reaches them through if not the default one.
    pub(crate) fn database(&self, vfs: Option<String>) -> DbConfig {
        match &self.database {
            None => DbConfig::Sqlite { path: self.data_dir.join(DATABASE), vfs },
            Some(url) => DbConfig::Postgres {
                url: url.clone(),
                schema: self.database_schema.clone(),
                pool: POSTGRES_POOL,
            },
        }
    }

    /// Where the bytes of files lie, and the way to them when they lie on this machine.
    pub(crate) fn blobs(&self, files: Option<Arc<dyn FileLayer>>) -> blobs::Config {
        if let Some(s3) = &self.files.s3 {
            return blobs::Config::S3(blobs::S3Config {
                bucket: s3.bucket.clone(),
                prefix: s3.prefix.clone(),
                archive_prefix: s3.archive_prefix.clone(),
                endpoint: s3.endpoint.clone(),
                region: s3.region.clone(),
                access_key_id: s3.access_key_id.clone(),
                secret_access_key: s3.secret_access_key.expose().to_owned(),
                session_token: s3.session_token.as_ref().map(|token| token.expose().to_owned()),
                allow_http: s3.allow_http,
                bucket_in_host: s3.bucket_in_host,
            });
        }
        let local = blobs::LocalConfig::new(self.data_dir.join("files"), self.data_dir.join("archive"));
        blobs::Config::Local(match files {
            None => local,
            Some(files) => local.with_files(files),
        })
    }

    /// What the use cases need to know.
    pub(crate) fn options(&self, bound: SocketAddr) -> Options {
        Options {
            public_url: self.public_url(bound),
            regions: self.regions.clone(),
            admin_access: self.admin_access,
            read_only_cap: self.read_only_cap,
            self_sign_up: self.self_sign_up,
            storage_price: self.storage_price,
            search_ms: i64::from(self.limits.search_seconds) * 1000,
            restoring: self.restoring.clone(),
        }
    }

    /// The address that links in mails and answers begin with, without a final slash.
    #[must_use]
    pub fn public_url(&self, bound: SocketAddr) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        self.public_url
            .as_deref()
            .map_or_else(|| format!("{scheme}://{bound}"), |url| url.trim_end_matches('/').to_owned())
    }
}

#[cfg(test)]
mod documented;
