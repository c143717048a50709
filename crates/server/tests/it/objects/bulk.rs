//! `/system/describeDataObjects` (contract data 10.2; F186).

use serde_json::{Value, json};

use super::NOBODY;
use crate::world::World;

const BULK: &str = "/system/describeDataObjects";

/// Results are parallel to what was asked; what is wrong with one object does not touch the others.
#[tokio::test]
async fn results_are_parallel_and_fail_one_by_one() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (project, theirs) = (alice.project("Trial").await, bob.project("Other").await);
    let (record, file) =
        (alice.record(&project, json!({ "name": "r" })).await, alice.file(&project, json!({})).await);
    let hidden = bob.record(&theirs, json!({})).await;
    let objects = json!([file, hidden, record, NOBODY, "nonsense", project, file,
        { "id": record, "describe": { "project": "nonsense" } }, { "id": record, "describe": { "project": theirs, "fields": { "name": true } } }]);
    let answer = alice.ok(BULK, json!({ "objects": objects })).await;
    let results = answer["results"].as_array().unwrap();
    let of = |place: usize| &results[place];
    for (place, id) in [(0, &file), (2, &record), (6, &file)] {
        let direct = alice.ok(&format!("/{id}/describe"), json!({})).await;
        assert_eq!(of(place), &json!({ "describe": direct }));
    }
    for (place, id) in [(1, hidden.as_str()), (3, NOBODY)] {
        assert_eq!(of(place)["statusCode"], 404);
        assert_eq!(of(place)["error"]["type"], "ResourceNotFound");
        assert!(of(place)["error"]["message"].as_str().unwrap().contains(id));
        assert!(of(place).get("describe").is_none());
    }
    for place in [4, 5, 7] {
        assert_eq!(
            (&of(place)["error"]["type"], &of(place)["statusCode"]),
            (&json!("InvalidInput"), &json!(422))
        );
    }
    assert_eq!(of(8), &json!({ "describe": { "id": record, "name": "r" } }));
    assert_eq!(alice.ok(BULK, json!({ "objects": [] })).await, json!({ "results": [] }));
}

/// The nearest options win: those of the object, of its class, of all others.
#[tokio::test]
async fn options_have_their_order() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let (record, file) = (
        alice.record(&project, json!({ "name": "r" })).await,
        alice.file(&project, json!({ "name": "f" })).await,
    );
    let answer = alice
        .ok(
            BULK,
            json!({
                "objects": [record, file, { "id": file, "describe": { "fields": { "state": true } } }, { "id": record, "describe": { "details": true } }],
                "classDescribeOptions": { "file": { "fields": { "name": true } }, "*": { "fields": { "hidden": true } } },
            }),
        )
        .await;
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results[0]["describe"], json!({ "id": record, "hidden": false }));
    assert_eq!(results[1]["describe"], json!({ "id": file, "name": "f" }));
    assert_eq!(results[2]["describe"], json!({ "id": file, "state": "open" }));
    let flat = &results[3]["describe"];
    assert!(
        flat["details"] == json!({}) && flat["name"] == "r" && flat.get("properties").is_none(),
        "{flat}"
    );
}

/// A thousand objects go in one call, one more does not.
#[tokio::test]
async fn a_thousand_at_once() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let mut made = Vec::new();
    for place in 0..20 {
        made.push(alice.record(&project, json!({ "name": format!("r{place}"), "details": [place] })).await);
    }
    let many: Vec<&String> = made.iter().cycle().take(1000).collect();
    let fields = json!({ "*": { "fields": { "name": true, "details": true } } });
    let answer = alice.ok(BULK, json!({ "objects": many, "classDescribeOptions": fields })).await;
    for (place, result) in answer["results"].as_array().unwrap().iter().enumerate() {
        let nth = place % 20;
        let wanted: Value = json!({ "id": made[nth], "name": format!("r{nth}"), "details": [nth] });
        assert_eq!(result["describe"], wanted);
    }
    let more: Vec<&String> = made.iter().cycle().take(1001).collect();
    let message = alice.fails(BULK, json!({ "objects": more }), "InvalidInput").await;
    assert!(message.contains("1000"), "{message}");
}

/// Nothing unbounded is put together: details that are too large for one answer are refused with what to do.
#[tokio::test]
async fn an_answer_has_a_size() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let project = alice.project("Trial").await;
    let record = alice.record(&project, json!({ "details": { "text": "x".repeat(1 << 20) } })).await;
    let objects: Vec<&String> = std::iter::repeat_n(&record, 65).collect();
    let details = json!({ "*": { "details": true } });
    let message = alice
        .fails(BULK, json!({ "objects": objects, "classDescribeOptions": details }), "InvalidInput")
        .await;
    assert!(message.contains("Ask for fewer"), "{message}");
    let without = alice.ok(BULK, json!({ "objects": objects })).await;
    assert_eq!(without["results"].as_array().unwrap().len(), 65);
}
