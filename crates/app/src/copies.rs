//! Copies of objects as the caller meets them (contract: data 4, 9).

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};

use store::access::{Access, Caller, Reach, Walk};
use store::keys::{ObjectKey, ProjectKey};
use store::object::Object;
use store::placement::{Holders, Placement};
use store::project::{Filter, Project};
use wire::ApiError;
use wire::id::{ContainerId, ObjectId};

use crate::error::{Result, absent};
use crate::paging::end_of_turn;
use crate::work::Work;

/// How many projects are decided about at once.
const BATCH: usize = 200;
/// How many projects with a copy are looked at for one that serves, about.
const MOST_CHOICES: usize = 1_000;

/// A copy of an object, with the caller's access to it.
#[derive(Debug, Clone)]
pub struct Copy {
    /// What every copy shares.
    pub object: Object,
    /// What belongs to this copy.
    pub placement: Placement,
    /// Where it lies.
    pub project: Project,
    /// The caller's access to it.
    pub access: Access,
}

/// Where copies of some objects lie, as far as the caller may see the projects. Whether the caller may see the copies is
/// still to be decided.
pub(crate) struct Places {
    /// The projects, with the caller's access to them.
    pub(crate) projects: HashMap<ProjectKey, (Project, Access)>,
    /// For each object those that hold it: highest level first, then the oldest copy first.
    pub(crate) of_object: HashMap<ObjectKey, Vec<ProjectKey>>,
    /// The objects of which only copies were looked for that the caller could reach as a member: all others are too many.
    pub(crate) left_out: HashSet<ObjectKey>,
}

/// What to say where too many copies come into question, and none was found that serves.
pub(crate) fn too_many_copies() -> ApiError {
    ApiError::invalid_input(
        "There are too many copies to look through. Say with \"project\" which copy is meant.",
    )
}

impl Work<'_> {
    /// The copy of an object in one project. Hidden and absent answer alike.
    ///
    /// # Errors
    /// `ResourceNotFound`.
    pub fn copy(&self, id: &ObjectId, project: &ContainerId) -> Result<Copy> {
        let (project, access) = self.project(project)?;
        let object = store::object::by_id(self.tx, id)?.ok_or_else(|| absent(id.as_str()))?;
        self.copy_in(&object, project, &access)?.ok_or_else(|| absent(id.as_str()))
    }

    /// A copy of an object that the caller may see: in the hinted project if it is there, else where the caller's
    /// level is highest, else the oldest (contract: data 9). Where very many come into question, only those count that the
    /// caller reaches as a member.
    ///
    /// # Errors
    /// `ResourceNotFound`; `InvalidInput` when none was found among too many.
    pub fn any_copy(&self, id: &ObjectId, hint: Option<&ContainerId>) -> Result<Copy> {
        let object = store::object::by_id(self.tx, id)?.ok_or_else(|| absent(id.as_str()))?;
        if let Some(hint) = hint
            && let Some((project, access)) = self.visible_project(hint)?
            && let Some(copy) = self.copy_in(&object, project, &access)?
        {
            return Ok(copy);
        }
        let mut places = self.places(&[object.key])?;
        for project in places.of_object.remove(&object.key).unwrap_or_default() {
            if let Some((project, access)) = places.projects.remove(&project)
                && let Some(copy) = self.copy_in(&object, project, &access)?
            {
                return Ok(copy);
            }
        }
        Err(if places.left_out.is_empty() { absent(id.as_str()) } else { too_many_copies().into() })
    }

    /// The copies of an object that the caller may see: highest level first, then the oldest first.
    ///
    /// # Errors
    /// `InvalidInput` when too many come into question.
    pub fn copies(&self, id: &ObjectId) -> Result<Vec<Copy>> {
        let Some(object) = store::object::by_id(self.tx, id)? else { return Ok(Vec::new()) };
        let mut places = self.places(&[object.key])?;
        if !places.left_out.is_empty() {
            return Err(too_many_copies().into());
        }
        let keys = places.of_object.remove(&object.key).unwrap_or_default();
        let projects = keys.iter().filter_map(|key| places.projects.remove(key)).collect();
        self.copies_in(&object, projects)
    }

    /// The copies of an object that come into question when any one will do, highest level first, then the oldest first;
    /// and whether there are more than were looked at: some thousand of the projects in question, the oldest ones, and no
    /// longer than one transaction may take.
    ///
    /// # Errors
    /// The store's.
    pub(crate) fn choices(&self, id: &ObjectId, reach: Reach) -> Result<(Vec<Copy>, bool)> {
        let Some(object) = store::object::by_id(self.tx, id)? else { return Ok((Vec::new(), false)) };
        let (caller, settings, over) = (self.caller()?, self.settings(), end_of_turn(self.ctx));
        let filter = Filter { holds: Some(object.key), ..Filter::default() };
        let mut walk = Walk::new(caller, &settings, &filter, reach, None).until(&over);
        let (mut copies, mut looked_at) = (Vec::new(), 0);
        let more = loop {
            let batch = walk.next(self.tx)?;
            if batch.is_empty() {
                break walk.rest().is_some();
            }
            if looked_at >= MOST_CHOICES {
                break true;
            }
            looked_at += batch.len();
            let seen = batch.into_iter().filter(|(_, access)| access.sees_project()).collect();
            copies.extend(self.copies_in(&object, seen)?);
        };
        copies.sort_by_key(|copy| (Reverse(copy.access.level()), copy.placement.key));
        Ok((copies, more))
    }

    /// Where copies of these objects lie. The caller bounds the number of objects.
    ///
    /// # Errors
    /// `InvalidInput` when there are too many copies to look through in projects that the caller could reach as a member.
    pub(crate) fn places(&self, objects: &[ObjectKey]) -> Result<Places> {
        let (caller, settings) = (self.caller()?, self.settings());
        let found = store::placement::projects_of(self.tx, caller, &settings, objects)?;
        let Holders { placed, left_out } = found.ok_or_else(too_many_copies)?;
        let keys: BTreeSet<ProjectKey> = placed.iter().map(|(_, project)| *project).collect();
        let projects = self.projects_of_keys(keys)?;
        let mut of_object: HashMap<ObjectKey, Vec<ProjectKey>> = HashMap::new();
        for (object, project) in placed {
            if projects.contains_key(&project) {
                of_object.entry(object).or_default().push(project);
            }
        }
        for places in of_object.values_mut() {
            places.sort_by_key(|project| Reverse(projects.get(project).map(|(_, access)| access.level())));
        }
        Ok(Places { projects, of_object, left_out })
    }

    /// The project of a key, with the caller's access to it; none when the caller may not see it.
    pub(crate) fn project_of_key(&self, key: ProjectKey) -> Result<Option<(Project, Access)>> {
        Ok(self.projects_of_keys([key])?.remove(&key))
    }

    /// Those of these projects that the caller may see, with the access to each.
    pub(crate) fn projects_of_keys(
        &self,
        keys: impl IntoIterator<Item = ProjectKey>,
    ) -> Result<HashMap<ProjectKey, (Project, Access)>> {
        let (caller, settings) = (self.caller()?, self.settings());
        let keys: Vec<_> = keys.into_iter().collect();
        let mut seen = HashMap::new();
        for batch in keys.chunks(BATCH) {
            let projects = store::project::by_keys(self.tx, batch)?;
            let accesses = Access::load_each(self.tx, caller, &settings, &projects)?;
            for (project, access) in projects.into_iter().zip(accesses) {
                if access.sees_project() {
                    seen.insert(project.key, (project, access));
                }
            }
        }
        Ok(seen)
    }

    fn copy_in(&self, object: &Object, project: Project, access: &Access) -> Result<Option<Copy>> {
        match store::placement::find(self.tx, object.key, project.key)? {
            Some(placement) => Ok(seen(self.caller()?, object, placement, project, access)),
            None => Ok(None),
        }
    }

    /// As [`Work::copy_in`] for many projects at once, in their order.
    fn copies_in(&self, object: &Object, projects: Vec<(Project, Access)>) -> Result<Vec<Copy>> {
        let caller = self.caller()?;
        let keys: Vec<ProjectKey> = projects.iter().map(|(project, _)| project.key).collect();
        let mut placements = store::placement::of_object(self.tx, object.key, &keys)?;
        let copies = projects.into_iter().filter_map(|(project, access)| {
            let placement = placements.remove(&project.key)?;
            seen(caller, object, placement, project, &access)
        });
        Ok(copies.collect())
    }
}

/// A copy, if the caller may see it.
fn seen(
    caller: &Caller,
    object: &Object,
    placement: Placement,
    project: Project,
    access: &Access,
) -> Option<Copy> {
    let access = access.to_object(caller, object, &placement);
    access.sees_object().then(|| Copy { object: object.clone(), placement, project, access })
}
