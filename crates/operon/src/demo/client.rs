//! A small client: it speaks only the wire.

use anyhow::{Context, bail};
use reqwest::Method;
use serde_json::{Value, json};

/// Somebody who calls the API.
#[derive(Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

/// A refusal, in the server's words.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    /// The error type.
    pub(super) kind: String,
    /// The sentence.
    pub(super) message: String,
}

/// What came of a call: an answer, or a refusal, which is an answer too.
pub(super) type Outcome<T> = Result<T, Refused>;

impl Client {
    pub(super) fn new(base: &str, token: &str) -> anyhow::Result<Self> {
        // The client asks for cryptography when it is made, though loopback needs none; a second call keeps the first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // The server is on this machine, whatever proxy the environment names.
        let http = reqwest::Client::builder().no_proxy().build().context("cannot make a client")?;
        Ok(Self { http, base: base.to_owned(), token: token.to_owned() })
    }

    /// Calls a method.
    pub(super) async fn call(&self, route: &str, input: Value) -> anyhow::Result<Outcome<Value>> {
        let response = self
            .http
            .post(format!("{}{route}", self.base))
            .bearer_auth(&self.token)
            .json(&input)
            .send()
            .await
            .with_context(|| format!("{route} was not answered"))?;
        let done = response.status().is_success();
        let body: Value = response.json().await.with_context(|| format!("{route} did not answer JSON"))?;
        if done {
            return Ok(Ok(body));
        }
        let text = |key: &str| body["error"][key].as_str().unwrap_or_default().to_owned();
        Ok(Err(Refused { kind: text("type"), message: text("message") }))
    }

    /// Calls a method that must succeed.
    pub(super) async fn must(&self, route: &str, input: Value) -> anyhow::Result<Value> {
        match self.call(route, input).await? {
            Ok(answer) => Ok(answer),
            Err(refused) => bail!("{route} was refused: {}: {}", refused.kind, refused.message),
        }
    }

    /// Calls a creating method; answers the id.
    pub(super) async fn make(&self, route: &str, input: Value) -> anyhow::Result<String> {
        let answer = self.must(route, input).await?;
        Ok(answer["id"].as_str().with_context(|| format!("{route} answered no id"))?.to_owned())
    }

    /// Uploads a file in one part and closes it.
    pub(super) async fn upload(
        &self,
        project: &str,
        folder: &str,
        name: &str,
        bytes: &'static [u8],
    ) -> anyhow::Result<String> {
        let file = self
            .make("/file/new", json!({ "project": project, "folder": folder, "name": name, "parents": true }))
            .await?;
        let part = json!({ "index": 1, "size": bytes.len(), "md5": md5_of(bytes) });
        let target = self.must(&format!("/{file}/upload"), part).await?;
        self.exchange(Method::PUT, &target, Some(bytes)).await?;
        self.must(&format!("/{file}/close"), json!({})).await?;
        Ok(file)
    }

    /// Downloads a file.
    pub(super) async fn download(&self, file: &str, project: &str) -> anyhow::Result<Outcome<Vec<u8>>> {
        match self.call(&format!("/{file}/download"), json!({ "project": project })).await? {
            Ok(target) => Ok(Ok(self.exchange(Method::GET, &target, None).await?)),
            Err(refused) => Ok(Err(refused)),
        }
    }

    /// Follows a `{url, headers}` answer.
    async fn exchange(
        &self,
        method: Method,
        target: &Value,
        body: Option<&'static [u8]>,
    ) -> anyhow::Result<Vec<u8>> {
        let url = target["url"].as_str().context("no url was answered")?;
        let mut request = self.http.request(method, url);
        for (name, value) in target["headers"].as_object().into_iter().flatten() {
            request = request.header(name, value.as_str().unwrap_or_default());
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await?.error_for_status()?;
        Ok(response.bytes().await?.to_vec())
    }
}

/// MD5 as the wire writes it.
pub(super) fn md5_of(bytes: &[u8]) -> String {
    use md5::Digest;
    hex::encode(md5::Md5::digest(bytes))
}
