//! Everything that a page of descriptions needs, read in batches.

use std::collections::HashMap;

use policy::{ObjectFacts, ObjectFields};
use serde_json::Map;
use serde_json::value::RawValue;
use store::access::{Access, object_facts};
use store::keys::{ObjectKey, ProjectKey};
use store::object::{Object, ObjectState};
use store::part::Part;
use store::placement::Placement;
use store::project::Project;
use store::{executable, object, part, placement};
use wire::ApiError;
use wire::fields::Fields;
use wire::id::ContainerId;

use super::shown::{SPEC_FIELDS, Shown};
use crate::copies::Copy;
use crate::error::Result;
use crate::metadata::{bytes_of_properties, bytes_of_words};
use crate::work::Work;

/// The most parts of files that one answer holds.
const MAX_ANSWER_PARTS: usize = 200_000;
/// About how much one link takes in an answer, in bytes.
const LINK_BYTES: i64 = 40;
/// How many copies are read at once.
const BATCH: usize = 500;

/// What a page of descriptions is made from.
#[derive(Default)]
pub(super) struct Loaded {
    objects: HashMap<ObjectKey, Object>,
    copies: HashMap<ProjectKey, Copies>,
    pub(super) details: HashMap<ObjectKey, Box<RawValue>>,
    pub(super) links: HashMap<ObjectKey, Vec<String>>,
    pub(super) parts: HashMap<ObjectKey, Vec<Part>>,
    /// The specifications of executables.
    pub(super) specs: HashMap<ObjectKey, executable::Spec>,
    /// The program, where one executable is described whole.
    pub(super) code: Option<String>,
}

/// Takes room for what is read: about as much goes into the answer.
struct Reading<'a> {
    work: &'a Work<'a>,
    bytes: usize,
}

impl Reading<'_> {
    fn add(&mut self, bytes: usize) -> Result<()> {
        self.bytes = self.bytes.saturating_add(bytes);
        self.work.expect_in_answer(self.bytes)
    }
}

/// The copies that lie in one project.
struct Copies {
    project: ContainerId,
    region: String,
    placements: HashMap<ObjectKey, Placement>,
    /// What the caller may read of each; those that are hidden from the caller are absent.
    readable: HashMap<ObjectKey, ObjectFields>,
}

impl Loaded {
    /// Reads what the wanted fields of these copies need.
    pub(super) fn load(work: &Work<'_>, asked: &[(ObjectKey, ProjectKey, &Fields)]) -> Result<Self> {
        let kept = Kept::of(asked);
        let mut reading = Reading { work, bytes: 0 };
        let mut objects = HashMap::with_capacity(asked.len());
        for batch in distinct(asked.iter().map(|(object, ..)| *object)).chunks(BATCH) {
            for (key, mut object) in object::by_keys(work.tx, batch)? {
                if !kept.types {
                    object.types = Vec::new();
                }
                reading.add(bytes_of_words(&object.types))?;
                objects.insert(key, object);
            }
        }
        let mut by_project: HashMap<ProjectKey, Vec<ObjectKey>> = HashMap::new();
        for (object, project, _) in asked {
            by_project.entry(*project).or_default().push(*object);
        }
        let mut copies = HashMap::new();
        for (key, (project, mut access)) in work.projects_of_keys(by_project.keys().copied())? {
            let keys = distinct(by_project.remove(&key).unwrap_or_default());
            copies.insert(key, Copies::load(&mut reading, project, &mut access, &keys, &objects, kept)?);
        }
        let mut loaded = Self { objects, copies, ..Self::default() };
        loaded.load_extras(&mut reading, asked)?;
        Ok(loaded)
    }

    /// Reads what the wanted fields of a copy need that is not loaded with it.
    pub(super) fn of_copy(work: &Work<'_>, copy: Copy, fields: &Fields) -> Result<Self> {
        let asked = [(copy.object.key, copy.project.key, fields)];
        let readable = copy.access.readable_fields().map(|fields| (copy.object.key, fields));
        let copies = Copies {
            project: copy.project.id,
            region: copy.project.region,
            placements: HashMap::from([(copy.object.key, copy.placement)]),
            readable: readable.into_iter().collect(),
        };
        let mut loaded = Self {
            objects: HashMap::from([(copy.object.key, copy.object)]),
            copies: HashMap::from([(copy.project.key, copies)]),
            ..Self::default()
        };
        loaded.load_extras(&mut Reading { work, bytes: 0 }, &asked)?;
        Ok(loaded)
    }

    /// With the program of an executable.
    pub(super) fn with_code(self, work: &Work<'_>, executable: ObjectKey) -> Result<Self> {
        Ok(Self { code: Some(executable::code(work.tx, executable)?), ..self })
    }

    /// One copy; none when it is absent or hidden.
    pub(super) fn shown(&self, object: ObjectKey, project: ProjectKey) -> Option<Shown<'_>> {
        let copies = self.copies.get(&project)?;
        Some(Shown {
            object: self.objects.get(&object)?,
            placement: copies.placements.get(&object)?,
            project: &copies.project,
            region: &copies.region,
            readable: *copies.readable.get(&object)?,
        })
    }

    /// Details, links, parts and specifications are read only where they are asked for and may be seen.
    fn load_extras(
        &mut self,
        reading: &mut Reading<'_>,
        asked: &[(ObjectKey, ProjectKey, &Fields)],
    ) -> Result<()> {
        let tx = reading.work.tx;
        let (mut details, mut links, mut parts) = (Vec::new(), Vec::new(), Vec::new());
        let mut executables = Vec::new();
        let mut bytes = 0;
        for (key, project, fields) in asked {
            let Some(shown) = self.shown(*key, *project) else { continue };
            let object = shown.object;
            if shown.may_read("details") && fields.wants("details", false) {
                details.push(*key);
                bytes += object.details_bytes;
            }
            if object.link_count > 0 && shown.may_read("links") && fields.wants("links", true) {
                links.push(*key);
                bytes += object.link_count * LINK_BYTES;
            }
            let by_default = object.state != ObjectState::Closed;
            if shown.has_parts() && shown.may_read("parts") && fields.wants("parts", by_default) {
                parts.push(*key);
            }
            if shown.has_spec()
                && SPEC_FIELDS.iter().any(|name| shown.may_read(name) && fields.wants(name, true))
            {
                executables.push(*key);
            }
        }
        let executables = distinct(executables);
        // Twice: what depends on the region is answered under its name as well.
        bytes += 2 * executable::spec_bytes(tx, &executables)?.values().sum::<i64>();
        reading.add(usize::try_from(bytes).unwrap_or(usize::MAX))?;
        self.details = object::details_of(tx, &distinct(details))?;
        self.note_details(reading.work, asked);
        self.links = object::links_of(tx, &distinct(links))?;
        self.specs = executable::specs_of(tx, &executables)?;
        self.parts = part::of_files(tx, &distinct(parts), MAX_ANSWER_PARTS)?
            .ok_or_else(|| too_much(&format!("more than {MAX_ANSWER_PARTS} parts of files")))?;
        Ok(())
    }
}

impl Loaded {
    /// Notes of which of these copies the answer will hold details.
    fn note_details(&self, work: &Work<'_>, asked: &[(ObjectKey, ProjectKey, &Fields)]) {
        for (key, project, fields) in asked {
            if !self.details.contains_key(key) || !fields.wants("details", false) {
                continue;
            }
            if let Some(shown) = self.shown(*key, *project).filter(|shown| shown.may_read("details")) {
                work.details_read(shown.project, &shown.object.id);
            }
        }
    }
}

impl Copies {
    fn load(
        reading: &mut Reading<'_>,
        project: Project,
        access: &mut Access,
        keys: &[ObjectKey],
        objects: &HashMap<ObjectKey, Object>,
        kept: Kept,
    ) -> Result<Self> {
        let work = reading.work;
        let mut placements = HashMap::with_capacity(keys.len());
        for batch in keys.chunks(BATCH) {
            for (key, mut copy) in placement::of_project(work.tx, project.key, batch)? {
                kept.cut(&mut copy);
                let names = copy.name.len() + copy.folder_path.as_str().len();
                let metadata = bytes_of_words(&copy.tags) + bytes_of_properties(&copy.properties);
                reading.add(names + metadata)?;
                placements.insert(key, copy);
            }
        }
        let mut decided = Decided::default();
        let mut readable = HashMap::with_capacity(placements.len());
        for (key, placement) in &placements {
            let Some(object) = objects.get(key) else { continue };
            let facts = object_facts(work.caller()?.account, object, placement);
            if let Some(fields) = decided.fields_of(access, facts) {
                readable.insert(*key, fields);
            }
        }
        Ok(Self { project: project.id, region: project.region, placements, readable })
    }
}

/// Which metadata of copies anybody asked for; what nobody wants is not kept in memory.
#[derive(Clone, Copy)]
struct Kept {
    types: bool,
    tags: bool,
    properties: bool,
}

impl Kept {
    fn of(asked: &[(ObjectKey, ProjectKey, &Fields)]) -> Self {
        let wanted = |name, by_default| asked.iter().any(|(.., fields)| fields.wants(name, by_default));
        Self {
            types: wanted("types", true),
            tags: wanted("tags", true),
            properties: wanted("properties", false),
        }
    }

    fn cut(self, copy: &mut Placement) {
        if !self.tags {
            copy.tags = Vec::new();
        }
        if !self.properties {
            copy.properties = Map::new();
        }
    }
}

/// Decisions of one project. Objects fall into few kinds as far as access goes, so that a page asks few times.
#[derive(Default)]
struct Decided(HashMap<ObjectFacts, Option<ObjectFields>>);

impl Decided {
    fn fields_of(&mut self, access: &mut Access, facts: ObjectFacts) -> Option<ObjectFields> {
        *self.0.entry(facts).or_insert_with(|| access.fields_of(facts))
    }
}

fn distinct(keys: impl IntoIterator<Item = ObjectKey>) -> Vec<ObjectKey> {
    let mut keys: Vec<_> = keys.into_iter().collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn too_much(what: &str) -> crate::error::Error {
    ApiError::invalid_input(format!(
        "The descriptions asked for hold {what}, which is too much for one answer. Ask for fewer objects at once, or for fewer fields."
    ))
    .into()
}
