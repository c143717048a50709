//! Whether every answer that a test receives is the one that the description of the API promises.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;
use wire::method::{Method, RouteSubject, SchemaOf};
use wire::{ApiError, ErrorType, Id, MethodName};

/// Schemas that were used, compiled: those of answers by method, that of errors without.
static COMPILED: LazyLock<Mutex<HashMap<Option<MethodName>, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// Checks an answer of the API to a call of this path.
#[track_caller]
pub(super) fn check(path: &str, status: u16, body: &Value) {
    let (name, shape): (_, SchemaOf) = match status {
        200 => {
            let Some(method) = method(path) else { return };
            (Some(method.name), method.output)
        }
        _ => {
            let kind = body["error"]["type"].as_str();
            let known =
                ErrorType::ALL.iter().any(|known| Some(known.as_str()) == kind && known.status() == status);
            assert!(known, "{path} answered a type that does not go with its status: {status} {body}");
            (None, |generator| ApiError::json_schema(generator))
        }
    };
    let body = if status == 200 { body } else { &body["error"] };
    let validator =
        Arc::clone(COMPILED.lock().unwrap().entry(name).or_insert_with(|| Arc::new(compile(shape))));
    let errors: Vec<String> = validator
        .iter_errors(body)
        .map(|error| format!("{} at {}: {error}", error.schema_path(), error.instance_path()))
        .collect();
    assert!(
        errors.is_empty(),
        "{path} answered what its description does not: {body}\n{}",
        errors.join("\n")
    );
}

fn method(path: &str) -> Option<&'static Method> {
    let (subject, verb) = path.strip_prefix('/')?.split_once('/')?;
    let id = Id::parse(subject);
    let subject = id.as_ref().map_or(RouteSubject::Word(subject), |id| RouteSubject::Entity(id.class()));
    Method::find(&subject, verb)
}

fn compile(shape: SchemaOf) -> Validator {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = shape(&mut generator).to_value();
    schema["$defs"] = generator.take_definitions(true).into();
    jsonschema::draft202012::new(&schema).unwrap()
}

#[test]
#[should_panic(expected = "answered what its description does not")]
fn an_answer_that_is_not_described_is_noticed() {
    check("/user-alice/describe", 200, &serde_json::json!({ "id": "user-alice", "shoeSize": 42 }));
}
