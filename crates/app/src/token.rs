//! Tokens: making narrower ones, listing and ending them (contract: identity-and-sharing 3).

mod upkeep;

use policy::{Rule, SystemAction};
use serde_json::json;
use store::access::Refused;
use store::account::{self, Account};
use store::keys::TokenKey;
use store::text::Word as _;
use store::token::{NewToken, Purpose};
use wire::answer::{NoInput, Page};
use wire::id::ProjectId;
use wire::text::TokenLabel;
use wire::time::Millis;
use wire::user::{
    AuthToken, DestroyAuthToken, DestroyedAuthToken, FindAuthTokens, FoundToken, NewAuthToken, TokenScope,
    UserInfo,
};
use wire::{ApiError, ErrorType, Level};

use crate::context::Ctx;
use crate::error::{Error, Result};
use crate::event::{Event, EventName};
use crate::paging;

/// How long a token lives when its maker does not say, in ms: 30 days.
const DEFAULT_LIFE_MS: i64 = 30 * DAY_MS;
/// The longest life, in ms: a hundred years.
const LONGEST_LIFE_MS: i64 = 36_525 * DAY_MS;
/// Most projects in a scope.
const MAX_SCOPE: usize = 1000;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What a new token is to be.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What it is for.
    pub purpose: Purpose,
    /// A name for lists.
    pub label: TokenLabel,
    /// What it may do at most.
    pub scope: TokenScope,
    /// When it ends, in ms; after the usual life when absent.
    pub expires: Option<i64>,
}

/// The end that was asked for.
///
/// # Errors
/// `InvalidInput` for one that has passed, or lies more than a hundred years ahead.
pub(crate) fn end_of(ctx: &Ctx, expires: Option<Millis>) -> Result<Option<i64>> {
    match expires {
        Some(Millis(end)) if end <= ctx.now() => Err(ApiError::invalid_input(
            "key \"expires\": this time has passed. Give a time in the future, in milliseconds since 1970.",
        )
        .into()),
        Some(Millis(end)) if end > ctx.now() + LONGEST_LIFE_MS => Err(ApiError::invalid_input(
            "key \"expires\": a token ends within a hundred years. Give an earlier time, in milliseconds since 1970.",
        )
        .into()),
        end => Ok(end.map(|end| end.0)),
    }
}

/// `/system/newAuthToken` with a token: another token of the same owner (F023).
///
/// # Errors
/// `PermissionDenied` unless the token that was sent is of full scope, `InvalidInput` for an unusable scope.
pub(crate) async fn narrower(ctx: Ctx, input: NewAuthToken) -> Result<AuthToken> {
    let scope = input
        .scope
        .ok_or_else(|| ApiError::invalid_input("key \"scope\": say what the new token may do."))?;
    let wish = Wish {
        purpose: Purpose::Api,
        label: input.label,
        scope: checked(scope)?,
        expires: end_of(&ctx, input.expires)?,
    };
    let owner = ctx
        .look(|work| {
            work.system_permit(SystemAction::ManageTokens)?;
            Ok(account::by_key(work.tx, work.caller()?.account)?)
        })
        .await?;
    issue(&ctx, owner, wish).await
}

fn checked(scope: TokenScope) -> Result<TokenScope> {
    let wrong = |why: &str| Err(ApiError::invalid_input(format!("key \"scope\": {why}.")).into());
    match &scope {
        TokenScope::Full { full: true } => Ok(scope),
        TokenScope::Full { full: false } => wrong("a token that may do nothing is of no use"),
        TokenScope::Projects { projects } if projects.len() > MAX_SCOPE => {
            wrong("a scope names at most 1000 projects")
        }
        TokenScope::Projects { projects } => {
            for (name, level) in projects {
                if name != "*" && ProjectId::parse(name).is_none() {
                    return wrong(&format!("\"{name}\" is neither \"*\" nor the id of a project"));
                }
                if *level == Level::None {
                    return wrong(&format!("leave {name} out instead of giving it NONE"));
                }
            }
            Ok(scope)
        }
    }
}

/// Makes a token, and shows it for the only time. `owner` is as it was when its owner showed who they are.
pub(crate) async fn issue(ctx: &Ctx, owner: Account, wish: Wish) -> Result<AuthToken> {
    let token = secrets::token::mint(ctx.app.random_bytes());
    let signature = secrets::token::signature(token.expose());
    let (user_id, stored) = (owner.id.clone(), signature.clone());
    ctx.change(move |work| {
        let account = work.still_proved(&owner)?;
        let life = account.policies.get("tokenDuration").and_then(serde_json::Value::as_i64);
        let expires = wish.expires.unwrap_or(work.now() + life.unwrap_or(DEFAULT_LIFE_MS));
        store::token::insert(
            work.tx,
            &NewToken {
                signature: &stored,
                account: account.key,
                purpose: wish.purpose,
                label: wish.label.as_str(),
                scope: &wish.scope,
                expires: Some(expires),
                parent: work.ctx.caller.as_ref().map(|caller| caller.token),
            },
            work.now(),
        )?;
        work.record(Event::done(EventName::TokenMade).subject(&account.id).after(json!({
            "token": stored.get(..audit::event::TOKEN_REF_LEN),
            "purpose": wish.purpose.word(),
            "scope": wish.scope,
            "expires": expires,
        })))
    })
    .await?;
    Ok(AuthToken {
        access_token: token.expose().to_owned(),
        token_type: "Bearer",
        token_signature: signature,
        user_id,
    })
}

/// `/system/destroyAuthToken`: ends a token of the caller at once. A token of limited scope ends itself alone.
///
/// # Errors
/// `ResourceNotFound` for a token that is not the caller's or does not work any more, `PermissionDenied`.
pub async fn destroy(ctx: Ctx, input: DestroyAuthToken) -> Result<DestroyedAuthToken> {
    ctx.change(move |work| {
        let caller = work.caller()?;
        let signature = input.token_signature.to_ascii_lowercase();
        let found = store::token::of_account_by_signature(work.tx, caller.account, &signature)?;
        let Some(token) = found else {
            return Err(ApiError::new(
                ErrorType::ResourceNotFound,
                "You have no token of this signature. It may have ended already.",
            )
            .into());
        };
        if token.key != caller.token || input.revoke_child_tokens {
            work.system_permit(SystemAction::ManageTokens)?;
        }
        store::token::revoke_by_signature(work.tx, caller.account, &signature, work.now())?;
        if input.revoke_child_tokens {
            store::token::revoke_below(work.tx, token.key, work.now())?;
        }
        work.record(Event::done(EventName::TokenEnded).subject(&caller.id).before(json!({
            "token": signature.get(..audit::event::TOKEN_REF_LEN),
            "withChildren": input.revoke_child_tokens,
        })))?;
        Ok(DestroyedAuthToken { token_signature: signature })
    })
    .await
}

/// The refusal of a method that needs a token of full scope, recorded like every refusal.
pub async fn refuse_scope(ctx: &Ctx) -> Error {
    let asked = ctx.method.as_str();
    let refusal = move || -> Result<()> {
        let mut refused = Refused::by(Rule::FullScopeRequired, asked, None, None);
        refused.sentence = Some(
            "This method needs a token of full scope; the token that was sent is limited to some projects. Sign in with your password instead."
                .to_owned(),
        );
        Err(Error::Refused(refused))
    };
    match ctx.look(move |_| refusal()).await {
        Err(error) => error,
        Ok(()) => Error::internal("a refusal was lost"),
    }
}

/// `/system/findAuthTokens`: the caller's tokens that work, oldest first.
///
/// # Errors
/// `InvalidInput` for a `starting` that is no `next`.
pub async fn find(ctx: Ctx, input: FindAuthTokens) -> Result<Page<FoundToken>> {
    let after = paging::start(&ctx, input.starting.as_ref())?.map(TokenKey::from_number);
    let limit = input.limit.get();
    ctx.look(move |work| {
        let caller = work.caller()?;
        work.system_permit(SystemAction::ManageTokens)?;
        let mut found = store::token::of_account(work.tx, caller.account, after, limit + 1, work.now())?;
        let next = paging::cut(work.ctx, &mut found, limit, |token| token.key.number())?;
        Ok(Page {
            next,
            results: found
                .into_iter()
                .map(|token| FoundToken {
                    token_signature: token.signature,
                    purpose: token.purpose.word(),
                    label: token.label,
                    created: token.created,
                    expires: token.expires,
                    last_used: token.last_used,
                    scope: token.scope,
                })
                .collect(),
        })
    })
    .await
}

/// `/system/getUserInfo`.
///
/// # Errors
/// The store's.
pub async fn user_info(ctx: Ctx, _: NoInput) -> Result<UserInfo> {
    ctx.look(|work| {
        let caller = work.caller()?;
        let account = account::by_key(work.tx, caller.account)?;
        let email = account.email.filter(|_| caller.scope.is_full());
        Ok(UserInfo { username: account.handle, user_id: account.id, email })
    })
    .await
}
