//! The HTTP client of the object store: reqwest with rustls on ring, and the operating system's certificates.

use std::sync::Arc;
use std::time::Duration;

use object_store::ClientOptions;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{HttpClient, HttpConnector};
use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls_platform_verifier::BuilderVerifierExt;

use crate::config::S3Config;
use crate::error::BlobError;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the store may send nothing. There is no limit for a whole answer, which may be large.
const SILENCE: Duration = Duration::from_secs(60);

/// A client for the configured bucket. Nothing is sent yet.
///
/// # Errors
/// `Unusable` when the configuration contradicts itself.
pub(super) fn connect(config: &S3Config) -> Result<AmazonS3, BlobError> {
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&config.bucket)
        .with_region(&config.region)
        .with_access_key_id(&config.access_key_id)
        .with_secret_access_key(&config.secret_access_key)
        .with_virtual_hosted_style_request(config.bucket_in_host)
        .with_allow_http(config.allow_http)
        .with_http_connector(Connector { allow_http: config.allow_http });
    if let Some(token) = &config.session_token {
        builder = builder.with_token(token);
    }
    if let Some(endpoint) = &config.endpoint {
        if !config.allow_http && !endpoint.starts_with("https://") {
            let plain =
                format!("the object store's endpoint {endpoint} is not https, and plain HTTP is not allowed");
            return Err(BlobError::Unusable(plain));
        }
        builder = builder.with_endpoint(endpoint);
    }
    builder.build().map_err(|error| BlobError::Unusable(format!("the object store cannot be used: {error}")))
}

/// Makes clients that speak TLS with ring, whatever other provider the process may have.
#[derive(Debug)]
struct Connector {
    allow_http: bool,
}

impl HttpConnector for Connector {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(BuilderVerifierExt::with_platform_verifier)
            .map_err(generic)?
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(!self.allow_http)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .build()
            .map_err(generic)?;
        Ok(HttpClient::new(client))
    }
}

fn generic(error: impl std::error::Error + Send + Sync + 'static) -> object_store::Error {
    object_store::Error::Generic { store: "S3", source: Box::new(error) }
}
