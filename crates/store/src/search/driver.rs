//! Filters whose own index says which few copies come into question.

use wire::folder::FolderPath;
use wire::query::{PropertyTerm, PropertyTest, TimeRange};

use super::filter::{push_prefix, push_range, push_subtree, push_value};
use super::{Area, Filters, InFolder, Order, count};
use crate::db::{DbError, Sql, Tx};
use crate::keys::{FolderKey, ObjectKey, ProjectKey};
use crate::project::required;

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
        let keys = Self::all(area).into_iter().map(|driver| {
            let mut sql = Sql::new("");
            driver.push_keys(&mut sql, area);
            (driver, sql)
        });
        fewest(tx, keys, most)
    }

    /// Every filter of the area that can drive, those that are likely to leave little first.
    pub(super) fn all(area: &Area<'a>) -> Vec<Self> {
        let filters = area.filters;
        let mut all = Self::of_filters(filters);
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

    /// Those of them that do not depend on where is searched.
    fn of_filters(filters: &'a Filters) -> Vec<Self> {
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
        let tags = filters.tags.iter().flat_map(|tags| required(&tags.0));
        all.extend(tags.map(|tag| Self::Tag(tag)));
        let terms = filters.properties.iter().flat_map(|properties| required(&properties.0));
        all.extend(terms.filter(|term| term.test != PropertyTest::Absent).map(Self::Property));
        let types = filters.types.iter().flat_map(|types| required(&types.0));
        all.extend(types.map(|name| Self::Type(name)));
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

    /// A select of the projects of the copies that pass, wherever they lie; none where no index has them.
    fn projects(&self) -> Option<Sql> {
        let mut sql = Sql::new("");
        match self {
            Self::Objects(objects) => {
                sql.push("select p.project from placement p where p.object in (");
                sql.bind_list(objects.iter().copied()).push(")");
            }
            Self::Name(name) => {
                sql.push("select p.project from placement p where p.name = ").bind(*name);
            }
            Self::NamePrefix(prefix) => {
                sql.push("select p.project from placement p where 1 = 1");
                push_prefix(&mut sql, prefix);
            }
            Self::Link(target) => {
                sql.push("select p.project from object_link l cross join placement p where l.target = ");
                sql.bind(*target).push(" and p.object = l.object");
            }
            Self::Tag(tag) => {
                sql.push("select t.project from placement_tag t where t.tag = ").bind(*tag);
            }
            Self::Property(PropertyTerm { key, test: PropertyTest::Equals(value) }) => {
                sql.push("select q.project from placement_property q where q.name = ").bind(key);
                sql.push(" and q.value = ").bind(value);
            }
            Self::Type(name) => {
                sql.push("select p.project from object_type t cross join placement p where t.type = ");
                sql.bind(*name).push(" and p.object = t.object");
            }
            Self::Property(_)
            | Self::Folder(_)
            | Self::Subtree(..)
            | Self::Created(_)
            | Self::Modified(_)
            | Self::OwnOpen => return None,
        }
        Some(sql)
    }
}

/// The projects in which copies lie that pass one of the filters, where it leaves at most `most` copies of the whole
/// platform; some are named more than once. None: no filter leaves so few. They are read from that filter's own index,
/// never more than that many entries for each filter.
pub fn few_projects(tx: &Tx, filters: &Filters, most: usize) -> Result<Option<Vec<ProjectKey>>, DbError> {
    let selects = Driver::of_filters(filters).into_iter().filter_map(|driver| driver.projects());
    let selects = selects.take(MAX_DRIVERS).map(|sql| (sql.clone(), sql));
    let Some(projects) = fewest(tx, selects, most)? else { return Ok(None) };
    tx.query_sql(&projects)?.iter().map(|row| row.get(0)).collect::<Result<_, _>>().map(Some)
}

/// What belongs to the select that leaves the fewest rows, if there is one that leaves at most `most`.
fn fewest<T>(tx: &Tx, selects: impl Iterator<Item = (T, Sql)>, most: usize) -> Result<Option<T>, DbError> {
    let (mut chosen, mut most) = (None, most);
    for (of, select) in selects {
        let mut sql = Sql::new("select count(*) from (");
        sql.push_sql(select).push(" limit ").bind(count(most + 1)).push(") c");
        let found: u64 = tx.query_one_sql(&sql)?.get(0)?;
        let found = usize::try_from(found).unwrap_or(usize::MAX);
        if found <= most {
            chosen = Some(of);
            // Another one is only better with fewer.
            let Some(fewer) = found.checked_sub(1) else { break };
            most = fewer;
        }
    }
    Ok(chosen)
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
