//! A PostgreSQL server of one test, which can be stopped at once and started again.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use super::{cannot_start, programs, supervisor, until_it_answers, url_of};
use crate::db::DbError;

/// Does as it is told, line by line, until nobody tells it anything. A commit is kept only by sessions that ask for it: an
/// operator may have set the server up like this.
const AS_TOLD: &str = r#"
stop() {
  if [ -n "$server" ]; then kill -QUIT "$server" || true; wait "$server" || true; fi
  server=
}
trap 'stop; rm -rf "$directory"' EXIT
server=
echo "$directory"
while read -r order; do
  stop
  if [ "$order" = start ]; then
    start -c synchronous_commit=off -c wal_writer_delay=10s
    server=$!
  fi
  echo done
done
"#;

/// The server. It ends, and its files go, when this is dropped, however the process that holds it ends.
#[derive(Debug)]
pub struct MortalPostgres {
    url: String,
    lives: bool,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    supervisor: Child,
}

impl MortalPostgres {
    /// Makes a server and starts it. When PostgreSQL is not installed, the error names the package.
    ///
    /// # Errors
    /// `Unavailable`.
    pub fn new() -> Result<Self, DbError> {
        let mut supervisor = supervisor(AS_TOLD, &[&programs()?])?
            .stdin(Stdio::piped())
            .spawn()
            .map_err(|error| cannot_start(&error))?;
        let (Some(orders), Some(output)) = (supervisor.stdin.take(), supervisor.stdout.take()) else {
            return Err(cannot_start(&"nothing can be said to it"));
        };
        let mut made = Self {
            url: String::new(),
            lives: false,
            orders: Some(orders),
            answers: BufReader::new(output),
            supervisor,
        };
        made.url = url_of(&made.said()?);
        made.start()?;
        Ok(made)
    }

    /// Where it is, as a URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops it at once, whatever it is doing: what was not committed is lost, and it recovers when it is started again.
    ///
    /// # Errors
    /// `Unavailable` when the supervisor is gone.
    pub fn stop(&mut self) -> Result<(), DbError> {
        self.lives = false;
        self.tell("stop")
    }

    /// Starts it where it was stopped, and waits until it answers.
    ///
    /// # Errors
    /// `Unavailable` when it does not.
    pub fn start(&mut self) -> Result<(), DbError> {
        if !self.lives {
            self.tell("start")?;
            until_it_answers(&self.url)?;
            self.lives = true;
        }
        Ok(())
    }

    fn tell(&mut self, order: &str) -> Result<(), DbError> {
        let orders = self.orders.as_mut().ok_or_else(|| cannot_start(&"its supervisor is gone"))?;
        writeln!(orders, "{order}").map_err(|error| cannot_start(&error))?;
        match self.said()?.as_str() {
            "done" => Ok(()),
            other => Err(cannot_start(&other)),
        }
    }

    fn said(&mut self) -> Result<String, DbError> {
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(|error| cannot_start(&error))?;
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for MortalPostgres {
    fn drop(&mut self) {
        // It reads the end of its orders, and ends.
        self.orders = None;
        let _ = self.supervisor.wait();
    }
}
