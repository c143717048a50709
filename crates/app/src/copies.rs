//! Copies of objects as the caller meets them (contract: data 4, 9).

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use store::access::Access;
use store::keys::{ObjectKey, ProjectKey};
use store::object::Object;
use store::placement::Placement;
use store::project::Project;
use wire::ApiError;
use wire::id::{ContainerId, ObjectId};

use crate::error::{Result, absent};
use crate::work::Work;

/// How many projects are decided about at once.
const BATCH: usize = 200;

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
    /// level is highest, else the oldest (contract: data 9).
    ///
    /// # Errors
    /// `ResourceNotFound`.
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
        Err(absent(id.as_str()))
    }

    /// The copies of an object that the caller may see: highest level first, then the oldest first.
    ///
    /// # Errors
    /// The store's.
    pub fn copies(&self, id: &ObjectId) -> Result<Vec<Copy>> {
        let Some(object) = store::object::by_id(self.tx, id)? else { return Ok(Vec::new()) };
        let mut places = self.places(&[object.key])?;
        let mut copies = Vec::new();
        for project in places.of_object.remove(&object.key).unwrap_or_default() {
            if let Some((project, access)) = places.projects.remove(&project) {
                copies.extend(self.copy_in(&object, project, &access)?);
            }
        }
        Ok(copies)
    }

    /// Where copies of these objects lie. The caller bounds the number of objects.
    ///
    /// # Errors
    /// `InvalidInput` when there are too many copies to look through.
    pub(crate) fn places(&self, objects: &[ObjectKey]) -> Result<Places> {
        let placed = store::placement::projects_of(self.tx, objects)?.ok_or_else(|| {
            ApiError::invalid_input(
                "There are too many copies to look through. Say with \"project\" which copy is meant.",
            )
        })?;
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
        Ok(Places { projects, of_object })
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
        let Some(placement) = store::placement::find(self.tx, object.key, project.key)? else {
            return Ok(None);
        };
        let access = access.to_object(self.caller()?, object, &placement);
        Ok(access.sees_object().then(|| Copy { object: object.clone(), placement, project, access }))
    }
}
