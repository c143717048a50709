//! Finding data objects (contract: data 10.1, 10.2; F184).
//!
//! What a search shows is decided per project by `policy::scope`, the same decision that describes an object, and the
//! filters run only over what it leaves. So nothing hidden is found, counted, or met by a filter.

mod asked;
mod places;
mod resolve;

use serde::{Deserialize, Serialize};
use serde_json::json;
use store::keys::{PlacementKey, ProjectKey};
use store::search::{Budget, Hit, Position};
use wire::answer::Page;
use wire::search::{FindDataObjects, FoundObject};

use crate::context::Ctx;
use crate::error::{Error, Result};
use crate::paging::{self, Part, end_of_turn};
use crate::work::Work;

use asked::Asked;
use places::Places;

pub use resolve::resolve_data_objects;

/// How many rows one transaction looks at, about.
const ROWS_OF_A_TURN: usize = 20_000;
/// What deciding about one project counts for, in rows.
const ROWS_OF_A_PROJECT: usize = 10;

/// Where a page ended: the last copy's place in the order of the search, so that the next page goes on there although the
/// copy has been changed or removed since.
#[derive(Debug, Serialize, Deserialize)]
struct Next {
    place: i64,
    at: i64,
    copy: i64,
}

/// `/system/findDataObjects`: the copies that fit every filter, those of one project together, newest first (F184).
///
/// A page is shorter than `limit` when the rows or the time of one request were used up before, and `next` is given
/// exactly when something follows. A search whose filters must be tried on very many objects (a regular expression, or a
/// glob that starts with `*`) takes several transactions, and ends with an error when it found fewer than two objects
/// among the first million (fewer where filters have very many terms) or within the time that the operator allows
/// ([`crate::options::Options::search_ms`]).
///
/// # Errors
/// `ResourceNotFound` for a project or folder in `scope` that the caller cannot see; `InvalidInput` for a search that is
/// too wide, and for `archivalState` without the class "file" and a folder.
pub async fn find_data_objects(ctx: Ctx, input: FindDataObjects) -> Result<Page<FoundObject>> {
    let limit = input.limit.get();
    let from = paging::start::<Next>(&ctx, input.starting.as_ref())?.map(|next| Position {
        project: ProjectKey::from_number(next.place),
        at: next.at,
        key: PlacementKey::from_number(next.copy),
    });
    let asked = Asked::read(input, ctx.now())?;
    let end = |position: &Position, _: &FoundObject| Next {
        place: position.project.number(),
        at: position.at,
        copy: position.key.number(),
    };
    // The last one that is looked for is not shown.
    let part = move |work: &Work<'_>, from, want| find_part(work, &asked, from, want - 1, want);
    let mut page = paging::search(&ctx, limit, from, end, part).await?;
    if let (Some(at), Some(last)) = (page.next.take(), page.results.last()) {
        // Some clients expect a hash with these two.
        page.next = Some(json!({ "project": last.project, "id": last.id, "at": at }));
    }
    Ok(page)
}

/// Finds the next `want` copies and describes the first `shown` of them, if that is asked for.
fn find_part(
    work: &Work<'_>,
    asked: &Asked,
    from: Option<Position>,
    shown: usize,
    want: usize,
) -> Result<Part<Position, FoundObject>> {
    let mut places = Places::start(work, &asked.projects, from)?;
    let filters = asked.filters(work, places.scope())?;
    let over = end_of_turn(work.ctx);
    let mut budget = Budget { rows: ROWS_OF_A_TURN, over: &over };
    let (mut hits, mut from) = (Vec::new(), from);
    let rest = loop {
        places.narrow(work, &filters)?;
        let Some(batch) = places.next(work)? else { break None };
        budget.rows = budget.rows.saturating_sub(ROWS_OF_A_PROJECT * batch.looked_at);
        let left = want - hits.len();
        let part =
            store::search::find(work.tx, &filters, asked.order, &batch.places, from, left, &mut budget)?;
        hits.extend(part.hits);
        if part.rest.is_some() {
            break part.rest;
        }
        if (budget.rows == 0 || over()) && !batch.is_last {
            break Some(asked.order.end_of(batch.end));
        }
        from = None;
    };
    let rows = ROWS_OF_A_TURN - budget.rows;
    Ok(Part { found: named(work, asked, &places, hits, shown)?, rest, rows })
}

/// Names what was found, and describes it if that is asked for.
fn named(
    work: &Work<'_>,
    asked: &Asked,
    places: &Places<'_>,
    hits: Vec<Hit>,
    shown: usize,
) -> Result<Vec<(Position, FoundObject)>> {
    let keys: Vec<_> = hits.iter().map(|hit| hit.object).collect();
    let ids = store::object::ids_of(work.tx, &keys)?;
    let mut described = match asked.describe.fields() {
        None => Vec::new(),
        Some(fields) => {
            let copies: Vec<_> =
                hits.iter().take(shown).map(|hit| (hit.object, hit.position.project)).collect();
            crate::object::describe_many(work, &copies, fields)?
        }
    }
    .into_iter();
    hits.into_iter()
        .map(|hit| {
            let describe = match described.next() {
                None => None,
                Some(Some(described)) => Some(described),
                Some(None) => return Err(Error::internal("a search found what the caller may not see")),
            };
            let project = places.id_of(hit.position.project);
            let (Some(project), Some(id)) = (project, ids.get(&hit.object)) else {
                return Err(Error::internal("a search found what does not exist"));
            };
            Ok((hit.position, FoundObject { project: project.clone(), id: id.clone(), describe }))
        })
        .collect()
}
