//! Searching data objects (contract: data 10.1, 10.2, invariants 31 to 36; F184).

mod bulk;
mod hidden;
mod model;
mod properties;

use std::collections::HashSet;

use serde_json::{Value, json};
use wire::Level;

use crate::world::{Client, World};
use model::{Put, put};

const FIND: &str = "/system/findDataObjects";

/// The ids of all pages, in their order. Every page but the last is full, no page is empty unless it is the only one, and
/// nothing comes twice.
async fn walk(client: &Client, query: &Value, limit: usize) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut seen = HashSet::new();
    let mut query = query.clone();
    query["limit"] = json!(limit);
    loop {
        let page = client.ok(FIND, query.clone()).await;
        let results = page["results"].as_array().unwrap();
        for found in results {
            let text = |key: &str| found[key].as_str().unwrap().to_owned();
            let copy = (text("project"), text("id"));
            assert!(seen.insert(copy.clone()), "a copy came twice: {query}");
            all.push(copy);
        }
        if page["next"].is_null() {
            break;
        }
        assert_eq!(results.len(), limit, "a page with a next one is full: {query}");
        query["starting"] = page["next"].clone();
    }
    all
}

async fn names(client: &Client, query: Value) -> Vec<String> {
    let mut query = query;
    query["describe"] = json!({ "fields": { "name": true } });
    let page = client.ok(FIND, query).await;
    let name = |found: &Value| found["describe"]["name"].as_str().unwrap().to_owned();
    page["results"].as_array().unwrap().iter().map(name).collect()
}

/// F184: each filter of the contract, its forms, and their combinations.
#[tokio::test]
async fn filters() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let a =
        put(&world, &project, Put { name: "a.txt", class: "file", folder: "/x", at: 10, ..Put::by("alice") })
            .await;
    let b = Put {
        name: "b*c",
        at: 20,
        tags: &["red", "blue"],
        types: &["T1"],
        properties: &[("k", "v"), ("empty", "")],
        closed: true,
        links: &[&a],
        ..Put::by("alice")
    };
    let b = put(&world, &project, b).await;
    let c = Put { name: "C.txt", at: 30, folder: "/x/y", hidden: true, tags: &["red"], ..Put::by("alice") };
    put(&world, &project, c).await;

    let scope =
        |folder: &str, recurse: bool| json!({ "project": project, "folder": folder, "recurse": recurse });
    for (query, expected) in [
        (json!({}), vec!["b*c", "a.txt"]),
        (json!({ "visibility": "either" }), vec!["C.txt", "b*c", "a.txt"]),
        (json!({ "visibility": "hidden" }), vec!["C.txt"]),
        (json!({ "class": "file" }), vec!["a.txt"]),
        (json!({ "class": ["file", "record"], "visibility": "either" }), vec!["C.txt", "b*c", "a.txt"]),
        (json!({ "class": [] }), vec![]),
        (json!({ "id": [a, "file-012301230123012301230123"] }), vec!["a.txt"]),
        (json!({ "id": [] }), vec![]),
        (json!({ "state": "closed" }), vec!["b*c"]),
        (json!({ "state": "any" }), vec!["b*c", "a.txt"]),
        (json!({ "name": "b*c" }), vec!["b*c"]),
        (json!({ "name": { "glob": "b\\*c" } }), vec!["b*c"]),
        (json!({ "name": { "glob": "b*" } }), vec!["b*c"]),
        (json!({ "name": { "glob": "*.txt" }, "visibility": "either" }), vec!["C.txt", "a.txt"]),
        (json!({ "name": { "regexp": "^c", "flags": "i" }, "visibility": "either" }), vec!["C.txt"]),
        (json!({ "name": { "regexp": "t$" } }), vec!["a.txt"]),
        (json!({ "type": "T1" }), vec!["b*c"]),
        (json!({ "type": { "$or": ["T1", "T2"] } }), vec!["b*c"]),
        (json!({ "type": { "$and": ["T1", "T2"] } }), vec![]),
        (json!({ "tags": "red" }), vec!["b*c"]),
        (json!({ "tag": "blue", "tags": { "$and": ["red"] } }), vec!["b*c"]),
        (json!({ "tag": "blue", "tags": "green" }), vec![]),
        (json!({ "properties": { "k": "v", "empty": true } }), vec!["b*c"]),
        (json!({ "properties": { "k": false } }), vec!["a.txt"]),
        (json!({ "properties": { "k": { "$ne": "w" } } }), vec!["b*c"]),
        (json!({ "properties": { "k": { "$ne": "v" } } }), vec![]),
        (json!({ "properties": { "$or": [{ "k": "w" }, { "empty": "" }] } }), vec!["b*c"]),
        (json!({ "link": a }), vec!["b*c"]),
        (json!({ "link": b }), vec![]),
        (json!({ "scope": scope("/x", true), "visibility": "either" }), vec!["C.txt", "a.txt"]),
        (json!({ "scope": scope("/x", false), "visibility": "either" }), vec!["a.txt"]),
        (json!({ "scope": scope("/", false) }), vec!["b*c"]),
        (json!({ "region": "elsewhere" }), vec![]),
        (json!({ "region": ["elsewhere", "local"] }), vec!["b*c", "a.txt"]),
        (json!({ "modified": { "after": 10, "before": 20 } }), vec!["b*c", "a.txt"]),
        (json!({ "modified": { "after": 11 } }), vec!["b*c"]),
        (json!({ "created": { "before": 9 } }), vec!["a.txt"]),
        (json!({ "created": { "before": 8 } }), vec![]),
        (json!({ "sortBy": { "field": "created", "ordering": "ascending" } }), vec!["a.txt", "b*c"]),
        (json!({ "sortBy": { "field": "created", "ordering": "descending" } }), vec!["b*c", "a.txt"]),
        (json!({ "level": "ADMINISTER" }), vec!["b*c", "a.txt"]),
        (json!({ "class": "file", "archivalState": "live", "scope": scope("/x", true) }), vec!["a.txt"]),
        (json!({ "class": "file", "archivalState": "archived", "scope": scope("/", true) }), vec![]),
        (json!({ "describe": null, "starting": null, "unheard": 1 }), vec!["b*c", "a.txt"]),
    ] {
        assert_eq!(names(&alice, query.clone()).await, expected, "{query}");
        let mut here = query.clone();
        if here["scope"].is_null() {
            here["scope"] = json!({ "project": project });
        }
        assert_eq!(names(&alice, here.clone()).await, expected, "{here}");
    }
}

/// The shape of answers: exactly two keys without describe, `next` always there, and a `next` of the shape that clients
/// expect (dx-client 6).
#[tokio::test]
async fn answers_have_the_shape_of_the_contract() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    assert_eq!(alice.ok(FIND, json!({})).await, json!({ "results": [], "next": null }));
    let mut ids = Vec::new();
    for at in 0..8 {
        ids.insert(0, put(&world, &project, Put { at, ..Put::by("alice") }).await);
    }
    let page = alice.ok(FIND, json!({ "limit": 1 })).await;
    assert_eq!(page["results"], json!([{ "project": project, "id": ids[0] }]));
    assert_eq!((&page["next"]["project"], &page["next"]["id"]), (&json!(project), &json!(ids[0])));
    assert_eq!(page["results"][0].as_object().unwrap().len(), 2);
    for limit in 1..10 {
        let found = walk(&alice, &json!({}), limit).await;
        assert_eq!(found.into_iter().map(|(_, id)| id).collect::<Vec<_>>(), ids, "limit {limit}");
    }
    let described = alice.ok(FIND, json!({ "limit": 2, "describe": true })).await;
    assert_eq!(described["results"][1]["describe"]["id"], json!(ids[1]));
    assert!(described["results"][1]["describe"].get("properties").is_none());
}

/// What cannot be asked is refused, and the sentence names the key.
#[tokio::test]
async fn refusals() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    for (query, word) in [
        (json!({ "state": {} }), "\"state\""),
        (json!({ "limit": 1001 }), "\"limit\""),
        (json!({ "class": "job" }), "\"class\""),
        (json!({ "name": { "regexp": "(" } }), "\"name"),
        (json!({ "scope": { "folder": "/" } }), "\"scope\""),
        (json!({ "archivalState": "live" }), "\"archivalState\""),
        (
            json!({ "archivalState": "live", "class": "file", "scope": { "project": project } }),
            "\"archivalState\"",
        ),
        (json!({ "starting": 7 }), "\"starting\""),
        (json!({ "id": vec!["record-012301230123012301230123"; 1001] }), "\"id\""),
    ] {
        let message = alice.fails(FIND, query.clone(), "InvalidInput").await;
        assert!(message.contains(word), "{query}: {message}");
    }
    let absent = "project-012301230123012301230123";
    alice.fails(FIND, json!({ "scope": { "project": absent } }), "ResourceNotFound").await;
    alice.fails(FIND, json!({ "scope": { "project": project, "folder": "/no" } }), "ResourceNotFound").await;
    bob.fails(FIND, json!({ "scope": { "project": project } }), "ResourceNotFound").await;
    world.anonymous().fails(FIND, json!({}), "PermissionDenied").await;
}

/// Invariant 32: what stays the same during a walk comes exactly once, whatever happens to the rest.
#[tokio::test]
async fn a_walk_survives_changes() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let mut ids = Vec::new();
    for at in 0..10 {
        ids.push(put(&world, &project, Put { at, folder: "/x", ..Put::by("alice") }).await);
    }
    let mut seen = Vec::new();
    let mut query = json!({ "limit": 2 });
    for step in 0_usize.. {
        let page = alice.ok(FIND, query.clone()).await;
        let found = page["results"].as_array().unwrap();
        seen.extend(found.iter().map(|found| found["id"].as_str().unwrap().to_owned()));
        // The last copy of the page is changed, one that was not seen yet is, and a new one comes.
        for id in [seen.last().unwrap(), &ids[step % 3]] {
            alice.ok(&format!("/{project}/move"), json!({ "objects": [id], "destination": "/" })).await;
        }
        put(&world, &project, Put { at: 1_000_000, ..Put::by("alice") }).await;
        if page["next"].is_null() {
            break;
        }
        query["starting"] = page["next"].clone();
    }
    let mut distinct = seen.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), seen.len(), "{seen:?}");
    for id in &ids[3..] {
        assert!(seen.contains(id), "{id} was not found");
    }
}

/// The projects of a search come one after the other, and a level leaves out those below it.
#[tokio::test]
async fn projects_come_together() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (first, second) = (alice.project("One").await, alice.project("Two").await);
    for at in 0..6 {
        let project = if at % 2 == 0 { &first } else { &second };
        put(&world, project, Put { at, ..Put::by("alice") }).await;
    }
    let projects =
        |found: Vec<(String, String)>| found.into_iter().map(|(project, _)| project).collect::<Vec<_>>();
    let found = projects(walk(&alice, &json!({}), 2).await);
    assert_eq!(found, [&second, &second, &second, &first, &first, &first].map(ToOwned::to_owned));
    alice.invite(&first, "user-bob", Level::View).await;
    alice.invite(&second, "user-bob", Level::Contribute).await;
    assert_eq!(walk(&bob, &json!({}), 1000).await.len(), 6);
    let found = projects(walk(&bob, &json!({ "level": "UPLOAD" }), 2).await);
    assert_eq!(found, vec![second.clone(); 3]);
    assert!(walk(&bob, &json!({ "level": "ADMINISTER" }), 2).await.is_empty());
}

/// F184: names in folders, many at once, in the order they were asked for.
#[tokio::test]
async fn names_are_resolved() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (first, second) = (alice.project("One").await, alice.project("Two").await);
    let put = |project, name, folder, at, hidden| {
        put(&world, project, Put { name, folder, at, hidden, ..Put::by("alice") })
    };
    let old = put(&first, "a", "/", 1, false).await;
    let new = put(&first, "a", "/", 2, false).await;
    let deep = put(&first, "a", "/x", 3, false).await;
    let hidden = put(&first, "h", "/", 4, true).await;
    let other = put(&second, "a", "/", 5, false).await;
    let found = |project: &str, id: &str| json!({ "project": project, "id": id });
    const RESOLVE: &str = "/system/resolveDataObjects";
    let answer = alice
        .ok(
            RESOLVE,
            json!({ "project": first, "objects": [
                { "name": "a" }, { "name": "a", "folder": "/x" }, { "name": "A" }, { "name": "h" }, { "name": "a", "project": second },
                { "name": "a", "folder": "/none" }, { "name": "a" }, { "name": "nul\u{0}" },
            ] }),
        )
        .await;
    let both = json!([found(&first, &new), found(&first, &old)]);
    assert_eq!(
        answer,
        json!({ "results": [both, [found(&first, &deep)], [], [], [found(&second, &other)], [], both, []] })
    );
    let input = json!({ "objects": [{ "name": "h" }], "project": first, "visibility": "hidden" });
    assert_eq!(alice.ok(RESOLVE, input).await, json!({ "results": [[found(&first, &hidden)]] }));
    let anywhere = json!({ "objects": [{ "name": "a" }, { "name": "a", "folder": "/x" }] });
    assert_eq!(
        alice.ok(RESOLVE, anywhere.clone()).await["results"],
        json!([[found(&second, &other), found(&first, &new), found(&first, &old)], [found(&first, &deep)]])
    );
    assert_eq!(bob.ok(RESOLVE, anywhere).await["results"], json!([[], []]));
    bob.fails(RESOLVE, json!({ "project": first, "objects": [{ "name": "a" }] }), "ResourceNotFound").await;
    assert_eq!(alice.ok(RESOLVE, json!({ "objects": [] })).await, json!({ "results": [] }));
    let many: Vec<_> = (0..1001).map(|_| json!({ "name": "a" })).collect();
    alice.fails(RESOLVE, json!({ "objects": many }), "InvalidInput").await;
}

/// Nothing runs here, so searches for executions and apps find nothing; but a wrong one is refused, and nothing shows
/// through it.
#[tokio::test]
async fn there_are_no_executions_to_find() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    let find = json!({ "class": ["job", "analysis"], "project": project, "launchedBy": "self", "parentJob": null, "limit": 100 });
    let nothing = json!({ "results": [], "next": null });
    assert_eq!(alice.ok("/system/findExecutions", find.clone()).await, nothing);
    assert_eq!(alice.ok("/system/findExecutions", json!({})).await, nothing);
    for route in ["/system/findApps", "/system/findGlobalWorkflows"] {
        assert_eq!(
            alice.ok(route, json!({ "name": "bwa", "published": true, "describe": true })).await,
            nothing
        );
        alice.fails(route, json!({ "name": 5 }), "InvalidInput").await;
    }
    bob.fails("/system/findExecutions", find, "ResourceNotFound").await;
    for wrong in [
        json!({ "class": "applet" }),
        json!({ "state": "sleeping" }),
        json!({ "limit": 0 }),
        json!({ "project": "x" }),
    ] {
        alice.fails("/system/findExecutions", wrong, "InvalidInput").await;
    }
}
