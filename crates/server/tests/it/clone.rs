//! Cloning objects and folders into another project.

use policy::Labels;
use serde_json::{Value, json};
use wire::{Class, Level};

use crate::things::{file, record};
use crate::world::{Client, World};

async fn project(client: &Client, input: Value) -> String {
    client.ok("/project/new", input).await["id"].as_str().unwrap().to_owned()
}

async fn folders(client: &Client, project: &str, folder: &str) -> Value {
    client.ok(&format!("/{project}/listFolder"), json!({ "folder": folder })).await["folders"].clone()
}

/// F182: objects and folders are copied, the source stays as it is, and the copies are apart (invariants 21 to 23).
#[tokio::test]
async fn objects_and_folders_are_cloned() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let (from, into) = (alice.project("From").await, alice.project("Into").await);
    let a = world.put(&alice, &from, record("a").tagged("first")).await;
    let b = world.put(&alice, &from, record("b").in_folder("/f/g")).await;
    let c = world.put(&alice, &from, record("c").in_folder("/f")).await;
    let clone = format!("/{from}/clone");
    let answer = alice.ok(&clone, json!({ "objects": [a, a], "folders": ["/f"], "project": into })).await;
    assert_eq!(answer, json!({ "id": from, "project": into, "exists": [] }));
    assert_eq!(alice.ids_in(&into, "/").await, std::slice::from_ref(&a));
    assert_eq!(alice.ids_in(&into, "/f").await, std::slice::from_ref(&c));
    assert_eq!(alice.ids_in(&into, "/f/g").await, std::slice::from_ref(&b));
    assert_eq!(alice.ids_in(&from, "/f/g").await, [b], "the source keeps its copy");
    let list = json!({ "describe": { "fields": { "name": true, "tags": true, "properties": true, "project": true } } });
    let listed = alice.ok(&format!("/{into}/listFolder"), list.clone()).await;
    let expected = json!({ "id": a, "name": "a", "tags": ["first"], "properties": { "first": "first" }, "project": into });
    assert_eq!(listed["objects"], json!([{ "id": a, "describe": expected }]));
    assert_eq!(world.rows("select count(*) from object").await, 3, "no object was made anew");
    // Once more: what is there already is said and left alone, wherever it lies.
    alice.ok(&format!("/{into}/move"), json!({ "objects": [a], "destination": "/f" })).await;
    let answer = alice.ok(&clone, json!({ "objects": [a, c], "project": into })).await;
    let mut exists = vec![a.clone(), c];
    exists.sort();
    let mut said: Vec<String> = serde_json::from_value(answer["exists"].clone()).unwrap();
    said.sort();
    assert_eq!(said, exists);
    assert!(alice.ids_in(&into, "/f").await.contains(&a));
    assert_eq!(alice.ids_in(&from, "/").await, [a], "the copies move apart");
}

/// The table of data 4 for places and paths.
#[tokio::test]
async fn folders_keep_their_shape_and_meet_no_other() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let (from, into) = (alice.project("From").await, alice.project("Into").await);
    let a = world.put(&alice, &from, record("a").in_folder("/x/y/z")).await;
    let b = world.put(&alice, &from, record("b").in_folder("/x")).await;
    let clone = format!("/{from}/clone");
    for (input, kind) in [
        (json!({ "folders": ["/x"], "project": into, "destination": "/none" }), "ResourceNotFound"),
        (json!({ "folders": ["/none"], "project": into }), "ResourceNotFound"),
        (json!({ "objects": ["record-000000000000000000000000"], "project": into }), "ResourceNotFound"),
        (json!({ "objects": [b], "project": "project-000000000000000000000000" }), "ResourceNotFound"),
        (json!({ "objects": [b], "project": from }), "InvalidInput"),
        (json!({ "objects": [b], "project": "record-000000000000000000000000" }), "InvalidInput"),
        (json!({ "objects": [b] }), "InvalidInput"),
    ] {
        alice.fails(&clone, input, kind).await;
    }
    // The inner folder and the object that are named go to the destination itself.
    let input = json!({
        "folders": ["/x", "/x/y/z"], "objects": [b], "project": into, "destination": "/new/place", "parents": true
    });
    alice.ok(&clone, input).await;
    assert_eq!(folders(&alice, &into, "/new/place").await, json!(["/new/place/x", "/new/place/z"]));
    assert_eq!(folders(&alice, &into, "/new/place/x").await, json!(["/new/place/x/y"]));
    assert_eq!(folders(&alice, &into, "/new/place/x/y").await, json!([]));
    assert_eq!(alice.ids_in(&into, "/new/place").await, std::slice::from_ref(&b));
    assert_eq!(alice.ids_in(&into, "/new/place/z").await, [a]);

    let third = alice.project("Third").await;
    alice.ok(&format!("/{third}/newFolder"), json!({ "folder": "/x" })).await;
    let conflict = "If cloned, a folder would conflict with the route of an existing folder";
    for folders in [json!(["/x"]), json!(["/"])] {
        let message =
            alice.fails(&clone, json!({ "folders": folders, "project": third }), "InvalidState").await;
        assert!(message.contains(conflict), "{message}");
    }
    alice.ok(&format!("/{from}/newFolder"), json!({ "folder": "/other/x", "parents": true })).await;
    let twice =
        json!({ "folders": ["/x", "/other/x"], "project": third, "destination": "/twice", "parents": true });
    let message = alice.fails(&clone, twice, "InvalidState").await;
    assert!(message.contains(conflict), "{message}");
    assert_eq!(folders(&alice, &third, "/").await, json!(["/x"]), "nothing was cloned");
    assert!(alice.ids_in(&third, "/").await.is_empty());
    // The root goes without a folder of its own.
    alice
        .ok(&clone, json!({ "folders": ["/"], "project": third, "destination": "/all", "parents": true }))
        .await;
    assert_eq!(folders(&alice, &third, "/all").await, json!(["/all/other", "/all/x"]));
    assert_eq!(alice.ids_in(&third, "/all/x").await, [b]);
}

/// Hidden objects come along with what links to them, and only so (invariant 25).
#[tokio::test]
async fn hidden_objects_come_along() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let (from, into) = (alice.project("From").await, alice.project("Into").await);
    let put = |thing| world.put(&alice, &from, thing);
    let deep = put(record("deep").hidden().in_folder("/elsewhere")).await;
    let inside = put(record("inside").hidden().in_folder("/f/bundle").linking(&[&deep])).await;
    let loose = put(record("loose").hidden().in_folder("/f")).await;
    let seen = put(record("seen")).await;
    let absent = "record-000000000000000000000000".to_owned();
    let top = put(record("top").in_folder("/f").linking(&[&inside, &seen, &absent])).await;
    alice.ok(&format!("/{from}/clone"), json!({ "folders": ["/f"], "project": into })).await;
    assert_eq!(alice.ids_in(&into, "/f").await, [top]);
    assert_eq!(alice.ids_in(&into, "/f/bundle").await, [inside], "its place in the folder is kept");
    assert_eq!(alice.ids_in(&into, "/").await, [deep], "what came from elsewhere lies in the destination");
    let everything = world.rows("select count(*) from placement").await;
    assert_eq!(everything, 5 + 3, "neither {loose} nor {seen} came along");
}

/// Only closed objects are cloned, all or nothing (invariants 11, 19).
#[tokio::test]
async fn what_is_open_or_of_the_wrong_class_is_refused() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let (from, into) = (alice.project("From").await, alice.project("Into").await);
    let closed = world.put(&alice, &from, record("closed").in_folder("/f")).await;
    let open = world.put(&alice, &from, record("open").in_folder("/o").open()).await;
    let database = world.put(&alice, &from, record("db").of(Class::Database)).await;
    let clone = format!("/{from}/clone");
    alice.fails(&clone, json!({ "objects": [closed, open], "project": into }), "InvalidState").await;
    alice.fails(&clone, json!({ "objects": [closed, database], "project": into }), "InvalidType").await;
    alice.fails(&clone, json!({ "folders": ["/f", "/o"], "project": into }), "InvalidState").await;
    assert_eq!(folders(&alice, &into, "/").await, json!([]));
    assert!(alice.ids_in(&into, "/").await.is_empty());
    let elsewhere = World::with(|config| config.regions = vec!["here".to_owned(), "there".to_owned()]).await;
    let bob = elsewhere.user("bob").await;
    let here = project(&bob, json!({ "name": "Here", "region": "here" })).await;
    let there = project(&bob, json!({ "name": "There", "region": "there" })).await;
    let thing = elsewhere.put(&bob, &here, record("thing")).await;
    bob.fails(&format!("/{here}/clone"), json!({ "objects": [thing], "project": there }), "InvalidState")
        .await;
}

/// Flags and labels of the source decide what leaves it, for administrators too (invariant 26, B11.1).
#[tokio::test]
async fn restrictions_hold() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let into = alice.project("Into").await;
    // Protected health information needs an organisation that pays and is licensed for it.
    let lab = world.org("lab", &["alice"]).await;
    let phi = project(&alice, json!({ "name": "PHI", "containsPHI": true, "billTo": lab })).await;
    let restricted = project(&alice, json!({ "name": "R", "restricted": true })).await;
    let thing = world.put(&alice, &restricted, record("r")).await;
    alice
        .fails(
            &format!("/{restricted}/clone"),
            json!({ "objects": [thing], "project": phi }),
            "PermissionDenied",
        )
        .await;
    let thing = world.put(&alice, &phi, record("p")).await;
    alice
        .fails(&format!("/{phi}/clone"), json!({ "objects": [thing], "project": into }), "PermissionDenied")
        .await;
    let other_phi = project(&alice, json!({ "name": "PHI too", "containsPHI": true, "billTo": lab })).await;
    alice.ok(&format!("/{phi}/clone"), json!({ "objects": [thing], "project": other_phi })).await;
    // One labelled object refuses the whole call, also when it is hidden and only linked to.
    let from = alice.project("From").await;
    let free = world.put(&alice, &from, record("free")).await;
    let no_copy = Labels { no_copy: true, ..Labels::default() };
    let stays = world.put(&alice, &from, record("stays").hidden().labelled(no_copy)).await;
    let linking = world.put(&alice, &from, record("linking").linking(&[&stays])).await;
    let clone = format!("/{from}/clone");
    alice.fails(&clone, json!({ "objects": [free, linking], "project": into }), "PermissionDenied").await;
    let phi_label = Labels { phi: true, ..Labels::default() };
    let labelled = world.put(&alice, &from, record("labelled").labelled(phi_label)).await;
    alice.fails(&clone, json!({ "objects": [labelled], "project": into }), "PermissionDenied").await;
    assert!(alice.ids_in(&into, "/").await.is_empty());
    alice.ok(&clone, json!({ "objects": [labelled], "project": phi })).await;
    // Copies carry on what the source's flag says, and what the source itself carries.
    let phi_copies = "select count(*) from placement p join project j on j.key = p.project
         where p.labels = 4 and ((j.name = 'PHI' and p.name = 'labelled') or (j.name = 'PHI too' and p.name = 'p'))";
    assert_eq!(world.rows(phi_copies).await, 2);
}

/// B11.1: a copy carries what its source was restricted by, from then on.
#[tokio::test]
async fn copies_carry_labels() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let from = project(&alice, json!({ "name": "From", "downloadRestricted": true })).await;
    let (into, next) = (alice.project("Into").await, alice.project("Next").await);
    let thing = world.put(&alice, &from, file("thing", 5)).await;
    alice.ok(&format!("/{from}/clone"), json!({ "objects": [thing], "project": into })).await;
    alice.ok(&format!("/{into}/clone"), json!({ "objects": [thing], "project": next })).await;
    let no_download = "select count(*) from placement p join project j on j.key = p.project where p.labels = 1 and j.name <> 'From'";
    assert_eq!(world.rows(no_download).await, 2, "it goes from copy to copy");
    assert_eq!(
        world.rows("select count(*) from placement where labels = 0").await,
        1,
        "the source has flags, not labels"
    );
    assert_eq!(world.rows("select count(*) from placement_source where how = 'clone'").await, 2);
}

/// VIEW on the source and UPLOAD on the destination; who may not see one of them meets nothing.
#[tokio::test]
async fn levels_decide_who_clones() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (from, into) = (alice.project("From").await, alice.project("Into").await);
    let thing = world.put(&alice, &from, record("thing")).await;
    let clone = format!("/{from}/clone");
    let input = json!({ "objects": [thing], "project": into });
    bob.fails(&clone, input.clone(), "ResourceNotFound").await;
    alice.invite(&into, "bob", Level::View).await;
    bob.fails(&clone, input.clone(), "ResourceNotFound").await;
    alice.invite(&from, "bob", Level::View).await;
    bob.fails(&clone, input.clone(), "PermissionDenied").await;
    alice.invite(&into, "bob", Level::Upload).await;
    bob.ok(&clone, input).await;
    assert_eq!(bob.ids_in(&into, "/").await, [thing]);
}
