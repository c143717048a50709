//! Pages of lists and searches: where the next one begins, and how a search takes several transactions.
//!
//! Others wait for the reader that a transaction has, so none looks for long. A search that needs more takes another
//! transaction, up to the time that the operator allows ([`crate::options::Options::search_ms`]).

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use wire::ApiError;
use wire::answer::Page;
use wire::page::Cursor;

use crate::context::Ctx;
use crate::error::{Error, Result};
use crate::work::Work;

/// How long one transaction goes on looking, in ms.
const MS_OF_A_TURN: i64 = 100;
/// How many rows one request looks at at most, about.
const MAX_ROWS: usize = 1_000_000;
/// The length of a sealed position, in bytes, is a multiple of this, so that it tells nothing of what is in it.
const SEALED_LENGTH: usize = 64;

/// Where a page ended, in a list that is in the order of one value.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct After<K> {
    pub(crate) after: K,
}

/// The position that a request goes on from; none at the first page.
///
/// # Errors
/// `InvalidInput` for the cursor of another list, or of somebody else.
pub(crate) fn start<P: DeserializeOwned>(ctx: &Ctx, starting: Option<&Cursor>) -> Result<Option<P>> {
    let Some(cursor) = starting else { return Ok(None) };
    let opened = ctx.app.keys.open(&purpose(ctx), cursor.sealed()?);
    let position = opened.ok().and_then(|position| serde_json::from_slice(&position).ok());
    position.map(Some).ok_or_else(|| Cursor::refused().into())
}

/// Seals a position: the keys in it would tell how many rows there are of everybody's.
fn seal<P: Serialize>(ctx: &Ctx, position: &P) -> Result<Json> {
    let mut position = serde_json::to_vec(position).map_err(Error::internal)?;
    position.resize(position.len().next_multiple_of(SEALED_LENGTH), b' ');
    let sealed = ctx.app.keys.seal(&purpose(ctx), &position, ctx.app.random_bytes());
    Ok(sealed.map_err(Error::internal)?.into())
}

/// Whom, and for what, a position is sealed for.
fn purpose(ctx: &Ctx) -> String {
    let reader = ctx.caller.as_ref().map_or("nobody", |caller| caller.id.as_str());
    format!("page of {} for {reader}", ctx.method.as_str())
}

/// The text behind which a page begins, in a list that is in the order of texts.
///
/// # Errors
/// As [`start`].
pub(crate) fn after_text(ctx: &Ctx, starting: Option<&Cursor>) -> Result<String> {
    Ok(start::<After<String>>(ctx, starting)?.map(|end| end.after).unwrap_or_default())
}

/// Cuts rows to a page and says where the next one begins. `rows` holds one more than the page where more follow; `end`
/// gives the position of a row.
///
/// # Errors
/// `InternalError` for a position that cannot be written.
pub(crate) fn cut<T, P: Serialize>(
    ctx: &Ctx,
    rows: &mut Vec<T>,
    limit: usize,
    end: impl Fn(&T) -> P,
) -> Result<Option<Json>> {
    let more = rows.len() > limit;
    rows.truncate(limit);
    match rows.last() {
        Some(last) if more => Ok(Some(seal(ctx, &end(last))?)),
        _ => Ok(None),
    }
}

/// Says when a transaction that begins now has looked long enough.
pub(crate) fn end_of_turn(ctx: &Ctx) -> impl Fn() -> bool + use<'_> {
    let began = ctx.app.clock.now();
    move || ctx.app.clock.now() - began > MS_OF_A_TURN
}

/// What one transaction of a search found.
pub(crate) struct Part<P, T> {
    /// In the order of the search.
    pub(crate) found: Vec<(P, T)>,
    /// Behind what was looked at, when it is not all.
    pub(crate) rest: Option<P>,
    /// How many rows it looked at, about, where that is counted.
    pub(crate) rows: usize,
}

/// One page of a search, in as many transactions as it needs. `part` finds, behind a position, so many more; `end` is
/// where a page ends with a result.
///
/// A page is shorter than asked for when the rows or the time of one request were used up; what was found last stands
/// in for what follows then, so that `next` is given exactly when something follows.
///
/// # Errors
/// `InvalidInput` when fewer than two things were found by then.
pub(crate) async fn search<P, T, N, F>(
    ctx: &Ctx,
    limit: usize,
    from: Option<P>,
    end: impl Fn(&P, &T) -> N,
    part: F,
) -> Result<Page<T>>
where
    P: Copy + Send + 'static,
    T: Send + 'static,
    N: Serialize,
    F: Fn(&Work<'_>, Option<P>, usize) -> Result<Part<P, T>> + Send + Sync + 'static,
{
    let part = Arc::new(part);
    let started = ctx.app.clock.now();
    let (mut from, mut found, mut rows, mut in_answer) = (from, Vec::new(), MAX_ROWS, 0);
    let more = loop {
        // One more than is shown tells whether anything follows.
        let (next, want) = (Arc::clone(&part), limit + 1 - found.len());
        let look = move |work: &Work<'_>| {
            work.add_to_answer(in_answer)?;
            Ok((next(work, from, want)?, work.in_answer()))
        };
        let part;
        (part, in_answer) = ctx.look(look).await?;
        found.extend(part.found);
        rows = rows.saturating_sub(part.rows);
        if found.len() > limit {
            found.truncate(limit);
            break true;
        }
        let Some(rest) = part.rest else { break false };
        from = Some(rest);
        if rows == 0 || ctx.app.clock.now() - started >= ctx.app.options.search_ms {
            found.pop();
            if found.is_empty() {
                return Err(too_wide().into());
            }
            break true;
        }
    };
    let next = match found.last() {
        Some((position, last)) if more => Some(seal(ctx, &end(position, last))?),
        _ => None,
    };
    Ok(Page { results: found.into_iter().map(|(_, found)| found).collect(), next })
}

fn too_wide() -> ApiError {
    ApiError::invalid_input(
        "Nothing, or one thing only, fits among the very many that this search looked at, so it was ended. \
         Narrow it: name a project or an object, or set more of the other filters of this call.",
    )
}

/// Goes through all of something that has no pages, in as many transactions as it needs. `turn` goes on from a state, to
/// the end of its transaction's time, and says whether it is done.
///
/// # Errors
/// `too_long` when it is not done within the time that the operator allows.
pub(crate) async fn go_through<S, F>(ctx: &Ctx, state: S, too_long: fn() -> ApiError, turn: F) -> Result<S>
where
    S: Clone + Send + Sync + 'static,
    F: Fn(&Work<'_>, &mut S) -> Result<bool> + Send + Sync + 'static,
{
    let turn = Arc::new(turn);
    let started = ctx.app.clock.now();
    let mut state = state;
    loop {
        let (turn, before) = (Arc::clone(&turn), state);
        let done;
        (state, done) = ctx
            .look(move |work| {
                let mut state = before.clone();
                let done = turn(work, &mut state)?;
                Ok((state, done))
            })
            .await?;
        if done {
            return Ok(state);
        }
        if ctx.app.clock.now() - started >= ctx.app.options.search_ms {
            return Err(too_long().into());
        }
    }
}
