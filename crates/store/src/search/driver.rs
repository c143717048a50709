//! Filters whose own index says which few copies come into question.

use wire::folder::FolderPath;
use wire::query::{Logic, PropertyTerm, PropertyTest, TimeRange};

use super::filter::{push_prefix, push_range, push_subtree, push_value};
use super::{Area, InFolder, Order, count};
use crate::db::{DbError, Sql, Tx};
use crate::keys::{FolderKey, ObjectKey, ProjectKey};

/// A filter that every result passes, and that an index can answer.
#[derive(Debug, Clone)]
pub(super) enum Driver<'a> {
    Objects(&'a [ObjectKey]),
    Name(&'a str),
    NamePrefix(String),
    Link(&'a str),
    Tag(&'a str),
    Property(&'a PropertyTerm),
    Type(&'a str),
    Folder(FolderKey),
    Subtree(ProjectKey, &'a FolderPath),
    Created(TimeRange),
    Modified(TimeRange),
    /// The caller's own objects that are not closed, where nothing else may be seen.
    OwnOpen,
}

impl<'a> Driver<'a> {
    /// The filter that leaves the fewest copies in an area, if there is one that leaves at most `most`. Counting reads
    /// index entries only, never more than that many for each filter.
    pub(super) fn choose(tx: &Tx, area: &Area<'a>, most: usize) -> Result<Option<Self>, DbError> {
        let (mut chosen, mut most) = (None, most);
        for driver in Self::all(area) {
            let mut sql = Sql::new("select count(*) from (");
            driver.push_keys(&mut sql, area);
            sql.push(" limit ").bind(count(most + 1)).push(") c");
            let found: u64 = tx.query_one_sql(&sql)?.get(0)?;
            let found = usize::try_from(found).unwrap_or(usize::MAX);
            if found <= most {
                chosen = Some(driver);
                // Another one is only better with fewer.
                let Some(fewer) = found.checked_sub(1) else { break };
                most = fewer;
            }
        }
        Ok(chosen)
    }

    /// Every filter of the area that can drive, those that are likely to leave little first.
    pub(super) fn all(area: &Area<'a>) -> Vec<Self> {
        let filters = area.filters;
        let mut all = Vec::new();
        all.extend(filters.objects.as_deref().map(Self::Objects));
        if let Some(name) = &filters.name {
            let prefix = name.literal_prefix();
            match name.as_exact() {
                Some(exact) => all.push(Self::Name(exact)),
                None if !prefix.is_empty() => all.push(Self::NamePrefix(prefix.into_owned())),
                None => {}
            }
        }
        all.extend(filters.link.as_ref().map(|link| Self::Link(link.as_str())));
        let mut terms = Vec::new();
        filters.tags.iter().for_each(|tags| required(&tags.0, &mut terms));
        all.extend(terms.into_iter().map(|tag| Self::Tag(tag)));
        let mut terms = Vec::new();
        filters.properties.iter().for_each(|properties| required(&properties.0, &mut terms));
        all.extend(terms.into_iter().filter(|term| term.test != PropertyTest::Absent).map(Self::Property));
        let mut terms = Vec::new();
        filters.types.iter().for_each(|types| required(&types.0, &mut terms));
        all.extend(terms.into_iter().map(|name| Self::Type(name)));
        all.extend(filters.folder.as_ref().map(|folder| match folder {
            InFolder::Directly(key) => Self::Folder(*key),
            InFolder::Below(project, path) => Self::Subtree(*project, path),
        }));
        let open = TimeRange::default();
        if area.order == Order::Modified && filters.created != open {
            all.push(Self::Created(filters.created));
        }
        if area.order != Order::Modified && filters.modified != open {
            all.push(Self::Modified(filters.modified));
        }
        if area.places.iter().all(|place| place.visibility.is_own_open_only()) {
            all.push(Self::OwnOpen);
        }
        // Further terms of long filters seldom add anything, and each costs a statement.
        all.truncate(MAX_DRIVERS);
        all
    }

    /// Appends a select of the keys of the copies that pass, each once.
    pub(super) fn push_keys(&self, sql: &mut Sql, area: &Area<'_>) {
        const FROM_PLACEMENT: &str = "select p.key from placement p where ";
        match self {
            Self::Objects(objects) => {
                sql.push(FROM_PLACEMENT);
                area.push_places(sql);
                sql.push(" and p.object in (").bind_list(objects.iter().copied()).push(")");
            }
            Self::Name(name) => {
                sql.push(FROM_PLACEMENT);
                area.push_places(sql);
                sql.push(" and p.name = ").bind(*name);
            }
            Self::NamePrefix(prefix) => {
                sql.push(FROM_PLACEMENT);
                area.push_places(sql);
                push_prefix(sql, prefix);
            }
            Self::Link(target) => {
                sql.push("select p.key from object_link l cross join placement p where l.target = ")
                    .bind(*target);
                sql.push(" and p.object = l.object and ");
                area.push_places(sql);
            }
            Self::Tag(tag) => {
                sql.push("select t.placement as key from placement_tag t where t.tag = ").bind(*tag);
                sql.push(" and t.project in (").bind_list(area.projects()).push(")");
            }
            Self::Property(term) => {
                sql.push("select q.placement as key from placement_property q where q.name = ")
                    .bind(&term.key);
                sql.push(" and q.project in (").bind_list(area.projects()).push(")");
                push_value(sql, &term.test);
            }
            Self::Type(name) => {
                sql.push("select p.key from object_type t cross join placement p where t.type = ")
                    .bind(*name);
                sql.push(" and p.object = t.object and ");
                area.push_places(sql);
            }
            Self::Folder(folder) => {
                sql.push(FROM_PLACEMENT).push("p.folder = ").bind(*folder);
                sql.push(" and p.hidden in (").bind_list(area.hidden()).push(")");
            }
            Self::Subtree(project, path) => {
                sql.push("select p.key from (");
                push_subtree(sql, *project, path);
                sql.push(") f cross join placement p where p.folder = f.key");
            }
            Self::Created(range) => {
                sql.push(FROM_PLACEMENT);
                area.push_places(sql);
                push_range(sql, *range, " and p.created >= ", " and p.created <= ");
            }
            Self::Modified(range) => {
                sql.push(FROM_PLACEMENT);
                area.push_places(sql);
                sql.push(" and p.hidden in (").bind_list(area.hidden()).push(")");
                push_range(sql, *range, " and p.modified >= ", " and p.modified <= ");
            }
            Self::OwnOpen => {
                sql.push("select p.key from object m cross join placement p where m.created_by = ");
                sql.bind(area.filters.caller).push(" and m.state <> 'closed' and p.object = m.key and ");
                area.push_places(sql);
            }
        }
    }
}

/// How many filters are counted for one search.
const MAX_DRIVERS: usize = 12;

impl Area<'_> {
    fn projects(&self) -> impl Iterator<Item = ProjectKey> {
        self.places.iter().map(|place| place.project)
    }

    /// The values of `hidden` that pass.
    pub(super) fn hidden(&self) -> impl Iterator<Item = bool> {
        let wanted = self.filters.hidden;
        [false, true].into_iter().filter(move |hidden| wanted.is_none_or(|wanted| wanted == *hidden))
    }
}

/// The terms that must all hold for the whole to hold.
fn required<'a, T>(logic: &'a Logic<T>, terms: &mut Vec<&'a T>) {
    match logic {
        Logic::Term(term) => terms.push(term),
        Logic::All(parts) => parts.iter().for_each(|part| required(part, terms)),
        Logic::Any(parts) => {
            if let [only] = &parts[..] {
                required(only, terms);
            }
        }
    }
}
