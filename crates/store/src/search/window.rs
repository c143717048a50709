//! Reading copies in the order of the search itself, a known number at a time.

use wire::Class;

use super::filter::push_range;
use super::{Area, Order, count};
use crate::db::Sql;

/// The next `length` copies of an area, whether they fit the filters or not.
///
/// They are read from an index with the order of the search. That index has the class and `hidden` before the time,
/// so there is a lane for each combination that passes, and the lanes are merged.
pub(super) struct Window<'a> {
    pub(super) area: &'a Area<'a>,
    pub(super) length: usize,
}

/// What the filters look at. The end of a window needs less, which its index holds alone.
const WHOLE_ROWS: &str = "p.key, p.project, p.object, p.folder, p.name, p.class, p.state, p.hidden, p.labels, p.archival, \
                          p.created, p.modified";

/// Copies with one value of `hidden` and of one class, as far as these are told apart.
#[derive(Clone, Copy, Default)]
struct Lane {
    hidden: Option<bool>,
    class: Option<Class>,
}

impl Window<'_> {
    /// The copies of the window that fit, at most `limit`.
    pub(super) fn matches(&self, limit: usize) -> Sql {
        let mut sql = Sql::new("select ");
        sql.push(self.area.order.columns()).push(" from (");
        self.push(&mut sql, WHOLE_ROWS);
        sql.push(") p where 1 = 1");
        self.area.push_conditions(&mut sql);
        sql.push(self.area.order.clause()).push(" limit ").bind(count(limit));
        sql
    }

    /// The last copy of the window; no row when nothing stands behind the window.
    pub(super) fn end(&self) -> Sql {
        let columns = self.area.order.position_columns();
        let mut sql = Sql::new("select ");
        sql.push(columns).push(" from (");
        self.push(&mut sql, columns);
        sql.push(") p").push(self.area.order.clause());
        sql.push(" limit 1 offset ").bind(count(self.length.saturating_sub(1)));
        sql
    }

    fn push(&self, sql: &mut Sql, columns: &'static str) {
        let lanes = self.lanes();
        if let [lane] = lanes[..] {
            self.push_lane(sql, lane, columns);
            return;
        }
        let mut between = "select p.* from (";
        sql.push("select p.* from (");
        for lane in lanes {
            sql.push(between);
            self.push_lane(sql, lane, columns);
            sql.push(") p");
            between = " union all select p.* from (";
        }
        sql.push(") p").push(self.area.order.clause()).push(" limit ").bind(count(self.length));
    }

    fn push_lane(&self, sql: &mut Sql, lane: Lane, columns: &'static str) {
        let Area { filters, order, .. } = self.area;
        sql.push("select ").push(columns).push(" from placement p where ");
        self.area.push_places(sql);
        if let Some(class) = lane.class {
            sql.push(" and p.class = ").bind(class.as_str());
        }
        if let Some(hidden) = lane.hidden {
            sql.push(" and p.hidden = ").bind(hidden);
        }
        match order {
            Order::Modified => {
                push_range(sql, filters.modified, " and p.modified >= ", " and p.modified <= ");
            }
            Order::NewestCreated | Order::OldestCreated => {
                push_range(sql, filters.created, " and p.created >= ", " and p.created <= ");
            }
        }
        self.area.push_from(sql);
        sql.push(order.clause()).push(" limit ").bind(count(self.length));
    }

    fn lanes(&self) -> Vec<Lane> {
        if self.area.order != Order::Modified {
            return vec![Lane::default()];
        }
        let classes = match &self.area.filters.classes {
            None => vec![None],
            Some(classes) => {
                let mut classes: Vec<_> = classes.iter().copied().map(Some).collect();
                classes.sort_unstable();
                classes.dedup();
                classes
            }
        };
        let lane = |class| self.area.hidden().map(move |hidden| Lane { hidden: Some(hidden), class });
        classes.into_iter().flat_map(lane).collect()
    }
}
