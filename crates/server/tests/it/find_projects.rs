//! Searching for projects: what is found, by whom, and page by page.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use store::access::{Reach, Settings, Walk};
use store::project::Filter;
use wire::Level;
use wire::user::TokenScope;

use crate::world::{Client, World};

async fn found(client: &Client, query: Value) -> Vec<String> {
    let answer = client.ok("/system/findProjects", query).await;
    assert_eq!(answer["next"], json!(null), "{answer}");
    ids(&answer)
}

fn ids(answer: &Value) -> Vec<String> {
    answer["results"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// F098: a private project is in nobody else's list; the default level is CONTRIBUTE.
#[tokio::test]
async fn lists_hold_what_the_level_reaches() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let lab = world.org("lab", &["alice", "bob"]).await;
    let private = alice.project("Private").await;
    let viewed = alice.project("Viewed").await;
    let edited = alice.project("Edited").await;
    let shared = alice.project("Shared").await;
    let open = alice.project("Open").await;
    alice.invite(&viewed, "bob", Level::View).await;
    alice.invite(&edited, "bob", Level::Contribute).await;
    alice.invite(&shared, &lab, Level::Upload).await;
    alice.invite(&open, "PUBLIC", Level::View).await;
    assert_eq!(found(&bob, json!({})).await, [edited.as_str()]);
    assert_eq!(found(&bob, json!({ "level": "UPLOAD" })).await, [edited.as_str(), shared.as_str()]);
    let all = [viewed.as_str(), edited.as_str(), shared.as_str(), open.as_str()];
    assert_eq!(found(&bob, json!({ "level": "VIEW" })).await, all);
    assert_eq!(found(&bob, json!({ "level": "NONE" })).await, all);
    assert_eq!(found(&bob, json!({ "level": "ADMINISTER" })).await, [""; 0]);
    assert_eq!(found(&alice, json!({})).await.len(), 5);
    assert_eq!(found(&bob, json!({ "id": private, "level": "NONE" })).await, [""; 0]);

    let explicit = found(&bob, json!({ "level": "VIEW", "explicitPermission": true })).await;
    assert_eq!(explicit, [viewed.as_str(), edited.as_str(), shared.as_str()]);
    let not = found(&bob, json!({ "level": "VIEW", "explicitPermission": false })).await;
    assert_eq!(not, [open.as_str()]);
    assert_eq!(found(&bob, json!({ "level": "VIEW", "public": true })).await, [open.as_str()]);
    assert_eq!(found(&alice, json!({ "public": false })).await.len(), 4);

    let rows = bob.ok("/system/findProjects", json!({ "level": "VIEW" })).await;
    let row =
        |id: &str| rows["results"].as_array().unwrap().iter().find(|row| row["id"] == id).unwrap().clone();
    assert_eq!(
        row(&shared),
        json!({ "id": shared, "level": "UPLOAD", "permissionSources": ["org-lab"], "public": false })
    );
    assert_eq!(row(&open)["permissionSources"], json!(["PUBLIC"]));
    assert_eq!(row(&viewed)["permissionSources"], json!(["user-bob"]));

    let scope = TokenScope::Projects { projects: [(viewed.clone(), Level::Administer)].into() };
    let narrow = world.scoped("bob", scope).await;
    assert_eq!(found(&narrow, json!({ "level": "NONE" })).await, [viewed.as_str()]);
}

/// Every filter, alone and together.
#[tokio::test]
async fn filters_narrow() {
    let world =
        World::with(|config| config.regions = vec!["local".to_owned(), "aws:us-east-1".to_owned()]).await;
    let alice = world.user("alice").await;
    let lab = world.org("lab", &["alice"]).await;
    let new = async |input: Value| alice.ok("/project/new", input).await["id"].as_str().unwrap().to_owned();
    let one =
        new(json!({ "name": "One*", "tags": ["Ψ", "world"], "properties": { "Ψ": "world", "bar": "" } }))
            .await;
    let two =
        new(json!({ "name": "One more", "tags": ["world"], "properties": { "Ψ": "other" }, "billTo": lab }))
            .await;
    let three =
        new(json!({ "name": "three", "region": "aws:us-east-1", "externalUploadRestricted": true })).await;
    let phi = new(json!({ "name": "phi", "containsPHI": true, "billTo": lab })).await;
    let created = alice.describe(&two, &["created"]).await["created"].as_i64().unwrap();
    for (query, wanted) in [
        (json!({ "name": "One*" }), vec![&one]),
        (json!({ "name": "one*" }), vec![]),
        (json!({ "name": { "glob": "One*" } }), vec![&one, &two]),
        (json!({ "name": { "glob": "One\\*" } }), vec![&one]),
        (json!({ "name": { "glob": "*more" } }), vec![&two]),
        (json!({ "name": { "regexp": "^one", "flags": "i" } }), vec![&one, &two]),
        (json!({ "name": { "regexp": "e$" } }), vec![&two, &three]),
        (json!({ "id": [&one, &phi] }), vec![&one, &phi]),
        (json!({ "tags": "world" }), vec![&one, &two]),
        (json!({ "tags": { "$and": ["Ψ", "world"] } }), vec![&one]),
        (json!({ "tags": { "$or": ["Ψ", "never"] } }), vec![&one]),
        (json!({ "tags": { "$or": [] } }), vec![]),
        (json!({ "properties": { "Ψ": true } }), vec![&one, &two]),
        (json!({ "properties": { "Ψ": "world" } }), vec![&one]),
        (json!({ "properties": { "bar": "" } }), vec![&one]),
        (json!({ "properties": { "$or": [{ "bar": true }, { "Ψ": "other" }] } }), vec![&one, &two]),
        (json!({ "properties": { "bar": false, "Ψ": true } }), vec![&two]),
        (json!({ "properties": { "Ψ": { "$ne": "world" } } }), vec![&two]),
        (json!({ "region": "aws:us-east-1" }), vec![&three]),
        (json!({ "region": ["local"] }), vec![&one, &two, &phi]),
        (json!({ "billTo": lab }), vec![&two, &phi]),
        (json!({ "billTo": ["user-alice", lab] }), vec![&one, &two, &three, &phi]),
        (json!({ "containsPHI": true }), vec![&phi]),
        (json!({ "containsPHI": false, "billTo": lab }), vec![&two]),
        (json!({ "externalUploadRestricted": true }), vec![&three]),
        (json!({ "created": { "after": created, "before": created }, "name": "One more" }), vec![&two]),
        (json!({ "created": { "before": 1 } }), vec![]),
        (json!({ "created": { "after": -60_000 } }), vec![&one, &two, &three, &phi]),
        (json!({ "tags": "world", "properties": { "Ψ": "other" }, "region": "local" }), vec![&two]),
    ] {
        let found = found(&alice, query.clone()).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), wanted, "{query}");
    }
    let described = alice
        .ok(
            "/system/findProjects",
            json!({ "id": one, "describe": { "fields": { "name": true, "properties": true } } }),
        )
        .await;
    assert_eq!(
        described["results"][0]["describe"],
        json!({ "id": one, "name": "One*", "properties": { "Ψ": "world", "bar": "" } })
    );
    for bad in [
        json!({ "level": "OWN" }),
        json!({ "name": { "regexp": "(" } }),
        json!({ "starting": "x" }),
        json!({ "limit": 0 }),
    ] {
        alice.fails("/system/findProjects", bad, "InvalidInput").await;
    }
}

/// Pages join to the whole, whatever is made or shared meanwhile; `next` is null exactly at the end.
#[tokio::test]
async fn pages_join_exactly() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let lab = world.org("lab", &["alice", "bob"]).await;
    let mut wanted = Vec::new();
    for number in 0..25 {
        let project = alice.project(&format!("Trial {number}")).await;
        // In turn: nobody else's, a direct entry, an organisation's, both, everybody's.
        match number % 5 {
            0 => continue,
            1 => alice.invite(&project, "bob", Level::View).await,
            2 => alice.invite(&project, &lab, Level::View).await,
            3 => {
                alice.invite(&project, "bob", Level::View).await;
                alice.invite(&project, &lab, Level::Contribute).await;
            }
            _ => alice.invite(&project, "PUBLIC", Level::View).await,
        }
        wanted.push(project);
    }
    assert_eq!(found(&bob, json!({ "level": "VIEW" })).await, wanted);
    for limit in [1, 3, 19, 20, 21] {
        let (mut walked, mut starting, mut added) = (Vec::new(), json!(null), BTreeSet::new());
        loop {
            let query = json!({ "level": "VIEW", "limit": limit, "starting": starting });
            let page = bob.ok("/system/findProjects", query).await;
            let rows = ids(&page);
            assert!(!rows.is_empty() && rows.len() <= limit, "{limit}: {page}");
            walked.extend(rows);
            // A project that comes into view during the walk may be found or not, but disturbs nothing.
            // The newest come last, so a walk that saw one made for every page would never end.
            if added.len() < 5 {
                let late = alice.project("Late").await;
                alice.invite(&late, "bob", Level::View).await;
                added.insert(late);
            }
            starting = page["next"].clone();
            if starting.is_null() {
                break;
            }
            assert!(walked.len() < 200, "the walk does not end");
        }
        let steady: Vec<&String> = walked.iter().filter(|id| !added.contains(*id)).collect();
        assert_eq!(steady, wanted.iter().collect::<Vec<_>>(), "limit {limit}");
        assert_eq!(
            walked.iter().collect::<BTreeSet<_>>().len(),
            walked.len(),
            "limit {limit}: one came twice"
        );
        for late in &added {
            alice.ok(&format!("/{late}/destroy"), json!({})).await;
        }
    }
}

/// More projects than are loaded at once, of which few are found.
#[tokio::test]
async fn long_walks_find_what_lies_far_apart() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    world.org("lab", &["alice", "bob"]).await;
    many_projects(&world, 450).await;
    let first = found(&bob, json!({ "level": "VIEW", "name": { "regexp": "^N(0|449)$" } })).await;
    assert_eq!(first.len(), 2);
    let page = bob.ok("/system/findProjects", json!({ "level": "VIEW", "limit": 420 })).await;
    assert_eq!(ids(&page).len(), 420);
    let rest = bob.ok("/system/findProjects", json!({ "level": "VIEW", "starting": page["next"] })).await;
    assert_eq!((ids(&rest).len(), &rest["next"]), (30, &json!(null)));
    assert_eq!(found(&alice, json!({ "level": "VIEW" })).await.len(), 450);
}

/// Projects of a third person, every one shared with both the organisation and bob.
async fn many_projects(world: &World, count: usize) {
    world.user("owner").await;
    let members = [("owner", Level::Administer), ("bob", Level::View), ("org-lab", Level::View)];
    let project = (0..count).map(|number| app::fixture::Project {
        id: None,
        name: format!("N{number}"),
        bill_to: None,
        region: None,
        created: None,
        flags: Vec::new(),
        members: members.iter().map(|(name, level)| ((*name).to_owned(), *level)).collect(),
    });
    world.add(app::fixture::Fixture { project: project.collect(), ..app::fixture::Fixture::default() }).await;
}

/// B11.29: platform administrators find everything when they ask for it; nobody else may.
#[tokio::test]
async fn the_operator_finds_all() {
    let world = World::new().await;
    let (alice, admin) = (world.user("alice").await, world.person("root", "ADMIN").await);
    let project = alice.project("Trial").await;
    assert_eq!(found(&admin, json!({ "level": "NONE" })).await, [""; 0]);
    let rows = admin.ok("/system/findProjects", json!({ "all": true })).await;
    assert_eq!(
        rows["results"],
        json!([{ "id": project, "level": "NONE", "permissionSources": [], "public": false }])
    );
    alice.fails("/system/findProjects", json!({ "all": true }), "PermissionDenied").await;
    // They may let themselves in, on record (B11.30).
    admin.fails(&format!("/{project}/listFolder"), json!({}), "PermissionDenied").await;
    admin.ok(&format!("/{project}/invite"), json!({ "invitee": "root" })).await;
    assert_eq!(found(&admin, json!({})).await, [project]);
}

/// With whom somebody shares a project.
#[tokio::test]
async fn people_of_shared_projects_are_found() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    world.user("carol").await;
    let lab = world.org("lab", &["alice"]).await;
    let (one, two, open) =
        (alice.project("One").await, alice.project("Two").await, alice.project("Open").await);
    alice.invite(&one, "bob", Level::View).await;
    alice.invite(&one, &lab, Level::View).await;
    alice.invite(&two, "carol", Level::Upload).await;
    alice.invite(&open, "PUBLIC", Level::View).await;
    let find = "/system/findProjectMembers";
    let names = |answer: &Value| ids(answer);
    assert_eq!(names(&bob.ok(find, json!({})).await), ["org-lab", "user-alice", "user-bob"]);
    assert_eq!(names(&alice.ok(find, json!({})).await), ["org-lab", "user-alice", "user-bob", "user-carol"]);
    let page = alice.ok(find, json!({ "limit": 3 })).await;
    let rest = alice.ok(find, json!({ "limit": 3, "starting": page["next"] })).await;
    assert_eq!(
        (names(&page).len(), names(&rest), &rest["next"]),
        (3, vec!["user-carol".to_owned()], &json!(null))
    );
    let of_two = alice.ok(find, json!({ "project": two, "describe": true })).await;
    assert_eq!(of_two["results"][1]["level"], "UPLOAD");
    assert_eq!(of_two["results"][1]["describe"]["handle"], "carol");
    bob.fails(find, json!({ "project": two }), "ResourceNotFound").await;
    // Who may bring data and not see the members finds none of them.
    world.give(&two, "bob", policy::Preset::ProjectDataProvider).await;
    bob.fails(find, json!({ "project": two }), "PermissionDenied").await;
    assert_eq!(names(&bob.ok(find, json!({})).await), ["org-lab", "user-alice", "user-bob"]);
    bob.fails(find, json!({ "project": open }), "PermissionDenied").await;
}

/// However long one name takes to be looked at, a search goes on in another transaction, and a page is cut by its limit
/// alone.
#[tokio::test]
async fn a_search_goes_on_where_its_time_was_over() {
    let (world, leap_ms) = World::leaping().await;
    let alice = world.user("alice").await;
    let mut projects = Vec::new();
    for number in 0..12 {
        projects.push(alice.project(&format!("name {}", number % 2)).await);
    }
    let app = world.app();
    let caller = app.authenticate(alice.token.as_ref().unwrap(), app.clock.now()).await.unwrap();
    let (mut after, mut looked_at) = (None, Vec::new());
    loop {
        let caller = caller.clone();
        let settings = Settings {
            admin_access: app.options.admin_access,
            read_only_cap: app.options.read_only_cap,
            now: app.clock.now(),
        };
        let (batch, rest) = world
            .read(move |tx| {
                let filter = Filter::default();
                let mut walk = Walk::new(&caller, &settings, &filter, Reach::OfCaller, after).until(&|| true);
                let batch: Vec<String> =
                    walk.next(tx)?.iter().map(|(project, _)| project.id.to_string()).collect();
                assert!(walk.next(tx)?.is_empty());
                Ok((batch, walk.rest()))
            })
            .await;
        assert!(batch.len() <= 1, "{batch:?}");
        looked_at.extend(batch);
        after = rest;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(looked_at, projects);
    // From now on the time of a transaction is over whenever it asks.
    leap_ms.store(150, Ordering::SeqCst);
    let wanted: Vec<&String> = projects.iter().skip(1).step_by(2).collect();
    let mut query = json!({ "name": { "regexp": "1$" }, "limit": 4 });
    let first = alice.ok("/system/findProjects", query.clone()).await;
    query["starting"] = first["next"].clone();
    let second = alice.ok("/system/findProjects", query).await;
    assert_eq!((ids(&first).len(), &second["next"]), (4, &Value::Null));
    assert_eq!([ids(&first), ids(&second)].concat().iter().collect::<Vec<_>>(), wanted);
}
