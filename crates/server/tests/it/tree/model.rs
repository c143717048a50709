//! Two projects with folders and copies, as plain sets of paths. Written from the contract alone; slow and obvious.

use std::collections::{BTreeMap, BTreeSet};

/// How many objects there are.
pub const OBJECTS: usize = 10;
/// The first of them are visible, the others hidden.
pub const VISIBLE: usize = 5;

/// One project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Every folder's path.
    pub folders: BTreeSet<String>,
    /// The folder of each object that has a copy here.
    pub copies: BTreeMap<usize, String>,
}

/// The two projects.
pub struct Model {
    projects: [Project; 2],
    links: BTreeSet<(usize, usize)>,
}

/// The path of a folder's parent; none for the root.
fn parent(path: &str) -> Option<String> {
    match path.rfind('/') {
        _ if path == "/" => None,
        Some(0) => Some("/".to_owned()),
        Some(at) => Some(path[..at].to_owned()),
        None => None,
    }
}

fn is_at_or_below(path: &str, top: &str) -> bool {
    let mut path = Some(path.to_owned());
    while let Some(now) = path {
        if now == top {
            return true;
        }
        path = parent(&now);
    }
    false
}

fn join(folder: &str, name: &str) -> String {
    if folder == "/" { format!("/{name}") } else { format!("{folder}/{name}") }
}

/// What `path` becomes when `from`, which is at or above it, becomes `to`.
fn moved(path: &str, from: &str, to: &str) -> String {
    if path == from {
        return to.to_owned();
    }
    let above = moved(&parent(path).unwrap(), from, to);
    join(&above, path.rsplit('/').next().unwrap())
}

/// The named folder that is nearest at or above a path.
fn nearest<'a>(path: &str, named: &'a [String]) -> Option<&'a String> {
    named.iter().filter(|top| is_at_or_below(path, top)).max_by_key(|top| top.len())
}

impl Model {
    pub fn new(links: &[(usize, usize)]) -> Self {
        let empty = Project { folders: BTreeSet::from(["/".to_owned()]), copies: BTreeMap::new() };
        Self { projects: [empty.clone(), empty], links: links.iter().copied().collect() }
    }

    pub fn project(&self, number: usize) -> &Project {
        &self.projects[number]
    }

    pub fn links_of(&self, from: usize) -> impl Iterator<Item = usize> + '_ {
        self.links.iter().filter(move |(source, _)| *source == from).map(|(_, target)| *target)
    }

    /// Keeps the links that the condition holds for.
    pub fn drop_links(&mut self, keep: impl Fn(usize, usize) -> bool) {
        self.links.retain(|(from, to)| keep(*from, *to));
    }

    /// Places an object; its folder is made.
    pub fn put(&mut self, project: usize, object: usize, folder: &str) {
        self.make(project, folder);
        self.projects[project].copies.insert(object, folder.to_owned());
    }

    fn make(&mut self, project: usize, folder: &str) {
        let mut path = Some(folder.to_owned());
        while let Some(now) = path {
            path = parent(&now);
            self.projects[project].folders.insert(now);
        }
    }

    pub fn new_folder(&mut self, project: usize, folder: &str, parents: bool) -> Option<()> {
        let known = &self.projects[project].folders;
        if !parents && (known.contains(folder) || !known.contains(&parent(folder)?)) {
            return None;
        }
        self.make(project, folder);
        Some(())
    }

    pub fn rename(&mut self, project: usize, from: &str, to: &str) -> Option<()> {
        let state = &self.projects[project];
        if from == "/" || !state.folders.contains(from) {
            return None;
        }
        if from == to {
            return Some(());
        }
        if is_at_or_below(to, from) || state.folders.contains(to) || !state.folders.contains(&parent(to)?) {
            return None;
        }
        self.apply(project, &|path| is_at_or_below(path, from).then(|| moved(path, from, to)))
    }

    pub fn move_all(
        &mut self,
        project: usize,
        objects: &[usize],
        folders: &[String],
        to: &str,
    ) -> Option<()> {
        let state = &self.projects[project];
        let known = |path: &String| state.folders.contains(path);
        if !state.folders.contains(to) || !objects.iter().all(|object| state.copies.contains_key(object)) {
            return None;
        }
        if folders.iter().any(|folder| folder == "/" || !known(folder) || is_at_or_below(to, folder)) {
            return None;
        }
        self.apply(project, &|path| {
            let top = nearest(path, folders)?;
            Some(moved(path, top, &join(to, top.rsplit('/').next()?)))
        })?;
        for object in objects {
            self.projects[project].copies.insert(*object, to.to_owned());
        }
        Some(())
    }

    /// Gives folders other paths; none when two would be the same.
    fn apply(&mut self, project: usize, change: &dyn Fn(&str) -> Option<String>) -> Option<()> {
        let new = |path: &String| change(path).unwrap_or_else(|| path.clone());
        let state = &mut self.projects[project];
        let folders: BTreeSet<String> = state.folders.iter().map(new).collect();
        if folders.len() < state.folders.len() {
            return None;
        }
        state.folders = folders;
        for folder in state.copies.values_mut() {
            *folder = new(folder);
        }
        Some(())
    }

    pub fn remove(&mut self, project: usize, objects: &[usize], force: bool) -> Option<()> {
        let copies = &self.projects[project].copies;
        if !force && !objects.iter().all(|object| copies.contains_key(object)) {
            return None;
        }
        let present = objects.iter().copied().filter(|object| copies.contains_key(object)).collect();
        self.take_away(project, present);
        Some(())
    }

    pub fn remove_folder(&mut self, project: usize, folder: &str, recurse: bool, force: bool) -> Option<()> {
        let state = &self.projects[project];
        if folder == "/" && !recurse {
            return None;
        }
        if !state.folders.contains(folder) {
            return force.then_some(());
        }
        let inside: BTreeSet<usize> = state
            .copies
            .iter()
            .filter(|(_, path)| is_at_or_below(path, folder))
            .map(|(object, _)| *object)
            .collect();
        let below = state.folders.iter().filter(|path| is_at_or_below(path, folder)).count();
        if !recurse && (!inside.is_empty() || below > 1) {
            return None;
        }
        self.take_away(project, inside);
        self.projects[project].folders.retain(|path| path == "/" || !is_at_or_below(path, folder));
        Some(())
    }

    /// Removes copies, then hidden ones that something removed linked to and nothing visible reaches, until none is left.
    fn take_away(&mut self, project: usize, mut gone: BTreeSet<usize>) {
        self.projects[project].copies.retain(|object, _| !gone.contains(object));
        loop {
            let present: BTreeSet<usize> = self.projects[project].copies.keys().copied().collect();
            let visible = present.iter().copied().filter(|object| *object < VISIBLE).collect();
            let held = self.hidden_from(&visible, &present);
            let next = present.iter().copied().find(|object| {
                *object >= VISIBLE
                    && !held.contains(object)
                    && gone.iter().any(|from| self.links.contains(&(*from, *object)))
            });
            let Some(next) = next else { return };
            self.projects[project].copies.remove(&next);
            gone.insert(next);
        }
    }

    /// The hidden objects among `present` that these reach through hidden ones.
    fn hidden_from(&self, from: &BTreeSet<usize>, present: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut reached = BTreeSet::new();
        loop {
            let next = self
                .links
                .iter()
                .filter(|(source, _)| from.contains(source) || reached.contains(source))
                .map(|(_, target)| *target)
                .find(|target| *target >= VISIBLE && present.contains(target) && !reached.contains(target));
            match next {
                Some(next) => reached.insert(next),
                None => return reached,
            };
        }
    }

    /// Clones into the other project, and yields what was there already.
    pub fn clone_into(
        &mut self,
        project: usize,
        objects: &[usize],
        folders: &[String],
        to: &str,
        parents: bool,
    ) -> Option<BTreeSet<usize>> {
        let (source, target) = (&self.projects[project], &self.projects[1 - project]);
        if !target.folders.contains(to) && !parents {
            return None;
        }
        if !objects.iter().all(|object| source.copies.contains_key(object))
            || !folders.iter().all(|folder| source.folders.contains(folder))
        {
            return None;
        }
        let becomes = |path: &String| -> Option<String> {
            let top = nearest(path, folders)?;
            let place = if top == "/" { to.to_owned() } else { join(to, top.rsplit('/').next()?) };
            Some(if top == "/" { below_root(path, &place) } else { moved(path, top, &place) })
        };
        let made: Vec<String> = source.folders.iter().filter_map(becomes).filter(|path| path != to).collect();
        let unique: BTreeSet<&String> = made.iter().collect();
        if unique.len() < made.len() || made.iter().any(|path| target.folders.contains(path)) {
            return None;
        }
        let mut chosen: BTreeMap<usize, String> =
            objects.iter().map(|object| (*object, to.to_owned())).collect();
        for (object, folder) in &source.copies {
            if let Some(place) = becomes(folder)
                && *object < VISIBLE
            {
                chosen.entry(*object).or_insert(place);
            }
        }
        let new: BTreeSet<usize> =
            chosen.keys().copied().filter(|object| !target.copies.contains_key(object)).collect();
        let present: BTreeSet<usize> = source.copies.keys().copied().collect();
        for hidden in self.hidden_from(&new, &present) {
            let place = becomes(&source.copies[&hidden]).unwrap_or_else(|| to.to_owned());
            chosen.entry(hidden).or_insert(place);
        }
        let exists = chosen.keys().copied().filter(|object| target.copies.contains_key(object)).collect();
        self.make(1 - project, to);
        for path in made {
            self.make(1 - project, &path);
        }
        for (object, place) in chosen {
            self.projects[1 - project].copies.entry(object).or_insert(place);
        }
        Some(exists)
    }
}

/// Where what lies in the root goes: its contents lie directly in the place.
fn below_root(path: &str, place: &str) -> String {
    if path == "/" { place.to_owned() } else { moved(path, "/", place) }
}
