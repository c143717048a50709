//! What the rules look at: the texts under version control, and the crates that Cargo resolves.

use std::collections::{HashMap, HashSet};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::repo::{Repo, capture};

/// The platforms whose crates are looked at: those on which the server runs.
const PLATFORMS: [&str; 2] = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"];

/// Everything the rules look at.
#[derive(Default)]
pub(super) struct Tree {
    /// Every text file; files that are not UTF-8 are left out.
    pub(super) files: Vec<Text>,
    /// Every crate of the build, ours included.
    pub(super) crates: Vec<Crate>,
    /// The crates that each crate is built with, by [`Crate::id`]; dependencies of tests are left out.
    pub(super) edges: HashMap<String, Vec<String>>,
}

/// The crates that Cargo really builds, as `name v1.2.3`. What `cargo metadata` lists is more: it follows optional
/// dependencies that are only mentioned, such as the `b` of a feature `b?/c`.
fn built(repo: &Repo) -> Result<HashSet<String>> {
    let mut built = HashSet::new();
    for platform in PLATFORMS {
        let mut cargo = repo.cargo();
        cargo.args(["tree", "--workspace", "--all-features", "--locked", "--prefix=none", "--format={p}"]);
        for line in capture(cargo.args(["--target", platform]))?.lines() {
            let words: Vec<&str> = line.split(' ').take(2).collect();
            built.insert(words.join(" "));
        }
    }
    Ok(built)
}

/// A text file.
pub(super) struct Text {
    /// Relative to the top folder, with `/` between the parts.
    pub(super) path: String,
    pub(super) text: String,
}

impl Text {
    /// The lines before the file's own module of tests, with their numbers from 1.
    pub(super) fn production(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines().take_while(|(_, line)| *line != "#[cfg(test)]")
    }

    /// The lines with their numbers from 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// True if the file's name ends in one of these.
    pub(super) fn is(&self, extensions: &[&str]) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension))
    }
}

/// A crate as Cargo resolved it.
#[derive(Clone, Deserialize)]
pub(super) struct Crate {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) version: String,
    /// An SPDX expression.
    pub(super) license: Option<String>,
    /// Absent for the crates of this repository.
    pub(super) source: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Crate>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    kind: Option<String>,
}

impl Dependency {
    /// False for what only tests are built with.
    fn is_built_in(&self) -> bool {
        self.dep_kinds.iter().any(|kind| kind.kind.as_deref() != Some("dev"))
    }
}

impl Tree {
    /// Reads the tree of the repository.
    pub(super) fn read(repo: &Repo) -> Result<Self> {
        let mut files = Vec::new();
        for file in repo.files()? {
            let path = file.to_string_lossy().replace('\\', "/");
            let bytes =
                std::fs::read(repo.root.join(&file)).with_context(|| format!("cannot read {path}"))?;
            if let Ok(text) = String::from_utf8(bytes) {
                files.push(Text { path, text });
            }
        }
        let mut cargo = repo.cargo();
        cargo.args(["metadata", "--format-version=1", "--locked", "--all-features"]);
        for platform in PLATFORMS {
            cargo.args(["--filter-platform", platform]);
        }
        let metadata: Metadata =
            serde_json::from_str(&capture(&mut cargo)?).context("cannot read what `cargo metadata` says")?;
        let built_with = |node: Node| {
            let built_in = node.deps.into_iter().filter(Dependency::is_built_in);
            (node.id, built_in.map(|dependency| dependency.pkg).collect())
        };
        let edges = metadata.resolve.nodes.into_iter().map(built_with).collect();
        let built = built(repo)?;
        let mut crates = metadata.packages;
        crates.retain(|one| built.contains(&format!("{} v{}", one.name, one.version)));
        Ok(Self { files, crates, edges })
    }

    /// The text of a file.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }

    /// Whether there is such a file or folder.
    pub(super) fn holds(&self, path: &str) -> bool {
        self.files.iter().any(|file| {
            file.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// Our crate of this name.
    pub(super) fn own(&self, name: &str) -> Option<&Crate> {
        self.crates.iter().find(|one| one.name == name && one.source.is_none())
    }

    /// The crates that this one is built with, directly.
    pub(super) fn built_with<'t>(&'t self, id: &str) -> impl Iterator<Item = &'t Crate> {
        let ids = self.edges.get(id).map_or(&[][..], Vec::as_slice);
        ids.iter().filter_map(|id| self.crates.iter().find(|one| one.id == *id))
    }
}

#[cfg(test)]
impl Tree {
    /// A tree of these texts, without crates.
    pub(super) fn of_texts(texts: &[(&str, &str)]) -> Self {
        let text = |(path, text): &(&str, &str)| Text { path: (*path).into(), text: (*text).into() };
        Self { files: texts.iter().map(text).collect(), ..Self::default() }
    }

    /// A tree of crates, each written `name version -> name of a dependency, …`; those without a version are ours.
    pub(super) fn of_crates(lines: &[&str]) -> Self {
        let mut tree = Self::default();
        for line in lines {
            let (head, built_with) = line.split_once(" -> ").unwrap_or((line, ""));
            let (name, version) = head.split_once(' ').unwrap_or((head, ""));
            let id = if tree.crates.iter().any(|one| one.id == name) { head } else { name };
            let source = (!version.is_empty()).then(|| super::dependencies::REGISTRY.to_owned());
            let license = Some("MIT".to_owned());
            tree.crates.push(Crate {
                id: id.into(),
                name: name.into(),
                version: version.into(),
                license,
                source,
            });
            let ids = built_with.split(", ").filter(|name| !name.is_empty()).map(str::to_owned);
            tree.edges.insert(id.into(), ids.collect());
        }
        tree
    }
}
