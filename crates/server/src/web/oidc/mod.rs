//! Signing in with a provider (OpenID Connect; contract: identity-and-sharing 3).
//!
//! ```text
//! POST /oidc/{name}/start      from a button: to sign in, to link the account one is signed in to, to activate an account
//! GET  /oidc/{name}/callback   the provider sends the browser back
//! ```
//!
//! What the browser brings back counts only with the sealed cookie that it left with. A provider is the first step of a
//! sign-in and no more: an account whose own second factor is on asks for it, whatever the provider did.

mod config;
mod provider;

use app::external::{self, Person};
use app::session::Proof;
use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use oidc::{Callback, Pending, SignInError};
use serde::{Deserialize, Serialize};

use super::cookie::Cookie;
use super::form::ProviderButton;
use super::page::{Failure, Head, redirect, with};
use super::sign_in;
use super::visitor::{Posted, Visitor};
use crate::Server;

pub(crate) use config::providers;
pub(crate) use provider::Provider;

/// How long somebody may take at the provider, in ms.
const AWAY_MS: i64 = 10 * 60_000;
/// What the cookie of somebody who is away is sealed for.
const SEAL: &str = "web sign-in at a provider";

/// Why somebody goes to a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Aim {
    SignIn,
    /// To link the account of the session with this signature.
    Link {
        session: String,
    },
    /// To activate the account of this one-time code.
    Activate {
        code: String,
    },
}

/// Somebody who is away at a provider. The browser keeps it, sealed.
#[derive(Serialize, Deserialize)]
struct Away {
    provider: String,
    aim: Aim,
    pending: Pending,
    until: i64,
}

/// The page that sends the browser on. No redirect: by our own policy a form leads to this server alone.
#[derive(Template)]
#[template(path = "leave.html")]
struct LeavePage<'a> {
    head: Head,
    provider: &'a str,
    address: &'a str,
}

/// A button for each provider, which says `words` and the provider's name.
pub(super) fn buttons(server: &Server, words: &str) -> Vec<ProviderButton> {
    let button = |provider: &Provider| ProviderButton {
        name: provider.name.clone(),
        label: format!("{words} {}", provider.title),
    };
    server.web.providers.iter().map(button).collect()
}

fn find<'a>(server: &'a Server, name: &str) -> Result<&'a Provider, Failure> {
    server.web.providers.iter().find(|provider| provider.name == name).ok_or_else(|| {
        Failure::said(StatusCode::NOT_FOUND, "This server knows no sign-in provider of that name.")
    })
}

/// `POST /oidc/{name}/start`
pub(super) async fn start(Path(name): Path<String>, posted: Posted) -> Result<Response, Failure> {
    let visitor = &posted.visitor;
    let server = &visitor.server;
    let provider = find(server, &name)?;
    let aim = match posted.text("aim").as_str() {
        "link" => Aim::Link { session: visitor.signed_in()?.caller.signature.clone() },
        "activate" => Aim::Activate { code: posted.text("code") },
        _ => Aim::SignIn,
    };
    let reached = provider.reach(visitor.now()).await.map_err(|error| failed(&error))?;
    let back = format!("{}/oidc/{name}/callback", server.app.options.public_url);
    let (address, pending) =
        reached.begin(&back, &server.app.random_bytes()).map_err(|error| failed(&error))?;
    let away = Away { provider: name, aim, pending, until: visitor.now() + AWAY_MS };
    let sealed = visitor.seal(SEAL, &away)?;
    let head = visitor.head(format!("To {}", provider.title));
    let page = LeavePage { head, provider: &provider.title, address: &address };
    Ok(with(visitor.page(StatusCode::OK, &page), |headers| {
        Cookie::Provider.set_for(headers, visitor.https(), &sealed, AWAY_MS / 1000);
    }))
}

/// `GET /oidc/{name}/callback`
pub(super) async fn callback(
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    visitor: Visitor,
) -> Response {
    let response = come_back(&visitor, &name, query.as_deref().unwrap_or_default()).await;
    with(response.into_response(), |headers| Cookie::Provider.clear(headers, visitor.https()))
}

async fn come_back(visitor: &Visitor, name: &str, query: &str) -> Result<Response, Failure> {
    let provider = find(&visitor.server, name)?;
    let away = visitor
        .cookie(Cookie::Provider)
        .and_then(|sealed| visitor.open::<Away>(SEAL, &sealed))
        .filter(|away| away.provider == name && visitor.now() < away.until)
        .ok_or_else(|| failed(&SignInError::Stale))?;
    let reached = provider.reach(visitor.now()).await.map_err(|error| failed(&error))?;
    let finished = reached.finish(&away.pending, &Callback::from_query(query), visitor.now()).await;
    let identity = finished.map_err(|error| failed(&error))?;
    let person = Person { issuer: identity.issuer, subject: identity.subject };
    match away.aim {
        Aim::SignIn => match external::sign_in(&visitor.stranger("PageProvider"), person).await? {
            Some(step) => sign_in::proceed(visitor, step, Proof::Provider).await,
            None => Ok(unknown(visitor, provider)),
        },
        Aim::Link { session } => {
            if visitor.signed_in()?.caller.signature != session {
                return Err(failed(&SignInError::Stale));
            }
            external::link(visitor.ctx("PageProvider"), person).await?;
            Ok(redirect("/?notice=linked"))
        }
        Aim::Activate { code } => {
            let account =
                app::account::activate_by_provider(&visitor.stranger("PageProvider"), code, person).await?;
            sign_in::enter(visitor, account, Proof::Provider).await
        }
    }
}

/// The page for somebody whom the provider knows and this server does not. An account is never found by an e-mail
/// address: whoever gets hold of that address at some provider would get hold of the account.
fn unknown(visitor: &Visitor, provider: &Provider) -> Response {
    let title = &provider.title;
    let text = format!(
        "{title} knows you, but no active account on this server is linked with you there. If you have an account, sign in with your password and link it under “Sign-in providers”. If you were invited, open the link in the activation letter and choose “Activate with {title}”. Otherwise ask an administrator for an account."
    );
    visitor.message(StatusCode::FORBIDDEN, "No account is linked", text, vec![("/sign-in", "Sign in")])
}

/// Why a sign-in at a provider did not work, as a page. Details are for the operator.
fn failed(error: &SignInError) -> Failure {
    let (status, text) = match error {
        SignInError::Denied { .. } => (StatusCode::FORBIDDEN, "The sign-in was cancelled at the provider."),
        SignInError::Stale => (
            StatusCode::BAD_REQUEST,
            "This sign-in was begun in another browser, or too long ago, or was finished already. Begin again.",
        ),
        SignInError::Unreachable { .. } => {
            (StatusCode::BAD_GATEWAY, "The provider cannot be reached now. Try again later.")
        }
        SignInError::Refused { .. } => (
            StatusCode::BAD_GATEWAY,
            "The provider's answer was not accepted. Begin again; if it stays like this, tell an administrator.",
        ),
        SignInError::Config { .. } => (
            StatusCode::BAD_GATEWAY,
            "Signing in with this provider is not set up rightly on this server. Tell an administrator.",
        ),
    };
    tracing::warn!(%error, "a sign-in at a provider did not work");
    Failure::said(status, text)
}
