//! Describing many objects in one call, each through the best of its copies (contract: data 10.2).

use std::collections::{HashMap, VecDeque};

use store::keys::{ObjectKey, ProjectKey};
use store::object;
use wire::ApiError;
use wire::answer::Described;
use wire::fields::Fields;
use wire::id::{ContainerId, ObjectId};
use wire::object::{DescribeDataObjects, DescribeObject, ObjectDescriptions, ObjectResult};

use super::describe::describe_each;
use crate::context::Ctx;
use crate::copies::too_many_copies;
use crate::error::{Result, no_such};
use crate::work::Work;

/// `/system/describeDataObjects`. What is wrong with one object is said in its place among the results.
///
/// # Errors
/// `InvalidInput` when the answer would be too large to give at once.
pub async fn describe_all(ctx: Ctx, input: DescribeDataObjects) -> Result<ObjectDescriptions> {
    ctx.look(move |work| {
        let read: Vec<_> = input.objects.iter().map(|object| Wanted::read(&input, object)).collect();
        let ids: Vec<_> = read.iter().flatten().map(|wanted| wanted.id.clone()).collect();
        let keys = object::keys_of(work.tx, &ids)?;
        let mut searches: Vec<_> = read
            .iter()
            .map(|wanted| wanted.as_ref().ok().and_then(|wanted| Search::new(wanted, &keys)))
            .collect();
        find_hinted(work, &mut searches)?;
        find_best(work, &mut searches)?;
        let results = read.iter().zip(searches).map(|(wanted, search)| match wanted {
            Err(error) => error.clone().into(),
            Ok(wanted) => match search {
                Some(Search { found: Some(describe), .. }) => ObjectResult::Described { describe },
                Some(Search { left_out: true, .. }) => too_many_copies().into(),
                _ => no_such(wanted.id.as_str()).into(),
            },
        });
        Ok(ObjectDescriptions { results: results.collect() })
    })
    .await
}

/// One object of the input.
struct Wanted {
    id: ObjectId,
    fields: Fields,
    hint: Option<ContainerId>,
}

impl Wanted {
    fn read(input: &DescribeDataObjects, object: &DescribeObject) -> Result<Self, ApiError> {
        let id = ObjectId::parse(&object.id).ok_or_else(|| {
            ApiError::invalid_input("This entry of \"objects\" does not hold the id of a data object.")
        })?;
        let fields = input.fields(object, id.class()).cloned().unwrap_or_default();
        let hint = fields.project_hint()?;
        Ok(Self { id, fields, hint })
    }
}

/// The way to the description of one object.
struct Search<'a> {
    wanted: &'a Wanted,
    key: ObjectKey,
    /// Copies that were not tried yet, the best first.
    candidates: VecDeque<ProjectKey>,
    /// Whether others were left out, because they are too many.
    left_out: bool,
    found: Option<Described>,
}

impl<'a> Search<'a> {
    fn new(wanted: &'a Wanted, keys: &HashMap<ObjectId, ObjectKey>) -> Option<Self> {
        let key = *keys.get(&wanted.id)?;
        Some(Self { wanted, key, candidates: VecDeque::new(), left_out: false, found: None })
    }
}

/// Describes what lies where its hint says.
fn find_hinted(work: &Work<'_>, searches: &mut [Option<Search<'_>>]) -> Result<()> {
    let mut hinted: HashMap<ContainerId, Option<ProjectKey>> = HashMap::new();
    for search in searches.iter_mut().flatten() {
        let Some(hint) = &search.wanted.hint else { continue };
        let key = match hinted.get(hint) {
            Some(known) => *known,
            None => {
                let key = work.visible_project(hint)?.map(|(project, _)| project.key);
                hinted.insert(hint.clone(), key);
                key
            }
        };
        search.candidates.extend(key);
    }
    try_candidates(work, searches)
}

/// Describes the others, each where the caller's level is highest, else where it was placed first.
fn find_best(work: &Work<'_>, searches: &mut [Option<Search<'_>>]) -> Result<()> {
    let missing: Vec<_> =
        searches.iter().flatten().filter(|search| search.found.is_none()).map(|search| search.key).collect();
    let places = work.places(&missing)?;
    for search in searches.iter_mut().flatten().filter(|search| search.found.is_none()) {
        search.candidates = places.of_object.get(&search.key).cloned().unwrap_or_default().into();
        search.left_out = places.left_out.contains(&search.key);
    }
    try_candidates(work, searches)
}

/// Describes each object through the first of its candidates that the caller may see, all objects at once.
fn try_candidates(work: &Work<'_>, searches: &mut [Option<Search<'_>>]) -> Result<()> {
    loop {
        let mut asked = Vec::new();
        for (place, search) in searches.iter_mut().enumerate() {
            let Some(search) = search.as_mut().filter(|search| search.found.is_none()) else { continue };
            if let Some(project) = search.candidates.pop_front() {
                asked.push((place, (search.key, project, &search.wanted.fields)));
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        let (at, copies): (Vec<_>, Vec<_>) = asked.into_iter().unzip();
        let described = describe_each(work, &copies)?;
        for (place, found) in at.into_iter().zip(described) {
            if let Some(search) = &mut searches[place] {
                search.found = found;
            }
        }
    }
}
