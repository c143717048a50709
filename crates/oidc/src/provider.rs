//! One provider: discovery, the way out, the way back, and its changing keys.

use std::sync::PoisonError;
use std::sync::RwLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreIdTokenClaims,
    CoreJsonWebKeySet, CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreTokenResponse, CoreUserInfoClaims,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId,
    ClientSecret, CsrfToken, DiscoveryError, EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    SignatureVerificationError, SubjectIdentifier, TokenResponse,
};
use subtle::ConstantTimeEq;
use wire::line::{one_line, with_causes};

use crate::SignInError;
use crate::guard::Reach;
use crate::http::{CallError, Http};
use crate::identity::{Claims, Identity};
use crate::pending::{Callback, Pending, RANDOM_LEN};

/// The keys of a provider are fetched again at most this often, in milliseconds, however many tokens with unknown
/// keys arrive.
const KEYS_PAUSE_MS: i64 = 60_000;

/// Signatures with a key pair. Without HMAC, whose key would be our own secret, and without “none”.
const SIGNATURES: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What a set of claims says of a person. ID token and user info have the same getters, but no trait for them.
macro_rules! hints {
    ($claims:expr) => {{
        let names = $claims.name();
        let name =
            names.and_then(|names| names.get(None).or_else(|| names.iter().next().map(|(_, name)| name)));
        Claims {
            email: $claims.email().map(|email| email.to_string()),
            email_verified: $claims.email_verified(),
            name: name.map(|name| name.to_string()),
            handle_hint: $claims.preferred_username().map(|handle| handle.to_string()),
        }
    }};
}

/// The client with the endpoints that discovery gives.
type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// How this server is known to a provider.
#[derive(Clone)]
pub struct ProviderConfig {
    /// The provider's issuer address, exactly as it names itself, for example `https://accounts.example.org`.
    pub issuer: String,
    /// The name this server has there.
    pub client_id: String,
    /// Its secret; `None` for a public client, which PKCE alone protects.
    pub client_secret: Option<String>,
    /// What is asked for besides `openid`; usually `profile` and `email`.
    pub scopes: Vec<String>,
    /// Whether the provider may have a private address, or one on this machine.
    pub allow_private: bool,
    /// A certificate authority (PEM) trusted besides those of the system.
    pub extra_root: Option<Vec<u8>>,
}

impl std::fmt::Debug for ProviderConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ProviderConfig({} as {}, …)", self.issuer, self.client_id)
    }
}

/// A provider that was found and can be signed in with.
#[derive(Debug)]
pub struct Provider {
    config: ProviderConfig,
    http: Http,
    metadata: CoreProviderMetadata,
    keys: RwLock<Keys>,
}

#[derive(Debug, Clone)]
struct Keys {
    set: CoreJsonWebKeySet,
    fetched_at: i64,
}

impl Provider {
    /// Reads the provider's discovery document and its keys. `at_ms` is the present time in milliseconds since the
    /// epoch. Takes at most half a minute.
    ///
    /// # Errors
    /// [`SignInError::Config`] when an address is refused or the document is wrong, [`SignInError::Unreachable`] when
    /// trying again later may work.
    pub async fn discover(config: ProviderConfig, at_ms: i64) -> Result<Self, SignInError> {
        let wrong = |why: String| SignInError::Config { issuer: config.issuer.clone(), why };
        let reach = if config.allow_private { Reach::Anywhere } else { Reach::Public };
        let http = Http::new(reach, config.extra_root.as_deref()).map_err(wrong)?;
        let issuer = IssuerUrl::new(config.issuer.clone()).map_err(|error| wrong(error.to_string()))?;
        let metadata =
            CoreProviderMetadata::discover_async(issuer, &http).await.map_err(|error| match error {
                DiscoveryError::Request(error) => call_failed(&config.issuer, &error),
                DiscoveryError::Response(status, ..) if status.is_server_error() => {
                    SignInError::Unreachable {
                        issuer: config.issuer.clone(),
                        why: format!("it answers {status}"),
                    }
                }
                other => wrong(with_causes(&other)),
            })?;
        let token = metadata.token_endpoint().ok_or_else(|| wrong("it has no token endpoint".to_owned()))?;
        for url in [metadata.authorization_endpoint().url(), token.url(), metadata.jwks_uri().url()] {
            http.check(url).map_err(|blocked| wrong(blocked.to_string()))?;
        }
        let keys = RwLock::new(Keys { set: metadata.jwks().clone(), fetched_at: at_ms });
        Ok(Self { config, http, metadata, keys })
    }

    /// The provider's issuer address.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.config.issuer
    }

    /// Begins a sign-in: the address to send the browser to, and what to remember until it comes back.
    ///
    /// `redirect_uri` is the address of this server that the provider knows. `random` must be fresh.
    ///
    /// # Errors
    /// [`SignInError::Config`] when `redirect_uri` is no address.
    pub fn begin(
        &self,
        redirect_uri: &str,
        random: &[u8; RANDOM_LEN],
    ) -> Result<(String, Pending), SignInError> {
        let mut parts = random.chunks_exact(RANDOM_LEN / 3).map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        let mut next = || parts.next().unwrap_or_default();
        let pending = Pending {
            issuer: self.config.issuer.clone(),
            redirect_uri: redirect_uri.to_owned(),
            state: next(),
            nonce: next(),
            verifier: next(),
        };
        let (state, nonce) = (pending.state.clone(), pending.nonce.clone());
        let verifier = PkceCodeVerifier::new(pending.verifier.clone());
        let client = self.client(redirect_uri)?;
        let (url, _, _) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .add_scopes(self.config.scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok((url.into(), pending))
    }

    /// Finishes a sign-in: exchanges the code, checks the ID token (signature, issuer, audience, nonce, times) and
    /// says who it is. `at_ms` is the present time in milliseconds since the epoch. Takes at most a minute.
    ///
    /// The caller has made sure that `pending` belongs to this browser and is used once.
    ///
    /// # Errors
    /// Every case of [`SignInError`].
    pub async fn finish(
        &self,
        pending: &Pending,
        callback: &Callback,
        at_ms: i64,
    ) -> Result<Identity, SignInError> {
        let code = self.code(pending, callback)?;
        let client = self.client(&pending.redirect_uri)?;
        let answer: CoreTokenResponse = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| self.wrong(error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(pending.verifier.clone()))
            .request_async(&self.http)
            .await
            .map_err(|error| self.exchange_failed(error))?;
        let id_token = answer.id_token().ok_or_else(|| self.refused("it gave no ID token"))?;
        let nonce = Nonce::new(pending.nonce.clone());
        let claims = self.verified(id_token, &nonce, answer.access_token(), at_ms).await?;
        let mut known = hints!(claims);
        if known.email.is_none() {
            known = known.or(self.user_info(&client, answer.access_token(), claims.subject()).await?);
        }
        let identity = known.identity(&self.config.issuer, claims.subject());
        identity.ok_or_else(|| self.refused("its id of the person is not one"))
    }

    /// The code in the callback, if the callback answers this sign-in.
    fn code(&self, pending: &Pending, callback: &Callback) -> Result<String, SignInError> {
        let state = callback.state.as_deref().unwrap_or_default();
        let same_state = bool::from(state.as_bytes().ct_eq(pending.state.as_bytes()));
        // The issuer in the answer (RFC 9207) keeps one provider from passing off its code as another's.
        let same_issuer = callback.issuer.as_ref().is_none_or(|issuer| *issuer == self.config.issuer);
        if !same_state || !same_issuer || pending.issuer != self.config.issuer {
            return Err(SignInError::Stale);
        }
        if let Some(error) = &callback.error {
            let reason = one_line(error, 100);
            return Err(SignInError::Denied { issuer: self.config.issuer.clone(), reason });
        }
        callback.code.clone().filter(|code| !code.is_empty()).ok_or(SignInError::Stale)
    }

    /// The claims of an ID token that holds, after fetching the provider's keys again if it is signed by a new one.
    async fn verified(
        &self,
        id_token: &CoreIdToken,
        nonce: &Nonce,
        access: &AccessToken,
        at_ms: i64,
    ) -> Result<CoreIdTokenClaims, SignInError> {
        let keys = self.keys();
        let claims = match self.check(id_token, nonce, keys.set, access, at_ms) {
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) if at_ms >= keys.fetched_at.saturating_add(KEYS_PAUSE_MS) => {
                let keys = self.fetch_keys(at_ms).await?;
                self.check(id_token, nonce, keys, access, at_ms)
            }
            other => other,
        };
        claims.map_err(|error| self.refused(&with_causes(&error)))
    }

    fn check(
        &self,
        id_token: &CoreIdToken,
        nonce: &Nonce,
        keys: CoreJsonWebKeySet,
        access: &AccessToken,
        at_ms: i64,
    ) -> Result<CoreIdTokenClaims, ClaimsVerificationError> {
        let now = DateTime::<Utc>::from_timestamp_millis(at_ms).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let metadata = self.metadata.clone().set_jwks(keys);
        let client =
            CoreClient::from_provider_metadata(metadata, ClientId::new(self.config.client_id.clone()), None);
        let verifier = client.id_token_verifier().set_allowed_algs(SIGNATURES).set_time_fn(move || now);
        let claims = id_token.claims(&verifier, nonce)?;
        if let Some(expected) = claims.access_token_hash() {
            let key =
                id_token.signing_key(&verifier).map_err(ClaimsVerificationError::SignatureVerification)?;
            let made = id_token
                .signing_alg()
                .ok()
                .and_then(|alg| AccessTokenHash::from_token(access, alg, key).ok());
            if made.as_ref() != Some(expected) {
                return Err(ClaimsVerificationError::Other(
                    "the access token belongs to another ID token".to_owned(),
                ));
            }
        }
        Ok(claims.clone())
    }

    async fn fetch_keys(&self, at_ms: i64) -> Result<CoreJsonWebKeySet, SignInError> {
        // Noted before the call, so that many sign-ins at once do not all make it.
        self.keys.write().unwrap_or_else(PoisonError::into_inner).fetched_at = at_ms;
        let fetched = CoreJsonWebKeySet::fetch_async(self.metadata.jwks_uri(), &self.http).await;
        let set = fetched.map_err(|error| SignInError::Unreachable {
            issuer: self.config.issuer.clone(),
            why: with_causes(&error),
        })?;
        self.keys.write().unwrap_or_else(PoisonError::into_inner).set = set.clone();
        Ok(set)
    }

    fn keys(&self) -> Keys {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the user-info endpoint adds, where there is one.
    async fn user_info(
        &self,
        client: &Client,
        access: &AccessToken,
        subject: &SubjectIdentifier,
    ) -> Result<Claims, SignInError> {
        let Ok(request) = client.user_info(access.clone(), Some(subject.clone())) else {
            return Ok(Claims::default());
        };
        let answer: Result<CoreUserInfoClaims, _> = request.request_async(&self.http).await;
        let claims = answer.map_err(|error| self.refused(&with_causes(&error)))?;
        Ok(hints!(claims))
    }

    fn client(&self, redirect_uri: &str) -> Result<Client, SignInError> {
        let redirect =
            RedirectUrl::new(redirect_uri.to_owned()).map_err(|error| self.wrong(error.to_string()))?;
        let secret = self.config.client_secret.clone().map(ClientSecret::new);
        let methods = self.metadata.token_endpoint_auth_methods_supported();
        let offers = |method| methods.is_some_and(|methods| methods.contains(&method));
        let post_only = offers(CoreClientAuthMethod::ClientSecretPost)
            && !offers(CoreClientAuthMethod::ClientSecretBasic);
        let auth = if post_only { AuthType::RequestBody } else { AuthType::BasicAuth };
        let id = ClientId::new(self.config.client_id.clone());
        let client = CoreClient::from_provider_metadata(self.metadata.clone(), id, secret);
        Ok(client.set_redirect_uri(redirect).set_auth_type(auth))
    }

    fn exchange_failed<T>(&self, error: RequestTokenError<CallError, T>) -> SignInError
    where
        T: openidconnect::ErrorResponse + std::fmt::Display + 'static,
    {
        match error {
            RequestTokenError::Request(error) => call_failed(&self.config.issuer, &error),
            RequestTokenError::ServerResponse(answer) => self.refused(&answer.to_string()),
            RequestTokenError::Parse(..) => self.refused("its answer is not of the expected form"),
            RequestTokenError::Other(why) => self.refused(&why),
        }
    }

    fn refused(&self, why: &str) -> SignInError {
        SignInError::Refused { issuer: self.config.issuer.clone(), why: one_line(why, 500) }
    }

    fn wrong(&self, why: String) -> SignInError {
        SignInError::Config { issuer: self.config.issuer.clone(), why }
    }
}

fn call_failed(issuer: &str, error: &CallError) -> SignInError {
    let (issuer, why) = (issuer.to_owned(), error.to_string());
    match error {
        CallError::Failed(_) => SignInError::Unreachable { issuer, why },
        _ => SignInError::Config { issuer, why },
    }
}
