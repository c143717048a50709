//! Calls to a server that may die meanwhile.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// How long a call may take. A server that hangs is not a dead one.
const PATIENCE: Duration = Duration::from_secs(60);

/// No answer, or one that does not know: whether it happened is open.
#[derive(Debug)]
pub struct Silence;

/// An answer that said yes.
#[derive(Debug)]
pub struct Answered {
    /// The body.
    pub body: Value,
    /// The request's id.
    pub request: String,
}

/// The handle of a worker.
pub fn handle(number: u64) -> String {
    format!("worker{number}")
}

/// The token of a person.
pub fn token_of(handle: &str) -> String {
    format!("{handle}-token")
}

/// Somebody who calls.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Client {
    /// A caller with this token.
    pub fn new(base: &str, token: &str) -> Self {
        let http = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
        Self { http, base: base.to_owned(), token: token.to_owned() }
    }

    /// The same with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// Calls a method that has to say yes, if it answers.
    pub async fn call(&self, path: &str, input: &Value) -> Result<Answered, Silence> {
        let (body, request) = heard(|| self.request(path, input)).await?;
        Ok(Answered { body: serde_json::from_slice(&body).unwrap(), request })
    }

    /// Calls a method of a server that does not die.
    pub async fn ok(&self, path: &str, input: &Value) -> Value {
        self.call(path, input)
            .await
            .unwrap_or_else(|Silence| panic!("{path}: the server died by itself"))
            .body
    }

    /// The status that a call is answered with.
    pub async fn status(&self, path: &str, input: &Value) -> u16 {
        self.request(path, input).send().await.unwrap().status().as_u16()
    }

    fn request(&self, path: &str, input: &Value) -> RequestBuilder {
        self.http.post(format!("{}{path}", self.base)).bearer_auth(&self.token).json(input)
    }

    fn to(&self, method: Method, address: &Value) -> RequestBuilder {
        let headers = address["headers"].as_object().unwrap().iter();
        headers.fold(self.http.request(method, address["url"].as_str().unwrap()), |request, (name, value)| {
            request.header(name, value.as_str().unwrap())
        })
    }

    /// Sends bytes to an address that the API gave.
    pub async fn put(&self, address: &Value, bytes: &Bytes) -> Result<Answered, Silence> {
        let (body, request) = heard(|| self.to(Method::PUT, address).body(bytes.clone())).await?;
        Ok(Answered { body: serde_json::from_slice(&body).unwrap(), request })
    }

    /// Fetches bytes from an address that the API gave; also says the id of the request.
    pub async fn get(&self, address: &Value) -> Result<(Bytes, String), Silence> {
        heard(|| self.to(Method::GET, address)).await
    }
}

/// Asks until the server is not too busy, and answers the body and the id of the request that said yes.
async fn heard(request: impl Fn() -> RequestBuilder) -> Result<(Bytes, String), Silence> {
    loop {
        let response = unless_dead(request().send().await)?;
        let status = response.status();
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let url = response.url().path().to_owned();
        let body = unless_dead(response.bytes().await)?;
        let text = || String::from_utf8_lossy(&body);
        match status.as_u16() {
            200 => return Ok((body, id)),
            503 => tokio::time::sleep(Duration::from_millis(20)).await,
            // The one fault that may come up: the database died while it saved the change.
            500 if text().contains("may have been saved or not") => return Err(Silence),
            _ => panic!("{url}: {status} {}", text()),
        }
    }
}

fn unless_dead<T>(answer: reqwest::Result<T>) -> Result<T, Silence> {
    answer.map_err(|error| {
        assert!(!error.is_timeout(), "no answer came for {PATIENCE:?}: {error}");
        assert!(!error.is_builder(), "{error}");
        Silence
    })
}
