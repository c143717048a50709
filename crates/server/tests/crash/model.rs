//! What one worker holds, in memory: the naive model of the server.

use std::collections::{BTreeMap, BTreeSet};

/// Everything that one worker owns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Holdings {
    /// Projects, by id.
    pub projects: BTreeMap<String, Project>,
    /// Objects with a copy in one of them, by id.
    pub objects: BTreeMap<String, Object>,
    /// The labels of further tokens, by the tokens' signatures.
    pub tokens: BTreeMap<String, String>,
}

/// A project.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Project {
    pub name: String,
    pub tags: BTreeSet<String>,
    /// Levels, by user.
    pub members: BTreeMap<String, String>,
    pub folders: BTreeSet<String>,
    /// Copies, by object.
    pub copies: BTreeMap<String, Copy>,
}

/// A copy of an object in a project.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Copy {
    pub name: String,
    pub folder: String,
    pub tags: BTreeSet<String>,
}

/// A record or a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Object {
    pub state: String,
    pub details: u64,
    /// MD5s of the parts whose bytes are there, by number.
    pub parts: BTreeMap<u64, String>,
}

impl Holdings {
    /// The same once the background has done its work.
    pub fn at_rest(mut self) -> Self {
        for object in self.objects.values_mut().filter(|object| object.state == "closing") {
            object.state = "closed".to_owned();
        }
        self
    }

    /// Every id in here.
    pub fn ids(&self) -> BTreeSet<&String> {
        self.projects.keys().chain(self.objects.keys()).chain(self.tokens.keys()).collect()
    }

    /// Drops the objects that have no copy left.
    pub fn drop_without_copies(&mut self) {
        let placed: BTreeSet<String> =
            self.projects.values().flat_map(|project| project.copies.keys().cloned()).collect();
        self.objects.retain(|id, _| placed.contains(id));
    }
}

/// Whether a folder is another one or lies below it.
pub fn within(folder: &str, above: &str) -> bool {
    folder == above || folder.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
}
