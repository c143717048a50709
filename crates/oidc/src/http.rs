//! Calls to the provider: guarded, bounded in time and size, no redirects, no proxies of the environment.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use rustls::ClientConfig;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;

use wire::line::with_causes;

use crate::guard::{Blocked, GuardedResolver, Reach};

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a call may take in all.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(15);
/// Most bytes of an answer.
const MAX_ANSWER_LEN: usize = 1024 * 1024;

/// Why a call gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error("the request is not one that can be sent")]
    Request,
    #[error("{0}")]
    Blocked(#[from] Blocked),
    #[error("{0}")]
    Failed(String),
    #[error("the answer is longer than {MAX_ANSWER_LEN} bytes")]
    TooLong,
    #[error("the answer is a redirect, and none is followed")]
    Redirect,
}

/// Calls one provider.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    client: Client,
    reach: Reach,
}

impl Http {
    /// `extra_root` is a certificate authority (PEM) trusted besides those of the system.
    pub(crate) fn new(reach: Reach, extra_root: Option<&[u8]>) -> Result<Self, String> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls(extra_root)?)
            .dns_resolver(GuardedResolver(reach))
            .redirect(Policy::none())
            .no_proxy()
            // Calls are rare: a connection kept since the last one would mostly be dead by then.
            .pool_max_idle_per_host(0)
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TOTAL_TIMEOUT)
            .user_agent("operon")
            .build()
            .map_err(|error| with_causes(&error))?;
        Ok(Self { client, reach })
    }

    /// Whether an address may be called.
    pub(crate) fn check(&self, url: &Url) -> Result<(), Blocked> {
        self.reach.check(url)
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, CallError> {
        let request = reqwest::Request::try_from(request).map_err(|_| CallError::Request)?;
        self.check(request.url())?;
        let failed = |error: reqwest::Error| CallError::Failed(with_causes(&error.without_url()));
        let mut answer = self.client.execute(request).await.map_err(failed)?;
        if answer.status().is_redirection() {
            return Err(CallError::Redirect);
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_ANSWER_LEN {
                return Err(CallError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = HttpResponse::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = CallError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, CallError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// TLS by ring and the system's certificates. Nothing is installed for the whole process.
fn tls(extra_root: Option<&[u8]>) -> Result<ClientConfig, String> {
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let roots: Vec<CertificateDer<'static>> = match extra_root {
        None => Vec::new(),
        Some(pem) => CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .map_err(|_| "the extra certificate authority is not in PEM form".to_owned())?,
    };
    if extra_root.is_some() && roots.is_empty() {
        return Err("the extra certificate authority holds no certificate".to_owned());
    }
    let verifier =
        Verifier::new_with_extra_roots(roots, Arc::clone(&ring)).map_err(|error| error.to_string())?;
    let config = ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        // The verifier is the platform's own; “dangerous” is only what the setter is called.
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}

#[cfg(test)]
mod tests;
