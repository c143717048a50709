//! The operations of the doors.

use schemars::JsonSchema;
use serde_json::{Map, Value, json};
use wire::Class;
use wire::id::FileId;
use wire::transfer::{PartArrived, PartIndex, UPLOAD_PARAMETERS};

use super::{Maker, content, error_reference, name_of};
use crate::http::data::{download, upload};
use crate::http::doors::{Door, DoorName};
use crate::http::oauth;

const TEXT: &str = "text/plain";
const JSON: &str = "application/json";
const BYTES: &str = "application/octet-stream";

/// The operations of a door, by HTTP method in lower case.
pub(super) fn operations(maker: &mut Maker, door: &Door) -> Vec<(String, Value)> {
    let shared = operation(maker, door.name);
    let operations = door.methods.iter().map(|method| {
        let verb = method.to_lowercase();
        let mut operation = shared.clone();
        operation["operationId"] = name_of(&format!("{:?}", door.name), &verb).into();
        operation["tags"] = json!(["doors"]);
        operation["summary"] = door.summary.trim_end_matches('.').into();
        operation["description"] = door.about.into();
        if verb == "head" {
            without_content(&mut operation);
        }
        (verb, operation)
    });
    operations.collect()
}

/// Parameters, body, answers and who may come.
fn operation(maker: &mut Maker, name: DoorName) -> Value {
    match name {
        DoorName::PartIn => {
            let mut parameters =
                vec![file(maker), path("index", &maker.input(of::<PartIndex>), "The number of the part.")];
            parameters.extend(query::<upload::Signed>(maker));
            let arrived = maker.output(of::<PartArrived>);
            let mut responses = Map::new();
            responses.insert("200".to_owned(), content("The part is durable.", JSON, &arrived));
            responses.extend(sentences(&[
                (
                    "400",
                    "The bytes are not those that were announced, or did not come whole. Send them again.",
                ),
                ("403", "The address is not good any more, or its owner may not upload any more."),
                ("404", "There is no such file."),
                ("411", "The size was not announced, so that a Content-Length is needed."),
                ("500", "Something went wrong here."),
            ]));
            responses.insert("503".to_owned(), busy());
            json!({
                "parameters": parameters,
                "requestBody": {
                    "required": true,
                    "description": format!("At most {} bytes.", UPLOAD_PARAMETERS.maximum_part_size),
                    "content": { BYTES: {} },
                },
                "responses": responses,
                "security": [],
            })
        }
        DoorName::FileOut => {
            let name = json!({ "type": "string", "minLength": 1 });
            let mut parameters = vec![file(maker), path("name", &name, "The name to save the file under.")];
            parameters.extend(query::<download::Signed>(maker));
            for (name, about) in [
                ("Range", "One range of bytes; the whole file is sent for several."),
                ("If-Match", "The ETag that the file must have."),
                ("If-None-Match", "The ETag that the file must not have."),
                ("If-Range", "The ETag that the file must have for the range to count."),
            ] {
                parameters.push(json!({ "name": name, "in": "header", "description": about, "schema": { "type": "string" } }));
            }
            let whole = json!({ "description": "The whole file, in the media type that it was given.", "content": { "*/*": {} } });
            let part = json!({ "description": "One range of it.", "content": { "*/*": {} } });
            let mut responses = Map::from_iter([("200".to_owned(), whole), ("206".to_owned(), part)]);
            responses.insert("304".to_owned(), json!({ "description": "The reader has it already." }));
            responses.extend(sentences(&[
                ("400", "The address cannot be read."),
                ("403", "The address is not good any more, or its owner may not download any more."),
                ("404", "There is no such file."),
                ("412", "The file is not the one that the condition names."),
                ("416", "The range lies outside of the file."),
                ("500", "Something went wrong here."),
            ]));
            responses.insert("503".to_owned(), busy());
            json!({ "parameters": parameters, "responses": responses, "security": [{}, { "bearer": [] }] })
        }
        DoorName::Checkpoint => {
            let mut responses = sentences(&[
                ("200", "A signed note: origin, size and root of the log, signatures."),
                ("404", "There is none yet."),
            ]);
            responses.insert("500".to_owned(), error_reference(500));
            responses.insert("503".to_owned(), error_reference(503));
            json!({ "responses": responses, "security": [] })
        }
        DoorName::OauthToken => {
            let refusal = maker.output(of::<oauth::Refusal>);
            let mut responses = Map::new();
            responses.insert("400".to_owned(), content("Refused, always.", JSON, &refusal));
            responses.insert("503".to_owned(), error_reference(503));
            json!({
                "requestBody": { "content": { oauth::FORM: { "schema": { "type": "object" } } } },
                "responses": responses,
                "security": [],
            })
        }
        DoorName::Description => {
            let document =
                json!({ "type": "object", "required": ["openapi", "info", "paths", "components"] });
            let responses =
                json!({ "200": content("The description.", JSON, &document), "503": error_reference(503) });
            json!({ "responses": responses, "security": [] })
        }
        DoorName::Health => json!({ "responses": sentences(&[("200", "It does.")]), "security": [] }),
        DoorName::Metrics => {
            let mut responses = sentences(&[("200", "The counters.")]);
            for status in [401, 404] {
                responses.insert(status.to_string(), error_reference(status));
            }
            json!({ "responses": responses })
        }
    }
}

/// A schema function of a type.
fn of<T: JsonSchema>(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    generator.subschema_for::<T>()
}

fn file(maker: &mut Maker) -> Value {
    path("file", &maker.input(of::<FileId>), &format!("The id of the file, `{}-…`.", Class::File))
}

fn path(name: &str, schema: &Value, about: &str) -> Value {
    json!({ "name": name, "in": "path", "required": true, "description": about, "schema": schema })
}

/// The parameters behind the question mark: the fields of the type that reads them.
fn query<T: JsonSchema>(maker: &mut Maker) -> Vec<Value> {
    let schema = T::json_schema(&mut maker.inputs).to_value();
    let fields = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let parameter = |(name, field): (String, Value)| {
        let about = field.get("description").cloned().unwrap_or_default();
        json!({ "name": name, "in": "query", "description": about, "schema": { "type": "string" } })
    };
    fields.into_iter().map(parameter).collect()
}

/// Responses that are a sentence.
fn sentences(all: &[(&str, &str)]) -> Map<String, Value> {
    let text = json!({ "type": "string" });
    all.iter().map(|(status, about)| ((*status).to_owned(), content(about, TEXT, &text))).collect()
}

/// The door itself answers a sentence, what stands before it the envelope.
fn busy() -> Value {
    json!({
        "description": "Come back later.",
        "content": { TEXT: { "schema": { "type": "string" } }, JSON: {} },
    })
}

fn without_content(operation: &mut Value) {
    for (_, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        if let Some(response) = response.as_object_mut() {
            response.shift_remove("content");
        }
    }
}
