//! What a clone would make, worked out before anything is written.

use std::collections::{HashMap, HashSet};

use store::cloning::{self, Source};
use store::folder;
use store::keys::{FolderKey, ObjectKey, PlacementKey};
use store::project::Project;
use wire::container::{CloneInto, MAX_CLONED};
use wire::folder::FolderPath;
use wire::id::ObjectId;
use wire::{ApiError, ErrorType};

use crate::error::Result;
use crate::folder::{missing, shown};
use crate::work::Work;

/// The most copies, tags and properties that one call makes: it keeps the one writer busy meanwhile.
const MOST_MADE: usize = 500_000;

/// What a clone would make.
pub(super) struct Plan {
    /// The folder that takes what is named.
    pub(super) destination: FolderPath,
    /// Whether that folder is there already.
    destination_exists: bool,
    /// The folders to make under it, each after the one above it.
    pub(super) folders: Vec<FolderPath>,
    /// The copies to make, each with its folder.
    pub(super) copies: Vec<(Source, FolderPath)>,
    /// Copies whose objects the destination project has already.
    pub(super) exists: Vec<Source>,
}

impl Plan {
    /// Finds everything that the call names and what comes along.
    pub(super) fn make(work: &Work<'_>, from: &Project, into: &Project, input: &CloneInto) -> Result<Self> {
        check_count(input.objects.len() + input.folders.len())?;
        let destination_exists = folder::find(work.tx, into.key, &input.destination)?.is_some();
        if !destination_exists && !input.parents {
            return Err(missing(into, &input.destination).into());
        }
        let tree = Tree::find(work, from, input)?;
        let mut chosen = Chosen::default();
        for copy in named(work, from, &input.objects)? {
            chosen.add(copy, input.destination.clone());
        }
        for top in tree.outermost() {
            let left = (MAX_CLONED + 1).saturating_sub(chosen.copies.len());
            for copy in cloning::visible_below(work.tx, from.key, top, left)? {
                let path = tree.target(&copy, &input.destination);
                chosen.add(copy, path);
            }
            check_count(chosen.copies.len())?;
        }
        let objects: Vec<ObjectKey> = chosen.copies.iter().map(|(copy, _)| copy.object).collect();
        let mut there = cloning::already_in(work.tx, into.key, &objects)?;
        let mut frontier: Vec<ObjectKey> =
            objects.into_iter().filter(|object| !there.contains(object)).collect();
        // Hidden objects come along with what links to them, and what belongs to an executable with that.
        while !frontier.is_empty() {
            let along = cloning::taken_along(work.tx, from.key, &frontier)?;
            frontier = Vec::new();
            for copy in along {
                let (object, path) = (copy.object, tree.target(&copy, &input.destination));
                if chosen.add(copy, path) {
                    frontier.push(object);
                }
            }
            check_count(chosen.copies.len())?;
            there.extend(cloning::already_in(work.tx, into.key, &frontier)?);
        }
        let (exists, copies) =
            chosen.copies.into_iter().partition::<Vec<_>, _>(|(copy, _)| there.contains(&copy.object));
        let keys: Vec<PlacementKey> = copies.iter().map(|(copy, _)| copy.copy).collect();
        if keys.len() + cloning::count_metadata(work.tx, &keys)? > MOST_MADE {
            return Err(ApiError::invalid_input(format!(
                "One call makes at most {MOST_MADE} copies, tags and properties together. Clone fewer objects at once, or smaller folders one by one."
            ))
            .into());
        }
        Ok(Self {
            destination: input.destination.clone(),
            destination_exists,
            folders: tree.targets,
            copies,
            exists: exists.into_iter().map(|(copy, _)| copy).collect(),
        })
    }

    /// Every copy that the call touches, those that are there already included.
    pub(super) fn all(&self) -> impl Iterator<Item = &Source> {
        self.copies.iter().map(|(copy, _)| copy).chain(&self.exists)
    }

    /// Refuses folders that would meet another one of their path.
    pub(super) fn check_folders(&self, work: &Work<'_>, into: &Project) -> Result<()> {
        for pair in self.folders.windows(2) {
            if let [one, next] = pair
                && one == next
            {
                return Err(conflict(one).into());
            }
        }
        let at_top = |path: &&FolderPath| path.parent().as_ref() == Some(&self.destination);
        for path in self.folders.iter().filter(at_top) {
            if self.destination_exists && folder::find(work.tx, into.key, path)?.is_some() {
                return Err(conflict(path).into());
            }
        }
        Ok(())
    }
}

/// The copies chosen so far, each once: what is named by itself comes first and stays where it was put.
#[derive(Default)]
struct Chosen {
    copies: Vec<(Source, FolderPath)>,
    known: HashSet<PlacementKey>,
}

impl Chosen {
    fn add(&mut self, copy: Source, path: FolderPath) -> bool {
        let new = self.known.insert(copy.copy);
        if new {
            self.copies.push((copy, path));
        }
        new
    }
}

/// The folders of the source that are cloned, and what each becomes.
struct Tree {
    outermost: Vec<FolderPath>,
    by_key: HashMap<FolderKey, FolderPath>,
    targets: Vec<FolderPath>,
}

impl Tree {
    fn find(work: &Work<'_>, from: &Project, input: &CloneInto) -> Result<Self> {
        let named: HashSet<&FolderPath> = input.folders.iter().collect();
        for path in &named {
            if folder::find(work.tx, from.key, path)?.is_none() {
                return Err(missing(from, path).into());
            }
        }
        let outermost: Vec<FolderPath> = named
            .iter()
            .filter(|path| !path.ancestors().iter().any(|above| named.contains(above)))
            .map(|path| (*path).clone())
            .collect();
        let mut tree = Self { outermost, by_key: HashMap::new(), targets: Vec::new() };
        for top in &tree.outermost {
            let left = (MAX_CLONED + 2).saturating_sub(tree.by_key.len());
            for (key, path) in cloning::folders_below(work.tx, from.key, top, left)? {
                let path = FolderPath::parse(&path).map_err(crate::error::Error::internal)?;
                let target = become_of(&path, &named, &input.destination)?;
                if target != input.destination {
                    tree.targets.push(target.clone());
                }
                tree.by_key.insert(key, target);
            }
            check_count(tree.by_key.len().saturating_sub(1))?;
        }
        // Bytes order puts a folder before all below it.
        tree.targets.sort();
        Ok(tree)
    }

    fn outermost(&self) -> &[FolderPath] {
        &self.outermost
    }

    /// Where a copy goes: what lies in a cloned folder keeps its place in it, all else goes to the destination itself.
    fn target(&self, copy: &Source, destination: &FolderPath) -> FolderPath {
        self.by_key.get(&copy.folder).unwrap_or(destination).clone()
    }
}

/// What a folder at or below a named one becomes: the nearest named one goes directly into the destination. What lies in
/// the root goes there without a folder of its own.
fn become_of(
    path: &FolderPath,
    named: &HashSet<&FolderPath>,
    destination: &FolderPath,
) -> Result<FolderPath> {
    let mut above = path.ancestors();
    above.push(path.clone());
    let nearest = above.iter().rev().find(|path| named.contains(path));
    let unfit = |why: wire::text::TextError| {
        ApiError::invalid_input(format!(
            "The folder \"{}\" cannot lie under \"{}\": {why}.",
            shown(path),
            shown(destination)
        ))
    };
    let Some(nearest) = nearest else { return Ok(destination.clone()) };
    let to = match nearest.basename() {
        Some(name) => destination.join(&name).map_err(unfit)?,
        None => destination.clone(),
    };
    Ok(path.moved(nearest, &to).transpose().map_err(unfit)?.unwrap_or(to))
}

/// The copies of the named objects.
fn named(work: &Work<'_>, from: &Project, ids: &[ObjectId]) -> Result<Vec<Source>> {
    let found = cloning::named(work.tx, from.key, ids)?;
    let known: HashSet<&ObjectId> = found.iter().map(|copy| &copy.id).collect();
    match ids.iter().find(|id| !known.contains(id)) {
        Some(absent) => Err(crate::error::not_in(absent, &from.id).into()),
        None => Ok(found),
    }
}

fn check_count(count: usize) -> Result<()> {
    if count <= MAX_CLONED {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorType::InvalidState,
        format!(
            "One call clones at most {MAX_CLONED} objects, hidden ones included, and as many folders. Clone smaller folders one by one."
        ),
    )
    .into())
}

fn conflict(path: &FolderPath) -> ApiError {
    // The client's own tests look for these words.
    ApiError::new(
        ErrorType::InvalidState,
        format!(
            "If cloned, a folder would conflict with the route of an existing folder (\"{}\").",
            shown(path)
        ),
    )
}
