use serde_json::json;

use super::*;
use crate::json::{decode, decode_any};

const A: &str = "record-00000000000000000000000A";
const B: &str = "file-00000000000000000000000B";
const P: &str = "project-00000000000000000000000P";

fn links(value: Value) -> Vec<String> {
    Details::try_from(value).unwrap().links().iter().map(ToString::to_string).collect()
}

fn refused(value: Value) -> String {
    Details::try_from(value).unwrap_err().to_string()
}

#[test]
fn links_are_distinct_and_in_order_of_first_mention() {
    let value = json!({
        "z": [{"$dnanexus_link": B}, {"deep": {"er": {"$dnanexus_link": {"id": A, "project": P}}}}],
        "a": {"$dnanexus_link": B},
        "text": A,
    });
    assert_eq!(links(value), [B, A]);
    assert_eq!(links(json!([])), [""; 0]);
    assert_eq!(links(json!({"$dnanexus_link": A})), [A]);
    assert_eq!(links(json!([{"$dnanexus_link": {"id": A}}])), [A]);
}

#[test]
fn details_keep_their_value_and_key_order() {
    let value = json!({"z": 1, "a": {"$dnanexus_link": A}, "m": null});
    let details: Details = decode_any(value.clone()).unwrap();
    assert_eq!(details.value().to_string(), value.to_string());
    assert_eq!(serde_json::to_value(&details).unwrap(), value);
    assert_eq!(Details::default().into_value(), json!({}));
}

#[test]
fn bad_links_say_why() {
    for (link, why) in [
        (json!({"$dnanexus_link": A, "x": 1}), "only key"),
        (json!({"$dnanexus_link": "nonsense"}), "not the id of a data object"),
        (json!({"$dnanexus_link": P}), "not the id of a data object"),
        (json!({"$dnanexus_link": null}), "not null"),
        (json!({"$dnanexus_link": [A]}), "not an array"),
        (json!({"$dnanexus_link": {}}), "under \"id\""),
        (json!({"$dnanexus_link": {"id": 1}}), "under \"id\""),
        (json!({"$dnanexus_link": {"id": A, "project": A}}), "project or container"),
        (json!({"$dnanexus_link": {"id": A, "project": 1}}), "project or container"),
        (json!({"$dnanexus_link": {"id": A, "extra": 1}}), "\"extra\""),
        (json!({"$dnanexus_link": {"job": "job-x", "field": "f"}}), "output of a job"),
        (json!({"$dnanexus_link": {"stage": "stage-x", "outputField": "f"}}), "output of a job"),
    ] {
        let message = refused(json!({ "a": [link] }));
        assert!(message.contains(why), "{why}: {message}");
    }
}

#[test]
fn details_are_a_hash_or_an_array() {
    for (scalar, kind) in [(json!(1), "a number"), (json!("x"), "a string"), (json!(null), "null")] {
        assert!(refused(scalar).ends_with(kind));
    }
    #[derive(Debug, Deserialize)]
    struct Input {
        #[serde(rename = "details")]
        _details: Details,
    }
    let error = decode::<Input>(json!({"details": 1})).unwrap_err();
    assert!(error.message.contains("key \"details\""), "{}", error.message);
}

#[test]
fn size_is_bounded() {
    // `["…"]` has four bytes around its text.
    assert!(Details::try_from(json!(["x".repeat(MAX_DETAILS_BYTES - 4)])).is_ok());
    assert!(refused(json!(["x".repeat(MAX_DETAILS_BYTES - 3)])).contains("bytes"));
}
