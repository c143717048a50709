//! Making records and files (contract: data 7, 8.1; F170), and what making an object of any class shares.

use std::collections::HashSet;

use policy::{Action, Destination, Labels};
use serde_json::{Map, Value as Json, json};
use store::access::{Access, Permit};
use store::executable::NewExecutable;
use store::keys::FolderKey;
use store::object::{ObjectState, no_details};
use store::project::Project;
use store::{object, placement};
use wire::answer::Made;
use wire::folder::FolderPath;
use wire::id::{ContainerId, ObjectId};
use wire::object::{NewFile, NewObject, NewRecord, RecordCopy};
use wire::text::MediaType;
use wire::{ApiError, Class, ErrorType, Id};

use crate::context::Ctx;
use crate::error::{Error, Result};
use crate::event::{Event, EventName};
use crate::metadata::{check_properties, check_words};
use crate::work::Work;

/// `/record/new`.
///
/// # Errors
/// `InvalidType` when `project` is of another class, `ResourceNotFound` for what is named and absent (the folder only
/// without `parents`), `PermissionDenied`, `InvalidState` when it shall be closed and cannot be.
pub async fn new_record(ctx: Ctx, input: NewRecord) -> Result<Made> {
    let id = mint(&ctx, Class::Record)?;
    let (into, action) = (input.project.clone(), Action::CreateData { bytes: false });
    let make = move |work: &Work<'_>| {
        let place = Place::new(work, &input.common(), action)?;
        let mut draft = match &input.initialize_from {
            Some(source) => Draft::of_record(work, source, &place.project)?,
            None => Draft::default(),
        };
        draft.take(&input.common());
        let close = input.close.unwrap_or(false);
        // Nothing can hold a record back that links to nothing.
        let closed = close && draft.links.is_empty();
        let state = if closed { ObjectState::Closed } else { ObjectState::Open };
        let key = place.put(work, &id, &draft, state, Body::Plain)?;
        if close && !closed {
            let copy = work.copy(&id, &place.project.id)?;
            super::close::begin(work, &copy)?;
            super::settle(work, &[key])?;
        }
        Ok(Made::new(id.clone()))
    };
    ctx.create(move |work| Place::may(work, &into, action), make).await
}

/// `/file/new`: an open file without bytes.
///
/// # Errors
/// As [`new_record`]; `InvalidInput` for a symbolic link.
pub async fn new_file(ctx: Ctx, input: NewFile) -> Result<Made> {
    let id = mint(&ctx, Class::File)?;
    let (into, action) = (input.project.clone(), Action::CreateData { bytes: true });
    let make = move |work: &Work<'_>| {
        let links_elsewhere = [("drive", &input.drive), ("symlinkPath", &input.symlink_path)];
        for (key, value) in links_elsewhere {
            if value.as_ref().is_some_and(|value| !value.is_null()) {
                return Err(ApiError::invalid_input(format!(
                    "The key \"{key}\" asks for a symbolic link to bytes elsewhere, which this server does not make. Upload the bytes instead."
                ))
                .into());
            }
        }
        let place = Place::new(work, &input.common(), action)?;
        let mut draft = Draft::default();
        draft.take(&input.common());
        let media = input.media.as_ref().map(MediaType::as_str);
        place.put(work, &id, &draft, ObjectState::Open, Body::File { media })?;
        Ok(Made::new(id.clone()))
    };
    ctx.create(move |work| Place::may(work, &into, action), make).await
}

pub(super) fn mint(ctx: &Ctx, class: Class) -> Result<ObjectId> {
    ObjectId::from_id(ctx.app.mint(class)).ok_or_else(|| Error::internal("a minted object id is one"))
}

/// Where a new object goes, with leave to put it there.
pub(crate) struct Place<'tx> {
    /// The project.
    pub(crate) project: Project,
    /// The caller's access to it.
    pub(super) access: Access,
    permit: Permit<'tx>,
    folder: FolderKey,
    path: FolderPath,
}

impl<'tx> Place<'tx> {
    /// Asks for leave to put a new object into a project. Whether it can be paid for is no matter here: of what was made
    /// already nothing is paid again.
    pub(crate) fn may(work: &Work<'tx>, project: &Id, action: Action) -> Result<()> {
        let (_, access) = Self::project(work, project)?;
        work.permit_billed(&access, action).map(|_| ())
    }

    fn project(work: &Work<'tx>, id: &Id) -> Result<(Project, Access)> {
        let Some(id) = ContainerId::from_id(id.clone()) else {
            return Err(ApiError::new(
                ErrorType::InvalidType,
                format!("The key \"project\" holds {id}, which is not a project."),
            )
            .into());
        };
        work.project(&id)
    }

    /// Finds the project and folder of an input, and asks for leave.
    pub(crate) fn new(work: &Work<'tx>, input: &NewObject<'_>, action: Action) -> Result<Self> {
        let (project, access) = Self::project(work, input.project)?;
        let permit = work.permit(&access, action)?;
        let path = input.folder.cloned().unwrap_or_default();
        let folder = if input.parents {
            crate::folder::with_parents(work, &project, &permit, &path)?
        } else {
            crate::folder::find(work, &project, &path)?
        };
        Ok(Self { project, access, permit, folder, path })
    }

    /// Makes the object and its only copy.
    pub(crate) fn put(
        &self,
        work: &Work<'_>,
        id: &ObjectId,
        draft: &Draft,
        state: ObjectState,
        body: Body<'_>,
    ) -> Result<store::keys::ObjectKey> {
        check_words("tags", &draft.tags)?;
        check_words("types", &draft.types)?;
        check_properties(&draft.properties)?;
        let caller = work.caller()?;
        let (media, executable) = match body {
            Body::Plain => (None, None),
            Body::File { media } => (media, None),
            Body::Executable(executable) => (None, Some(executable)),
        };
        let new = object::NewObject {
            id,
            state,
            hidden: draft.hidden,
            types: &draft.types,
            details: &draft.details,
            links: &draft.links,
            created_by: caller.account,
            media,
            executable,
        };
        let key = object::insert(work.tx, &self.permit, &new, work.now())?;
        let name = draft.name.as_deref().unwrap_or(id.as_str());
        let copy = placement::NewPlacement {
            object: key,
            folder: self.folder,
            name,
            labels: draft.labels,
            tags: &draft.tags,
            properties: &draft.properties,
            placed_by: caller.account,
        };
        placement::insert(work.tx, &self.permit, &copy, work.now())?;
        let mut after = json!({
            "state": store::text::Word::word(state),
            "folder": work.mark(&self.project.id, &self.path.as_str().into()),
            "name": work.mark(&self.project.id, &name.into()),
            "hidden": draft.hidden,
            "types": work.mark(&self.project.id, &json!(draft.types)),
            "tags": work.mark(&self.project.id, &json!(draft.tags)),
            "properties": work.mark(&self.project.id, &json!(draft.properties)),
            "details": work.mark(&self.project.id, &draft.details),
        });
        if let Some(executable) = &executable {
            after["spec"] = work.mark(&self.project.id, executable.spec);
            after["code"] = work.mark(&self.project.id, &executable.code.into());
        }
        work.record(
            Event::done(EventName::ObjectMade)
                .project(&self.project.id)
                .subject(id)
                .rule(self.permit.rule().code())
                .after(after),
        )?;
        Ok(key)
    }
}

/// What only objects of one class have.
#[derive(Clone, Copy)]
pub(crate) enum Body<'a> {
    /// Nothing.
    Plain,
    /// A file, without bytes as yet.
    File {
        /// Its media type.
        media: Option<&'a str>,
    },
    /// A specification and a program.
    Executable(NewExecutable<'a>),
}

/// What a new object will be.
pub(crate) struct Draft {
    name: Option<String>,
    tags: Vec<String>,
    types: Vec<String>,
    hidden: bool,
    properties: Map<String, Json>,
    details: Json,
    pub(super) links: Vec<String>,
    labels: Labels,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            name: None,
            tags: Vec::new(),
            types: Vec::new(),
            hidden: false,
            properties: Map::new(),
            details: no_details(),
            links: Vec::new(),
            labels: Labels::default(),
        }
    }
}

impl Draft {
    /// The metadata of a record's copy, which may have to stay where it is. The folder is not among them.
    fn of_record(work: &Work<'_>, source: &RecordCopy, into: &Project) -> Result<Self> {
        let copy = work.copy(&source.id.clone().into(), &source.project)?;
        work.permit(&copy.access, Action::ListData)?;
        let labels = if copy.project.key == into.key {
            copy.placement.labels
        } else {
            let into = Destination { contains_phi: into.flags.contains_phi };
            work.permit(&copy.access, Action::CopyOut { into })?;
            copy.access.facts().derived_labels()
        };
        Ok(Self {
            labels,
            name: Some(copy.placement.name),
            tags: copy.placement.tags,
            types: copy.object.types,
            hidden: copy.object.hidden,
            properties: copy.placement.properties,
            details: object::details(work.tx, copy.object.key)?,
            links: object::links(work.tx, copy.object.key)?,
        })
    }

    /// Links to these objects too.
    pub(super) fn link_to(&mut self, ids: impl IntoIterator<Item = String>) {
        let mut known: HashSet<String> = self.links.iter().cloned().collect();
        self.links.extend(ids.into_iter().filter(|id| known.insert(id.clone())));
    }

    /// Takes over what an input gives.
    pub(crate) fn take(&mut self, input: &NewObject<'_>) {
        if let Some(name) = input.name {
            self.name = Some(name.to_string());
        }
        if let Some(tags) = input.tags {
            self.tags = tags.iter().map(ToString::to_string).collect();
        }
        if let Some(types) = input.types {
            self.types = types.iter().map(ToString::to_string).collect();
        }
        if let Some(hidden) = input.hidden {
            self.hidden = hidden;
        }
        if let Some(properties) = input.properties {
            let entry = |(key, value): (_, &wire::text::PropertyValue)| {
                let key: &wire::text::PropertyKey = key;
                (key.to_string(), Json::from(value.as_str()))
            };
            self.properties = properties.iter().map(entry).collect();
        }
        if let Some(details) = input.details {
            self.details = details.value().clone();
            self.links = details.links().iter().map(ToString::to_string).collect();
        }
    }
}
