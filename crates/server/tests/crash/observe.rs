//! What the server shows of a worker's holdings.

use serde_json::{Value, json};

use crate::client::Client;
use crate::model::{Copy, Holdings, Object, Project};

/// Most entries of one list. The workers hold far less.
const LIMIT: u64 = 1000;

/// Everything that this person owns.
pub async fn holdings(client: &Client) -> Holdings {
    let mut held = Holdings::default();
    let fields = json!({ "name": true, "tags": true, "permissions": true, "folders": true });
    let input = json!({ "level": "ADMINISTER", "describe": { "fields": fields }, "limit": LIMIT });
    for found in list(client, "/system/findProjects", &input).await {
        let described = &found["describe"];
        let project = Project {
            name: text(&described["name"]),
            tags: serde_json::from_value(described["tags"].clone()).unwrap(),
            members: serde_json::from_value(described["permissions"].clone()).unwrap(),
            folders: serde_json::from_value(described["folders"].clone()).unwrap(),
            copies: [].into(),
        };
        held.projects.insert(text(&found["id"]), project);
    }
    let fields =
        json!({ "name": true, "folder": true, "tags": true, "state": true, "details": true, "parts": true });
    let input = json!({ "visibility": "either", "describe": { "fields": fields }, "limit": LIMIT });
    for found in list(client, "/system/findDataObjects", &input).await {
        // Others invite this person into theirs.
        let Some(project) = held.projects.get_mut(found["project"].as_str().unwrap()) else { continue };
        let (id, described) = (text(&found["id"]), &found["describe"]);
        let copy = Copy {
            name: text(&described["name"]),
            folder: text(&described["folder"]),
            tags: serde_json::from_value(described["tags"].clone()).unwrap(),
        };
        project.copies.insert(id.clone(), copy);
        let object = object(described);
        // Every copy shows the same object.
        let other = held.objects.insert(id.clone(), object.clone());
        assert!(other.is_none_or(|other| other == object), "copies of {id} differ");
    }
    let input = json!({ "limit": LIMIT });
    for found in list(client, "/system/findAuthTokens", &input).await {
        if found["label"] != "" && found["label"] != "test" {
            held.tokens.insert(text(&found["tokenSignature"]), text(&found["label"]));
        }
    }
    held
}

fn object(described: &Value) -> Object {
    let no_parts = serde_json::Map::new();
    let parts = described["parts"].as_object().unwrap_or(&no_parts).iter();
    Object {
        state: text(&described["state"]),
        details: described["details"]["number"].as_u64().unwrap_or(0),
        parts: parts
            .filter(|(_, part)| part["state"] == "complete")
            .map(|(number, part)| (number.parse().unwrap(), text(&part["md5"])))
            .collect(),
    }
}

async fn list(client: &Client, path: &str, input: &Value) -> Vec<Value> {
    let page = client.ok(path, input).await;
    assert!(page["next"].is_null(), "{path} has more than one page");
    page["results"].as_array().unwrap().clone()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
