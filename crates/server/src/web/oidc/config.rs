//! From the settings of sign-in providers to providers that can be used.

use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};

use super::provider::Provider;
use crate::config::OidcProvider;

/// Longest name of a provider.
const MAX_NAME: usize = 32;
/// Most providers.
const MAX_PROVIDERS: usize = 20;

/// The providers, with their secrets read.
///
/// # Errors
/// A sentence that says which provider is described wrongly, and how.
pub(crate) fn providers(configured: &[OidcProvider]) -> anyhow::Result<Vec<Provider>> {
    ensure!(configured.len() <= MAX_PROVIDERS, "there can be at most {MAX_PROVIDERS} sign-in providers");
    let mut providers: Vec<Provider> = Vec::new();
    for config in configured {
        let name = &config.name;
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(fits) {
            bail!(
                "the sign-in provider {name:?} needs a name of 1 to {MAX_NAME} small letters, digits and `-`"
            );
        }
        ensure!(
            providers.iter().all(|other| other.name != *name && other.issuer() != config.issuer),
            "the sign-in provider {name} is there twice; names and issuers must differ"
        );
        providers
            .push(provider(config).with_context(|| format!("the sign-in provider {name} cannot be used"))?);
    }
    Ok(providers)
}

fn provider(config: &OidcProvider) -> anyhow::Result<Provider> {
    let client_secret = match (&config.client_secret, &config.client_secret_file) {
        (Some(_), Some(_)) => bail!("set client_secret or client_secret_file, not both"),
        (Some(secret), None) => Some(secret.expose().to_owned()),
        (None, Some(path)) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read the secret in {}", path.display()))?;
            Some(text.trim().to_owned())
        }
        (None, None) => None,
    };
    let read = |path: &PathBuf| {
        std::fs::read(path)
            .with_context(|| format!("cannot read the certificate authority in {}", path.display()))
    };
    Ok(Provider::new(
        config.name.clone(),
        config.title.clone().unwrap_or_else(|| config.name.clone()),
        oidc::ProviderConfig {
            issuer: config.issuer.clone(),
            client_id: config.client_id.clone(),
            client_secret,
            scopes: config.scopes.clone(),
            allow_private: config.allow_private,
            extra_root: config.authority.as_ref().map(read).transpose()?,
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(text: &str) -> anyhow::Result<Vec<Provider>> {
        let table: toml::Table = text.parse().unwrap();
        providers(&crate::Config::from_table(table)?.oidc)
    }

    #[test]
    fn secrets_come_from_a_file_or_from_the_configuration_and_are_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "hush\n").unwrap();
        let bare = "[[oidc]]\nname = 'a'\nissuer = 'https://a.example'\nclient_id = 'x'\n";
        let by_file = format!("client_secret_file = '{}'\n", file.display());
        let here = "client_secret = 'hush'\n";
        for text in [&by_file, here] {
            assert_eq!(described(&format!("{bare}{text}")).unwrap()[0].secret(), Some("hush"));
        }
        assert!(described(&format!("{bare}{here}{by_file}")).is_err());
        let config = crate::Config::from_table(format!("{bare}{here}").parse().unwrap()).unwrap();
        assert!(!format!("{config:?}").contains("hush"));
    }

    #[test]
    fn names_are_fit_for_addresses_and_nobody_is_there_twice() {
        let of = |name: &str, issuer: &str| {
            format!("[[oidc]]\nname = '{name}'\nissuer = '{issuer}'\nclient_id = 'x'\n")
        };
        for wrong in ["", "A", "a/b", "ä", "a b", &"x".repeat(33)] {
            assert!(described(&of(wrong, "https://a.example")).is_err(), "{wrong:?}");
        }
        let two = of("a", "https://a.example") + &of("b", "https://b.example");
        assert_eq!(described(&two).unwrap().len(), 2);
        assert!(described(&(of("a", "https://a.example") + &of("a", "https://b.example"))).is_err());
        assert!(described(&(of("a", "https://a.example") + &of("b", "https://a.example"))).is_err());
    }
}
