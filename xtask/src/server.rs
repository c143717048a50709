//! A server that is started for one run and stopped at its end, however it ends.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::repo::{Repo, run};

/// How long the server may take to answer, and to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `operon serve` on loopback.
pub(crate) struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// Builds the server, loads a fixture into an empty data directory inside of this folder, and serves it. Answers the
    /// file with the fixture's tokens, too.
    pub(crate) fn seeded(
        repo: &Repo,
        folder: &Path,
        seed: &str,
        port: Option<u16>,
    ) -> Result<(Self, PathBuf)> {
        run(repo.cargo().args(["build", "--locked", "--package", "operon"]))?;
        let operon = repo.target.join("debug/operon");
        let (data, tokens) = (folder.join("data"), folder.join("tokens.json"));
        clear(&data)?;
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let mut load = repo.command(&operon);
        run(load.args(["fixture", "load", seed, "--data-dir"]).arg(&data).arg("--tokens").arg(&tokens))?;
        Ok((Self::start(repo, &operon, &data, &folder.join("server.log"), port)?, tokens))
    }

    /// Starts the server on this port, or on a free one, and waits until it says that it is well.
    fn start(repo: &Repo, operon: &Path, data: &Path, log: &Path, port: Option<u16>) -> Result<Self> {
        let port = match port {
            Some(port) => port,
            None => free_port()?,
        };
        let output = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = repo.command(operon);
        command.arg("serve").arg("--data-dir").arg(data).arg("--listen").arg(format!("127.0.0.1:{port}"));
        command.stdout(output.try_clone()?).stderr(output);
        let child = command.spawn().with_context(|| format!("cannot start {}", operon.display()))?;
        let mut server = Self { child, port };
        let begin = Instant::now();
        while !is_well(port) {
            if let Some(status) = server.child.try_wait()? {
                let said = std::fs::read_to_string(log).unwrap_or_default();
                bail!("the server ended with {status} before it answered; it said:\n{said}");
            }
            if begin.elapsed() > PATIENCE {
                bail!("the server did not answer on port {port} within {PATIENCE:?}; see {}", log.display());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(server)
    }

    /// The port on which it answers.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Asks the server to stop, waits for it, and fails if it did not end well.
    pub(crate) fn stop(mut self) -> Result<()> {
        run(std::process::Command::new("kill").arg("-TERM").arg(self.child.id().to_string()))?;
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                if !status.success() {
                    bail!("the server ended with {status}");
                }
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("the server did not stop within {PATIENCE:?} and was ended")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After a good stop there is nothing to end, and both calls fail without harm.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn clear(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(why) if why.kind() != std::io::ErrorKind::NotFound => {
            Err(why).with_context(|| format!("cannot empty {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// A port that nobody listens on. Another program may take it before the server does; then the server says so.
fn free_port() -> Result<u16> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("there is no free port on loopback")?;
    Ok(listener.local_addr()?.port())
}

fn is_well(port: u16) -> bool {
    ask(port).is_ok_and(|answer| answer.split(' ').nth(1) == Some("200"))
}

fn ask(port: u16) -> std::io::Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server of one answer.
    fn answering(text: &'static str) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 512];
            let read = stream.read(&mut request).unwrap();
            assert!(request[..read].starts_with(b"GET /healthz "));
            stream.write_all(text.as_bytes()).unwrap();
        });
        port
    }

    #[test]
    fn only_a_server_that_answers_200_is_well() {
        assert!(is_well(answering("HTTP/1.1 200 OK\r\n\r\n")));
        assert!(!is_well(answering("HTTP/1.1 503 Service Unavailable\r\n\r\n")));
        assert!(!is_well(free_port().unwrap()));
    }
}
