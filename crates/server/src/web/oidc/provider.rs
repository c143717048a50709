//! One provider: looked up when it is first needed, since it may be away when this server starts.

use std::sync::Arc;

use oidc::{ProviderConfig, SignInError};
use tokio::sync::Mutex;

/// A provider that was not reached is not asked again for so long, in ms.
const PAUSE_MS: i64 = 10_000;

/// A provider as the pages know it.
pub(crate) struct Provider {
    /// Its name in addresses.
    pub(crate) name: String,
    /// What buttons call it.
    pub(crate) title: String,
    config: ProviderConfig,
    found: Mutex<Found>,
}

enum Found {
    NotYet,
    Yes(Arc<oidc::Provider>),
    Failed { at: i64, error: SignInError },
}

impl Provider {
    pub(super) fn new(name: String, title: String, config: ProviderConfig) -> Self {
        Self { name, title, config, found: Mutex::new(Found::NotYet) }
    }

    /// Its issuer address.
    pub(crate) fn issuer(&self) -> &str {
        &self.config.issuer
    }

    #[cfg(test)]
    pub(super) fn secret(&self) -> Option<&str> {
        self.config.client_secret.as_deref()
    }

    /// The provider itself. `now` in ms.
    ///
    /// # Errors
    /// When it cannot be reached, or is set up wrongly; then again for the next ten seconds without asking it.
    pub(super) async fn reach(&self, now: i64) -> Result<Arc<oidc::Provider>, SignInError> {
        let mut found = self.found.lock().await;
        match &*found {
            Found::Yes(provider) => return Ok(Arc::clone(provider)),
            Found::Failed { at, error } if now < at.saturating_add(PAUSE_MS) => return Err(error.clone()),
            Found::Failed { .. } | Found::NotYet => {}
        }
        match oidc::Provider::discover(self.config.clone(), now).await {
            Ok(provider) => {
                let provider = Arc::new(provider);
                *found = Found::Yes(Arc::clone(&provider));
                Ok(provider)
            }
            Err(error) => {
                *found = Found::Failed { at: now, error: error.clone() };
                Err(error)
            }
        }
    }
}
