//! The bytes of files: up in parts, sealed, and down again.

mod archived;
pub mod damage;
mod download;
mod dx;
mod log;
mod orphans;
mod revocation;
pub mod s3;
mod streams;
mod upload;
mod usage;

use std::collections::BTreeMap;

use md5::{Digest, Md5};
use serde_json::{Value, json};

use crate::wait;
use crate::world::{Client, World};

/// Bytes that every part but the last must have.
const SMALLEST: usize = 5 << 20;

/// Bytes that repeat nowhere near.
pub fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

pub fn md5_of(bytes: &[u8]) -> String {
    hex::encode(Md5::digest(bytes))
}

/// An address with its headers, as the API gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct Address {
    url: String,
    headers: BTreeMap<String, String>,
}

impl Address {
    pub fn of(answer: &Value) -> Self {
        Self {
            url: answer["url"].as_str().unwrap().to_owned(),
            headers: serde_json::from_value(answer["headers"].clone()).unwrap(),
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn request(&self, method: reqwest::Method) -> reqwest::RequestBuilder {
        let mut request = reqwest::Client::new().request(method, &self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request
    }

    /// Sends a part; answers status and text.
    pub async fn put(&self, bytes: Vec<u8>) -> (u16, String) {
        let response = self.request(reqwest::Method::PUT).body(bytes).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    pub async fn get(&self) -> reqwest::Response {
        self.request(reqwest::Method::GET).send().await.unwrap()
    }

    pub async fn get_range(&self, range: &str) -> reqwest::Response {
        self.request(reqwest::Method::GET).header("range", range).send().await.unwrap()
    }
}

/// Makes an open file.
pub async fn new_file(client: &Client, project: &str, name: &str) -> String {
    let made = client.ok("/file/new", json!({ "project": project, "name": name })).await;
    made["id"].as_str().unwrap().to_owned()
}

/// Asks where to send a part.
pub async fn address_of_part(client: &Client, file: &str, index: u32, bytes: &[u8]) -> Address {
    let input = json!({ "index": index, "size": bytes.len(), "md5": md5_of(bytes) });
    Address::of(&client.ok(&format!("/{file}/upload"), input).await)
}

/// Sends a part that must be taken.
pub async fn send(client: &Client, file: &str, index: u32, bytes: &[u8]) {
    let (status, text) = address_of_part(client, file, index, bytes).await.put(bytes.to_vec()).await;
    assert_eq!(status, 200, "{text}");
}

/// Closes a file and waits until it is sealed.
pub async fn close(client: &Client, file: &str) {
    client.ok(&format!("/{file}/close"), json!({})).await;
    let patience = wait::Patience::begin();
    while describe(client, file).await["state"] != "closed" {
        patience.pause(&format!("{file} is sealed")).await;
    }
}

/// State, size, MD5 and parts of a file.
pub async fn describe(client: &Client, file: &str) -> Value {
    let fields = json!({ "fields": { "state": true, "size": true, "parts": true, "md5": true } });
    client.ok(&format!("/{file}/describe"), fields).await
}

/// Makes a closed file of these parts.
pub async fn closed(client: &Client, project: &str, name: &str, parts: &[&[u8]]) -> String {
    let file = new_file(client, project, name).await;
    for (place, bytes) in parts.iter().enumerate() {
        send(client, &file, u32::try_from(place).unwrap() + 1, bytes).await;
    }
    close(client, &file).await;
    file
}

/// Asks where to fetch a file.
pub async fn address_of(client: &Client, file: &str, input: Value) -> Address {
    Address::of(&client.ok(&format!("/{file}/download"), input).await)
}

/// The stored files of bytes under the data directory.
pub fn stored(world: &World) -> Vec<std::path::PathBuf> {
    stored_in(world, "files")
}

/// Those in one of the two places, `files` and `archive`.
pub fn stored_in(world: &World, place: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![world.data.path().join("data").join(place).join("blobs")];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found
}
