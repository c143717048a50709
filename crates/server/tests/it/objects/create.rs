//! `/record/new` and `/file/new` (F024, F170, F173).

use serde_json::json;
use wire::Level;
use wire::id::MINT_ALPHABET;

use super::NOBODY;
use crate::world::World;

/// F024, F170, F173, F174, F178: a record without anything has the defaults of the contract.
#[tokio::test]
async fn a_bare_record_has_every_default() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let record = alice.record(&project, json!({})).await;
    let tail = record.strip_prefix("record-").unwrap();
    assert!(tail.len() == 24 && tail.bytes().all(|byte| MINT_ALPHABET.contains(&byte)), "{record}");
    let mut seen = alice.described(&record).await;
    assert!(seen["created"].is_i64() && seen["created"] == seen["modified"], "{seen}");
    for time in ["created", "modified"] {
        seen[time] = json!(0);
    }
    assert_eq!(
        seen,
        json!({
            "id": record, "project": project, "class": "record", "sponsored": false, "name": record, "types": [],
            "state": "open", "hidden": false, "links": [], "folder": "/", "tags": [], "created": 0, "modified": 0,
            "createdBy": { "user": "user-alice" }, "properties": {}, "details": {},
        })
    );
}

/// F174 to F179: everything that can be given at once is there.
#[tokio::test]
async fn a_record_has_what_it_was_given() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let target = alice.record(&project, json!({})).await;
    let details = json!([{ "$dnanexus_link": target }, 1, { "b": { "$dnanexus_link": { "id": target, "project": project } }, "a": null }]);
    let record = alice
        .record(
            &project,
            json!({
                "name": "Name / with slash", "types": ["mapping", "foo", "mapping"], "tags": ["b", "a", "b"], "hidden": true,
                "properties": { "k": "v", "empty": "" }, "details": details, "folder": "//a//b/", "parents": true,
                "targetFileRelocation": 1,
            }),
        )
        .await;
    let seen = alice.described(&record).await;
    assert_eq!(seen["name"], "Name / with slash");
    assert_eq!(seen["types"], json!(["mapping", "foo"]));
    assert_eq!(seen["tags"], json!(["b", "a"]));
    assert_eq!(seen["hidden"], true);
    assert_eq!(seen["properties"], json!({ "k": "v", "empty": "" }));
    assert_eq!(seen["details"], details);
    assert_eq!(seen["links"], json!([target]));
    assert_eq!(seen["folder"], "/a/b");
    assert_eq!(alice.ok(&format!("/{record}/getDetails"), json!({})).await, details);
}

/// Contract data 7: given fields win over those of the record that is started from; the folder is not taken over.
#[tokio::test]
async fn a_record_starts_from_another() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let (project, other) = (alice.project("Trial").await, alice.project("Other").await);
    let first = alice
        .record(
            &project,
            json!({ "name": "first", "details": { "foo": { "$dnanexus_link": NOBODY } }, "types": ["footype"], "tags": ["footag"],
                "properties": { "k": "v" }, "hidden": true, "folder": "/deep", "parents": true }),
        )
        .await;
    let source = json!({ "project": project, "id": first });
    let second = alice
        .record(&other, json!({ "initializeFrom": source, "types": ["bartype"], "hidden": false }))
        .await;
    let (one, two) = (alice.described(&first).await, alice.described(&second).await);
    for same in ["name", "tags", "details", "properties", "links"] {
        assert_eq!(one[same], two[same], "{same}");
    }
    assert_eq!(
        (&two["types"], &two["hidden"], &two["folder"]),
        (&json!(["bartype"]), &json!(false), &json!("/"))
    );

    let wrong = json!({ "project": other, "id": first });
    let message = alice
        .fails("/record/new", json!({ "project": other, "initializeFrom": wrong }), "ResourceNotFound")
        .await;
    assert!(message.contains(&first), "{message}");
}

/// No record takes out of a restricted project what a clone could not (invariant 26).
#[tokio::test]
async fn a_record_does_not_start_from_one_that_may_not_leave() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let closed = alice.ok("/project/new", json!({ "name": "Closed", "restricted": true })).await;
    let closed = closed["id"].as_str().unwrap();
    let other = alice.project("Other").await;
    let first = alice.record(closed, json!({ "details": { "secret": 1 } })).await;
    let source = json!({ "project": closed, "id": first });
    alice
        .fails("/record/new", json!({ "project": other, "initializeFrom": source }), "PermissionDenied")
        .await;
    alice.record(closed, json!({ "initializeFrom": source })).await;
}

/// Whoever may add records and not list them does not read by a copy what others have added to one (contract:
/// identity-and-sharing B11.26).
#[tokio::test]
async fn a_record_starts_only_from_what_may_be_listed() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Drop box").await;
    alice.invite(&project, "bob", Level::Upload).await;
    let first = bob.record(&project, json!({})).await;
    alice.ok(&format!("/{first}/addTags"), json!({ "project": project, "tags": ["hers"] })).await;
    let copy = json!({ "project": project, "initializeFrom": { "project": project, "id": first } });
    bob.ok("/record/new", copy.clone()).await;
    world.give(&project, "bob", policy::Preset::ProjectDataProvider).await;
    bob.fails("/record/new", copy, "PermissionDenied").await;
    bob.record(&project, json!({})).await;
}

/// What holds a record back goes along with whatever starts from it, in its own project and from there on (B11.1).
#[tokio::test]
async fn a_record_takes_over_what_holds_another_back() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let held = alice.ok("/project/new", json!({ "name": "Held", "downloadRestricted": true })).await;
    let held = held["id"].as_str().unwrap();
    let other = alice.project("Other").await;
    let first = alice.record(held, json!({})).await;
    let from = |project: &str, id: &str| json!({ "initializeFrom": { "project": project, "id": id } });
    let second = alice.record(&other, from(held, &first)).await;
    let third = alice.record(&other, from(&other, &second)).await;
    let free = alice.record(&other, json!({})).await;
    for (record, labels) in [(first, 0), (second, 1), (third, 1), (free, 0)] {
        let found: i64 = world
            .read(move |tx| {
                let placed =
                    "select p.labels from placement p join object o on o.key = p.object where o.id = $1";
                tx.query_one(placed, store::params![record.as_str()])?.get(0)
            })
            .await;
        assert_eq!(found, labels);
    }
}

/// F170, contract data 8.1: a new file is open and has no bytes.
#[tokio::test]
async fn a_new_file_is_open_and_empty() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let file = alice.file(&project, json!({ "name": "reads.bam", "media": "application/x-bam" })).await;
    let seen = alice.described(&file).await;
    assert_eq!(
        (&seen["class"], &seen["state"], &seen["media"]),
        (&json!("file"), &json!("open"), &json!("application/x-bam"))
    );
    assert_eq!(
        (&seen["parts"], &seen["archivalState"], &seen.get("size")),
        (&json!({}), &json!("live"), &None)
    );
}

/// Contract data 2.1, 7: what is wrong, in the order in which it is looked at.
#[tokio::test]
async fn refusals_come_in_the_order_of_the_contract() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let project = alice.project("Trial").await;
    let new = |input: serde_json::Value| {
        let alice = alice.clone();
        async move { alice.post("/record/new", input).await }
    };
    for (input, kind, says) in [
        (json!({}), "InvalidInput", "\"project\""),
        (json!({ "project": 1 }), "InvalidInput", "\"project\""),
        (json!({ "project": "project-short" }), "InvalidInput", "\"project\""),
        (json!({ "project": NOBODY }), "InvalidType", NOBODY),
        (json!({ "project": "project-012301230123012301230123" }), "ResourceNotFound", "project-0123"),
        (json!({ "project": project, "folder": "/none" }), "ResourceNotFound", "/none"),
        (json!({ "project": project, "folder": "none" }), "InvalidInput", "\"folder\""),
        (json!({ "project": project, "name": "" }), "InvalidInput", "\"name\""),
        (json!({ "project": project, "name": "a\u{1}" }), "InvalidInput", "\"name\""),
        (json!({ "project": project, "tags": [""] }), "InvalidInput", "tags"),
        (
            json!({ "project": project, "types": ["a b"] }),
            "InvalidInput",
            "be an array of valid strings for a type name",
        ),
        (json!({ "project": project, "properties": { "k": 1 } }), "InvalidInput", "properties"),
        (json!({ "project": project, "properties": { "k".repeat(101): "v" } }), "InvalidInput", "100"),
        (json!({ "project": project, "properties": { "k": "v".repeat(701) } }), "InvalidInput", "700"),
        (json!({ "project": project, "details": "text" }), "InvalidInput", "\"details\""),
        (
            json!({ "project": project, "details": { "$dnanexus_link": NOBODY, "x": 1 } }),
            "InvalidInput",
            "$dnanexus_link",
        ),
        (
            json!({ "project": project, "details": { "$dnanexus_link": "nothing" } }),
            "InvalidInput",
            "$dnanexus_link",
        ),
        (json!({ "project": project, "nonce": "n".repeat(129) }), "InvalidInput", "\"nonce\""),
    ] {
        let answer = new(input.clone()).await;
        assert_eq!(answer.body["error"]["type"], kind, "{input}: {}", answer.body);
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.contains(says), "{input}: {message}");
    }
    // Shape before visibility is for nothing that can be seen: the project is named in the input.
    bob.fails("/record/new", json!({ "project": project }), "ResourceNotFound").await;
    alice.invite(&project, "bob", Level::View).await;
    let message =
        bob.fails("/record/new", json!({ "project": project, "folder": "/none" }), "PermissionDenied").await;
    assert!(message.contains("UPLOAD permission required"), "{message}");
    for link in ["drive", "symlinkPath"] {
        let message =
            alice.fails("/file/new", json!({ "project": project, link: "x" }), "InvalidInput").await;
        assert!(message.contains(link) && message.contains("symbolic link"), "{message}");
    }
    let listed = alice.ok(&format!("/{project}/listFolder"), json!({})).await;
    assert_eq!(listed["objects"], json!([]), "a refused call made something");
}

/// Contract identity-and-sharing B11.27: the flag touches people's files, and not their records.
#[tokio::test]
async fn outside_uploads_can_be_switched_off() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.ok("/project/new", json!({ "name": "In", "externalUploadRestricted": true })).await;
    let project = project["id"].as_str().unwrap();
    let message = alice.fails("/file/new", json!({ "project": project }), "PermissionDenied").await;
    assert!(message.contains("through jobs only"), "{message}");
    alice.record(project, json!({})).await;
}

/// A folder that had to be made is not left behind by a call that fails.
#[tokio::test]
async fn a_failed_call_makes_no_folder() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let source = json!({ "project": project, "id": NOBODY });
    let input = json!({ "project": project, "folder": "/a/b", "parents": true, "initializeFrom": source });
    alice.fails("/record/new", input, "ResourceNotFound").await;
    let listed = alice.ok(&format!("/{project}/listFolder"), json!({})).await;
    assert_eq!(listed["folders"], json!([]));
}
