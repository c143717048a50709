//! The server that is measured: the real program, in a process of its own.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::client::Connection;

/// How long the server may take to answer, and to stop.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running `operon serve`; ends with the value.
pub(crate) struct Served {
    child: Child,
    pub(crate) address: SocketAddr,
    /// From its start to its first answer.
    pub(crate) started_in: Duration,
}

impl Served {
    pub(crate) fn start(operon: &Path, data: &Path) -> anyhow::Result<Self> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let begin = Instant::now();
        let child = Command::new(operon)
            .args(["serve", "--listen", &address.to_string(), "--data-dir"])
            .arg(data)
            .env("OPERON_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", operon.display()))?;
        let mut served = Self { child, address, started_in: Duration::ZERO };
        while !is_well(address) {
            if let Some(status) = served.child.try_wait()? {
                bail!("the server ended with {status} before it answered");
            }
            if begin.elapsed() > PATIENCE {
                bail!("the server did not answer within {PATIENCE:?}");
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        served.started_in = begin.elapsed();
        Ok(served)
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn connect(&self) -> anyhow::Result<Connection> {
        Connection::open(self.address)
    }

    /// Asks it to stop and waits until it has.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status()?;
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("the server did not stop within {PATIENCE:?}")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_well(address: SocketAddr) -> bool {
    Connection::open(address).is_ok_and(|mut connection| connection.get("/healthz", "", &mut |_| {}).is_ok())
}
