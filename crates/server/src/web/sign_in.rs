//! Signing in and out. A password, a provider, or a one-time link is the first step; the code of the authenticator the second, where it
//! is on.

use app::account::Account;
use app::links;
use app::session::{self, Proof};
use app::sign_in::{Step, check_link, check_password, check_second_factor};
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::codes::{code_field, code_of};
use super::cookie::Cookie;
use super::form::{Field, Form};
use super::oidc;
use super::page::{Failure, parameter, redirect, sentence, with};
use super::visitor::{Posted, Visitor};

/// How long the second step may take, in ms.
const STEP_MS: i64 = 5 * 60_000;
/// What the cookie of the second step is sealed for.
const STEP_SEAL: &str = "web sign-in step";

/// A sign-in whose first step is done. The browser keeps it, sealed.
#[derive(Serialize, Deserialize)]
struct Pending {
    user: String,
    /// The account's epoch at that time: another password, say, makes the first step worthless.
    epoch: i64,
    proof: Proof,
    until: i64,
}

/// `GET /sign-in`
pub(super) async fn show(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Failure> {
    if visitor.session.is_some() {
        return Ok(redirect("/"));
    }
    let mut form = form(&visitor, "");
    if !visitor.server.app.has_users().await? {
        "This server has no users yet. Make the first account with the link that the server printed at its start."
            .clone_into(&mut form.intro);
    }
    form.notice = match parameter(query.as_deref(), "notice").as_deref() {
        Some("out") => "You are signed out.",
        Some("everywhere") => "You are signed out everywhere.",
        Some("ended") => "Your session has ended. Nothing was changed by your last step; sign in to go on.",
        Some("password") => "Your password is set. Sign in with it.",
        Some("address") => "Your address is confirmed.",
        Some("step") => "The sign-in took too long. Begin again.",
        _ => "",
    };
    Ok(visitor.form(StatusCode::OK, &form))
}

fn form(visitor: &Visitor, name: &str) -> Form {
    Form {
        fields: vec![
            Field::text("username", "User name or e-mail address", "username").value(name),
            Field::password("password", "Password"),
        ],
        providers: oidc::buttons(&visitor.server, "Sign in with"),
        links: vec![("/forgot-password", "I forgot my password")],
        ..Form::new("Sign in", "/sign-in", "Sign in")
    }
}

/// `POST /sign-in`
pub(super) async fn send(posted: Posted) -> Result<Response, Failure> {
    let visitor = &posted.visitor;
    let name = posted.text("username");
    let password = posted.raw("password").to_owned();
    for (field, value, missing) in [
        ("username", &name, "Enter your user name or e-mail address."),
        ("password", &password, "Enter your password."),
    ] {
        if value.is_empty() {
            return Ok(
                visitor.form(StatusCode::UNPROCESSABLE_ENTITY, &form(visitor, &name).wrong(field, missing))
            );
        }
    }
    match check_password(&visitor.stranger("PageSignIn"), name.clone(), password).await {
        Ok(step) => proceed(visitor, step, Proof::Password).await,
        Err(error) => {
            let (status, text) = sentence(error);
            Ok(visitor.form(status, &form(visitor, &name).wrong("", text)))
        }
    }
}

/// `GET /sign-in/link`: only shows a button, so that whatever fetches links ahead of people uses nothing up.
pub(super) async fn show_link(visitor: Visitor, RawQuery(query): RawQuery) -> Response {
    visitor.form(StatusCode::OK, &link_form(&code_of(query.as_deref())))
}

fn link_form(code: &str) -> Form {
    Form {
        intro: "Your link signs you in once, in place of a password.".to_owned(),
        fields: vec![code_field(code)],
        links: vec![("/sign-in", "Sign in with a password")],
        ..Form::new("Sign in", links::SIGN_IN, "Sign in")
    }
}

/// `POST /sign-in/link`
pub(super) async fn send_link(posted: Posted) -> Result<Response, Failure> {
    let visitor = &posted.visitor;
    let code = posted.text("code");
    match check_link(&visitor.stranger("PageSignIn"), code.clone()).await {
        Ok(step) => proceed(visitor, step, Proof::Link).await,
        Err(error) => {
            let (status, text) = sentence(error);
            Ok(visitor.form(status, &link_form(&code).wrong("", text)))
        }
    }
}

/// Goes on after the first step of a sign-in.
pub(super) async fn proceed(visitor: &Visitor, step: Step, proof: Proof) -> Result<Response, Failure> {
    let account = match step {
        Step::Done(account) => return enter(visitor, account, proof).await,
        Step::SecondFactor(account) => account,
    };
    let pending =
        Pending { user: account.id.to_string(), epoch: account.epoch, proof, until: visitor.now() + STEP_MS };
    let sealed = visitor.seal(STEP_SEAL, &pending)?;
    Ok(with(redirect("/sign-in/code"), |headers| {
        Cookie::Step.set_for(headers, visitor.https(), &sealed, STEP_MS / 1000);
    }))
}

/// Begins the session and goes to the start page.
pub(super) async fn enter(visitor: &Visitor, account: Account, proof: Proof) -> Result<Response, Failure> {
    let secret =
        session::begin(&visitor.stranger("PageSignIn"), account, proof, visitor.session.as_ref()).await?;
    Ok(with(redirect("/"), |headers| {
        Cookie::Session.set(headers, visitor.https(), secret.expose());
        Cookie::Step.clear(headers, visitor.https());
        Cookie::Visitor.clear(headers, visitor.https());
    }))
}

fn code_form() -> Form {
    Form {
        intro: "Your account has a second factor.".to_owned(),
        fields: vec![
            Field::text("otp", "Code", "one-time-code")
                .hint("The six digits that your authenticator shows, or one of your backup codes."),
        ],
        links: vec![("/sign-in", "Begin again")],
        ..Form::new("Enter the code", "/sign-in/code", "Sign in")
    }
}

/// `GET /sign-in/code`
pub(super) async fn show_code(visitor: Visitor) -> Response {
    match visitor.pending() {
        None => redirect("/sign-in?notice=step"),
        Some(_) => visitor.form(StatusCode::OK, &code_form()),
    }
}

/// `POST /sign-in/code`
pub(super) async fn send_code(posted: Posted) -> Result<Response, Failure> {
    let visitor = &posted.visitor;
    let Some(pending) = visitor.pending() else { return Ok(redirect("/sign-in?notice=step")) };
    let otp = posted.text("otp");
    if otp.is_empty() {
        let form = code_form().wrong("otp", "Enter the code.");
        return Ok(visitor.form(StatusCode::UNPROCESSABLE_ENTITY, &form));
    }
    match check_second_factor(&visitor.stranger("PageSignIn"), &pending.user, pending.epoch, otp).await {
        Ok(Some(account)) => enter(visitor, account, pending.proof).await,
        Ok(None) => Ok(redirect("/sign-in?notice=step")),
        Err(error) => {
            let (status, text) = sentence(error);
            Ok(visitor.form(status, &code_form().wrong("otp", text)))
        }
    }
}

impl Visitor {
    /// The first step of a sign-in that this browser has done, while it holds.
    fn pending(&self) -> Option<Pending> {
        let sealed = self.cookie(Cookie::Step)?;
        self.open::<Pending>(STEP_SEAL, &sealed).filter(|pending| self.now() < pending.until)
    }
}

/// `POST /sign-out`
pub(super) async fn sign_out(posted: Posted) -> Result<Response, Failure> {
    let visitor = &posted.visitor;
    if visitor.session.is_some() {
        session::end(visitor.ctx("PageSignOut")).await?;
    }
    Ok(leave(visitor, "/sign-in?notice=out"))
}

/// `POST /sign-out-everywhere`
pub(super) async fn sign_out_everywhere(posted: Posted) -> Result<Response, Failure> {
    let visitor = &posted.visitor;
    visitor.signed_in()?;
    session::end_all(visitor.ctx("PageSignOut")).await?;
    Ok(leave(visitor, "/sign-in?notice=everywhere"))
}

fn leave(visitor: &Visitor, to: &'static str) -> Response {
    with(redirect(to), |headers| Cookie::Session.clear(headers, visitor.https()))
}
