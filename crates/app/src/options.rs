//! What the operator decided, as far as the use cases care.

pub use policy::{AdminAccess, ReadOnlyCap};
use serde::Deserialize;
use store::access::Settings;
use wire::archive::Rate;

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
    /// How long one search may look for more before it must do with what it has found, in ms.
    pub search_ms: i64,
    /// How archived files come back.
    pub restoring: Restoring,
}

impl Options {
    /// The region of a project that names none.
    #[must_use]
    pub fn default_region(&self) -> &str {
        self.regions.first().map_or("local", String::as_str)
    }

    /// What of this decisions about access rest on, at a time in ms.
    #[must_use]
    pub(crate) fn access(&self, now: i64) -> Settings {
        Settings { admin_access: self.admin_access, read_only_cap: self.read_only_cap, now }
    }
}

/// What the operator decided about bringing archived files back.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Restoring {
    /// How long files that are wanted soon (rate Standard) wait, so that many are brought back together; in ms.
    pub standard_wait_ms: i64,
    /// The same for those that are wanted when there is time (rate Bulk).
    pub bulk_wait_ms: i64,
    /// What one GiB costs at the rates Expedited, Standard and Bulk, in thousandths of the currency's unit.
    pub prices_per_gib: [f64; 3],
}

impl Default for Restoring {
    fn default() -> Self {
        Self { standard_wait_ms: 60_000, bulk_wait_ms: 600_000, prices_per_gib: [30.0, 10.0, 2.5] }
    }
}

impl Restoring {
    /// How long files wait at a rate, in ms.
    #[must_use]
    pub fn wait_ms(&self, rate: Rate) -> i64 {
        match rate {
            Rate::Expedited => 0,
            Rate::Standard => self.standard_wait_ms,
            Rate::Bulk => self.bulk_wait_ms,
        }
    }

    /// What bringing back costs at a rate. Rounded up: whoever is charged anything sees it.
    #[must_use]
    pub fn cost(&self, rate: Rate, gib: f64) -> u64 {
        let [expedited, standard, bulk] = self.prices_per_gib;
        let price = match rate {
            Rate::Expedited => expedited,
            Rate::Standard => standard,
            Rate::Bulk => bulk,
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an estimate, never negative"
        )]
        let cost = (price * gib).max(0.0).ceil() as u64;
        cost
    }
}
