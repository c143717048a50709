//! Structured logs, and the signals that ask the program to stop.

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging to standard error: one JSON object a line. `OPERON_LOG` sets the filter (default `info`).
///
/// Log lines carry request ids and never tokens, passwords or bodies.
pub fn start() {
    let filter = EnvFilter::try_from_env("OPERON_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // A second call, as tests make it, keeps the first subscriber.
    let _ = subscriber(filter, std::io::stderr).try_init();
}

/// What turns events into lines.
pub fn subscriber<W>(filter: EnvFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    tracing_subscriber::fmt().json().flatten_event(true).with_env_filter(filter).with_writer(writer).finish()
}

/// Waits for SIGINT or SIGTERM.
pub async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        tracing::error!("cannot listen for signals; the server stops only when it is killed");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
