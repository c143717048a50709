//! The committed description, and what holds of it whatever it says.
//!
//! After a wanted change: `UPDATE_OPENAPI=1 cargo nextest run -p server openapi`, then read the difference of
//! `docs/openapi.json`: it is the difference that clients meet.

use std::collections::BTreeSet;

use super::*;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

#[test]
fn the_committed_description_is_current() {
    let mut now = serde_json::to_string_pretty(&document()).unwrap();
    now.push('\n');
    #[expect(clippy::disallowed_methods, reason = "a switch for whoever runs the test, not configuration")]
    let update = std::env::var_os("UPDATE_OPENAPI").is_some();
    if update {
        std::fs::write(PATH, &now).unwrap();
    }
    let kept = std::fs::read_to_string(PATH).unwrap_or_default();
    for (at, (kept, now)) in kept.lines().zip(now.lines()).enumerate() {
        assert_eq!(kept, now, "line {} of {PATH} has changed; see the head of {}", at + 1, file!());
    }
    assert!(kept == now, "{PATH} has changed; see the head of {}", file!());
}

/// Every value in the document with its key.
fn walk<'v>(value: &'v Value, see: &mut impl FnMut(&'v str, &'v Value)) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| {
            see(key, value);
            walk(value, see);
        }),
        Value::Array(items) => items.iter().for_each(|item| walk(item, see)),
        _ => {}
    }
}

#[test]
fn every_method_of_every_class_and_every_door_is_described() {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    let mut expected = BTreeSet::new();
    for method in METHODS {
        match method.subject {
            Subject::Word(word) => drop(expected.insert(format!("/{word}/{}", method.verb))),
            Subject::Entity(classes) => {
                expected.extend(classes.iter().map(|class| format!("/{class}-{{id}}/{}", method.verb)));
            }
        }
    }
    expected.extend(DOORS.iter().map(|door| door.path.to_owned()));
    assert_eq!(paths.keys().cloned().collect::<BTreeSet<_>>(), expected);
    for (path, operations) in paths {
        for (verb, operation) in operations.as_object().unwrap() {
            let named = |part: &str| operation[part].as_str().is_some_and(|text| !text.is_empty());
            assert!(named("operationId") && named("summary") && named("description"), "{verb} {path}");
            let declared: Vec<String> = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|parameter| parameter["in"] == "path")
                .map(|parameter| format!("{{{}}}", parameter["name"].as_str().unwrap()))
                .collect();
            assert_eq!(path.matches('{').count(), declared.len(), "{verb} {path}");
            assert!(declared.iter().all(|name| path.contains(name)), "{verb} {path}: {declared:?}");
        }
    }
}

#[test]
fn names_are_given_once_and_references_lead_somewhere() {
    let document = document();
    let mut ids = BTreeSet::new();
    walk(&document["paths"], &mut |key, value| {
        if key == "operationId" {
            assert!(ids.insert(value.as_str().unwrap()), "{value} is there twice");
        }
    });
    walk(&document, &mut |key, value| {
        if key == "$ref" {
            let place = value.as_str().unwrap().trim_start_matches('#');
            assert!(document.pointer(place).is_some(), "{place} is nowhere");
        }
    });
}

/// A client that generates code makes one type of each name.
#[test]
fn what_is_both_read_and_written_has_one_schema() {
    let mut maker = Maker::new();
    for method in METHODS {
        maker.operations(method);
    }
    let (inputs, outputs) = (maker.inputs.take_definitions(true), maker.outputs.take_definitions(true));
    for (name, input) in &inputs {
        if let Some(output) = outputs.get(name) {
            assert_eq!(
                input, output,
                "{name} is read otherwise than it is written; give the two types two names"
            );
        }
    }
}

#[test]
fn descriptions_are_for_people_who_do_not_know_the_source() {
    walk(&document(), &mut |key, value| {
        if let (true, Some(text)) = (key == "description" || key == "summary", value.as_str()) {
            for word in ["[`", "contract", "(F0", "::"] {
                assert!(!text.contains(word), "{word:?} stands in: {text}");
            }
        }
    });
    assert_eq!(
        without_sources("Who (or what) may (contract: data 2.1). More (F030)."),
        "Who (or what) may. More."
    );
}

/// The document itself fits what the standard's own rules say of its parts that tools stumble over.
#[test]
fn every_schema_is_a_schema() {
    let document = document();
    walk(&document, &mut |key, value| {
        if key == "schemas" {
            for (name, schema) in value.as_object().unwrap() {
                assert!(jsonschema::meta::is_valid(schema), "{name}: {schema}");
            }
        }
        if key == "schema" {
            assert!(jsonschema::meta::is_valid(value), "{value}");
        }
    });
}
