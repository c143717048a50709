//! The start page: who one is, one's tokens, password, second factor and sign-in providers.

use std::collections::BTreeMap;

use app::external::{self, Overview, Person};
use app::{Error, Result as AppResult, account, sign_in, token};
use askama::Template;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use wire::account::{ChangePassword, ConfirmOtp, DisableOtp};
use wire::answer::NoKeys;
use wire::page::Limit;
use wire::text::TokenLabel;
use wire::time::Millis;
use wire::user::{DestroyAuthToken, FindAuthTokens, FoundToken, NewAuthToken, TokenScope};
use wire::{ApiError, ErrorType, Level};

use super::codes::{PASSWORD_HINT, unequal};
use super::form::ProviderButton;
use super::oidc;
use super::page::{Failure, Head, parameter, redirect, sentence, time};
use super::visitor::{Posted, Visitor};

const DAY_MS: i64 = 24 * 3_600_000;
/// How many days a token may be asked to live on the page.
const LIVES: &[i64] = &[7, 30, 90, 365];
/// The levels that a token may be limited to.
const LEVELS: &[Level] = &[Level::View, Level::Upload, Level::Contribute, Level::Administer];

/// One row of the table of tokens.
struct TokenRow {
    signature: String,
    label: String,
    kind: &'static str,
    scope: String,
    created: String,
    expires: String,
    last_used: String,
    /// The browser's own session, which signing out ends.
    own: bool,
}

/// One linked identity.
struct LinkRow {
    title: String,
    issuer: String,
    subject: String,
    since: String,
}

/// Something that is shown this once.
enum Once {
    Nothing,
    Token(String),
    Seed {
        secret: String,
        uri: String,
    },
    /// The secret was shown before; its code is still missing.
    NextCode,
    BackupCodes(Vec<String>),
}

#[derive(Template)]
#[template(path = "me.html")]
struct MePage {
    head: Head,
    name: String,
    id: String,
    email: String,
    notice: &'static str,
    problem: String,
    once: Once,
    tokens: Vec<TokenRow>,
    more_tokens: bool,
    lives: &'static [i64],
    levels: Vec<String>,
    password_hint: &'static str,
    overview: Overview,
    links: Vec<LinkRow>,
    providers: Vec<ProviderButton>,
}

/// `GET /`
pub(super) async fn show(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Failure> {
    let notice = match parameter(query.as_deref(), "notice").as_deref() {
        Some("ended") => "The token has ended.",
        Some("linked") => "The identity is linked with your account.",
        Some("unlinked") => "The identity is not linked with your account any more.",
        Some("password") => "Your password is changed. Every other session and token has ended.",
        Some("factor-off") => "The second factor is off.",
        _ => "",
    };
    page(&visitor, StatusCode::OK, notice, String::new(), Once::Nothing).await
}

async fn page(
    visitor: &Visitor,
    status: StatusCode,
    notice: &'static str,
    problem: String,
    once: Once,
) -> Result<Response, Failure> {
    let session = visitor.signed_in()?;
    let account = &session.account;
    let every = FindAuthTokens { limit: Limit::default(), starting: None };
    let found = token::find(visitor.ctx("PageMe"), every).await?;
    let overview = external::overview(visitor.ctx("PageMe")).await?;
    let names = [&account.first, &account.middle, &account.last];
    let page = MePage {
        head: visitor.head("Your account"),
        name: names.into_iter().filter(|name| !name.is_empty()).cloned().collect::<Vec<_>>().join(" "),
        id: account.id.to_string(),
        email: account.email.clone().unwrap_or_default(),
        notice,
        problem,
        once,
        tokens: found.results.into_iter().map(|token| row(token, &session.caller.signature)).collect(),
        more_tokens: found.next.is_some(),
        lives: LIVES,
        levels: LEVELS.iter().map(ToString::to_string).collect(),
        password_hint: PASSWORD_HINT,
        links: overview.links.iter().map(|link| link_row(visitor, link)).collect(),
        overview,
        providers: oidc::buttons(&visitor.server, "Link with"),
    };
    Ok(visitor.page(status, &page))
}

fn row(token: FoundToken, own: &str) -> TokenRow {
    TokenRow {
        own: token.token_signature == own,
        kind: match token.purpose {
            "session" => "Browser",
            "login" => "Client that signed in",
            _ => "Token",
        },
        scope: match &token.scope {
            TokenScope::Full { .. } => "Everything you may do".to_owned(),
            TokenScope::Projects { projects } => {
                let each = projects.iter().map(|(project, level)| match project.as_str() {
                    "*" => format!("{level} in every project"),
                    project => format!("{level} in {project}"),
                });
                each.collect::<Vec<_>>().join(", ")
            }
        },
        created: time(token.created),
        expires: token.expires.map_or_else(|| "never".to_owned(), time),
        last_used: token.last_used.map_or_else(|| "not yet".to_owned(), time),
        signature: token.token_signature,
        label: token.label,
    }
}

fn link_row(visitor: &Visitor, link: &external::Link) -> LinkRow {
    let provider = visitor.server.web.providers.iter().find(|provider| provider.issuer() == link.issuer);
    LinkRow {
        title: provider.map_or_else(|| link.issuer.clone(), |provider| provider.title.clone()),
        issuer: link.issuer.clone(),
        subject: link.subject.clone(),
        since: time(link.linked),
    }
}

/// The page after something that may have failed.
async fn after<T>(
    visitor: &Visitor,
    outcome: AppResult<T>,
    show: impl FnOnce(T) -> Once,
) -> Result<Response, Failure> {
    match outcome {
        Ok(done) => page(visitor, StatusCode::OK, "", String::new(), show(done)).await,
        Err(error) => {
            let (status, problem) = own_sentence(error);
            page(visitor, status, "", problem, Once::Nothing).await
        }
    }
}

/// What went wrong, for somebody who is signed in, so that of name and password only the latter can be wrong.
fn own_sentence(error: Error) -> (StatusCode, String) {
    sentence(match error {
        Error::Said(said) if said.kind == ErrorType::UsernameOrPasswordError => {
            ApiError::new(said.kind, "The password is wrong. Nothing was changed.").into()
        }
        other => other,
    })
}

/// The way to the start page after something that shows nothing, with what is said there.
async fn then<T>(visitor: &Visitor, outcome: AppResult<T>, to: &'static str) -> Result<Response, Failure> {
    match outcome {
        Ok(_) => Ok(redirect(to)),
        Err(error) => after(visitor, Err(error), |_: T| Once::Nothing).await,
    }
}

/// `POST /me/make-token`: shows the token, once.
pub(super) async fn make_token(posted: Posted) -> Result<Response, Failure> {
    let visitor = &posted.visitor;
    visitor.signed_in()?;
    let wrong = |what: &str| {
        Failure::said(StatusCode::UNPROCESSABLE_ENTITY, format!("The form is not complete: {what}."))
    };
    let days = posted.text("days").parse().ok().filter(|days| LIVES.contains(days));
    let days = days.ok_or_else(|| wrong("choose how long the token lives"))?;
    let scope = match posted.text("scope").as_str() {
        "full" => TokenScope::FULL,
        asked => {
            let level = LEVELS.iter().copied().find(|level| level.to_string() == asked);
            let level = level.ok_or_else(|| wrong("choose what the token may do"))?;
            TokenScope::Projects { projects: BTreeMap::from([("*".to_owned(), level)]) }
        }
    };
    let label = TokenLabel::parse(&posted.text("label")).map_err(|why| {
        wire::ApiError::invalid_input(format!("The name of the token cannot be used: {why}."))
    });
    let outcome = match label {
        Err(error) => Err(error.into()),
        Ok(label) => {
            let input = NewAuthToken {
                username: None,
                password: None,
                otp: None,
                expires: Some(Millis(visitor.now() + days * DAY_MS)),
                scope: Some(scope),
                label,
            };
            sign_in::new_auth_token(visitor.ctx("PageMe"), input).await
        }
    };
    after(visitor, outcome, |made| Once::Token(made.access_token)).await
}

/// `POST /me/end-token`
pub(super) async fn end_token(posted: Posted) -> Result<Response, Failure> {
    let visitor = &posted.visitor;
    visitor.signed_in()?;
    let input = DestroyAuthToken { token_signature: posted.text("signature"), revoke_child_tokens: false };
    then(visitor, token::destroy(visitor.ctx("PageMe"), input).await, "/?notice=ended").await
}

/// `POST /me/change-password`: every other session and token ends.
pub(super) async fn change_password(posted: Posted) -> Result<Response, Failure> {
    let visitor = &posted.visitor;
    let id = visitor.signed_in()?.account.id.clone();
    let (present, otp) = (posted.raw("present"), posted.text("otp"));
    let missing = if present.is_empty() {
        Some("Enter your present password.")
    } else if otp.is_empty() && external::overview(visitor.ctx("PageMe")).await?.second_factor {
        Some("Enter the code of your authenticator, too.")
    } else {
        unequal(&posted).map(|(_, why)| why)
    };
    if let Some(why) = missing {
        return page(visitor, StatusCode::UNPROCESSABLE_ENTITY, "", why.to_owned(), Once::Nothing).await;
    }
    let input = ChangePassword {
        password: present.to_owned(),
        new_password: posted.raw("password").to_owned(),
        otp: Some(otp).filter(|otp| !otp.is_empty()),
    };
    then(visitor, account::change_password(visitor.ctx("PageMe"), id, input).await, "/?notice=password").await
}

/// `POST /me/start-second-factor`: shows the secret, once.
pub(super) async fn start_second_factor(posted: Posted) -> Result<Response, Failure> {
    let visitor = &posted.visitor;
    let id = visitor.signed_in()?.account.id.clone();
    let outcome = account::start_otp(visitor.ctx("PageMe"), id, NoKeys::default()).await;
    after(visitor, outcome, |started| Once::Seed { secret: started.secret, uri: started.uri }).await
}

/// `POST /me/confirm-second-factor`: shows the backup codes, once.
pub(super) async fn confirm_second_factor(posted: Posted) -> Result<Response, Failure> {
    let visitor = &posted.visitor;
    let id = visitor.signed_in()?.account.id.clone();
    let input = ConfirmOtp { otp: posted.text("otp"), password: Some(posted.raw("password").to_owned()) };
    let outcome = account::confirm_otp(visitor.ctx("PageMe"), id, input).await;
    match outcome {
        // What was begun goes on with the next code.
        Err(error) if !error.is_about_state() => {
            let (status, problem) = own_sentence(error);
            page(visitor, status, "", problem, Once::NextCode).await
        }
        outcome => after(visitor, outcome, |confirmed| Once::BackupCodes(confirmed.backup_codes)).await,
    }
}

/// `POST /me/end-second-factor`
pub(super) async fn end_second_factor(posted: Posted) -> Result<Response, Failure> {
    let visitor = &posted.visitor;
    let id = visitor.signed_in()?.account.id.clone();
    let input = DisableOtp { password: posted.raw("password").to_owned(), otp: posted.text("otp") };
    then(visitor, account::disable_otp(visitor.ctx("PageMe"), id, input).await, "/?notice=factor-off").await
}

/// `POST /me/unlink`
pub(super) async fn unlink(posted: Posted) -> Result<Response, Failure> {
    let visitor = &posted.visitor;
    visitor.signed_in()?;
    let person =
        Person { issuer: posted.raw("issuer").to_owned(), subject: posted.raw("subject").to_owned() };
    then(visitor, external::unlink(visitor.ctx("PageMe"), person).await, "/?notice=unlinked").await
}
