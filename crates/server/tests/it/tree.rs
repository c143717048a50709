//! Random sequences of folder calls against a naive model in memory: after each call, the same folders hold the same
//! objects (contract: data 11, invariants 12 to 25).

mod model;

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};
use store::db::{DbError, params};

use crate::things::record;
use crate::world::{Client, World};
use model::{Model, OBJECTS, Project, VISIBLE};

/// One call, with what it names still to be picked.
#[derive(Debug, Clone)]
enum Call {
    New { folder: Pick, parents: bool },
    Rename { folder: Pick, to: Pick },
    Move { objects: Vec<Pick>, folders: Vec<Pick>, to: Pick },
    Remove { objects: Vec<Pick>, force: bool },
    RemoveFolder { folder: Pick, recurse: bool, force: bool },
    Clone { objects: Vec<Pick>, folders: Vec<Pick>, to: Pick, parents: bool },
}

/// A folder or an object, by number: mostly one that is there, so that calls succeed as often as they fail.
#[derive(Debug, Clone, Copy)]
enum Pick {
    There(usize),
    Any(usize),
}

impl Pick {
    fn of<T: Clone>(self, there: &[T], any: &[T]) -> T {
        match self {
            Self::There(number) if !there.is_empty() => there[number % there.len()].clone(),
            Self::There(number) | Self::Any(number) => any[number % any.len()].clone(),
        }
    }
}

/// Every path of up to three names out of two, the root first.
fn paths() -> Vec<String> {
    let mut paths = vec!["/".to_owned()];
    let mut level = vec![String::new()];
    for _ in 0..3 {
        level = level.iter().flat_map(|path| ["a", "b"].map(|name| format!("{path}/{name}"))).collect();
        paths.extend(level.iter().cloned());
    }
    paths
}

fn pick() -> impl Strategy<Value = Pick> + Clone {
    prop_oneof![6 => any::<usize>().prop_map(Pick::There), 1 => any::<usize>().prop_map(Pick::Any)]
}

fn call() -> impl Strategy<Value = Call> {
    let some = vec(pick(), 0..3);
    let anywhere = any::<usize>().prop_map(Pick::Any);
    prop_oneof![
        3 => (anywhere.clone(), any::<bool>()).prop_map(|(folder, parents)| Call::New { folder, parents }),
        4 => (pick(), anywhere).prop_map(|(folder, to)| Call::Rename { folder, to }),
        4 => (some.clone(), some.clone(), pick())
            .prop_map(|(objects, folders, to)| Call::Move { objects, folders, to }),
        2 => (some.clone(), any::<bool>()).prop_map(|(objects, force)| Call::Remove { objects, force }),
        1 => (pick(), any::<bool>(), any::<bool>())
            .prop_map(|(folder, recurse, force)| Call::RemoveFolder { folder, recurse, force }),
        5 => (some.clone(), some, pick(), any::<bool>())
            .prop_map(|(objects, folders, to, parents)| Call::Clone { objects, folders, to, parents }),
    ]
}

/// A case: where the objects lie first, who links to whom, and the calls, each with the project it is for.
#[derive(Debug, Clone)]
struct Case {
    places: Vec<usize>,
    links: Vec<(usize, usize)>,
    calls: Vec<(usize, Call)>,
}

fn case() -> impl Strategy<Value = Case> {
    let places = vec(0..paths().len(), OBJECTS);
    // To hidden objects, mostly: links to others lead nowhere.
    let links = vec((0..OBJECTS, VISIBLE - 1..OBJECTS), 0..8);
    let calls = vec((0..2_usize, call()), 1..40);
    (places, links, calls).prop_map(|(places, links, calls)| Case { places, links, calls })
}

#[test]
fn calls_do_what_a_naive_model_says() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (world, alice) = runtime.block_on(async {
        let world = World::new().await;
        let alice = world.user("alice").await;
        (world, alice)
    });
    // The failing input, made as small as possible, is part of the message.
    let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    runner.run(&case(), |case| runtime.block_on(check(&world, &alice, &case))).unwrap();
}

async fn check(world: &World, alice: &Client, case: &Case) -> Result<(), TestCaseError> {
    let paths = paths();
    let projects = [alice.project("One").await, alice.project("Two").await];
    let mut model = Model::new(&case.links);
    let mut ids: Vec<String> = vec![String::new(); OBJECTS];
    // Hidden ones first, so that the others can link to them; links among hidden ones go from later to earlier.
    for number in (0..OBJECTS).rev() {
        let links: Vec<&String> =
            model.links_of(number).filter(|to| *to > number).map(|to| &ids[to]).collect();
        let mut thing =
            record(&format!("{number:02}")).in_folder(&paths[case.places[number]]).linking(&links);
        if number >= VISIBLE {
            thing = thing.hidden();
        }
        ids[number] = world.put(alice, &projects[0], thing).await;
        model.put(0, number, &paths[case.places[number]]);
    }
    model.drop_links(|from, to| to > from);
    for (project, call) in &case.calls {
        let (said, expected) = make(alice, &projects, *project, call, &ids, &mut model).await;
        prop_assert_eq!(said, expected, "{:?} in project {}", call, project);
        for (number, id) in projects.iter().enumerate() {
            prop_assert_eq!(&seen(world, id, &ids).await, model.project(number), "after {:?}", call);
        }
    }
    Ok(())
}

/// Makes a call, and what the model says to it: none for a refusal.
async fn make(
    alice: &Client,
    projects: &[String; 2],
    project: usize,
    call: &Call,
    ids: &[String],
    model: &mut Model,
) -> (Option<Value>, Option<Value>) {
    let id = &projects[project];
    let state = [model.project(project).clone(), model.project(1 - project).clone()];
    let path_in = |number: usize, pick: &Pick| {
        let there: Vec<String> = state[number].folders.iter().cloned().collect();
        pick.of(&there, &paths())
    };
    let path = |pick: &Pick| path_in(0, pick);
    let paths_of = |picks: &[Pick]| picks.iter().map(path).collect::<Vec<_>>();
    let objects = |picks: &[Pick]| {
        let there: Vec<usize> = state[0].copies.keys().copied().collect();
        let all: Vec<usize> = (0..OBJECTS).collect();
        picks.iter().map(|pick| pick.of(&there, &all)).collect::<Vec<_>>()
    };
    let named = |numbers: &[usize]| numbers.iter().map(|number| &ids[*number]).collect::<Vec<_>>();
    let made = json!({ "id": id });
    let (verb, input, expected) = match call {
        Call::New { folder, parents } => {
            let folder = path(folder);
            let expected = model.new_folder(project, &folder, *parents).map(|()| made);
            ("newFolder", json!({ "folder": folder, "parents": parents }), expected)
        }
        Call::Rename { folder, to } => {
            let (folder, to) = (path(folder), path(to));
            let expected = model.rename(project, &folder, &to).map(|()| made);
            ("renameFolder", json!({ "folder": folder, "newpath": to }), expected)
        }
        Call::Move { objects: wanted, folders, to } => {
            let (wanted, folders, to) = (objects(wanted), paths_of(folders), path(to));
            let expected = model.move_all(project, &wanted, &folders, &to).map(|()| made);
            ("move", json!({ "objects": named(&wanted), "folders": folders, "destination": to }), expected)
        }
        Call::Remove { objects: wanted, force } => {
            let wanted = objects(wanted);
            let expected = model.remove(project, &wanted, *force).map(|()| made);
            ("removeObjects", json!({ "objects": named(&wanted), "force": force }), expected)
        }
        Call::RemoveFolder { folder, recurse, force } => {
            let folder = path(folder);
            let expected = model.remove_folder(project, &folder, *recurse, *force);
            let expected = expected.map(|()| json!({ "id": id, "completed": true }));
            ("removeFolder", json!({ "folder": folder, "recurse": recurse, "force": force }), expected)
        }
        Call::Clone { objects: wanted, folders, to, parents } => {
            let (wanted, folders, to) = (objects(wanted), paths_of(folders), path_in(1, to));
            let into = &projects[1 - project];
            let exists = model.clone_into(project, &wanted, &folders, &to, *parents);
            let input = json!({
                "objects": named(&wanted), "folders": folders, "project": into, "destination": to, "parents": parents,
            });
            let expected = exists.map(|exists| {
                let exists = sorted(exists.iter().map(|number| &ids[*number]));
                json!({ "id": id, "project": into, "exists": exists })
            });
            ("clone", input, expected)
        }
    };
    let answer = alice.post(&format!("/{id}/{verb}"), input).await;
    let mut said = (answer.status == 200).then_some(answer.body);
    if let Some(exists) = said.as_mut().and_then(|body| body.get_mut("exists")) {
        *exists = json!(sorted(exists.as_array().unwrap().iter().map(|id| id.as_str().unwrap())));
    }
    (said, expected)
}

fn sorted<S: ToString>(ids: impl Iterator<Item = S>) -> BTreeSet<String> {
    ids.map(|id| id.to_string()).collect()
}

/// What the database holds of a project, in the model's words.
async fn seen(world: &World, project: &str, ids: &[String]) -> Project {
    let project = project.to_owned();
    let (folders, copies) = world
        .app()
        .db
        .read(move |tx| {
            let folders = tx.query(
                "select f.path from folder f join project j on j.key = f.project where j.id = $1",
                params![project.as_str()],
            )?;
            let copies = tx.query(
                "select o.id, f.path from placement p join object o on o.key = p.object join folder f on f.key = p.folder
                 join project j on j.key = p.project and j.key = f.project where j.id = $1",
                params![project.as_str()],
            )?;
            let folders = folders.iter().map(|row| row.get(0)).collect::<Result<BTreeSet<String>, DbError>>()?;
            let copies = copies
                .iter()
                .map(|row| Ok((row.get(0)?, row.get(1)?)))
                .collect::<Result<BTreeMap<String, String>, DbError>>()?;
            Ok::<_, DbError>((folders, copies))
        })
        .await
        .unwrap();
    let number = |id: String| ids.iter().position(|known| *known == id).unwrap();
    Project { folders, copies: copies.into_iter().map(|(id, path)| (number(id), path)).collect() }
}
