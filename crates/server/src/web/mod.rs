//! The pages: plain forms, written by the server, that work without script.
//!
//! ```text
//! visitor   who is looking: the session of the cookie, and the key that forms are bound to
//! csrf      whether a form was sent by our own page
//! page      what goes out: templates, redirects, errors, headers
//! form      one shape for all forms: fields, hints, errors beside the field and in a summary
//! sign_in, codes, me, oidc    the pages themselves
//! ```
//!
//! Cookies sign people in to pages only; API routes never look at them. A page changes something only on POST, since
//! mail scanners and browsers fetch links ahead of people.

mod codes;
mod cookie;
mod csrf;
mod form;
mod me;
pub mod oidc;
mod page;
mod sign_in;
mod visitor;

use std::sync::Arc;

use app::App;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::middleware;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use secrets::sign::Signer;

use crate::http::{Routes, router_of};
use crate::{Config, Server};

/// Most bytes of a form.
const FORM_BYTES: usize = 64 * 1024;
/// How long a browser keeps the style sheet.
const STYLE_KEPT: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// What the pages keep for as long as the server runs.
pub struct Web {
    /// Signs the token in every form.
    forms: Signer,
    /// The sign-in providers, in the order of the configuration.
    providers: Vec<oidc::Provider>,
}

impl Web {
    /// What the configuration asks for.
    ///
    /// # Errors
    /// When a sign-in provider is described wrongly.
    pub(crate) fn new(app: &App, config: &Config) -> anyhow::Result<Self> {
        Ok(Self { forms: Signer::new(&app.keys, "web form"), providers: oidc::providers(&config.oidc)? })
    }
}

/// Every page: its path and how it is answered.
pub(crate) fn pages() -> Routes {
    vec![
        ("/", get(me::show)),
        ("/style.css", get(style)),
        ("/sign-in", get(sign_in::show).post(sign_in::send)),
        ("/sign-in/code", get(sign_in::show_code).post(sign_in::send_code)),
        (app::links::SIGN_IN, get(sign_in::show_link).post(sign_in::send_link)),
        ("/sign-out", post(sign_in::sign_out)),
        ("/sign-out-everywhere", post(sign_in::sign_out_everywhere)),
        (app::links::FIRST_USER, get(codes::show_first_user).post(codes::first_user)),
        (app::links::ACTIVATE, get(codes::show_activate).post(codes::activate)),
        ("/forgot-password", get(codes::show_forgot).post(codes::forgot)),
        (app::links::RESET_PASSWORD, get(codes::show_reset).post(codes::reset)),
        (app::links::CONFIRM_EMAIL, get(codes::show_confirm).post(codes::confirm)),
        ("/me/make-token", post(me::make_token)),
        ("/me/end-token", post(me::end_token)),
        ("/me/change-password", post(me::change_password)),
        ("/me/start-second-factor", post(me::start_second_factor)),
        ("/me/confirm-second-factor", post(me::confirm_second_factor)),
        ("/me/end-second-factor", post(me::end_second_factor)),
        ("/me/unlink", post(me::unlink)),
        ("/oidc/{name}/start", post(oidc::start)),
        ("/oidc/{name}/callback", get(oidc::callback)),
    ]
}

/// The router of the pages.
pub(crate) fn routes() -> Router<Arc<Server>> {
    router_of(pages()).layer(DefaultBodyLimit::max(FORM_BYTES)).layer(middleware::map_response(page::protect))
}

/// The one style sheet.
async fn style() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8")),
        (header::CACHE_CONTROL, STYLE_KEPT),
    ];
    (headers, include_str!("../../templates/style.css"))
}
