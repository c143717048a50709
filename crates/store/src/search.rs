//! Searching copies of objects in many projects at once (contract: data 10.1).
//!
//! A search reads in its order, a bounded number of rows at a time, in one of two ways. Where one filter leaves few
//! copies ([`Driver`]), these are read from that filter's index and sorted. Otherwise copies are read from the index
//! that has the search's own order, in windows whose length is known beforehand, and the filters are asked for each. What
//! a reading left over is named by a [`Position`], where the next one goes on; so a search takes as many transactions as
//! it needs and none is long.
//!
//! Every project is decided about before it is searched. Where one filter leaves few copies of the whole platform
//! ([`few_projects`]), only those projects are asked about that hold one.

mod driver;
mod filter;
mod order;
mod resolve;
#[cfg(test)]
mod tests;
mod window;

use crate::db::{DbError, Row, Sql, Tx};
use crate::keys::{ObjectKey, ProjectKey};

use driver::Driver;
use window::Window;

pub use driver::few_projects;
pub use filter::{Filters, InFolder};
pub use order::{Order, Position};
pub use resolve::{Named, resolve};

/// How many rows the first window has at least.
const FIRST_WINDOW: usize = 256;
/// How many rows a window has at most.
const LARGEST_WINDOW: usize = 16_384;
/// A filter that leaves at most this many copies is read from its index at once.
const FEW: usize = 2_000;
/// The same, once a window did not hold enough matches.
const NOT_MANY: usize = 20_000;
/// How many rows are looked at together at least, however many terms the filters have.
const FEWEST: usize = 16;

/// A project and what the caller may see there.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The project.
    pub project: ProjectKey,
    /// The objects that the caller may see in it.
    pub visibility: policy::Visibility,
}

/// A copy that fits every filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// The object.
    pub object: ObjectKey,
    /// Where the copy stands in the order of the search.
    pub position: Position,
}

/// What a search found.
#[derive(Debug, Clone)]
pub struct Found {
    /// In the order of the search.
    pub hits: Vec<Hit>,
    /// Behind what was looked at, when it is not all.
    pub rest: Option<Position>,
}

/// How much one search may do; when it is used up, the search ends early.
pub struct Budget<'a> {
    /// How many rows may be looked at, about; falls by what was.
    pub rows: usize,
    /// Whether the time is over.
    pub over: &'a dyn Fn() -> bool,
}

/// Finds the first `want` copies in these places, which stand in the order of the search. They are those of one batch of
/// a [`Walk`](crate::access::Walk), at most 200. The walk itself may keep to [`few_projects`].
///
/// With `from`, only what stands behind that position is found.
pub fn find(
    tx: &Tx,
    filters: &Filters,
    order: Order,
    places: &[Place],
    from: Option<Position>,
    want: usize,
    budget: &mut Budget<'_>,
) -> Result<Found, DbError> {
    let mut hits = Vec::new();
    if filters.match_nothing() {
        return Ok(Found { hits, rest: None });
    }
    let (mut places, mut from) = (places, from);
    // Filters of very many terms cost that many look-ups for each row, so that fewer rows are looked at.
    let weight = filters.weight();
    let fewer = |rows: usize| (rows / weight).max(FEWEST);
    let mut window = fewer(FIRST_WINDOW.max(want));
    let mut few = fewer(FEW);
    loop {
        if let Some(position) = from {
            let behind = places.iter().position(|place| !order.is_before(place.project, position.project));
            places = places.get(behind.unwrap_or(places.len())..).unwrap_or_default();
        }
        let Some(first) = places.first() else { return Ok(Found { hits, rest: None }) };
        // A position divides one project; the others are searched from their start, all with one statement.
        from = from.filter(|position| position.project == first.project);
        let area =
            Area { filters, order, places: if from.is_some() { places.split_at(1).0 } else { places }, from };
        let part = match Driver::choose(tx, &area, few)? {
            Some(driver) => area.read_driven(tx, &driver, want - hits.len(), budget)?,
            None => area.read_window(tx, window, want - hits.len(), budget)?,
        };
        hits.extend(part.hits);
        budget.rows = budget.rows.saturating_sub(part.looked_at.saturating_mul(weight));
        let searched = area.places.len();
        let ends = budget.rows == 0 || (budget.over)();
        if hits.len() >= want || (ends && part.rest.is_some()) {
            return Ok(Found { rest: part.rest.or(hits.last().map(|hit| hit.position)), hits });
        }
        match part.rest {
            Some(rest) => {
                from = Some(rest);
                window = fewer(LARGEST_WINDOW).min(window * 4);
                few = fewer(NOT_MANY);
            }
            None => {
                from = None;
                places = places.split_at(searched).1;
            }
        }
    }
}

/// Which copies one statement reads: those of the places that stand behind the position, if there is one.
struct Area<'a> {
    filters: &'a Filters,
    order: Order,
    places: &'a [Place],
    from: Option<Position>,
}

/// What one statement read.
struct Part {
    hits: Vec<Hit>,
    looked_at: usize,
    /// Behind the last row that was looked at; none when no more follow in the area.
    rest: Option<Position>,
}

impl Area<'_> {
    /// Reads the copies that a filter's own index leaves.
    fn read_driven(
        &self,
        tx: &Tx,
        driver: &Driver<'_>,
        want: usize,
        budget: &Budget<'_>,
    ) -> Result<Part, DbError> {
        let limit = self.rows_for(want, LARGEST_WINDOW);
        let rows = tx.query_sql(&self.driven(driver, limit))?;
        let rest = if rows.len() < limit { None } else { self.last(&rows)? };
        let (hits, stopped) = self.hits(&rows, want, budget)?;
        Ok(Part { looked_at: rows.len() + FIRST_WINDOW, hits, rest: stopped.or(rest) })
    }

    /// Reads the next copies in the order of the search: `length` of them, and of these what fits.
    fn read_window(&self, tx: &Tx, length: usize, want: usize, budget: &Budget<'_>) -> Result<Part, DbError> {
        let limit = self.rows_for(want, length);
        let window = Window { area: self, length };
        let rows = tx.query_sql(&window.matches(limit))?;
        let rest = if rows.len() < limit {
            let end = tx.query_opt_sql(&window.end())?;
            end.map(|row| order::position(&row)).transpose()?
        } else {
            self.last(&rows)?
        };
        let (hits, stopped) = self.hits(&rows, want, budget)?;
        Ok(Part { looked_at: length, hits, rest: stopped.or(rest) })
    }

    /// How many rows to read for so many results. Names that SQL cannot judge are judged here, so that any number of
    /// rows may be needed.
    fn rows_for(&self, want: usize, most: usize) -> usize {
        if self.filters.judges_names() { most } else { want }
    }

    fn driven(&self, driver: &Driver<'_>, limit: usize) -> Sql {
        let mut sql = Sql::new("with c as materialized (");
        driver.push_keys(&mut sql, self);
        sql.push(") select ").push(self.order.columns());
        sql.push(" from c cross join placement p where p.key = c.key and ");
        self.push_places(&mut sql);
        self.push_conditions(&mut sql);
        self.push_from(&mut sql);
        sql.push(self.order.clause()).push(" limit ").bind(count(limit));
        sql
    }

    /// Appends that the copy `p` lies in one of the places.
    fn push_places(&self, sql: &mut Sql) {
        match self.places {
            [one] => sql.push("p.project = ").bind(one.project),
            places => {
                sql.push("p.project in (").bind_list(places.iter().map(|place| place.project)).push(")")
            }
        };
    }

    /// Appends ` and <condition>` for every filter, and for what the caller may see.
    fn push_conditions(&self, sql: &mut Sql) {
        self.filters.push(sql);
        self.filters.push_visible(sql, self.places);
    }

    /// Appends that the copy `p` stands behind the position.
    fn push_from(&self, sql: &mut Sql) {
        if let Some(from) = self.from {
            self.order.push_behind(sql, from);
        }
    }

    /// What fits among the rows, and the row after which the time was over: the worst patterns take long over one name.
    fn hits(
        &self,
        rows: &[Row],
        want: usize,
        budget: &Budget<'_>,
    ) -> Result<(Vec<Hit>, Option<Position>), DbError> {
        let judges = self.filters.judges_names();
        let mut hits = Vec::new();
        for row in rows {
            if hits.len() == want {
                break;
            }
            if !judges || self.filters.admits_name(&row.get::<String>(4)?) {
                hits.push(Hit { object: row.get(3)?, position: order::position(row)? });
            }
            if judges && (budget.over)() {
                return Ok((hits, Some(order::position(row)?)));
            }
        }
        Ok((hits, None))
    }

    fn last(&self, rows: &[Row]) -> Result<Option<Position>, DbError> {
        rows.last().map(order::position).transpose()
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
