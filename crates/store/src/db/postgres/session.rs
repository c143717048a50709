//! The bytes of one session: they are moved by the thread that waits for an answer, and no wait is without end. A server that
//! takes a connection and is silent, since it hangs, starts, or lies behind a broken network, is one that is not available.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{Client, Config, Connection, Error, NoTls, Socket};

use super::fault::fault;
use crate::db::DbError;
use crate::db::error::{Fault, Reach};

/// How long a server may be silent.
#[derive(Debug, Clone, Copy)]
pub(in crate::db) struct Patience {
    /// From the first packet until it has let the session in.
    pub(in crate::db) connect: Duration,
    /// Until it has answered a statement.
    pub(in crate::db) answer: Duration,
}

/// What a server is given. It ends a statement by itself before we do; see `SET_UP` in `connection`.
pub(in crate::db) const PATIENCE: Patience =
    Patience { connect: Duration::from_secs(10), answer: Duration::from_secs(40) };

/// One session: the way to the server and back.
pub(super) struct Session {
    runner: Runner,
    connection: Connection<Socket, NoTlsStream>,
    /// How long an answer is waited for.
    patience: Duration,
    /// Unless it is waited for without end.
    without_end: bool,
    /// Why nothing can be asked any more.
    over: Option<Fault>,
}

impl Session {
    pub(super) fn connect(config: &Config, patience: Patience) -> Result<(Client, Session), Fault> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runner = Runner(Some(runtime.map_err(|error| unavailable(error.to_string()))?));
        let connected = runner.run(async { timeout(patience.connect, config.connect(NoTls)).await })?;
        match connected {
            Ok(Ok((client, connection))) => {
                let patience = patience.answer;
                Ok((client, Session { runner, connection, patience, without_end: false, over: None }))
            }
            Ok(Err(error)) => Err(fault(&error)),
            Err(_) => Err(late("let a connection in", patience.connect)),
        }
    }

    /// Whether an answer may take as long as it takes, from now on.
    pub(super) fn wait_without_end(&mut self, without_end: bool) {
        self.without_end = without_end;
    }

    /// Waits for the answer to something that was asked on this session.
    pub(super) fn wait<T>(&mut self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Fault> {
        if let Some(over) = &self.over {
            return Err(over.clone());
        }
        let Session { runner, connection, patience, without_end, over } = self;
        let mut answer = pin!(answer);
        let answered = poll_fn(|context| {
            while over.is_none() {
                match connection.poll_message(context) {
                    Poll::Pending => break,
                    // Notices, of which nobody here wants to know.
                    Poll::Ready(Some(Ok(_))) => {}
                    Poll::Ready(Some(Err(error))) => *over = Some(fault(&error)),
                    Poll::Ready(None) => *over = Some(unavailable("it ended the connection".to_owned())),
                }
            }
            // The answer may have come just before the end.
            match (answer.as_mut().poll(context), &over) {
                (Poll::Ready(Ok(answer)), _) => Poll::Ready(Ok(answer)),
                (_, Some(over)) => Poll::Ready(Err(over.clone())),
                (Poll::Ready(Err(error)), None) => Poll::Ready(Err(fault(&error))),
                (Poll::Pending, None) => Poll::Pending,
            }
        });
        if *without_end {
            return runner.run(answered)?;
        }
        match runner.run(async { timeout(*patience, answered).await })? {
            Ok(answered) => answered,
            // What it answers later nobody may take for the answer to something else.
            Err(_) => Err(self.over.insert(late("answered", self.patience)).clone()),
        }
    }
}

/// Runs what waits, on this thread.
struct Runner(Option<Runtime>);

impl Runner {
    fn run<T>(&self, waiting: impl Future<Output = T>) -> Result<T, Fault> {
        let runtime = self.0.as_ref().ok_or_else(|| Fault::transaction(super::closed()))?;
        Ok(runtime.block_on(waiting))
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // Without waiting, for a name that is still looked up or on a thread that drives async tasks.
            runtime.shutdown_background();
        }
    }
}

fn late(what: &str, patience: Duration) -> Fault {
    unavailable(format!("it has not {what} within {} s", patience.as_secs_f64()))
}

fn unavailable(why: String) -> Fault {
    Fault { error: DbError::Unavailable(why), reach: Reach::Connection }
}
