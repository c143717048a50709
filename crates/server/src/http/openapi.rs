//! The description of the API (OpenAPI 3.1), made from the list of methods, the list of doors and the types of the wire.
//!
//! It knows nothing of its own: what a method takes and answers is said by the types that read and write it, and tests
//! hold inputs and answers against it. A route begins with the class of its entity, so that each class has a path of its
//! own: `/file-{id}/describe`.

mod doors;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::http::StatusCode;
use axum::response::Response;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};
use wire::json::MAX_DEPTH;
use wire::method::{Caller, Effect, Method, SchemaOf, Subject};
use wire::{ApiError, Class, ErrorType, METHODS};

use super::doors::DOORS;
use super::reply;

/// Where the schemas stand in the document.
const SCHEMAS: &str = "/components/schemas";

/// `GET /openapi.json`.
pub(super) async fn answer() -> Response {
    // The same for every server of this build, so that it is made once.
    static TEXT: LazyLock<String> = LazyLock::new(|| document().to_string());
    reply::respond(StatusCode::OK, TEXT.clone())
}

/// The whole document.
#[must_use]
pub fn document() -> Value {
    let mut maker = Maker::new();
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for method in METHODS {
        for (path, operation) in maker.operations(method) {
            paths.entry(path).or_default().insert("post".to_owned(), operation);
        }
    }
    for door in DOORS {
        for (verb, operation) in doors::operations(&mut maker, door) {
            paths.entry(door.path.to_owned()).or_default().insert(verb, operation);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Operon",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "A platform on which biomedical teams keep, share, govern and analyse data.",
            "description": about(),
            "license": { "name": "Apache License 2.0", "identifier": "Apache-2.0" },
        },
        "security": [{ "bearer": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token, from `/system/newAuthToken` or from the pages.",
                },
            },
            "responses": maker.responses,
            "schemas": maker.schemas(),
        },
    })
}

fn about() -> String {
    format!(
        "Every method is `POST /<subject>/<verb>` with a JSON body nested at most {MAX_DEPTH} deep. The subject is a word or an id: \
         the file `file-B0000000000000000000000z` is described by `POST /file-B0000000000000000000000z/describe`. Keys that a \
         method does not know are ignored, as clients of the DNAnexus API expect, but by methods that are Operon's own: these \
         refuse them, and their inputs have `additionalProperties: false`. Success is 200; everything else is an error in one envelope, whose `type` is for \
         programs and whose `message` is for people. Texts are limited in bytes of UTF-8 (`x-max-bytes`). What a caller may not \
         see answers as what does not exist."
    )
}

/// Makes operations and collects what they share.
struct Maker {
    /// Schemas of what is read.
    inputs: SchemaGenerator,
    /// Schemas of what is written.
    outputs: SchemaGenerator,
    /// The errors, by their names.
    responses: Map<String, Value>,
}

impl Maker {
    fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = SCHEMAS.into();
            settings.meta_schema = None;
        });
        let inputs = settings.clone().into_generator();
        let mut outputs = settings.for_serialize().into_generator();
        let error = outputs.subschema_for::<ApiError>();
        let responses = errors().into_iter().map(|(status, types)| {
            let names: Vec<&str> = types.iter().map(|kind| kind.as_str()).collect();
            let envelope = json!({
                "type": "object",
                "properties": {
                    "error": { "allOf": [error, { "properties": { "type": { "enum": names } } }] },
                },
                "required": ["error"],
                "additionalProperties": false,
            });
            let mut response = content(&names.join(", "), "application/json", &envelope);
            if [429, 503].contains(&status) {
                response["headers"] = json!({
                    "Retry-After": {
                        "schema": { "type": "integer", "minimum": 0 },
                        "description": "After how many seconds to try again.",
                    },
                });
            }
            (error_name(status), response)
        });
        let responses = responses.collect();
        Self { inputs, outputs, responses }
    }

    /// A method's paths, one for each class of its subject, each with its operation.
    fn operations(&mut self, method: &Method) -> Vec<(String, Value)> {
        let verb = method.verb;
        match method.subject {
            Subject::Word(word) => vec![(format!("/{word}/{verb}"), self.operation(method, word, None))],
            Subject::Entity(classes) => classes
                .iter()
                .map(|class| {
                    let path = format!("/{class}-{{id}}/{verb}");
                    (path, self.operation(method, class.as_str(), Some(*class)))
                })
                .collect(),
        }
    }

    fn operation(&mut self, method: &Method, subject: &str, class: Option<Class>) -> Value {
        let input = self.input(method.input);
        let output = self.output(method.output);
        let mut responses = Map::new();
        responses.insert("200".to_owned(), content("The answer.", "application/json", &output));
        responses.extend(errors().into_keys().map(|status| (status.to_string(), error_reference(status))));
        let mut operation = json!({
            "operationId": name_of(subject, method.verb),
            "tags": [subject],
            "summary": method.summary.trim_end_matches('.'),
            "description": description(method),
            "requestBody": { "required": true, "content": { "application/json": { "schema": input } } },
            "responses": responses,
        });
        if method.caller == Caller::Anyone {
            operation["security"] = json!([{}, { "bearer": [] }]);
        }
        if let Some(class) = class {
            operation["parameters"] = json!([{
                "name": "id",
                "in": "path",
                "required": true,
                "description": format!("What follows `{class}-` in the id."),
                "schema": { "type": "string", "pattern": format!("^{}$", class.tail_pattern()) },
            }]);
        }
        operation
    }

    fn input(&mut self, schema: SchemaOf) -> Value {
        tidy(schema(&mut self.inputs).to_value())
    }

    fn output(&mut self, schema: SchemaOf) -> Value {
        tidy(schema(&mut self.outputs).to_value())
    }

    /// Every named schema. A type that is both read and written has one schema; a test sees to that.
    fn schemas(&mut self) -> Map<String, Value> {
        let mut all: BTreeMap<String, Value> = BTreeMap::new();
        for generator in [&mut self.inputs, &mut self.outputs] {
            all.extend(generator.take_definitions(true));
        }
        all.into_iter().map(|(name, schema)| (name, tidy(schema))).collect()
    }
}

/// What the attributes of a method say of every method.
fn description(method: &Method) -> String {
    let caller = match method.caller {
        Caller::Anyone => "Needs no token.",
        Caller::Token => "Needs a token.",
        Caller::FullToken => "Needs a token of full scope.",
    };
    let effect = match method.effect {
        Effect::Read => "Changes nothing.",
        Effect::Write => "",
        Effect::Create => "A call repeated with the same `nonce` is answered again and makes nothing anew.",
    };
    [method.summary, caller, effect].join(" ").trim_end().to_owned()
}

/// The error types of each status.
fn errors() -> BTreeMap<u16, Vec<ErrorType>> {
    let mut errors: BTreeMap<u16, Vec<ErrorType>> = BTreeMap::new();
    for kind in ErrorType::ALL {
        errors.entry(kind.status()).or_default().push(*kind);
    }
    errors
}

fn error_name(status: u16) -> String {
    format!("Error{status}")
}

fn error_reference(status: u16) -> Value {
    json!({ "$ref": format!("#/components/responses/{}", error_name(status)) })
}

/// A response with one kind of content.
fn content(description: &str, media_type: &str, schema: &Value) -> Value {
    json!({ "description": description, "content": { media_type: { "schema": schema } } })
}

/// `file` and `addTags` are `fileAddTags`.
fn name_of(subject: &str, verb: &str) -> String {
    let mut letters = verb.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    subject.chars().chain(first).chain(letters).collect()
}

/// Leaves out of descriptions what is for readers of the source: where a rule comes from.
fn tidy(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(fields) => {
            for (key, value) in fields.iter_mut() {
                *value = match value.take() {
                    Value::String(text) if key == "description" => without_sources(&text).into(),
                    other => tidy(other),
                };
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = tidy(item.take())),
        _ => {}
    }
    schema
}

/// The text without what stands in brackets and names the contract or a feature.
fn without_sources(text: &str) -> String {
    let mut left = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(" (") {
        let Some(length) = rest[start..].find(')') else { break };
        let inside = &rest[start + 2..start + length];
        let is_feature = inside.starts_with('F') && inside[1..].starts_with(|c: char| c.is_ascii_digit());
        if inside.starts_with("contract") || is_feature {
            left.push_str(&rest[..start]);
        } else {
            left.push_str(&rest[..=start + length]);
        }
        rest = &rest[start + length + 1..];
    }
    left + rest
}

#[cfg(test)]
mod tests;
