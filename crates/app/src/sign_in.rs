//! Signing in: a password for a token, and a token for a narrower one (contract: identity-and-sharing 3).

use store::account::{self, Account, AccountState};
use store::token::{NewToken, Purpose};
use wire::id::UserId;
use wire::user::{AuthToken, NewAuthToken, TokenScope};
use wire::{ApiError, ErrorType};

use crate::context::{App, Ctx};
use crate::error::{Error, Result};
use crate::event::Event;
use crate::work::Work;

/// How long a token lives when its maker does not say, in ms: 30 days.
const DEFAULT_LIFE_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// `/system/newAuthToken`.
///
/// # Errors
/// `UsernameOrPasswordError`; with a token, `PermissionDenied` unless it is of full scope.
pub async fn new_auth_token(ctx: Ctx, input: NewAuthToken) -> Result<AuthToken> {
    match (&ctx.caller, &input.username, &input.password) {
        (None, Some(username), Some(password)) => {
            let (username, password) = (username.clone(), password.clone());
            by_password(ctx, username, password, input).await
        }
        (None, _, _) => Err(ApiError::invalid_input("Send `username` and `password`.").into()),
        (Some(_), _, _) => narrower(ctx, input).await,
    }
}

async fn by_password(ctx: Ctx, username: String, password: String, input: NewAuthToken) -> Result<AuthToken> {
    let found = ctx.look(move |work| find(work, &username)).await?;
    let hash = found.as_ref().and_then(|(_, hash)| hash.clone());
    let matches = tokio::task::spawn_blocking(move || match hash {
        Some(hash) => secrets::password::verify(&password, &hash),
        None => {
            secrets::password::verify_absent(&password);
            Ok(false)
        }
    })
    .await
    .map_err(Error::internal)?
    .map_err(Error::internal)?;
    match found {
        Some((account, _)) if matches && account.state == AccountState::Active => {
            issue(&ctx, account, Purpose::Login, input.label, TokenScope::FULL, input.expires).await
        }
        _ => Err(ApiError::new(
            ErrorType::UsernameOrPasswordError,
            "The user name or the password is wrong, or the account is not active. Check both, or reset the password.",
        )
        .into()),
    }
}

/// The account of a handle, a user id or an e-mail address, with its password hash.
fn find(work: &Work<'_>, username: &str) -> Result<Option<(Account, Option<String>)>> {
    let found = match UserId::parse(username).or_else(|| UserId::from_handle(username)) {
        Some(id) => account::by_id(work.tx, &id)?,
        None => account::by_email(work.tx, username)?,
    };
    let Some(account) = found else { return Ok(None) };
    let hash = account::password_hash(work.tx, account.key)?;
    Ok(Some((account, hash)))
}

async fn narrower(ctx: Ctx, input: NewAuthToken) -> Result<AuthToken> {
    let scope = input
        .scope
        .ok_or_else(|| ApiError::invalid_input("key \"scope\": say what the new token may do."))?;
    let caller = ctx.caller.clone().ok_or_else(|| Error::internal("a caller was checked for"))?;
    if !caller.scope.is_full() {
        return Err(ApiError::new(
            ErrorType::PermissionDenied,
            "Only a token of full scope can make other tokens. Sign in with your password to get one.",
        )
        .into());
    }
    let id = caller.id.clone();
    let account = ctx
        .look(move |work| {
            account::by_id(work.tx, &id)?.ok_or_else(|| Error::internal("the caller has no account"))
        })
        .await?;
    issue(&ctx, account, Purpose::Api, input.label, scope, input.expires).await
}

async fn issue(
    ctx: &Ctx,
    account: Account,
    purpose: Purpose,
    label: Option<String>,
    scope: TokenScope,
    expires: Option<i64>,
) -> Result<AuthToken> {
    let token = secrets::token::mint(ctx.app.random_bytes());
    let signature = secrets::token::signature(token.expose());
    let user_id = account.id.clone();
    let stored = signature.clone();
    ctx.change(move |work| {
        store::token::insert(
            work.tx,
            &NewToken {
                signature: &stored,
                account: account.key,
                purpose,
                label: label.as_deref().unwrap_or(""),
                scope: &scope,
                expires: Some(expires.unwrap_or(work.now() + DEFAULT_LIFE_MS)),
                parent: work.ctx.caller.as_ref().map(|caller| caller.token),
            },
            work.now(),
        )?;
        work.record(Event::done("token.made").subject(&account.id))
    })
    .await?;
    Ok(AuthToken {
        access_token: token.expose().to_owned(),
        token_type: "Bearer",
        token_signature: signature,
        user_id,
    })
}

impl App {
    /// Who a bearer token speaks for.
    ///
    /// # Errors
    /// `InvalidAuthentication` for a token that is unknown, revoked or expired, or whose owner is not active.
    pub async fn authenticate(&self, token: &str, now: i64) -> Result<store::access::Caller> {
        let signature = secrets::token::signature(token);
        let found = self
            .db
            .read(move |tx| Ok::<_, Error>(store::token::usable(tx, &signature, now)?))
            .await?
            .filter(|(token, _)| token.purpose != Purpose::Session);
        let Some((token, account)) = found else {
            return Err(ApiError::new(
                ErrorType::InvalidAuthentication,
                "The token could not be found: it is unknown, was revoked, or has expired. Sign in again.",
            )
            .into());
        };
        Ok(store::access::Caller::new(token, account))
    }
}
