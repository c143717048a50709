use proptest::prelude::*;
use serde_json::json;

use super::*;

fn full() -> Event {
    Event {
        actor: Id::parse("user-ada"),
        token: Some("ba7816bf8f01cfea".to_owned()),
        origin: Some(AddressClass::Public),
        request: Some("1700000000000-1".to_owned()),
        subjects: vec!["project-B0000000000000000000000z".to_owned(), "user-bob".to_owned()],
        rule: Some("level".to_owned()),
        before: Some(json!({"level": null})),
        after: Some(json!({"level": "VIEW", "inner": {"z": 1, "a": [{"y": 1, "b": 2}]}})),
        ..Event::new(1_700_000_000_123, "ProjectInvite", "member.invited", Outcome::Allowed)
    }
}

#[test]
fn the_encoding_is_fixed() {
    insta::assert_snapshot!(full().encode().unwrap(), @r#"{"at":1700000000123,"actor":"user-ada","token":"ba7816bf8f01cfea","origin":"public","request":"1700000000000-1","method":"ProjectInvite","action":"member.invited","subjects":["project-B0000000000000000000000z","user-bob"],"outcome":"allowed","rule":"level","before":{"level":null},"after":{"inner":{"a":[{"b":2,"y":1}],"z":1},"level":"VIEW"}}"#);
    let plain = Event::new(0, "PageSignIn", "signIn.passwordRefused", Outcome::Refused);
    insta::assert_snapshot!(plain.encode().unwrap(), @r#"{"at":0,"method":"PageSignIn","action":"signIn.passwordRefused","outcome":"refused"}"#);
}

#[test]
fn the_order_of_keys_does_not_matter() {
    let (mut one, mut two) = (full(), full());
    one.after = Some(json!({"b": {"d": 1, "c": 2}, "a": 0}));
    two.after = Some(json!({"a": 0, "b": {"c": 2, "d": 1}}));
    assert_eq!(one.encode(), two.encode());
}

#[test]
fn limits_are_kept() {
    let mut event = full();
    event.after = Some(Value::String("x".repeat(MAX_EVENT_LEN)));
    assert!(matches!(event.encode(), Err(EventError::TooLong(_))));
    event = full();
    event.subjects = vec![String::new(); MAX_SUBJECTS + 1];
    assert_eq!(event.encode(), Err(EventError::TooManySubjects(MAX_SUBJECTS + 1)));
    assert!(matches!(Event::decode(&" ".repeat(MAX_EVENT_LEN + 1)), Err(EventError::TooLong(_))));
    assert!(matches!(Event::decode("{}"), Err(EventError::Malformed(_))));
}

#[test]
fn a_later_field_is_passed_over() {
    let text = full().encode().unwrap().replacen('{', r#"{"later":1,"#, 1);
    assert_eq!(Event::decode(&text), Ok(full()));
}

proptest! {
    #[test]
    fn an_event_reads_back_and_encodes_the_same(
        at: i64,
        method: String,
        subjects in prop::collection::vec(".{0,20}", 0..4),
        number: i64,
        key: String,
    ) {
        let mut event = Event::new(at, method, "x", Outcome::Allowed);
        event.subjects = subjects;
        event.after = Some(json!({ key: number, "n": i64::MIN, "t": "\u{0}\u{7f}ä\"" }));
        let text = event.encode().unwrap();
        prop_assert!(!text.contains('\n'));
        prop_assert_eq!(Event::decode(&text).unwrap().encode().unwrap(), text);
    }
}
