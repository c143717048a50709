//! What the operator decided, as far as the use cases care.

pub use policy::{AdminAccess, ReadOnlyCap};

/// Decisions of the operator. They come from the configuration and do not change while the server runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// The address that links in mails and answers begin with, without a final slash.
    pub public_url: String,
    /// Regions projects may lie in; the first is the default.
    pub regions: Vec<String>,
    /// Whether platform administrators see every project, or must add themselves first (contract B7).
    pub admin_access: AdminAccess,
    /// What a read-only user may at most do (contract B7).
    pub read_only_cap: ReadOnlyCap,
    /// Whether anybody may make an account for themselves.
    pub self_sign_up: bool,
    /// What a GB of storage costs in a month, in the operator's currency.
    pub storage_price: f64,
    /// How archived files come back.
    pub restoring: crate::archive::Restoring,
}

impl Options {
    /// The region of a project that names none.
    #[must_use]
    pub fn default_region(&self) -> &str {
        self.regions.first().map_or("local", String::as_str)
    }
}
