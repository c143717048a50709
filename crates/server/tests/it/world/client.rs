//! Somebody who calls the API, and what they are answered.

use serde_json::{Value, json};
use wire::Level;

/// Somebody who calls the API.
#[derive(Clone)]
pub struct Client {
    /// The bearer token, if any.
    pub token: Option<String>,
    base: String,
    http: reqwest::Client,
}

/// An answer as a test looks at it.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Value,
    /// The headers, names in lower case.
    pub headers: reqwest::header::HeaderMap,
}

impl Client {
    /// Somebody with a token, or without, at the server that answers here.
    pub(super) fn new(base: String, http: reqwest::Client, token: Option<&str>) -> Self {
        Self { token: token.map(ToOwned::to_owned), base, http }
    }

    /// Calls a method.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.post_raw(path, body.to_string().into_bytes()).await
    }

    /// Calls a method with any bytes as body.
    pub async fn post_raw(&self, path: &str, body: Vec<u8>) -> Answer {
        let mut request = self
            .http
            .post(format!("{}{path}", self.base))
            .header("content-type", "application/json")
            .body(body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body =
            serde_json::from_str(&text).unwrap_or_else(|_| panic!("{path} did not answer JSON: {text}"));
        super::described::check(path, status, &body);
        Answer { status, body, headers }
    }

    /// Calls a method that must succeed.
    pub async fn ok(&self, path: &str, body: Value) -> Value {
        let answer = self.post(path, body).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    /// Calls a method that must fail with this error type; answers the message.
    pub async fn fails(&self, path: &str, body: Value, kind: &str) -> String {
        let answer = self.post(path, body).await;
        assert_eq!(answer.body["error"]["type"], kind, "{path}: {} {}", answer.status, answer.body);
        answer.body["error"]["message"].as_str().unwrap().to_owned()
    }

    /// Makes a project.
    pub async fn project(&self, name: &str) -> String {
        self.ok("/project/new", json!({ "name": name })).await["id"].as_str().unwrap().to_owned()
    }

    /// Makes a project that somebody else pays for.
    pub async fn billed_project(&self, name: &str, bill_to: &str) -> String {
        let made = self.ok("/project/new", json!({ "name": name, "billTo": bill_to })).await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// Describes something, these fields alone.
    pub async fn describe(&self, id: &str, fields: &[&str]) -> Value {
        let fields: serde_json::Map<String, Value> =
            fields.iter().map(|name| ((*name).to_owned(), true.into())).collect();
        self.ok(&format!("/{id}/describe"), json!({ "fields": fields })).await
    }

    /// Gives somebody a level in a project.
    pub async fn invite(&self, project: &str, invitee: &str, level: Level) {
        self.ok(&format!("/{project}/invite"), json!({ "invitee": invitee, "level": level })).await;
    }
}
