//! What a search must not tell (invariants 27 and 31; contract: identity-and-sharing 6.3, B11.14, B11.16, B11.26, B11.29).

use serde_json::{Value, json};
use store::db::Sql;
use wire::Level;

use super::model::{Put, put};
use super::{FIND, names, walk};
use crate::world::{Client, World};

const RESOLVE: &str = "/system/resolveDataObjects";

async fn finds(client: &Client, query: Value) -> Vec<String> {
    walk(client, &query, 3).await.into_iter().map(|(_, id)| id).collect()
}

async fn resolves(client: &Client, name: &str) -> usize {
    let answer = client.ok(RESOLVE, json!({ "objects": [{ "name": name }] })).await;
    answer["results"][0].as_array().unwrap().len()
}

/// Runs one statement, for what no request can set yet.
async fn set(world: &World, make: impl Fn() -> Sql + Send + 'static) {
    let changed = world.app().db.write(move |tx| tx.execute_sql(&make())).await.unwrap();
    assert_eq!(changed, 1);
}

/// F184: nothing of a project that the caller is no member of, whatever is asked.
#[tokio::test]
async fn strangers_find_nothing() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    let secret = Put {
        name: "secret",
        tags: &["t"],
        types: &["T"],
        properties: &[("k", "v")],
        links: &["record-012301230123012301230123"],
        ..Put::by("alice")
    };
    let id = put(&world, &project, secret).await;
    for query in [
        json!({}),
        json!({ "id": [id] }),
        json!({ "name": "secret" }),
        json!({ "name": { "glob": "sec*" } }),
        json!({ "name": { "regexp": "cre" } }),
        json!({ "tags": "t" }),
        json!({ "type": "T" }),
        json!({ "properties": { "k": "v" } }),
        json!({ "link": "record-012301230123012301230123" }),
        json!({ "level": "NONE" }),
    ] {
        assert_eq!(bob.ok(FIND, query.clone()).await, json!({ "results": [], "next": null }), "{query}");
        assert_eq!(finds(&alice, query).await, [id.as_str()]);
    }
    assert_eq!(resolves(&bob, "secret").await, 0);
    // A `next` that somebody else got is none.
    put(&world, &project, Put::by("alice")).await;
    let page = alice.ok(FIND, json!({ "limit": 1 })).await;
    let stolen = json!({ "starting": page["next"] });
    bob.fails(FIND, stolen, "InvalidInput").await;
}

/// PUBLIC alone does not count, except where the project is named (contract: identity-and-sharing 6.3).
#[tokio::test]
async fn public_counts_only_when_named() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Open").await;
    let id = put(&world, &project, Put { name: "a", ..Put::by("alice") }).await;
    alice.invite(&project, "PUBLIC", Level::View).await;
    assert!(finds(&bob, json!({})).await.is_empty());
    assert!(finds(&bob, json!({ "id": [id] })).await.is_empty());
    assert_eq!(resolves(&bob, "a").await, 0);
    let named = json!({ "scope": { "project": project } });
    assert_eq!(finds(&bob, named).await, [id.as_str()]);
    let named = json!({ "scope": { "project": project }, "level": "UPLOAD" });
    assert!(finds(&bob, named).await.is_empty());
    let named = json!({ "project": project, "objects": [{ "name": "a" }] });
    assert_eq!(bob.ok(RESOLVE, named).await["results"][0][0]["id"], json!(id));
    // Once bob is a member, the project counts everywhere.
    alice.invite(&project, "user-bob", Level::View).await;
    assert_eq!(finds(&bob, json!({})).await, [id]);
}

/// A notice that was not accepted hides everything from searches (contract: identity-and-sharing B11.14).
#[tokio::test]
async fn an_unaccepted_notice_hides() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let (plain, noticed) = (alice.project("Plain").await, alice.project("Noticed").await);
    let seen = put(&world, &plain, Put { name: "a", ..Put::by("alice") }).await;
    put(&world, &noticed, Put { name: "a", folder: "/x", ..Put::by("alice") }).await;
    let id = noticed.clone();
    set(&world, move || {
        let mut sql = Sql::new("update project set display_data_protection_notice = 1 where id = ");
        sql.bind(id.as_str());
        sql
    })
    .await;
    assert_eq!(finds(&alice, json!({})).await, [seen]);
    for folder in ["/", "/x", "/not there"] {
        let named = json!({ "scope": { "project": noticed, "folder": folder } });
        assert!(finds(&alice, named).await.is_empty(), "{folder}");
    }
    assert_eq!(resolves(&alice, "a").await, 1);
}

/// A token finds only what its scope reaches (contract: identity-and-sharing B11.31).
#[tokio::test]
async fn a_scoped_token_finds_what_it_reaches() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let (inside, outside) = (alice.project("Inside").await, alice.project("Outside").await);
    let id = put(&world, &inside, Put::by("alice")).await;
    put(&world, &outside, Put::by("alice")).await;
    let scope = json!({ "scope": { "projects": { inside.clone(): "VIEW" } } });
    let made = alice.ok("/system/newAuthToken", scope).await;
    let narrow = world.client(made["access_token"].as_str());
    assert_eq!(finds(&narrow, json!({})).await, [id]);
    assert!(finds(&narrow, json!({ "level": "UPLOAD" })).await.is_empty());
    narrow.fails(FIND, json!({ "scope": { "project": outside } }), "ResourceNotFound").await;
}

/// Whoever may add data and not list it finds what they made until it is closed, and cannot ask for more of it than they
/// are told (contract: identity-and-sharing B11.26).
#[tokio::test]
async fn makers_find_their_own_until_it_is_closed() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let _carol = world.user("carol").await;
    let project = alice.project("Drop box").await;
    alice.invite(&project, "user-bob", Level::Upload).await;
    let open = Put { name: "open", folder: "/in", tags: &["t"], properties: &[("k", "v")], ..Put::by("bob") };
    let open = put(&world, &project, open).await;
    put(&world, &project, Put { name: "closed", closed: true, ..Put::by("bob") }).await;
    for earlier_or_later in ["alice", "carol"] {
        put(&world, &project, Put { name: "other", ..Put::by(earlier_or_later) }).await;
    }
    set(&world, || {
        Sql::new("update project_grant set role = 'ProjectDataProvider' where principal = 'user-bob'")
    })
    .await;
    let scoped = json!({ "project": project });
    for scope in [json!(null), scoped] {
        for (filter, visible) in [
            (json!({}), true),
            (json!({ "name": "open" }), true),
            (json!({ "name": { "regexp": "p" } }), true),
            (json!({ "state": "open" }), true),
            (json!({ "id": [open] }), true),
            (json!({ "class": "record" }), true),
            (json!({ "tags": "t" }), false),
            (json!({ "tags": { "$or": ["t", "u"] } }), false),
            (json!({ "properties": { "k": "v" } }), false),
            (json!({ "properties": { "nothing": false } }), false),
            (json!({ "type": { "$and": [] } }), false),
            (json!({ "modified": { "after": 0 } }), false),
        ] {
            let mut query = filter.clone();
            query["scope"] = scope.clone();
            let expected: &[&str] = if visible { &["open"] } else { &[] };
            assert_eq!(names(&bob, query).await, expected, "{filter}");
        }
    }
    let page = bob.ok(FIND, json!({ "describe": { "properties": true } })).await;
    let described = page["results"][0]["describe"].as_object().unwrap();
    assert!(!described.contains_key("tags") && !described.contains_key("properties"), "{described:?}");
    assert_eq!((resolves(&bob, "other").await, resolves(&bob, "closed").await), (0, 0));
    let scope = |folder| json!({ "scope": { "project": project, "folder": folder, "recurse": false } });
    assert_eq!(finds(&bob, scope("/in")).await, [open]);
    assert!(finds(&bob, scope("/not there")).await.is_empty());
}

/// Classes of objects: whoever sees results of analyses alone finds these alone (contract: identity-and-sharing B11.37), beside
/// a project that is seen in full.
#[tokio::test]
async fn viewers_of_outputs_find_outputs() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (full, outputs) = (alice.project("Full").await, alice.project("Outputs").await);
    for project in [&full, &outputs] {
        alice.invite(project, "user-bob", Level::View).await;
        for name in ["made", "result"] {
            put(&world, project, Put { name, tags: &["t"], ..Put::by("alice") }).await;
        }
    }
    let id = outputs.clone();
    set(&world, move || {
        let mut sql = Sql::new(
            "update placement set labels = 8 where name = 'result' and project = (select key from project where id = ",
        );
        sql.bind(id.as_str()).push(")");
        sql
    })
    .await;
    let id = outputs.clone();
    set(&world, move || {
        let mut sql = Sql::new(
            "update project_grant set role = 'View' where principal = 'user-bob' and project = \
             (select key from project where id = ",
        );
        sql.bind(id.as_str()).push(")");
        sql
    })
    .await;
    for query in [json!({}), json!({ "tags": "t" }), json!({ "visibility": "either" })] {
        assert_eq!(names(&bob, query).await, ["result", "result", "made"]);
    }
    assert_eq!(names(&bob, json!({ "scope": { "project": outputs } })).await, ["result"]);
    assert_eq!((resolves(&bob, "result").await, resolves(&bob, "made").await), (2, 1));
}
