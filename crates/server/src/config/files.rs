//! Where the bytes of files lie.

use serde::Deserialize;

use super::Password;

/// Where the bytes of files lie: in the data directory, unless an object store is named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Files {
    /// A bucket of an S3-compatible store.
    pub s3: Option<S3>,
}

/// A bucket of an S3-compatible store. Give it a lifecycle rule that aborts multipart uploads after some days.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    /// Its name; it must exist.
    pub bucket: String,
    /// Keys of live bytes begin with this.
    #[serde(default = "live_prefix")]
    pub prefix: String,
    /// Keys of archived bytes begin with this.
    #[serde(default = "archive_prefix")]
    pub archive_prefix: String,
    /// URL of the store; AWS itself when absent.
    pub endpoint: Option<String>,
    /// Region, such as `eu-west-2`.
    pub region: String,
    /// Id of the access key.
    pub access_key_id: String,
    /// Secret of the access key.
    pub secret_access_key: Password,
    /// Token of temporary credentials.
    pub session_token: Option<Password>,
    /// Whether the endpoint may be plain HTTP.
    #[serde(default)]
    pub allow_http: bool,
    /// Whether the bucket is part of the host name (AWS) rather than of the path (most others).
    #[serde(default)]
    pub bucket_in_host: bool,
}

fn live_prefix() -> String {
    "operon/files".to_owned()
}

fn archive_prefix() -> String {
    "operon/archive".to_owned()
}
