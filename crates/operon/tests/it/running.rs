//! A server in a process of its own.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use md5::{Digest, Md5};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{OPERON, clean, operon, succeed};

/// A running server with one person and one project.
pub(crate) struct Server {
    /// Its data directory is `data` in here.
    pub(crate) folder: TempDir,
    /// The id of the project.
    pub(crate) project: String,
    address: SocketAddr,
    token: String,
    http: reqwest::Client,
    child: Child,
}

impl Server {
    /// Starts a server through these shell words, which end with the program's own.
    pub(crate) async fn start(shell: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (data, seed, tokens) =
            (folder.path().join("data"), folder.path().join("seed.toml"), folder.path().join("tokens.json"));
        std::fs::write(
            &seed,
            "[[user]]\nhandle = 'alice'\n[[project]]\nname = 'Trial'\nid = 'project-000000000000000000000001'\nmembers = { alice = 'ADMINISTER' }\n[[token]]\nname = 'alice'\nuser = 'alice'\n",
        )
        .unwrap();
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        succeed(operon().args([
            "fixture",
            "load",
            &text(&seed),
            "--data-dir",
            &text(&data),
            "--tokens",
            &text(&tokens),
        ]));
        let issued: Value = serde_json::from_slice(&std::fs::read(&tokens).unwrap()).unwrap();
        let token = issued["alice"]["auth"].as_str().unwrap().to_owned();
        Self::on(shell, folder, token).await
    }

    /// Starts a server on a data directory that is there.
    pub(crate) async fn on(shell: &str, folder: TempDir, token: String) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let data = folder.path().join("data");
        let shell = format!("{shell} exec \"$@\"");
        let child = clean(&mut Command::new("sh"))
            .args(["-c", &shell, "sh", OPERON, "serve", "--listen", &address.to_string()])
            .arg("--data-dir")
            .arg(data)
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let project = "project-000000000000000000000001".to_owned();
        let running = Self { folder, project, address, token, http: reqwest::Client::new(), child };
        for _ in 0..600 {
            if running.http.get(running.url("/healthz")).send().await.is_ok() {
                return running;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the server did not start:\n{}", running.log());
    }

    /// Kills the server without a warning; its folder stays.
    pub(crate) fn killed(mut self) -> TempDir {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A path below the folder, as text.
    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// What the server logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Calls a method, which must succeed.
    pub(crate) async fn ok(&self, path: &str, input: Value) -> Value {
        let request = self.http.post(self.url(path)).bearer_auth(&self.token).json(&input);
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// An open file.
    pub(crate) async fn open_file(&self, name: &str) -> String {
        let file = self.ok("/file/new", json!({ "project": self.project, "name": name })).await;
        file["id"].as_str().unwrap().to_owned()
    }

    /// Sends the first part of a file; answers status, `Retry-After` and text.
    pub(crate) async fn send(&self, file: &str, bytes: &[u8]) -> (u16, Option<String>, String) {
        let input = json!({ "index": 1, "size": bytes.len(), "md5": hex::encode(Md5::digest(bytes)) });
        let address = self.ok(&format!("/{file}/upload"), input).await;
        let mut request = self.http.put(address["url"].as_str().unwrap()).body(bytes.to_vec());
        for (name, value) in address["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        let answer = request.send().await.unwrap();
        let again = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), again, answer.text().await.unwrap())
    }

    /// A closed file of one part.
    pub(crate) async fn file(&self, name: &str, bytes: &[u8]) -> String {
        let file = self.open_file(name).await;
        let (status, _, text) = self.send(&file, bytes).await;
        assert_eq!(status, 200, "{text}");
        self.ok(&format!("/{file}/close"), json!({})).await;
        file
    }

    /// The content of a file.
    pub(crate) async fn read(&self, file: &str) -> Vec<u8> {
        let address = self.ok(&format!("/{file}/download"), json!({ "preauthenticated": true })).await;
        let answer = self.http.get(address["url"].as_str().unwrap()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.bytes().await.unwrap().to_vec()
    }

    /// The person's token.
    pub(crate) fn token(&self) -> String {
        self.token.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
