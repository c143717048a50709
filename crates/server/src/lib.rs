//! The server: HTTP routes, configuration and wiring.

pub mod backup;
pub mod boot;
pub mod config;
pub mod data_dir;
pub mod folder;
pub mod http;
pub mod logging;
mod mail;
mod meter;
mod tls;
pub mod web;

use std::sync::Arc;

use app::App;

pub use boot::{Running, start};
pub use config::Config;
pub use meter::Meter;

/// What every route may use.
pub struct Server {
    /// The use cases.
    pub app: Arc<App>,
    /// What the operator set.
    pub config: Config,
    /// Which function answers which method.
    pub handlers: http::Handlers,
    /// Where request ids come from.
    pub request_ids: http::RequestIds,
    /// What the pages keep.
    pub web: web::Web,
    /// What is counted and measured.
    pub meter: Meter,
    /// How many requests are worked on at once.
    pub(crate) room: http::Room,
    /// How many calls each account made lately.
    pub(crate) rates: http::Rates,
    /// How many calls of each account are worked on at once.
    pub(crate) calls: app::turns::Turns,
    /// How many requests that are no account's are worked on at once, by network.
    pub(crate) strangers: app::turns::Turns<String>,
    /// Room for the bodies of large calls.
    pub(crate) room_for_bodies: app::turns::Turns,
}

impl Server {
    /// A server that nobody can reach yet.
    ///
    /// # Errors
    /// When a sign-in provider is described wrongly.
    pub fn new(app: Arc<App>, config: Config, meter: Meter) -> anyhow::Result<Self> {
        Ok(Self {
            web: web::Web::new(&app, &config)?,
            app,
            handlers: http::Handlers::new(),
            request_ids: http::RequestIds::default(),
            meter,
            room: http::Room::new(config.limits.concurrent_requests),
            rates: http::Rates::new(config.limits.account_calls_per_second),
            calls: http::calls(),
            strangers: http::strangers(config.limits.concurrent_requests),
            room_for_bodies: http::room_for_bodies(),
            config,
        })
    }
}
