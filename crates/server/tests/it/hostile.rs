//! Attacks by somebody with a valid account and few rights. Each test is one that somebody would try.

mod bounds;
mod cursors;
mod launder;
mod letters;
mod looks;
mod turns;

use serde_json::json;

use crate::world::{Client, World};

/// An open file.
async fn open_file(client: &Client, project: &str) -> String {
    let made = client.ok("/file/new", json!({ "project": project, "name": "bytes" })).await;
    made["id"].as_str().unwrap().to_owned()
}

/// A closed file of these bytes.
async fn file(client: &Client, project: &str, bytes: &[u8]) -> String {
    let file = open_file(client, project).await;
    let address = client.ok(&format!("/{file}/upload"), json!({ "size": bytes.len() })).await;
    let sent = reqwest::Client::new().put(address["url"].as_str().unwrap()).body(bytes.to_vec()).send().await;
    assert_eq!(sent.unwrap().status(), 200);
    client.ok(&format!("/{file}/close"), json!({})).await;
    file
}

/// Fetches a download address with its headers.
async fn fetch(address: &serde_json::Value) -> reqwest::Response {
    let mut request = reqwest::Client::new().get(address["url"].as_str().unwrap());
    for (name, value) in address["headers"].as_object().unwrap() {
        request = request.header(name, value.as_str().unwrap());
    }
    request.send().await.unwrap()
}

/// The path and query of an address for a file that needs no token.
async fn preauthenticated(world: &World, client: &Client, file: &str) -> String {
    let address = client.ok(&format!("/{file}/download"), json!({ "preauthenticated": true })).await;
    address["url"].as_str().unwrap().split_once(&world.address().to_string()).unwrap().1.to_owned()
}
