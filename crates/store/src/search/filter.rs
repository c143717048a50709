//! The filters of a search as conditions on a copy `p`.

use policy::{ClassMask, Visibility};
use wire::Class;
use wire::folder::FolderPath;
use wire::id::ObjectId;
use wire::query::{NameQuery, PropertiesQuery, PropertyTerm, PropertyTest, TagsQuery, TimeRange, TypeQuery};

use super::Place;
use crate::db::Sql;
use crate::folder::below;
use crate::keys::{AccountKey, FolderKey, ObjectKey, ProjectKey};
use crate::object::ObjectState;
use crate::placement::Archival;
use crate::project::push_logic;
use crate::text::{Word, after_prefix};

/// What must hold of a copy; what is absent holds of every copy.
#[derive(Debug, Clone)]
pub struct Filters {
    /// Who searches: makers see their own objects until these are closed.
    pub caller: AccountKey,
    /// Of one of these classes.
    pub classes: Option<Vec<Class>>,
    /// A copy of one of these objects; at most 1000.
    pub objects: Option<Vec<ObjectKey>>,
    /// How far the object has come.
    pub state: Option<ObjectState>,
    /// Whether it is left out of ordinary lists.
    pub hidden: Option<bool>,
    /// Its name.
    pub name: Option<NameQuery>,
    /// Its types.
    pub types: Option<TypeQuery>,
    /// Its tags; each of these holds.
    pub tags: Vec<TagsQuery>,
    /// Its properties.
    pub properties: Option<PropertiesQuery>,
    /// An object that its details link to.
    pub link: Option<ObjectId>,
    /// Where in the project it lies.
    pub folder: Option<InFolder>,
    /// When it last changed; both ends count from the epoch.
    pub modified: TimeRange,
    /// When the object was made; both ends count from the epoch.
    pub created: TimeRange,
    /// Where its bytes are.
    pub archival: Option<Archival>,
}

/// A place in the folders of one project.
#[derive(Debug, Clone)]
pub enum InFolder {
    /// Directly in this folder.
    Directly(FolderKey),
    /// In this folder or anywhere below it.
    Below(ProjectKey, FolderPath),
}

impl Filters {
    /// No filter.
    #[must_use]
    pub fn none(caller: AccountKey) -> Self {
        Self {
            caller,
            classes: None,
            objects: None,
            state: None,
            hidden: None,
            name: None,
            types: None,
            tags: Vec::new(),
            properties: None,
            link: None,
            folder: None,
            modified: TimeRange::default(),
            created: TimeRange::default(),
            archival: None,
        }
    }

    /// Whether no copy can fit.
    pub(super) fn match_nothing(&self) -> bool {
        self.classes.as_ref().is_some_and(Vec::is_empty) || self.objects.as_ref().is_some_and(Vec::is_empty)
    }

    /// What looking at one row costs, in rows of a search with a few filters.
    pub(super) fn weight(&self) -> usize {
        const TERMS_OF_A_ROW: usize = 16;
        let words = self.tags.iter().chain(&self.types).map(|words| words.0.terms());
        let terms: usize = words.chain(self.properties.iter().map(|properties| properties.0.terms())).sum();
        1 + terms / TERMS_OF_A_ROW
    }

    /// Whether there is a pattern that the conditions only narrow, so that [`Filters::admits_name`] decides.
    pub(super) fn judges_names(&self) -> bool {
        self.name.as_ref().is_some_and(|name| name.as_exact().is_none())
    }

    pub(super) fn admits_name(&self, name: &str) -> bool {
        self.name.as_ref().is_none_or(|wanted| wanted.matches(name))
    }

    /// Whether something is asked that a maker who may not list the project is not told (contract:
    /// identity-and-sharing B11.26).
    fn asks_more_than_makers_see(&self) -> bool {
        self.types.is_some()
            || !self.tags.is_empty()
            || self.properties.is_some()
            || self.link.is_some()
            || self.archival.is_some()
            || self.modified != TimeRange::default()
            || self.created != TimeRange::default()
    }

    /// Appends ` and <condition>` for every filter.
    pub(super) fn push(&self, sql: &mut Sql) {
        if let Some(classes) = &self.classes {
            sql.push(" and p.class in (").bind_list(classes.iter().map(|class| class.as_str())).push(")");
        }
        if let Some(objects) = &self.objects {
            sql.push(" and p.object in (").bind_list(objects.iter().copied()).push(")");
        }
        if let Some(state) = self.state {
            sql.push(" and p.state = ").bind(state.word());
        }
        if let Some(hidden) = self.hidden {
            sql.push(" and p.hidden = ").bind(hidden);
        }
        if let Some(name) = &self.name {
            push_name(sql, name);
        }
        if let Some(types) = &self.types {
            sql.push(" and ");
            push_logic(sql, &types.0, &push_type);
        }
        for tags in &self.tags {
            sql.push(" and ");
            push_logic(sql, &tags.0, &push_tag);
        }
        if let Some(properties) = &self.properties {
            sql.push(" and ");
            push_logic(sql, &properties.0, &push_property);
        }
        if let Some(link) = &self.link {
            sql.push(" and exists (select 1 from object_link l where l.target = ").bind(link.as_str());
            sql.push(" and l.object = p.object)");
        }
        if let Some(folder) = &self.folder {
            push_folder(sql, folder);
        }
        push_range(sql, self.modified, " and p.modified >= ", " and p.modified <= ");
        push_range(sql, self.created, " and p.created >= ", " and p.created <= ");
        if let Some(archival) = self.archival {
            sql.push(" and p.archival = ").bind(archival.word());
        }
    }

    /// Appends that the caller may see the copy, which lies in one of the places.
    pub(super) fn push_visible(&self, sql: &mut Sql, places: &[Place]) {
        let mut kinds: Vec<(Visibility, Vec<ProjectKey>)> = Vec::new();
        for place in places {
            match kinds.iter_mut().find(|(visibility, _)| *visibility == place.visibility) {
                Some((_, projects)) => projects.push(place.project),
                None => kinds.push((place.visibility, vec![place.project])),
            }
        }
        if let [(visibility, _)] = kinds[..] {
            if !visibility.is_all() {
                sql.push(" and ");
                self.push_visibility(sql, visibility);
            }
            return;
        }
        sql.push(" and (1 = 0");
        for (visibility, projects) in kinds {
            sql.push(" or (p.project in (").bind_list(projects).push(") and ");
            self.push_visibility(sql, visibility);
            sql.push(")");
        }
        sql.push(")");
    }

    fn push_visibility(&self, sql: &mut Sql, visibility: Visibility) {
        if visibility.is_all() {
            sql.push("1 = 1");
            return;
        }
        sql.push("(p.labels in (").bind_list(numbers(visibility.listed)).push(")");
        if !self.asks_more_than_makers_see() {
            sql.push(" or (p.labels in (").bind_list(numbers(visibility.own_open));
            sql.push(") and p.state <> ").bind(ObjectState::Closed.word());
            sql.push(" and exists (select 1 from object m where m.key = p.object and m.created_by = ");
            sql.bind(self.caller).push("))");
        }
        sql.push(")");
    }
}

fn numbers(mask: ClassMask) -> impl Iterator<Item = i64> {
    mask.iter().map(|class| i64::from(class.number()))
}

fn push_name(sql: &mut Sql, name: &NameQuery) {
    match name.as_exact() {
        Some(exact) => {
            sql.push(" and p.name = ").bind(exact);
        }
        None => push_prefix(sql, &name.literal_prefix()),
    }
}

/// Appends that the name starts with a text, which may be empty.
pub(super) fn push_prefix(sql: &mut Sql, prefix: &str) {
    if prefix.is_empty() {
        return;
    }
    sql.push(" and p.name >= ").bind(prefix);
    if let Some(end) = after_prefix(prefix) {
        sql.push(" and p.name < ").bind(end);
    }
}

/// Appends the ends of a range that it has.
pub(super) fn push_range(sql: &mut Sql, range: TimeRange, after: &'static str, before: &'static str) {
    if let Some(end) = range.after {
        sql.push(after).bind(end.0);
    }
    if let Some(end) = range.before {
        sql.push(before).bind(end.0);
    }
}

fn push_folder(sql: &mut Sql, folder: &InFolder) {
    match folder {
        InFolder::Directly(key) => {
            sql.push(" and p.folder = ").bind(*key);
        }
        InFolder::Below(project, path) => {
            let (start, end) = below(path);
            sql.push(" and exists (select 1 from folder f where f.key = p.folder and f.project = ")
                .bind(*project);
            sql.push(" and (f.path = ").bind(path.as_str());
            sql.push(" or (f.path >= ").bind(start).push(" and f.path < ").bind(end).push(")))");
        }
    }
}

/// Appends a select of the keys of the folder at a path and of those below it; two selects, so that each reads a range of
/// the index.
pub(super) fn push_subtree(sql: &mut Sql, project: ProjectKey, path: &FolderPath) {
    let (start, end) = below(path);
    sql.push("select f.key from folder f where f.project = ").bind(project);
    sql.push(" and f.path = ").bind(path.as_str());
    if path.is_root() {
        // The range below the root holds the root itself.
        sql.push(" and 1 = 0");
    }
    sql.push(" union all select f.key from folder f where f.project = ").bind(project);
    sql.push(" and f.path >= ").bind(start).push(" and f.path < ").bind(end);
}

fn push_type(sql: &mut Sql, name: &String) {
    sql.push("exists (select 1 from object_type t where t.type = ").bind(name);
    sql.push(" and t.object = p.object)");
}

fn push_tag(sql: &mut Sql, tag: &String) {
    sql.push("exists (select 1 from placement_tag t where t.tag = ").bind(tag);
    sql.push(" and t.project = p.project and t.placement = p.key)");
}

fn push_property(sql: &mut Sql, term: &PropertyTerm) {
    sql.push(if term.test == PropertyTest::Absent { "not exists (" } else { "exists (" });
    sql.push("select 1 from placement_property q where q.placement = p.key and q.name = ").bind(&term.key);
    if let PropertyTest::Equals(_) = term.test {
        // With the project, the index by value fits as a whole; without, SQLite would take its first column alone.
        sql.push(" and q.project = p.project");
    }
    push_value(sql, &term.test);
    sql.push(")");
}

/// Appends what must be true of the value of the property `q`.
pub(super) fn push_value(sql: &mut Sql, test: &PropertyTest) {
    match test {
        PropertyTest::Equals(value) => {
            sql.push(" and q.value = ").bind(value);
        }
        PropertyTest::Differs(value) => {
            sql.push(" and q.value <> ").bind(value);
        }
        PropertyTest::Present | PropertyTest::Absent => {}
    }
}
