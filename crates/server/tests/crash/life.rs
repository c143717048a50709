//! One life of the server, in a process of its own.

use std::collections::HashSet;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::ground::Ground;

/// What the environment of a server process tells it.
pub const TASK: &str = "OPERON_TEST_CRASH";
/// How long the server may take to start, or to come to rest.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a server process is to do.
#[derive(Debug, Serialize, Deserialize)]
pub struct Task {
    /// Its data directory.
    pub data: PathBuf,
    /// The address it listens on, which no other server of this machine uses: a port alone could pass to another server
    /// as soon as this one is dead, and that one would answer.
    pub host: Ipv4Addr,
    /// Whether the power can go, and with it what was not synced.
    pub power_loss: bool,
    /// Whether syncing a directory does nothing.
    pub lying_disk: bool,
    /// The address of PostgreSQL and the schema in it; SQLite when absent.
    pub database: Option<(String, String)>,
    /// The settings of a bucket for the bytes; the data directory when absent.
    pub bucket: Option<String>,
    /// Which life it is, from 0.
    pub life: u64,
}

/// What a server process says of itself once its background is at rest.
#[derive(Debug, Serialize, Deserialize)]
pub struct Report {
    /// What is wrong with the audit log.
    pub faults: Option<String>,
    /// Events in the log.
    pub events: usize,
    /// The requests that they name.
    pub requests: HashSet<String>,
    /// Background tasks that failed, and how.
    pub failures: Vec<String>,
    /// Objects there are.
    pub objects: i64,
    /// Rows of stored bytes.
    pub blobs: i64,
    /// Stored bytes there are, by the listing of their store.
    pub stored: usize,
}

/// A running server.
pub struct Life {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    /// Where it listens.
    pub address: String,
}

impl Life {
    /// Starts a server without waiting for it.
    pub fn begin(ground: &Ground, life: u64) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["server_process", "--exact", "--nocapture", "--test-threads=1"])
            .env(TASK, serde_json::to_string(&ground.task(life)).unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, input, output, address: String::new() }
    }

    /// Waits until it serves.
    pub async fn ready(mut self) -> Self {
        self.address = self.said("READY ").await;
        self
    }

    /// Waits until its background is at rest and its audit log verified.
    pub async fn examine(&mut self) -> Report {
        self.input.write_all(b"examine\n").await.unwrap();
        let report: Report = serde_json::from_str(&self.said("REPORT ").await).unwrap();
        assert_eq!(report.faults, None, "the audit log is not intact");
        assert!(report.failures.is_empty(), "background work failed: {:?}", report.failures);
        report
    }

    /// Removes what unfinished writes of bytes left behind, and says how many there were.
    pub async fn sweep(&mut self) -> u64 {
        self.input.write_all(b"sweep\n").await.unwrap();
        self.said("SWEPT ").await.parse().unwrap()
    }

    /// Kills it after some ms.
    pub async fn die_after(mut self, ms: u64) {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        self.child.kill().await.unwrap();
    }

    /// What it says next after this word.
    async fn said(&mut self, word: &str) -> String {
        let line = async {
            while let Some(line) = self.output.next_line().await.unwrap() {
                // The test harness may have begun the line.
                if let Some((_, rest)) = line.split_once(word) {
                    return rest.to_owned();
                }
            }
            panic!("the server died by itself before it said {word}");
        };
        tokio::time::timeout(PATIENCE, line).await.unwrap_or_else(|_| panic!("the server never said {word}"))
    }
}
