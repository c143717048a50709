//! Who is looking at a page, and what they sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use app::session::Session;
use app::{Ctx, RequestInfo};
use axum::Form;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::cookie::Cookie;
use super::csrf;
use super::page::Failure;
use crate::Server;
use crate::http::{STRANGERS_PATIENCE, request_info};

/// The field of a form that carries its token.
pub(super) const TOKEN_FIELD: &str = "form-token";

/// Whoever looks at a page.
pub(super) struct Visitor {
    /// The server.
    pub server: Arc<Server>,
    /// The session, when somebody is signed in.
    pub session: Option<Session>,
    /// The request's headers.
    pub headers: HeaderMap,
    /// What forms are bound to: the text of the session's token, or of the visitor's cookie.
    key: String,
    /// Whether the browser has yet to be given the key.
    pub key_is_new: bool,
    info: RequestInfo,
}

impl Visitor {
    /// Whether people reach this server by https.
    pub(super) fn https(&self) -> bool {
        self.server.app.options.public_url.starts_with("https://")
    }

    /// The value of a cookie.
    pub(super) fn cookie(&self, cookie: Cookie) -> Option<String> {
        cookie.read(&self.headers, self.https())
    }

    /// The token for the forms of the page.
    pub(super) fn form_token(&self) -> String {
        csrf::token(&self.server.web.forms, &self.key)
    }

    /// The key itself, for the cookie.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// When the request came, in ms.
    pub(super) fn now(&self) -> i64 {
        self.info.now
    }

    /// The context of a use case, called by the page of this name.
    pub(super) fn ctx(&self, page: &'static str) -> Ctx {
        let caller = self.session.as_ref().map(|session| session.caller.clone());
        Ctx::new(Arc::clone(&self.server.app), caller, self.info.clone(), app::Door::Other(page))
    }

    /// The same, for what strangers do: who is signed in in this browser does not matter, and is not in the audit log.
    pub(super) fn stranger(&self, page: &'static str) -> Ctx {
        Ctx { caller: None, ..self.ctx(page) }
    }

    /// Something that the browser keeps and cannot read or change.
    ///
    /// # Errors
    /// When it is too long, which is a fault of ours.
    pub(super) fn seal<T: Serialize>(&self, purpose: &str, value: &T) -> Result<String, Failure> {
        let app = &self.server.app;
        let plain = serde_json::to_vec(value).map_err(app::Error::internal)?;
        Ok(app.keys.seal(purpose, &plain, app.random_bytes()).map_err(app::Error::internal)?)
    }

    /// What [`Visitor::seal`] made for the same purpose; none when it was not.
    pub(super) fn open<T: DeserializeOwned>(&self, purpose: &str, sealed: &str) -> Option<T> {
        serde_json::from_slice(&self.server.app.keys.open(purpose, sealed).ok()?).ok()
    }

    /// The session.
    ///
    /// # Errors
    /// The way to the sign-in page when nobody is signed in.
    pub(super) fn signed_in(&self) -> Result<&Session, Failure> {
        self.session.as_ref().ok_or(Failure::SignInFirst)
    }
}

impl FromRequestParts<Arc<Server>> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, server: &Arc<Server>) -> Result<Self, Failure> {
        let https = server.app.options.public_url.starts_with("https://");
        let info = request_info(server, &parts.extensions)?;
        let text = Cookie::Session.read(&parts.headers, https);
        let session = match &text {
            Some(text) => server.app.session(text, info.now).await?,
            None => None,
        };
        let known = if session.is_some() { text } else { Cookie::Visitor.read(&parts.headers, https) };
        let key_is_new = known.is_none();
        let key =
            known.unwrap_or_else(|| secrets::token::mint(server.app.random_bytes()).expose().to_owned());
        Ok(Self {
            server: Arc::clone(server),
            session,
            headers: parts.headers.clone(),
            key,
            key_is_new,
            info,
        })
    }
}

/// A form that our own page sent.
pub(super) struct Posted {
    /// Who sent it.
    pub visitor: Visitor,
    fields: BTreeMap<String, String>,
}

impl Posted {
    /// What a field holds, without blanks around it; empty when it is absent.
    pub(super) fn text(&self, field: &str) -> String {
        self.raw(field).trim().to_owned()
    }

    /// What a field holds, exactly; for passwords.
    pub(super) fn raw(&self, field: &str) -> &str {
        self.fields.get(field).map_or("", String::as_str)
    }
}

impl FromRequest<Arc<Server>> for Posted {
    type Rejection = Failure;

    async fn from_request(request: Request, server: &Arc<Server>) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, server).await?;
        if csrf::is_foreign(&parts.headers, &server.app.options.public_url) {
            return Err(Failure::said(
                StatusCode::FORBIDDEN,
                "Nothing was done: the form was sent by another web site. If you meant to do this, open the page on this server and fill in the form there.",
            ));
        }
        let had_session = visitor.session.is_none() && visitor.cookie(Cookie::Session).is_some();
        let request = Request::from_parts(parts, body);
        let form = Form::<BTreeMap<String, String>>::from_request(request, server);
        let Ok(Ok(Form(fields))) = tokio::time::timeout(STRANGERS_PATIENCE, form).await else {
            return Err(Failure::said(
                StatusCode::BAD_REQUEST,
                "Nothing was done: what was sent is no form of this server, is too large, or came too slowly.",
            ));
        };
        let token = fields.get(TOKEN_FIELD).map_or("", String::as_str);
        if !csrf::holds(&server.web.forms, &visitor.key, token) {
            if had_session {
                return Err(Failure::SessionEnded);
            }
            return Err(Failure::said(
                StatusCode::FORBIDDEN,
                "Nothing was done: the form is too old, or the browser did not send this server's cookie with it. Open the page again, and allow cookies for this server.",
            ));
        }
        Ok(Self { visitor, fields })
    }
}
