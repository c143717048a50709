//! The smallest client that speaks HTTP/1.1 over one connection, so that what is measured is the server.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes read at once.
const BUFFER: usize = 256 << 10;

/// A connection that is kept.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Opens a connection.
    pub(crate) fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("cannot reach {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, buffer: vec![0; BUFFER] })
    }

    /// Calls an API method; answers the body.
    pub(crate) fn call(&mut self, token: &str, path: &str, input: &Value) -> anyhow::Result<Value> {
        let body = self.call_raw(token, path, &input.to_string())?;
        serde_json::from_slice(&body).with_context(|| format!("{path} did not answer JSON"))
    }

    /// Calls an API method with a body that is text already.
    pub(crate) fn call_raw(&mut self, token: &str, path: &str, input: &str) -> anyhow::Result<Vec<u8>> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{input}",
            input.len()
        );
        self.stream.write_all(request.as_bytes())?;
        let mut body = Vec::new();
        self.answer(&mut |piece| body.extend_from_slice(piece)).with_context(|| {
            let said = String::from_utf8_lossy(&body).into_owned();
            format!("{path} {input}: {said}")
        })?;
        Ok(body)
    }

    /// Fetches a path; every piece of the body goes to `take`. Answers the number of its bytes.
    pub(crate) fn get(
        &mut self,
        path: &str,
        headers: &str,
        take: &mut dyn FnMut(&[u8]),
    ) -> anyhow::Result<u64> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: bench\r\n{headers}\r\n");
        self.stream.write_all(request.as_bytes())?;
        self.answer(take).with_context(|| format!("GET {path}"))
    }

    /// Sends bytes.
    pub(crate) fn put(&mut self, path: &str, headers: &str, body: &[u8]) -> anyhow::Result<()> {
        let length = body.len();
        let request =
            format!("PUT {path} HTTP/1.1\r\nHost: bench\r\n{headers}Content-Length: {length}\r\n\r\n");
        self.stream.write_all(request.as_bytes())?;
        self.stream.write_all(body)?;
        self.answer(&mut |_| {}).with_context(|| format!("PUT {path}"))?;
        Ok(())
    }

    /// Reads one answer, which must be a success of known length.
    fn answer(&mut self, take: &mut dyn FnMut(&[u8])) -> anyhow::Result<u64> {
        let mut filled = 0;
        let body = loop {
            let read = self.stream.read(&mut self.buffer[filled..])?;
            if read == 0 {
                bail!("the connection was closed");
            }
            filled += read;
            if let Some(end) = self.buffer[..filled].windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let head = std::str::from_utf8(&self.buffer[..body])?.to_owned();
        let status = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, value)| value.trim().parse::<u64>().ok());
        let Some(length) = length else { bail!("an answer without a length: {head}") };
        let mut left = length.saturating_sub((filled - body) as u64);
        take(&self.buffer[body..filled]);
        while left > 0 {
            let read = self.stream.read(&mut self.buffer)?;
            if read == 0 {
                bail!("the connection was closed in the middle of an answer");
            }
            take(&self.buffer[..read]);
            left = left.saturating_sub(read as u64);
        }
        if !status.starts_with('2') {
            bail!("status {status}");
        }
        Ok(length)
    }
}

/// What an answer of `{url, headers}` says: the path, and the headers as lines.
pub(crate) fn target(answer: &Value) -> anyhow::Result<(String, String)> {
    let url = answer["url"].as_str().context("no url was answered")?;
    let path = url.splitn(4, '/').nth(3).context("the url has no path")?;
    let mut headers = String::new();
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        if !name.eq_ignore_ascii_case("content-length") {
            headers.push_str(&format!("{name}: {}\r\n", value.as_str().unwrap_or_default()));
        }
    }
    Ok((format!("/{path}"), headers))
}
