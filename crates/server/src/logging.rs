//! Structured logs, and the signals that ask the program to stop.

use anyhow::{Context, bail};
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging to standard error: one JSON object a line. `wanted` is what [`filter`] reads.
///
/// Log lines carry request ids and never tokens, passwords or bodies.
///
/// # Errors
/// As [`filter`].
pub fn start(wanted: Option<&str>) -> anyhow::Result<()> {
    // A second call, as tests make it, keeps the first subscriber.
    let _ = subscriber(filter(wanted)?, std::io::stderr).try_init();
    Ok(())
}

/// What `OPERON_LOG` asks for: a level, and for parts of the program others, as in `info,server=debug`. What it does not speak
/// of is logged from `info` on.
///
/// # Errors
/// A sentence, when something in it is neither. Without it, a misspelt level would count as the name of a part of the program,
/// and nothing else would be logged.
pub fn filter(wanted: Option<&str>) -> anyhow::Result<EnvFilter> {
    let wanted = wanted.unwrap_or_default();
    let parts = wanted.split(',').map(str::trim).filter(|part| !part.is_empty());
    let mut names = parts.clone().filter(|part| !part.contains(['=', '[', ']', '{', '}']));
    if let Some(wrong) = names.find(|name| name.parse::<LevelFilter>().is_err()) {
        bail!(
            "the variable OPERON_LOG cannot be used: \"{wrong}\" is no level; there are error, warn, info, debug, trace and off, \
             and server=debug sets that of one part of the program"
        );
    }
    let all: Vec<&str> = std::iter::once("info").chain(parts).collect();
    EnvFilter::builder().parse(all.join(",")).context("the variable OPERON_LOG cannot be used")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_level_is_refused_and_what_is_left_out_is_info() {
        for (wanted, means) in [
            (None, "info"),
            (Some(""), "info"),
            (Some("warn"), "warn"),
            (Some("WARN"), "warn"),
            (Some("off"), "off"),
            (Some("server=debug"), "server=debug,info"),
            (Some("server=debug, warn"), "server=debug,warn"),
        ] {
            assert_eq!(filter(wanted).unwrap().to_string(), means, "{wanted:?}");
        }
        for wrong in ["inof", "info,debgu", "server=loud", "server"] {
            let error = format!("{:#}", filter(Some(wrong)).unwrap_err());
            assert!(error.starts_with("the variable OPERON_LOG cannot be used: "), "{error}");
        }
    }
}
