use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{from_value, json};

use super::*;

fn tags(value: Value) -> TagsQuery {
    from_value(value).unwrap()
}

fn refusal<T: serde::de::DeserializeOwned + std::fmt::Debug>(value: Value) -> String {
    from_value::<T>(value).unwrap_err().to_string()
}

#[test]
fn words() {
    assert!(tags(json!("a")).matches(&["b", "a"]));
    assert!(!tags(json!("a")).matches(&["ab"]));
    let nested = tags(json!({"$and": ["a", {"$or": ["b", "c"]}]}));
    assert!(nested.matches(&["c", "a"]) && !nested.matches(&["a"]) && !nested.matches(&["b", "c"]));
    assert!(tags(json!({"$and": []})).matches(&[""; 0]));
    assert!(!tags(json!({"$or": []})).matches(&["a"]));
    for (bad, why) in [
        (json!(["a"]), "not an array"),
        (json!(null), "not null"),
        (json!({"$not": "a"}), "not a hash"),
        (json!({"$and": "a"}), "take an array, not a string"),
        (json!({"$and": ["a"], "$or": ["b"]}), "only key"),
        (json!({"$or": ["a", 1]}), "not a number"),
        (json!("a\0"), "U+0000"),
    ] {
        let message = refusal::<TagsQuery>(bad);
        assert!(message.contains(why), "{message}");
    }
}

#[test]
fn filters_are_bounded() {
    let nest = |depth| (0..depth).fold(json!("a"), |inner, _| json!({"$and": [inner]}));
    assert!(from_value::<TagsQuery>(nest(MAX_DEPTH)).is_ok());
    assert!(refusal::<TagsQuery>(nest(MAX_DEPTH + 1)).contains("nested 16 deep"));
    let wide = |count| json!({"$or": vec!["a"; count]});
    assert!(from_value::<TagsQuery>(wide(MAX_TERMS - 1)).is_ok());
    assert!(refusal::<TagsQuery>(wide(MAX_TERMS)).contains("at most 1000 terms"));
    assert!(refusal::<PropertiesQuery>(json!({"$and": vec![json!({}); MAX_TERMS]})).contains("at most 1000"));
    let properties: serde_json::Map<_, _> = (0..MAX_TERMS).map(|n| (n.to_string(), json!(true))).collect();
    assert!(refusal::<PropertiesQuery>(Value::Object(properties)).contains("at most 1000"));
}

#[test]
fn properties() {
    let object = BTreeMap::from([("a", "1"), ("b", "")]);
    let matches =
        |value: Value| from_value::<PropertiesQuery>(value).unwrap().matches(|key| object.get(key).copied());
    for (query, expected) in [
        (json!({}), true),
        (json!({"a": "1"}), true),
        (json!({"a": "2"}), false),
        (json!({"a": "1", "b": ""}), true),
        (json!({"a": "1", "b": "x"}), false),
        (json!({"b": true}), true),
        (json!({"c": true}), false),
        (json!({"c": false}), true),
        (json!({"a": false}), false),
        (json!({"a": {"$ne": "2"}}), true),
        (json!({"a": {"$ne": "1"}}), false),
        (json!({"c": {"$ne": "1"}}), false),
        (json!({"$or": [{"a": "2"}, {"b": true, "c": false}]}), true),
        (json!({"$and": [{"a": "1"}, {"c": true}]}), false),
    ] {
        assert_eq!(matches(query.clone()), expected, "{query}");
    }
    for bad in [
        json!("a"),
        json!([]),
        json!({"a": 1}),
        json!({"a": null}),
        json!({"a": {"$ne": 1}}),
        json!({"a": {"$ne": "1", "$eq": "2"}}),
        json!({"$and": {"a": "1"}}),
        json!({"$and": ["a"]}),
        json!({"a\0": true}),
    ] {
        assert!(from_value::<PropertiesQuery>(bad.clone()).is_err(), "{bad}");
    }
}

/// The meaning of a filter, read off the JSON itself.
fn naive(query: &Value, words: &[String]) -> bool {
    match (query.as_str(), query.get("$and"), query.get("$or")) {
        (Some(word), _, _) => words.contains(&word.to_owned()),
        (_, Some(parts), _) => parts.as_array().unwrap().iter().all(|part| naive(part, words)),
        (_, _, Some(parts)) => parts.as_array().unwrap().iter().any(|part| naive(part, words)),
        _ => unreachable!("the strategy makes no other query"),
    }
}

fn any_query() -> impl Strategy<Value = Value> {
    let word = "[a-d]".prop_map(Value::from);
    word.prop_recursive(5, 40, 4, |inner| {
        (any::<bool>(), prop::collection::vec(inner, 0..4))
            .prop_map(|(and, parts)| if and { json!({ "$and": parts }) } else { json!({ "$or": parts }) })
    })
}

proptest! {
    #[test]
    fn agrees_with_the_meaning(query in any_query(), words in prop::collection::vec("[a-d]", 0..4)) {
        prop_assert_eq!(tags(query.clone()).matches(&words), naive(&query, &words));
    }
}
