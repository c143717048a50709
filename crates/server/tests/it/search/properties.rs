//! Random small worlds and random questions, answered by the server and by a filter that looks at every object.

use std::ops::Range;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use wire::Level;
use wire::folder::FolderPath;
use wire::id::{ContainerId, ObjectId};
use wire::query::{ArchivalState, ObjectState};
use wire::search::FindDataObjects;
use wire::time::Millis;

use super::model::{Put, put};
use super::{FIND, walk};
use crate::world::{Client, World};

/// The name, tag, type and property of very many objects that the asker does not see.
const CROWD: &str = "crowd";
const NAMES: &[&str] = &["a", "ab", "a%", "B", "b.c", "b*", "Ä", "x_1", "x1", CROWD];
const WORDS: &[&str] = &["p", "q", "r", CROWD];
const FOLDERS: &[&str] = &["/", "/f", "/f/g", "/f!", "/h"];

/// How somebody reaches a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    No,
    Public,
    Member(Level),
    OrgMember(Level),
}

#[derive(Debug, Clone)]
struct Thing {
    project: Index,
    file: bool,
    name: &'static str,
    folder: &'static str,
    at: i64,
    closed: bool,
    hidden: bool,
    types: Vec<&'static str>,
    tags: Vec<&'static str>,
    properties: Vec<(&'static str, &'static str)>,
    link: Option<Index>,
}

/// A thing as it was put: its project's place and its ids.
struct Known {
    thing: Thing,
    project: usize,
    id: String,
    link: Option<String>,
}

/// Filters, a project and folder, objects, the target of a link, and how many results a page has.
type Question = (Value, Option<Index>, Option<Vec<Index>>, Option<Index>, usize);

#[derive(Debug, Clone)]
struct Case {
    projects: Vec<Access>,
    things: Vec<Thing>,
    questions: Vec<Question>,
}

fn subset() -> impl Strategy<Value = Vec<&'static str>> {
    proptest::sample::subsequence(WORDS, 0..=2)
}

fn thing() -> impl Strategy<Value = Thing> {
    let properties = subset().prop_flat_map(|keys| {
        let count = keys.len();
        (Just(keys), vec(select(WORDS), count))
            .prop_map(|(keys, values)| keys.into_iter().zip(values).collect())
    });
    let kind = (any::<Index>(), any::<bool>(), select(NAMES), select(FOLDERS), 1..6_i64);
    let state = (any::<bool>(), proptest::bool::weighted(0.3), option::of(any::<Index>()));
    (kind, state, subset(), subset(), properties).prop_map(
        |((project, file, name, folder, at), (closed, hidden, link), types, tags, properties)| Thing {
            project,
            file,
            name,
            folder,
            at,
            closed,
            hidden,
            types,
            tags,
            properties,
            link,
        },
    )
}

fn access() -> impl Strategy<Value = Access> {
    select(vec![
        Access::No,
        Access::Public,
        Access::Member(Level::View),
        Access::Member(Level::Contribute),
        Access::Member(Level::Administer),
        Access::OrgMember(Level::Upload),
    ])
}

fn words() -> impl Strategy<Value = Value> {
    let leaf = select(WORDS).prop_map(|word| json!(word));
    leaf.prop_recursive(2, 6, 3, |part| {
        prop_oneof![
            vec(part.clone(), 0..3).prop_map(|parts| json!({ "$and": parts })),
            vec(part, 0..3).prop_map(|parts| json!({ "$or": parts })),
        ]
    })
}

fn properties() -> impl Strategy<Value = Value> {
    let test = prop_oneof![
        select(WORDS).prop_map(|word| json!(word)),
        any::<bool>().prop_map(|there| json!(there)),
        select(WORDS).prop_map(|word| json!({ "$ne": word })),
    ];
    let leaf = proptest::collection::btree_map(select(WORDS), test, 0..3).prop_map(|tests| json!(tests));
    leaf.prop_recursive(2, 6, 3, |part| {
        prop_oneof![
            vec(part.clone(), 0..3).prop_map(|parts| json!({ "$and": parts })),
            vec(part, 0..3).prop_map(|parts| json!({ "$or": parts })),
        ]
    })
}

fn name() -> impl Strategy<Value = Value> {
    prop_oneof![
        select(NAMES).prop_map(|name| json!(name)),
        select(vec!["*", "a*", "?", "*b*", "b\\*", "x?1", "ab", "[a]*"])
            .prop_map(|glob| json!({ "glob": glob })),
        select(vec!["^a", "b", "^x_", "c$", "^[ab]", "%", "^$"])
            .prop_map(|regexp| json!({ "regexp": regexp })),
        select(vec!["^A", "ä", "B"]).prop_map(|regexp| json!({ "regexp": regexp, "flags": "i" })),
    ]
}

fn range() -> impl Strategy<Value = Value> {
    (option::of(0..6_i64), option::of(0..6_i64))
        .prop_map(|(after, before)| json!({ "after": after, "before": before }))
}

/// The filters that need no id.
fn filters() -> impl Strategy<Value = Value> {
    fn key(
        name: &'static str,
        chance: f64,
        value: impl Strategy<Value = Value> + 'static,
    ) -> impl Strategy<Value = Option<(&'static str, Value)>> {
        option::weighted(chance, value.prop_map(move |value| (name, value)))
    }
    let of = |values: Vec<Value>| select(values);
    (
        (
            key(
                "class",
                0.2,
                of(vec![
                    json!("file"),
                    json!("record"),
                    json!(["record", "file"]),
                    json!(["applet"]),
                    json!([]),
                ]),
            ),
            key("state", 0.2, of(vec![json!("open"), json!("closed"), json!("any"), json!("closing")])),
            key("visibility", 0.5, of(vec![json!("visible"), json!("hidden"), json!("either")])),
            key("name", 0.3, name()),
            key("type", 0.2, words()),
            key("tags", 0.2, words()),
            key("tag", 0.1, of(vec![json!("p"), json!("q")])),
            key("properties", 0.2, properties()),
        ),
        (
            key("modified", 0.15, range()),
            key("created", 0.15, range()),
            key(
                "level",
                0.2,
                of(vec![json!("VIEW"), json!("UPLOAD"), json!("CONTRIBUTE"), json!("ADMINISTER")]),
            ),
            key("region", 0.1, of(vec![json!("local"), json!(["elsewhere", "local"]), json!("elsewhere")])),
            key(
                "sortBy",
                0.3,
                of(vec![
                    json!({ "field": "created", "ordering": "ascending" }),
                    json!({ "field": "created", "ordering": "descending" }),
                ]),
            ),
        ),
    )
        .prop_map(|((a, b, c, d, e, f, g, h), (i, j, k, l, m))| {
            let keys = [a, b, c, d, e, f, g, h, i, j, k, l, m].into_iter().flatten();
            Value::Object(keys.map(|(key, value)| (key.to_owned(), value)).collect())
        })
}

/// So many projects and things, and so often a question about one project.
fn case(projects: Range<usize>, things: Range<usize>, scoped: f64) -> impl Strategy<Value = Case> {
    let question = (
        filters(),
        option::weighted(scoped, any::<Index>()),
        option::weighted(0.15, vec(any::<Index>(), 0..4)),
        option::weighted(0.1, any::<Index>()),
        1..5_usize,
    );
    (vec(access(), projects), vec(thing(), things), vec(question, 12))
        .prop_map(|(projects, things, questions)| Case { projects, things, questions })
}

/// F184, invariants 31, 33 and 34: pages of any size, put together, are what looking at every object finds, in the
/// order of the contract.
#[test]
fn searches_equal_a_filter_over_everything() {
    let runtime = Runtime::new().unwrap();
    let world = runtime.block_on(World::new());
    run(&runtime, &world, 40, &case(1..5, 0..25, 0.4));
}

/// The same in more projects than are decided about at once, of which few hold what is searched for, while strangers hold
/// very much of it.
#[test]
fn searches_of_many_projects_equal_a_filter_over_everything() {
    let runtime = Runtime::new().unwrap();
    let world = runtime.block_on(async {
        let world = World::new().await;
        let project = world.user("stranger").await.project("Crowd").await;
        for _ in 0..300 {
            let words = &[CROWD];
            let crowd = Put {
                name: CROWD,
                types: words,
                tags: words,
                properties: &[(CROWD, CROWD)],
                ..Put::by("stranger")
            };
            put(&world, &project, crowd).await;
        }
        world
    });
    run(&runtime, &world, 5, &case(40..90, 20..60, 0.02));
}

fn run(runtime: &Runtime, world: &World, cases: u32, strategy: &impl Strategy<Value = Case>) {
    let mut runner =
        TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() });
    let number = std::cell::Cell::new(0);
    let result = runner.run(strategy, |case| {
        number.set(number.get() + 1);
        runtime.block_on(check(world, number.get(), &case));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

async fn check(world: &World, number: u32, case: &Case) {
    // People of their own for each case, who see nothing of the other cases.
    let (owner, asker) = (format!("owner{number}"), format!("asker{number}"));
    let (alice, bob) = (world.user(&owner).await, world.user(&asker).await);
    let lab = world.org(&format!("lab{number}"), &[&owner, &asker]).await;
    let is_scoped = case.questions.iter().any(|(_, scope, ..)| scope.is_some());
    let mut projects = Vec::new();
    for access in &case.projects {
        let project = alice.project("Trial").await;
        for folder in FOLDERS.iter().filter(|folder| is_scoped && **folder != "/") {
            alice.ok(&format!("/{project}/newFolder"), json!({ "folder": folder, "parents": true })).await;
        }
        match access {
            Access::No => {}
            Access::Public => alice.invite(&project, "PUBLIC", Level::View).await,
            Access::Member(level) => alice.invite(&project, &format!("user-{asker}"), *level).await,
            Access::OrgMember(level) => alice.invite(&project, &lab, *level).await,
        }
        projects.push(project);
    }
    let mut known: Vec<Known> = Vec::new();
    for thing in &case.things {
        let link = match (&thing.link, known.len()) {
            (Some(link), 1..) => Some(link.get(&known).id.clone()),
            _ => None,
        };
        let project = thing.project.index(projects.len());
        let links: Vec<&str> = link.iter().map(String::as_str).collect();
        let object = Put {
            class: if thing.file { "file" } else { "record" },
            name: thing.name,
            folder: thing.folder,
            at: thing.at,
            closed: thing.closed,
            hidden: thing.hidden,
            types: &thing.types,
            tags: &thing.tags,
            properties: &thing.properties,
            links: &links,
            ..Put::by(&owner)
        };
        let id = put(world, &projects[project], object).await;
        known.push(Known { thing: thing.clone(), project, id, link });
    }
    for (filters, scope, ids, link, limit) in &case.questions {
        let mut query = filters.clone();
        if let Some(scope) = scope {
            let folder = FOLDERS[scope.index(FOLDERS.len())];
            query["scope"] = json!({
                "project": scope.get(&projects), "folder": folder, "recurse": scope.index(2) == 0,
            });
            if query["class"] == "file" {
                query["archivalState"] = json!(["live", "archived"][scope.index(2)]);
            }
        }
        if let Some(ids) = ids {
            let ids: Vec<&str> =
                ids.iter().filter(|_| !known.is_empty()).map(|id| &*id.get(&known).id).collect();
            query["id"] = json!(ids);
        }
        if let (Some(link), false) = (link, known.is_empty()) {
            query["link"] = json!(link.get(&known).id);
        }
        compare(&bob, &query, *limit, case, &projects, &known).await;
    }
}

async fn compare(
    asker: &Client,
    query: &Value,
    limit: usize,
    case: &Case,
    projects: &[String],
    known: &[Known],
) {
    let question: FindDataObjects = wire::json::decode(query.clone()).unwrap();
    let scope = question.scope.clone().unwrap_or_default();
    let named = scope.project.as_ref().map(ToString::to_string);
    if let Some(named) = &named {
        let place = projects.iter().position(|project| project == named).unwrap();
        if case.projects[place] == Access::No {
            asker.fails(FIND, query.clone(), "ResourceNotFound").await;
            return;
        }
    }
    let level_in = |project: usize| match case.projects[project] {
        Access::Member(level) | Access::OrgMember(level) => level,
        Access::Public if named.as_ref() == Some(&projects[project]) => Level::View,
        Access::Public | Access::No => Level::None,
    };
    let mut expected: Vec<(usize, &Known)> = known
        .iter()
        .enumerate()
        .filter(|(_, known)| level_in(known.project) >= question.level.unwrap_or_default().max(Level::View))
        .filter(|(_, known)| fits(&question, &projects[known.project], known))
        .collect();
    let ordering = question.sort_by.map(|sort| sort.ordering);
    expected.sort_by_key(|(place, known)| (known.project, known.thing.at, *place));
    if ordering != Some(wire::query::Ordering::Ascending) {
        expected.reverse();
    }
    let expected: Vec<(String, String)> =
        expected.iter().map(|(_, known)| (projects[known.project].clone(), known.id.clone())).collect();
    assert_eq!(walk(asker, query, limit).await, expected, "limit {limit}: {query}");
    assert_eq!(walk(asker, query, 1000).await, expected, "{query}");
}

/// The filters by what they mean, one after the other, over one object.
fn fits(question: &FindDataObjects, project: &str, known: &Known) -> bool {
    let thing = &known.thing;
    let id = ObjectId::parse(&known.id).unwrap();
    let state = if thing.closed { ObjectState::Closed } else { ObjectState::Open };
    let scope = question.scope.clone().unwrap_or_default();
    let property =
        |key: &str| thing.properties.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
    let all = [
        question.class.as_ref().is_none_or(|classes| classes.iter().any(|class| class.get() == id.class())),
        question.id.as_ref().is_none_or(|ids| ids.contains(&id)),
        question.state.is_none_or(|wanted| wanted.matches(state)),
        question.visibility.unwrap_or_default().matches(thing.hidden),
        question.name.as_ref().is_none_or(|name| name.matches(thing.name)),
        question.types.as_ref().is_none_or(|types| types.matches(&thing.types)),
        question.tags.iter().chain(&question.tag).all(|tags| tags.matches(&thing.tags)),
        question.properties.as_ref().is_none_or(|properties| properties.matches(property)),
        question.link.as_ref().is_none_or(|link| known.link.as_deref() == Some(link.as_str())),
        scope.matches(&ContainerId::parse(project).unwrap(), &FolderPath::parse(thing.folder).unwrap()),
        question.region.as_ref().is_none_or(|regions| regions.iter().any(|region| region == "local")),
        question.modified.unwrap_or_default().matches(Millis(thing.at)),
        question.created.unwrap_or_default().matches(Millis(thing.at - 1)),
        question.archival_state.is_none_or(|wanted| wanted.matches(ArchivalState::Live)),
    ];
    all.into_iter().all(|holds| holds)
}
