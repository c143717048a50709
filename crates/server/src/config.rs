//! Configuration: defaults, then `operon.toml` in the data directory, then a TOML file that is named, then `OPERON_…`
//! variables, then the command line.

mod access;
mod files;
mod limits;
mod oidc;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use app::options::{Options, Restoring};
use blobs::FileLayer;
use serde::Deserialize;
use store::db::DbConfig;

pub use access::{AdminAccess, ReadOnlyCap};
pub use files::{Files, S3};
pub use limits::{Limits, Metrics};
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
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

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
    /// Reads the settings of the data directory and the file, if one is named, and lays the variables over them.
    /// `data_dir` is the data directory, if the command line names one.
    ///
    /// `OPERON_LIMITS__BODY_BYTES=1` sets `limits.body_bytes`: two underscores go one table down.
    ///
    /// # Errors
    /// When a file cannot be read, or something in it or in a variable is unknown or of the wrong type.
    pub fn load(
        data_dir: Option<&Path>,
        file: Option<&Path>,
        variables: impl Iterator<Item = (String, String)>,
    ) -> anyhow::Result<Self> {
        let mut over = match file {
            None => toml::Table::new(),
            Some(path) => read(path)?,
        };
        for (name, value) in variables {
            let Some(key) = name.strip_prefix("OPERON_") else { continue };
            if is_for_other_commands(key) {
                continue;
            }
            set(&mut over, &key.to_ascii_lowercase(), &value)
                .with_context(|| format!("the variable {name} cannot be used"))?;
        }
        let data_dir = match (data_dir, over.get("data_dir").and_then(toml::Value::as_str)) {
            (Some(data_dir), _) => data_dir.to_owned(),
            (None, Some(set)) => PathBuf::from(set),
            (None, None) => Self::default().data_dir,
        };
        let own = data_dir.join(DATA_DIR_FILE);
        let mut table = if own.exists() { read(&own)? } else { toml::Table::new() };
        if table.contains_key("data_dir") {
            bail!("{} cannot set data_dir: it lies in that directory", own.display());
        }
        lay_over(&mut table, over);
        Ok(Self { data_dir, ..Self::from_table(table)? })
    }

    /// Reads settings that were parsed already; what is absent has its default.
    ///
    /// # Errors
    /// When something is unknown or of the wrong type.
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

fn read(path: &Path) -> anyhow::Result<toml::Table> {
    std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the configuration file {}", path.display()))?
        .parse()
        .with_context(|| format!("{} is not a TOML file", path.display()))
}

/// Settings of `over` win; tables are merged setting by setting.
fn lay_over(under: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => lay_over(under, over),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

/// Variables that set up tests or name the configuration file, not the server.
fn is_for_other_commands(key: &str) -> bool {
    key == "CONFIG" || key == "LOG" || key == "TOKEN" || key.starts_with("TEST_")
}

fn set(table: &mut toml::Table, path: &str, value: &str) -> anyhow::Result<()> {
    match path.split_once("__") {
        None => {
            table.insert(path.to_owned(), typed(value));
            Ok(())
        }
        Some((head, rest)) => {
            let inner =
                table.entry(head.to_owned()).or_insert_with(|| toml::Value::Table(toml::Table::new()));
            let Some(inner) = inner.as_table_mut() else { bail!("`{head}` is not a table of settings") };
            set(inner, rest, value)
        }
    }
}

/// Variables are text; what reads as a number or a truth value is one.
fn typed(value: &str) -> toml::Value {
    if let Ok(number) = value.parse::<i64>() {
        return toml::Value::Integer(number);
    }
    if let Some(number) = value.parse::<f64>().ok().filter(|_| value.contains('.')) {
        return toml::Value::Float(number);
    }
    match value {
        "true" => toml::Value::Boolean(true),
        "false" => toml::Value::Boolean(false),
        _ => toml::Value::String(value.to_owned()),
    }
}

#[cfg(test)]
mod documented;

#[cfg(test)]
mod tests {
    use super::*;

    fn load(variables: &[(&str, &str)]) -> anyhow::Result<Config> {
        Config::load(
            None,
            None,
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        )
    }

    #[test]
    fn variables_reach_into_tables() {
        let config = load(&[
            ("OPERON_LISTEN", "127.0.0.1:9"),
            ("OPERON_LIMITS__BODY_BYTES", "77"),
            ("OPERON_TRUST_FORWARDED_FOR", "true"),
            ("PATH", "/bin"),
        ])
        .unwrap();
        assert_eq!(config.listen.port(), 9);
        assert_eq!(config.limits.body_bytes, 77);
        assert!(config.trust_forwarded_for);
    }

    #[test]
    fn a_named_file_wins_over_the_data_directory_and_a_variable_over_both() {
        let folder = tempfile::tempdir().unwrap();
        let named = folder.path().join("named.toml");
        std::fs::write(
            folder.path().join(DATA_DIR_FILE),
            "regions = ['a']\nself_sign_up = true\nlisten = '127.0.0.1:1'",
        )
        .unwrap();
        std::fs::write(&named, "regions = ['b', 'c']\nlisten = '127.0.0.1:2'").unwrap();
        let variables = [("OPERON_LISTEN".to_owned(), "127.0.0.1:3".to_owned())];
        let config = Config::load(Some(folder.path()), Some(&named), variables.into_iter()).unwrap();
        assert_eq!(config.data_dir, folder.path());
        assert_eq!(config.regions, ["b", "c"]);
        assert_eq!(config.listen.port(), 3);
        assert!(config.self_sign_up);
    }

    #[test]
    fn a_misspelt_setting_is_refused() {
        let error = format!("{:#}", load(&[("OPERON_LISTTEN", "127.0.0.1:9")]).unwrap_err());
        assert!(error.contains("listten"), "{error}");
    }
}
