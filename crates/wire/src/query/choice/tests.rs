use proptest::prelude::*;
use serde_json::{Value, from_value, json};

use super::*;
use crate::json::decode;

#[derive(Debug, Deserialize)]
struct Search {
    #[serde(default)]
    state: StateQuery,
    #[serde(default)]
    visibility: Visibility,
    #[serde(default)]
    archival_state: ArchivalQuery,
    class: Option<OneOrMany<ObjectClass>>,
    #[serde(default)]
    scope: ScopeQuery,
    #[serde(default)]
    created: TimeRange,
    #[serde(rename = "sortBy")]
    sort_by: Option<SortBy>,
}

const P: &str = "project-00000000000000000000000P";

fn search(input: Value) -> Search {
    decode(input).unwrap()
}

fn refusal(input: Value) -> String {
    decode::<Search>(input).unwrap_err().message
}

#[test]
fn words_and_their_defaults() {
    let plain = search(json!({}));
    assert_eq!(plain.state, StateQuery::Any);
    assert_eq!(plain.visibility, Visibility::Visible);
    assert!(plain.archival_state.matches(ArchivalState::Archived));
    let closed = search(json!({"state": "closed"})).state;
    assert!(closed.matches(ObjectState::Closed) && !closed.matches(ObjectState::Closing));
    assert_eq!(search(json!({"state": "any"})).state, StateQuery::Any);
    let hidden = search(json!({"visibility": "hidden"})).visibility;
    assert!(hidden.matches(true) && !hidden.matches(false));
    assert!(Visibility::Either.matches(true) && Visibility::Either.matches(false));
    assert!(Visibility::Visible.matches(false) && !Visibility::Visible.matches(true));
    assert_eq!(serde_json::to_value(ObjectState::Closing).unwrap(), json!("closing"));
}

/// A hash is what the public client's tests send; they look for `key "state"`.
#[test]
fn other_words_name_key_and_choices() {
    for bad in
        [json!({"$or": ["open"]}), json!({"open": 1}), json!("OPEN"), json!("abandoned"), json!(1), json!([])]
    {
        let message = refusal(json!({ "state": bad }));
        assert!(message.contains("key \"state\""), "{message}");
        assert!(message.contains(r#"expected one of "open", "closing", "closed", "any""#), "{message}");
    }
    assert!(refusal(json!({"visibility": "any"})).contains(r#"one of "visible", "hidden", "either""#));
}

#[test]
fn one_or_many() {
    let classes = |input| search(input).class.unwrap().iter().map(|class| class.get()).collect::<Vec<_>>();
    assert_eq!(classes(json!({"class": "file"})), [Class::File]);
    assert_eq!(classes(json!({"class": ["file", "record"]})), [Class::File, Class::Record]);
    assert_eq!(classes(json!({"class": []})), []);
    assert!(refusal(json!({"class": "job"})).contains("key \"class\""));
    assert!(refusal(json!({"class": ["file", "project"]})).contains("key \"class[1]\""));
    assert!(refusal(json!({"class": {}})).contains("key \"class\""));
    assert!(from_value::<OneOrMany<String>>(json!(vec!["a"; MAX_CHOICES])).is_ok());
    assert!(from_value::<OneOrMany<String>>(json!(vec!["a"; MAX_CHOICES + 1])).is_err());
}

#[test]
fn time_ranges_include_their_ends() {
    let range = |input: Value| search(json!({ "created": input })).created.relative_to(Millis(1000));
    for (input, inside, outside) in [
        (json!({}), &[i64::MIN, 0, i64::MAX][..], &[][..]),
        (json!({"after": 5}), &[5, 6], &[4]),
        (json!({"before": 5}), &[4, 5], &[6]),
        (json!({"after": 5, "before": 7}), &[5, 6, 7], &[4, 8]),
        (json!({"after": 7, "before": 5}), &[], &[5, 6, 7]),
        (json!({"after": -100}), &[900, 901], &[899]),
        (json!({"after": null, "before": -1}), &[999], &[1000]),
    ] {
        for time in inside {
            assert!(range(input.clone()).matches(Millis(*time)), "{input} {time}");
        }
        for time in outside {
            assert!(!range(input.clone()).matches(Millis(*time)), "{input} {time}");
        }
    }
    assert!(refusal(json!({"created": {"after": "-1w"}})).contains("key \"created.after\""));
}

#[test]
fn scope() {
    let project = ContainerId::parse(P).unwrap();
    let other = ContainerId::parse("container-00000000000000000000000P").unwrap();
    let matches = |scope: Value, folder: &str| {
        search(json!({ "scope": scope })).scope.matches(&project, &FolderPath::parse(folder).unwrap())
    };
    assert!(matches(json!({}), "/x"));
    assert!(matches(json!({"project": P}), "/x/y"));
    assert!(!search(json!({"scope": {"project": P}})).scope.matches(&other, &FolderPath::root()));
    assert!(matches(json!({"project": P, "folder": "/x/"}), "/x"));
    assert!(matches(json!({"project": P, "folder": "/x", "recurse": null}), "/x/y"));
    assert!(!matches(json!({"project": P, "folder": "/x"}), "/xy"));
    assert!(!matches(json!({"project": P, "folder": "/x", "recurse": false}), "/x/y"));
    assert!(!matches(json!({"project": P, "recurse": false}), "/x"));
    assert!(matches(json!({"project": P, "recurse": false}), "/"));
    for (bad, key) in [
        (json!({"folder": "/"}), "key \"scope\" cannot be used: a \"folder\" needs a \"project\""),
        (json!({"project": P, "folder": "x"}), "key \"scope.folder\""),
        (json!({"project": "file-00000000000000000000000P"}), "key \"scope.project\""),
        (json!("/"), "key \"scope\""),
    ] {
        let message = refusal(json!({ "scope": bad }));
        assert!(message.contains(key), "{message}");
    }
}

#[test]
fn sorting() {
    let sort = search(json!({"sortBy": {"field": "created", "ordering": "descending"}})).sort_by.unwrap();
    assert_eq!((sort.field, sort.ordering), (SortField::Created, Ordering::Descending));
    assert!(
        refusal(json!({"sortBy": {"field": "size", "ordering": "ascending"}}))
            .contains("key \"sortBy.field\"")
    );
    assert!(refusal(json!({"sortBy": {"field": "created"}})).contains("\"sortBy.ordering\" is missing"));
}

proptest! {
    #[test]
    fn relative_times_lie_before_now(now in 0i64..=1 << 50, back in 1i64..=1 << 50) {
        let range = TimeRange { after: Some(Millis(-back)), before: None }.relative_to(Millis(now));
        prop_assert!(range.matches(Millis(now - back)) && !range.matches(Millis(now - back - 1)));
    }
}
