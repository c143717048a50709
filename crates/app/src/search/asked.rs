//! A search as it was asked for.

use store::object::ObjectState;
use store::placement::Archival;
use store::project::Project;
use store::search::{Filters, InFolder, Order};
use store::text::Word as _;
use wire::Class;
use wire::fields::DescribeSwitch;
use wire::json::invalid_value;
use wire::query::{AnyOr, Ordering, ScopeQuery, TimeRange, Visibility};
use wire::search::FindDataObjects;
use wire::time::Millis;
use wire::word::Word;

use super::places::{Projects, Scope};
use crate::error::{Error, Result};
use crate::work::Work;

/// A search that has the right shape, with its times counted from the epoch.
pub(super) struct Asked {
    input: FindDataObjects,
    pub(super) order: Order,
    pub(super) projects: Projects,
    pub(super) describe: DescribeSwitch,
    modified: TimeRange,
    created: TimeRange,
}

impl Asked {
    /// Checks what depends on several keys.
    pub(super) fn read(mut input: FindDataObjects, now: i64) -> Result<Self> {
        if input.archival_state.is_some() && !may_ask_archival_state(&input) {
            return Err(invalid_value(
                "archivalState",
                "it needs the class \"file\", and a \"project\" and a \"folder\" in \"scope\"",
            )
            .into());
        }
        let order = match input.sort_by.map(|sort| sort.ordering) {
            None => Order::Modified,
            Some(Ordering::Descending) => Order::NewestCreated,
            Some(Ordering::Ascending) => Order::OldestCreated,
        };
        let absolute =
            |range: Option<TimeRange>| range.map(|range| range.relative_to(Millis(now))).unwrap_or_default();
        Ok(Self {
            order,
            projects: Projects {
                named: input.scope.as_ref().and_then(|scope| scope.project.clone()),
                // A name that no database can hold is no region.
                regions: input
                    .region
                    .as_ref()
                    .map(|regions| regions.iter().filter(|region| !region.contains('\0')).cloned().collect()),
                level: input.level.unwrap_or_default(),
                oldest_first: !order.is_newest_first(),
            },
            describe: std::mem::take(&mut input.describe),
            modified: absolute(input.modified),
            created: absolute(input.created),
            input,
        })
    }

    /// The filters, with the ids and folders that they name looked up.
    ///
    /// # Errors
    /// `ResourceNotFound` for an absent folder.
    pub(super) fn filters(&self, work: &Work<'_>, scope: Option<&Scope>) -> Result<Filters> {
        let input = &self.input;
        let objects = match &input.id {
            None => None,
            Some(ids) => Some(store::object::keys_of(work.tx, ids)?.into_values().collect()),
        };
        let mut filters = Filters {
            classes: input.class.as_ref().map(|classes| classes.iter().map(|class| class.get()).collect()),
            objects,
            state: stored(input.state, ObjectState::from_word)?,
            hidden: hidden(input.visibility),
            name: input.name.clone(),
            types: input.types.clone(),
            tags: input.tags.iter().chain(&input.tag).cloned().collect(),
            properties: input.properties.clone(),
            link: input.link.clone(),
            modified: self.modified,
            created: self.created,
            archival: stored(input.archival_state, Archival::from_word)?,
            ..Filters::none(work.caller()?.account)
        };
        if let (Some(scope), Some(query)) = (scope, &input.scope) {
            match in_folder(work, &scope.project, query) {
                Ok(folder) => filters.folder = folder,
                // Whoever may not list the project is not told which folders there are.
                Err(_) if scope.visibility.listed.is_empty() => filters.objects = Some(Vec::new()),
                Err(absent) => return Err(absent),
            }
        }
        Ok(filters)
    }
}

/// The values of `hidden` that pass: both, when there is none.
pub(super) fn hidden(visibility: Option<Visibility>) -> Option<bool> {
    match visibility.unwrap_or_default() {
        Visibility::Visible => Some(false),
        Visibility::Hidden => Some(true),
        Visibility::Either => None,
    }
}

fn in_folder(work: &Work<'_>, project: &Project, query: &ScopeQuery) -> Result<Option<InFolder>> {
    let path = query.folder.clone().unwrap_or_default();
    if path.is_root() && query.recurse {
        return Ok(None);
    }
    let key = crate::folder::find(work, project, &path)?;
    Ok(Some(if query.recurse { InFolder::Below(project.key, path) } else { InFolder::Directly(key) }))
}

fn may_ask_archival_state(input: &FindDataObjects) -> bool {
    let only_files = input
        .class
        .as_ref()
        .is_some_and(|classes| !classes.is_empty() && classes.iter().all(|class| class.get() == Class::File));
    let scope = input.scope.as_ref();
    only_files && scope.is_some_and(|scope| scope.project.is_some() && scope.folder.is_some())
}

/// The value that the store knows by the same word.
fn stored<W: Word, S>(wanted: Option<AnyOr<W>>, from_word: fn(&str) -> Option<S>) -> Result<Option<S>> {
    let Some(AnyOr::Only(word)) = wanted else { return Ok(None) };
    match from_word(word.as_str()) {
        Some(value) => Ok(Some(value)),
        None => Err(Error::internal(format!("the store does not know the word {}", word.as_str()))),
    }
}
