//! Removing objects and folders, and what goes with them.

use serde_json::json;
use wire::Level;

use crate::things::{file, record};
use crate::world::{Client, World};

/// The names of the objects directly in a folder, hidden ones included.
async fn names(client: &Client, project: &str, folder: &str) -> Vec<String> {
    let input =
        json!({ "folder": folder, "includeHidden": true, "describe": { "fields": { "name": true } } });
    let listed = client.ok(&format!("/{project}/listFolder"), input).await;
    let objects = listed["objects"].as_array().unwrap();
    objects.iter().map(|object| object["describe"]["name"].as_str().unwrap().to_owned()).collect()
}

/// F181: the table of `removeObjects`; a removed object is gone for good.
#[tokio::test]
async fn objects_are_removed() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let remove = format!("/{project}/removeObjects");
    let a = world.put(&alice, &project, record("a")).await;
    let b = world.put(&alice, &project, record("b").open()).await;
    let c = world.put(&alice, &project, file("c", 1)).await;
    let absent = "record-000000000000000000000000";
    assert_eq!(alice.ok(&remove, json!({ "objects": [] })).await, json!({ "id": project }));
    alice.fails(&remove, json!({ "objects": [a, absent] }), "ResourceNotFound").await;
    alice.fails(&remove, json!({ "objects": ["project-000000000000000000000000"] }), "InvalidInput").await;
    alice.fails(&remove, json!({}), "InvalidInput").await;
    assert_eq!(alice.ids_in(&project, "/").await, [a.clone(), b.clone(), c.clone()], "nothing was removed");
    alice.ok(&remove, json!({ "objects": [a, absent, a], "force": true })).await;
    assert_eq!(alice.ids_in(&project, "/").await, [b.clone(), c.clone()], "exactly the present ones go");
    alice.ok(&remove, json!({ "objects": [b, c] })).await;
    assert!(alice.ids_in(&project, "/").await.is_empty());
    alice.fails(&remove, json!({ "objects": [b] }), "ResourceNotFound").await;
    world.settled().await;
    assert_eq!(world.rows("select count(*) from object").await, 0);
    assert_eq!(world.rows("select count(*) from background_task").await, 0);
}

/// What lies in another project is as absent as what is nowhere, whoever's it is (contract data 2.1).
#[tokio::test]
async fn what_lies_elsewhere_is_not_there() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    for (client, elsewhere) in [(&alice, alice.project("Other").await), (&bob, bob.project("Theirs").await)] {
        let there = world.put(client, &elsewhere, record("there")).await;
        for (verb, input) in [
            ("removeObjects", json!({ "objects": [there] })),
            ("move", json!({ "objects": [there], "destination": "/" })),
        ] {
            alice.fails(&format!("/{project}/{verb}"), input, "ResourceNotFound").await;
        }
        alice.ok(&format!("/{project}/removeObjects"), json!({ "objects": [there], "force": true })).await;
        assert_eq!(client.ids_in(&elsewhere, "/").await, [there]);
    }
}

/// More than one call removes is refused as a whole.
#[tokio::test]
async fn a_call_names_a_bounded_number_of_objects() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let ids: Vec<String> = (0..10_001).map(|number| format!("record-{number:024}")).collect();
    let remove = format!("/{project}/removeObjects");
    alice.fails(&remove, json!({ "objects": ids, "force": true }), "InvalidInput").await;
    alice.ok(&remove, json!({ "objects": ids[1..], "force": true })).await;
}

/// Removing a copy takes along what was hidden and is no longer linked to, and nothing else (invariants 14, 15, 24).
#[tokio::test]
async fn hidden_objects_go_with_the_last_that_links_to_them() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let (project, other) = (alice.project("Trial").await, alice.project("Other").await);
    let put = |thing| world.put(&alice, &project, thing);
    // one -> chain -> end; one and two -> shared; two -> far, which has no copy here; three -> ring; loose
    // is linked by nobody.
    let end = put(record("end").hidden().in_folder("/deep")).await;
    let chain = put(record("chain").hidden().linking(&[&end])).await;
    let shared = put(record("shared").hidden()).await;
    let below_shared = put(record("below").hidden()).await;
    let visible = put(record("visible").linking(&[&below_shared])).await;
    put(record("loose").hidden()).await;
    let far = world.put(&alice, &other, record("far").hidden()).await;
    let one = put(record("one").linking(&[&chain, &shared, &visible])).await;
    let two = put(record("two").linking(&[&shared, &far])).await;
    let ring = put(record("ring").hidden()).await;
    let three = put(record("three").linking(&[&ring])).await;

    let remove = format!("/{project}/removeObjects");
    alice.ok(&remove, json!({ "objects": [one] })).await;
    let kept = ["below", "loose", "ring", "shared", "three", "two", "visible"];
    assert_eq!(names(&alice, &project, "/").await, kept, "the chain went, the shared and the visible stayed");
    assert!(names(&alice, &project, "/deep").await.is_empty(), "the end of the chain went too");
    alice.ok(&remove, json!({ "objects": [two, three] })).await;
    assert_eq!(names(&alice, &project, "/").await, ["below", "loose", "visible"]);
    assert_eq!(alice.ids_in(&other, "/").await, [far], "other projects keep their copies");
}

/// Hidden objects that link to each other in a ring go when nothing visible reaches the ring.
#[tokio::test]
async fn a_ring_of_hidden_objects_does_not_hold_itself_up() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let b = "record-bbbbbbbbbbbbbbbbbbbbbbbb".to_owned();
    let a = world.put(&alice, &project, record("a").hidden().linking(&[&b])).await;
    world.put(&alice, &project, record("b").hidden().linking(&[&a])).await;
    let keeper = world.put(&alice, &project, record("keeper").hidden().linking(&[&a])).await;
    let top = world.put(&alice, &project, record("top").linking(&[&a, &keeper])).await;
    let second = world.put(&alice, &project, record("second").linking(&[&keeper])).await;
    let remove = format!("/{project}/removeObjects");
    alice.ok(&remove, json!({ "objects": [top] })).await;
    assert!(alice.ids_in(&project, "/").await.contains(&a), "held through the hidden keeper");
    alice.ok(&remove, json!({ "objects": [second] })).await;
    assert!(!alice.ids_in(&project, "/").await.contains(&a));
    assert!(!alice.ids_in(&project, "/").await.contains(&keeper));
}

/// F183: the table of `removeFolder`.
#[tokio::test]
async fn folders_are_removed() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let remove = format!("/{project}/removeFolder");
    let a = world.put(&alice, &project, record("a").in_folder("/x/y")).await;
    let hidden = world.put(&alice, &project, record("h").in_folder("/h").hidden()).await;
    let root = world.put(&alice, &project, record("root")).await;
    alice.ok(&format!("/{project}/newFolder"), json!({ "folder": "/x y" })).await;
    for folder in ["/x", "/x/y", "/h"] {
        alice.fails(&remove, json!({ "folder": folder }), "InvalidState").await;
    }
    alice.fails(&remove, json!({ "folder": "/none" }), "ResourceNotFound").await;
    alice.fails(&remove, json!({ "folder": "/" }), "InvalidInput").await;
    alice.fails(&remove, json!({}), "InvalidInput").await;
    let completed = json!({ "id": project, "completed": true });
    assert_eq!(alice.ok(&remove, json!({ "folder": "/none", "force": true })).await, completed);
    assert_eq!(alice.ids_in(&project, "/x/y").await, [a]);
    assert_eq!(alice.ok(&remove, json!({ "folder": "//x/", "recurse": true })).await, completed);
    let listed = alice.ok(&format!("/{project}/listFolder"), json!({})).await;
    assert_eq!(listed["folders"], json!(["/h", "/x y"]), "only the folder itself and what lay below it");
    assert_eq!(alice.ids_in(&project, "/").await, [root]);
    assert_eq!(alice.ids_in(&project, "/h").await, [hidden]);
    alice.ok(&remove, json!({ "folder": "/x y" })).await;
    assert_eq!(
        alice.ok(&remove, json!({ "folder": "/", "recurse": true, "partial": true })).await,
        completed,
        "the root is emptied and stays"
    );
    let listed = alice.ok(&format!("/{project}/listFolder"), json!({ "includeHidden": true })).await;
    assert_eq!(listed, json!({ "folders": [], "objects": [] }));
    world.settled().await;
    assert_eq!(world.rows("select count(*) from object").await, 0);
}

/// A copy elsewhere keeps the object and is not touched.
#[tokio::test]
async fn other_copies_stay() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let (project, other) = (alice.project("Trial").await, alice.project("Other").await);
    let a = world.put(&alice, &project, record("a")).await;
    alice.ok(&format!("/{project}/clone"), json!({ "objects": [a], "project": other })).await;
    alice.ok(&format!("/{project}/removeObjects"), json!({ "objects": [a] })).await;
    world.settled().await;
    assert_eq!(alice.ids_in(&other, "/").await, std::slice::from_ref(&a));
    alice.ok(&format!("/{other}/removeObjects"), json!({ "objects": [a] })).await;
    world.settled().await;
    assert_eq!(world.rows("select count(*) from object").await, 0);
}

/// CONTRIBUTE removes, unless the project is protected: then ADMINISTER (contract: identity-and-sharing 7).
#[tokio::test]
async fn levels_decide_who_removes() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    for protected in [false, true] {
        let input = json!({ "name": "Trial", "protected": protected });
        let project = alice.ok("/project/new", input).await["id"].as_str().unwrap().to_owned();
        let a = world.put(&alice, &project, record("a").in_folder("/f")).await;
        let calls = [
            ("removeObjects", json!({ "objects": [a] })),
            ("removeFolder", json!({ "folder": "/f", "recurse": true })),
        ];
        for level in [Level::None, Level::View, Level::Upload, Level::Contribute] {
            if level > Level::None {
                alice.invite(&project, "bob", level).await;
            }
            for (verb, input) in &calls {
                let path = format!("/{project}/{verb}");
                match level {
                    Level::None => drop(bob.fails(&path, input.clone(), "ResourceNotFound").await),
                    Level::Contribute if !protected => drop(bob.ok(&path, input.clone()).await),
                    _ => drop(bob.fails(&path, input.clone(), "PermissionDenied").await),
                }
            }
        }
        for (verb, input) in &calls {
            let mut input = input.clone();
            input["force"] = json!(true);
            alice.ok(&format!("/{project}/{verb}"), input).await;
        }
    }
}
