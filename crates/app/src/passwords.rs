//! Checking and hashing passwords.

use secrets::password;
use wire::ApiError;

use crate::context::App;
use crate::error::{Error, Result};

impl App {
    /// Whether a password belongs to a hash; the work is the same without one. When it does and the hash was made
    /// with parameters of an earlier day, the answer holds a new one.
    pub(crate) async fn check_password(
        &self,
        password: String,
        hash: Option<String>,
    ) -> Result<(bool, Option<String>)> {
        let salt = self.random_bytes();
        self.memory
            .hashing
            .run(move || {
                let Some(hash) = hash else {
                    password::verify_absent(&password);
                    return Ok((false, None));
                };
                let matches = password::verify(&password, &hash).map_err(Error::internal)?;
                let renew = matches && password::is_outdated(&hash);
                let renewed =
                    renew.then(|| password::hash(&password, salt)).transpose().map_err(Error::internal)?;
                Ok((matches, renewed))
            })
            .await
    }

    /// The hash of a new password. `about` is what is known of its owner, which it must not consist of.
    ///
    /// # Errors
    /// `InvalidInput` for a password that is too weak.
    pub(crate) async fn hash_new_password(&self, password: String, about: &[&str]) -> Result<String> {
        password::check_new(&password, about).map_err(|weak| ApiError::invalid_input(weak.to_string()))?;
        let salt = self.random_bytes();
        self.memory.hashing.run(move || password::hash(&password, salt).map_err(Error::internal)).await
    }
}
