//! The server: HTTP routes, configuration and wiring.

pub mod boot;
pub mod config;
pub mod http;
pub mod logging;
mod mail;
mod tls;
pub mod web;

use std::sync::Arc;

use app::App;

pub use boot::{Running, start};
pub use config::Config;

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
}
