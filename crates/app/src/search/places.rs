//! Which projects a search goes through, and what the caller may see in each.

use std::collections::HashMap;

use policy::{Facts, Via, Visibility};
use store::access::{Access, Reach, Walk};
use store::keys::ProjectKey;
use store::project::{Filter, Project};
use store::search::{Filters, Place, Position};
use wire::Level;
use wire::id::ContainerId;

use crate::error::Result;
use crate::work::Work;

/// The one project that a search named.
pub(super) struct Scope {
    pub(super) project: Project,
    pub(super) visibility: Visibility,
}

/// Which projects a search goes through.
#[derive(Debug, Clone, Default)]
pub(super) struct Projects {
    /// This one; none: all that the caller is a member of.
    pub(super) named: Option<ContainerId>,
    /// In one of these regions.
    pub(super) regions: Option<Vec<String>>,
    /// Where the caller has this level at least.
    pub(super) level: Level,
    /// From the one that was made first to the last, instead of the other way round.
    pub(super) oldest_first: bool,
}

/// How many index entries may be read to find out that a filter leaves few copies on the platform. Twice as many after
/// each batch, whose cost is several times that.
const FEW: usize = 250;
/// The same at most.
const NOT_MANY: usize = 2_000;

/// A walk over the projects of a search, some at a time.
pub(super) struct Places<'a> {
    wanted: &'a Projects,
    filter: Filter,
    source: Source,
    ids: HashMap<ProjectKey, ContainerId>,
}

enum Source {
    /// The project that was named; none once it has been given out.
    Named(Box<Scope>, Option<Place>),
    /// All that the caller is a member of.
    All {
        /// The project in which the last page ended, if it has not been given out.
        first: Option<ProjectKey>,
        after: Option<ProjectKey>,
        /// How many batches were given out.
        given: u32,
        /// Those that a filter leaves, when they are known to be few.
        among: Option<Vec<ProjectKey>>,
    },
}

/// Some projects of a search.
pub(super) struct Batch {
    pub(super) places: Vec<Place>,
    /// How many projects were decided about.
    pub(super) looked_at: usize,
    /// The last of these.
    pub(super) end: ProjectKey,
    /// Whether no more can follow.
    pub(super) is_last: bool,
}

impl<'a> Places<'a> {
    /// Starts at the first project, or in the one where the last page ended.
    ///
    /// # Errors
    /// `ResourceNotFound` when a project is named that the caller cannot see.
    pub(super) fn start(work: &Work<'_>, wanted: &'a Projects, from: Option<Position>) -> Result<Self> {
        let filter = Filter { regions: wanted.regions.clone(), ..Filter::default() };
        let mut ids = HashMap::new();
        let source = match &wanted.named {
            None => {
                let first = from.map(|position| position.project);
                Source::All { first, after: first, given: 0, among: None }
            }
            Some(id) => {
                let (project, access) = work.project(id)?;
                let visibility = policy::scope(access.facts());
                ids.insert(project.key, project.id.clone());
                let place = place(&project, access.facts(), visibility, wanted);
                Source::Named(Box::new(Scope { project, visibility }), place)
            }
        };
        Ok(Self { wanted, filter, source, ids })
    }

    /// Starts behind a project, or at the first one.
    ///
    /// # Errors
    /// As [`Places::start`].
    pub(super) fn behind(work: &Work<'_>, wanted: &'a Projects, project: Option<ProjectKey>) -> Result<Self> {
        let mut places = Self::start(work, wanted, None)?;
        if let Source::All { after, .. } = &mut places.source {
            *after = project;
        }
        Ok(places)
    }

    /// The project that was named.
    pub(super) fn scope(&self) -> Option<&Scope> {
        match &self.source {
            Source::Named(scope, _) => Some(scope),
            Source::All { .. } => None,
        }
    }

    /// The id of a project that was given out.
    pub(super) fn id_of(&self, project: ProjectKey) -> Option<&ContainerId> {
        self.ids.get(&project)
    }

    /// Keeps to the projects that a filter's own index names, once these are few against those that a walk goes through.
    pub(super) fn narrow(&mut self, work: &Work<'_>, filters: &Filters) -> Result<()> {
        if let Source::All { given, among: among @ None, .. } = &mut self.source {
            let most = FEW.checked_shl(*given).unwrap_or(NOT_MANY).clamp(FEW, NOT_MANY);
            *among = store::search::few_projects(work.tx, filters, most)?;
        }
        Ok(())
    }

    /// The next projects; none at the end.
    pub(super) fn next(&mut self, work: &Work<'_>) -> Result<Option<Batch>> {
        let (first, walk) = match &mut self.source {
            Source::Named(_, place) => {
                return Ok(place.take().map(|place| Batch {
                    end: place.project,
                    looked_at: 1,
                    places: vec![place],
                    is_last: true,
                }));
            }
            Source::All { first, after, given, among } => (first.take(), (*after, *given, among.as_deref())),
        };
        let found: Vec<(Project, Access)> = match first {
            Some(key) => match work.project_of_key(key)? {
                Some(found) => vec![found],
                None => return self.next(work),
            },
            None => {
                let ((after, given, among), settings) = (walk, work.settings());
                let walk = Walk::new(work.caller()?, &settings, &self.filter, Reach::OfMember, after)
                    .newest_first(!self.wanted.oldest_first)
                    .after_batches(given);
                match among {
                    Some(among) => walk.among(among),
                    None => walk,
                }
                .next(work.tx)?
            }
        };
        let Some((last, _)) = found.last() else { return Ok(None) };
        let end = last.key;
        if let Source::All { after, given, .. } = &mut self.source {
            *after = Some(end);
            *given = given.saturating_add(1);
        }
        let mut places = Vec::with_capacity(found.len());
        for (project, access) in &found {
            let facts = without_public(access.facts());
            let visibility = policy::scope(&facts);
            if let Some(place) = place(project, &facts, visibility, self.wanted) {
                self.ids.insert(project.key, project.id.clone());
                places.push(place);
            }
        }
        Ok(Some(Batch { looked_at: found.len(), places, end, is_last: false }))
    }
}

/// Access by PUBLIC alone does not count where no project is named (contract: identity-and-sharing 6.3).
fn without_public(facts: &Facts) -> Facts {
    let mut facts = facts.clone();
    facts.grants.retain(|grant| grant.via != Via::Public);
    facts
}

/// The project as a place to search, unless nothing in it counts.
fn place(project: &Project, facts: &Facts, visibility: Visibility, wanted: &Projects) -> Option<Place> {
    let in_region = wanted.regions.as_ref().is_none_or(|regions| regions.contains(&project.region));
    let counts = in_region && !visibility.is_nothing() && policy::effective(facts).level >= wanted.level;
    counts.then_some(Place { project: project.key, visibility })
}
