use serde_json::{Value, json};

use super::*;
use crate::json::decode;

#[derive(Debug, Deserialize)]
struct Input {
    #[serde(default)]
    tags: Tags,
    #[serde(default)]
    types: TypeNames,
    #[serde(default)]
    properties: PropertyChanges,
    #[serde(default)]
    few: List<u8, 2>,
}

fn input(body: Value) -> Input {
    decode(body).unwrap()
}

fn refusal(body: Value) -> String {
    decode::<Input>(body).unwrap_err().message
}

#[test]
fn tags_keep_order_and_drop_repeats() {
    let tags = input(json!({"tags": ["b", "a", "b", "c", "a"]})).tags;
    assert_eq!(serde_json::to_value(tags).unwrap(), json!(["b", "a", "c"]));
    assert!(refusal(json!({"tags": ["a", ""]})).contains("key \"tags[1]\""));
    assert!(refusal(json!({"tags": "a"})).contains("expected an array"));
}

#[test]
fn bad_types_are_refused_in_the_words_clients_look_for() {
    let types = input(json!({"types": ["x", "a/b", "x"]})).types;
    assert_eq!(serde_json::to_value(types).unwrap(), json!(["x", "a/b"]));
    for bad in [json!(["ok", "ΨΨ"]), json!("abc"), json!([1]), json!([""])] {
        let message = refusal(json!({ "types": bad }));
        assert!(message.contains("key \"types"), "{message}");
        assert!(message.contains("be an array of valid strings for a type name"), "{message}");
    }
}

#[test]
fn properties_set_and_remove() {
    let changes = input(json!({"properties": {"b": "1", "a": null, "c": ""}})).properties;
    assert_eq!(serde_json::to_value(&changes).unwrap(), json!({"a": null, "b": "1", "c": ""}));
    assert_eq!(changes.get("a"), Some(&None));
    for (bad, part) in [
        (json!({"k": 1}), "key \"properties.k\""),
        (json!({"": "v"}), "as a property key it must not be empty"),
        (json!({"k".repeat(101): "v"}), "key \"properties"),
        (json!({"k": "v".repeat(701)}), "701 bytes"),
        (json!([]), "key \"properties\""),
    ] {
        let message = refusal(json!({ "properties": bad }));
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn values_of_new_properties_must_be_strings() {
    assert!(serde_json::from_value::<Properties>(json!({"a": null})).is_err());
    assert_eq!(serde_json::from_value::<Properties>(json!({"a": "1"})).unwrap().len(), 1);
}

#[test]
fn lists_are_bounded() {
    assert_eq!(&*input(json!({"few": [1, 2]})).few, &[1, 2]);
    assert!(
        refusal(json!({"few": [1, 2, 3]})).contains("key \"few\" cannot be used: it has more than 2 items")
    );
    let many: Vec<String> = (0..=MAX_METADATA_ITEMS).map(|n| format!("t{n}")).collect();
    assert!(refusal(json!({"tags": many, "types": []})).contains("more than 1000 items"));
    assert!(List::<u8, 1>::try_from(vec![1, 2]).is_err());
}
