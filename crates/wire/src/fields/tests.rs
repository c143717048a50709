use serde_json::json;

use super::*;
use crate::json::decode;

fn fields(input: Value) -> Fields {
    decode(input).unwrap()
}

/// A class with two default fields (`name`, `tags`) and two on request (`properties`, `parts`).
fn answer(input: Value) -> Value {
    let fields = fields(input);
    let id = Id::parse("record-000000000000000000000000").unwrap();
    let mut out = Description::new(&fields, &id);
    out.by_default("name", || "n").by_default("tags", || json!([]));
    out.on_request("properties", || json!({})).on_request("parts", || 1);
    let names: Vec<String> = hash_of(&out.finish()).keys().cloned().collect();
    json!(names)
}

#[test]
fn the_choice_of_fields() {
    for (input, names) in [
        (json!({}), json!(["id", "name", "tags"])),
        (json!({"fields": null, "defaultFields": null}), json!(["id", "name", "tags"])),
        (json!({"fields": {}}), json!(["id"])),
        (json!({"fields": {"name": true, "parts": true}}), json!(["id", "name", "parts"])),
        (json!({"fields": {"parts": true}, "defaultFields": true}), json!(["id", "name", "tags", "parts"])),
        (json!({"fields": {"name": false}, "defaultFields": true}), json!(["id", "tags"])),
        (json!({"fields": {"parts": false, "id": false}}), json!(["id"])),
        (json!({"defaultFields": false}), json!(["id"])),
        (json!({"fields": {"unheardOf": true}}), json!(["id"])),
        // The older spelling adds, and does not count beside `fields`.
        (json!({"properties": true}), json!(["id", "name", "tags", "properties"])),
        (json!({"properties": true, "fields": {"parts": true}}), json!(["id", "parts"])),
        (json!({"properties": false, "name": false}), json!(["id", "name", "tags"])),
        (json!({"defaultFields": false, "parts": true}), json!(["id", "parts"])),
        (
            json!({"name": "true", "try": 1, "permissions": true, "x": {"y": []}}),
            json!(["id", "name", "tags"]),
        ),
    ] {
        assert_eq!(answer(input.clone()), names, "{input}");
    }
}

#[test]
fn unwanted_fields_are_not_computed() {
    let fields = Fields::only(["name"]);
    let id = Id::parse("user-alice").unwrap();
    let mut out = Description::new(&fields, &id);
    out.by_default("name", || "n").by_default("folders", || -> Value { panic!("computed") });
    assert_eq!(Value::Object(hash_of(&out.finish())), json!({"id": "user-alice", "name": "n"}));
}

#[test]
fn texts_are_answered_as_they_are() {
    let fields = Fields::default_and(["details"]);
    let id = Id::parse("user-alice").unwrap();
    let mut out = Description::new(&fields, &id);
    let details = RawValue::from_string("{\"b\": 1.50, \"a\":[1e2]}".to_owned()).unwrap();
    out.put_text("details", false, &details)
        .put_text("other", false, RawValue::NULL)
        .by_default("name", || "\"");
    let described = out.finish();
    assert_eq!(described.as_str(), r#"{"id":"user-alice","details":{"b": 1.50, "a":[1e2]},"name":"\""}"#);
    assert_eq!(serde_json::to_string(&[&described]).unwrap(), format!("[{}]", described.as_str()));
    let read: Described = serde_json::from_str(described.as_str()).unwrap();
    assert_eq!(hash_of(&read), hash_of(&described));
}

fn hash_of(described: &Described) -> serde_json::Map<String, Value> {
    serde_json::from_str(described.as_str()).unwrap()
}

#[test]
fn switches_and_hint() {
    let given = fields(json!({"io": false, "project": "project-000000000000000000000000"}));
    assert_eq!(given.switch("io"), Some(false));
    assert_eq!(given.switch("try"), None);
    assert_eq!(given.project_hint().unwrap().unwrap().as_str(), "project-000000000000000000000000");
    assert_eq!(fields(json!({"project": null})).project_hint(), Ok(None));
    for bad in ["", "project-short", "file-000000000000000000000000"] {
        let error = fields(json!({"project": bad})).project_hint().unwrap_err();
        assert!(error.message.contains("key \"project\""), "{}", error.message);
    }
}

#[test]
fn wrong_types_name_their_key() {
    for (input, key) in [
        (json!({"fields": []}), "key \"fields\""),
        (json!({"fields": {"name": "true"}}), "key \"fields.name\""),
        (json!({"defaultFields": 1}), "key \"defaultFields\""),
        (json!({"project": 1}), "key \"project\""),
    ] {
        let error = decode::<Fields>(input).unwrap_err();
        assert!(error.message.contains(key), "{}", error.message);
    }
}

#[test]
fn describe_inside_other_inputs() {
    #[derive(Debug, Deserialize)]
    struct Search {
        #[serde(default)]
        describe: DescribeSwitch,
    }
    let wants = |input: Value, name: &str| {
        let search: Search = decode(input).unwrap();
        search.describe.fields().map(|fields| fields.wants(name, true))
    };
    assert_eq!(wants(json!({}), "name"), None);
    assert_eq!(wants(json!({"describe": false}), "name"), None);
    assert_eq!(wants(json!({"describe": null}), "name"), None);
    assert_eq!(wants(json!({"describe": true}), "name"), Some(true));
    assert_eq!(wants(json!({"describe": {}}), "name"), Some(true));
    assert_eq!(wants(json!({"describe": {"fields": {"size": true}}}), "name"), Some(false));
    for (bad, key) in [(json!("yes"), "key \"describe\""), (json!({"fields": 1}), "key \"describe.fields\"")]
    {
        let error = decode::<Search>(json!({ "describe": bad })).unwrap_err();
        assert!(error.message.contains(key), "{}", error.message);
    }
}
