//! Test support: a real S3 server on loopback, in this process, over a temporary directory.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::{Config, S3Config};

/// Serves until it is dropped. Its one bucket is called `bucket`; `key` and `secret` open it.
#[derive(Debug)]
pub struct S3Server {
    dir: TempDir,
    endpoint: String,
    serving: JoinHandle<()>,
}

impl S3Server {
    /// Starts on a free port.
    pub async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("bucket")).unwrap();
        let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(dir.path()).unwrap());
        service.set_auth(SimpleAuth::from_single("key", "secret"));
        let service = service.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let service = service.clone();
                tokio::spawn(async move {
                    let builder = Builder::new(TokioExecutor::new());
                    let _closed = builder.serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        Self { dir, endpoint, serving }
    }

    /// Where it is, as a URL.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// A store in its bucket.
    #[must_use]
    pub fn config(&self) -> Config {
        Config::S3(S3Config {
            bucket: "bucket".to_owned(),
            prefix: "operon/live".to_owned(),
            archive_prefix: "operon/archive".to_owned(),
            endpoint: Some(self.endpoint.clone()),
            region: "eu-west-2".to_owned(),
            access_key_id: "key".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: None,
            allow_http: true,
            bucket_in_host: false,
        })
    }

    /// The same for a server's settings, as TOML: keys begin with these words, then `/files` or `/archive`.
    #[must_use]
    pub fn settings(&self, prefix: &str) -> String {
        format!(
            "bucket = 'bucket'\nprefix = '{prefix}/files'\narchive_prefix = '{prefix}/archive'\nendpoint = '{}'\n\
             region = 'eu-west-2'\naccess_key_id = 'key'\nsecret_access_key = 'secret'\nallow_http = true\n",
            self.endpoint
        )
    }

    /// The directory that holds the objects, by their keys.
    #[must_use]
    pub fn bucket(&self) -> PathBuf {
        self.dir.path().join("bucket")
    }

    /// Everything in the server's directory, objects and unfinished uploads, by name.
    #[must_use]
    pub fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut open = vec![self.dir.path().to_owned()];
        while let Some(dir) = open.pop() {
            for entry in std::fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else if !path.to_string_lossy().contains(".object-") {
                    // The server's own notes on an object outlive it.
                    found.push(path.strip_prefix(self.dir.path()).unwrap().display().to_string());
                }
            }
        }
        found.sort();
        found
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
